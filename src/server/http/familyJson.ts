/** A metric family of our own as status/self_metrics gives it: the protobuf message MetricFamily in protobuf's JSON. */
import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import { formatValue } from '../../shared/api/prometheus.ts';

type Family = MetricObjectWithValues<MetricValue<string>>;

const TYPES: Readonly<Record<string, string>> = {
  counter: 'COUNTER',
  gauge: 'GAUGE',
  histogram: 'HISTOGRAM',
  summary: 'SUMMARY',
};

export function familyJson(family: Family): object {
  const type = TYPES[String(family.type)] ?? 'UNTYPED';
  return { name: family.name, help: family.help, type, metric: metricsOf(family, type) };
}

function metricsOf(family: Family, type: string): object[] {
  if (type === 'HISTOGRAM' || type === 'SUMMARY') return sampled(family, type);
  return family.values.map(({ labels, value }) => ({
    label: labelPairs(labels),
    [type.toLowerCase()]: { value: number(value) },
  }));
}

interface Sampled {
  readonly labels: Readonly<Record<string, string | number>>;
  count: number;
  sum: number;
  readonly points: { readonly at: number; readonly value: number }[];
}

/** Rows of buckets, quantiles, sums and counts → one metric for each set of their other labels. */
function sampled({ name, values }: Family, type: string): object[] {
  const own = type === 'HISTOGRAM' ? 'le' : 'quantile';
  const metrics = new Map<string, Sampled>();
  for (const row of values as readonly (Family['values'][number] & { metricName?: string })[]) {
    const { [own]: at, ...labels } = row.labels as Record<string, string | number>;
    const key = JSON.stringify(labels);
    const metric = metrics.get(key) ?? { labels, count: 0, sum: 0, points: [] };
    metrics.set(key, metric);
    if (row.metricName === `${name}_count`) metric.count = row.value;
    else if (row.metricName === `${name}_sum`) metric.sum = row.value;
    else metric.points.push({ at: Number(String(at).replace('+Inf', 'Infinity')), value: row.value });
  }
  return [...metrics.values()].map(({ labels, count, sum, points }) => {
    const totals = { sampleCount: String(count), sampleSum: number(sum) };
    const body =
      type === 'HISTOGRAM'
        ? {
            histogram: {
              ...totals,
              bucket: points.map(({ at, value }) => ({ cumulativeCount: String(value), upperBound: number(at) })),
            },
          }
        : { summary: { ...totals, quantile: points.map(({ at, value }) => ({ quantile: at, value: number(value) })) } };
    return { label: labelPairs(labels), ...body };
  });
}

const labelPairs = (labels: object) => Object.entries(labels).map(([name, value]) => ({ name, value: String(value) }));

/** Protobuf's JSON writes what is no JSON number as a text. */
function number(value: number): number | string {
  if (Number.isFinite(value)) return value;
  return { NaN: 'NaN', '+Inf': 'Infinity', '-Inf': '-Infinity' }[formatValue(value)] ?? value;
}
