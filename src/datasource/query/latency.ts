/** "Latency distribution": a histogram asked for without PromQL. What is chosen becomes an expression, which is all that the backend ever sees. */
import type { LabelFilter, LatencyQuery, MetricsQuery } from '../../shared/api/grafanaQuery.ts';
import { quoted } from '../../shared/model/labels.ts';
import { selectorText } from './selectorText.ts';

export const LATENCY_SHOWS = ['heatmap', 'quantiles', 'within', 'rate'] as const;
export const LATENCY_DEFAULT: LatencyQuery = {
  metric: '',
  filters: [],
  splitBy: [],
  show: 'heatmap',
  quantiles: [0.5, 0.95, 0.99],
};

/** '' while there is no metric yet. */
export function latencyExpr(latency: LatencyQuery): string {
  const { metric, filters, splitBy, show } = latency;
  if (metric === '') return '';
  const rated = (suffix: string) => `rate(${selectorText(`${metric}${suffix}`, filters)}[$__rate_interval])`;
  const buckets = latency.isNative
    ? `sum${by(splitBy)} (${rated('')})`
    : `sum${by(['le', ...splitBy])} (${rated('_bucket')})`;
  switch (show) {
    case 'heatmap':
      return buckets;
    case 'rate':
      return latency.isNative ? `histogram_count(${buckets})` : `sum${by(splitBy)} (${rated('_count')})`;
    case 'within':
      return `histogram_fraction(0, ${limitInMetric(latency)}, ${buckets})`;
    case 'quantiles': {
      const one = (q: number) => `histogram_quantile(${q}, ${buckets})`;
      const { quantiles } = latency;
      if (quantiles.length === 1) return one(quantiles[0]);
      return quantiles.map((q) => `label_replace(${one(q)}, "quantile", ${quoted(String(q))}, "", "")`).join(' or ');
    }
  }
}

/** The whole query for a choice: the form follows from what is shown. */
export function latencyToQuery(query: MetricsQuery, latency: LatencyQuery): MetricsQuery {
  const format = latency.show === 'heatmap' ? 'auto' : 'time_series';
  return { ...query, latency, expr: latencyExpr(latency), format };
}

function by(labels: readonly string[]): string {
  return labels.length === 0 ? '' : ` by (${labels.map(labelText).join(', ')})`;
}

function labelText(name: string): string {
  return /^[a-zA-Z_]\w*$/.test(name) ? name : quoted(name);
}

/** The limit is given in milliseconds, bounds are in the metric's own unit, which its name says. */
function limitInMetric({ metric, limitMs = LIMIT_MS_DEFAULT }: LatencyQuery): string {
  const perMs = /(_ms|_milliseconds)$/.test(metric)
    ? 1
    : /(_us|_microseconds)$|^:tensorflow:serving:/.test(metric)
      ? 1000
      : 0.001;
  return String(Number((limitMs * perMs).toPrecision(12)));
}

export const LIMIT_MS_DEFAULT = 250;

/** "0.5, 95%, p99" → fractions; undefined where one is none. */
export function readQuantiles(text: string): number[] | undefined {
  const values = text
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map((part) => {
      const [, p, digits, percent] = /^(p?)(\d+(?:\.\d+)?)(%?)$/i.exec(part) ?? [];
      if (digits === undefined) return NaN;
      return p !== '' || percent !== '' ? Number((Number(digits) / 100).toPrecision(12)) : Number(digits);
    });
  return values.length > 0 && values.every((q) => q >= 0 && q <= 1) ? values : undefined;
}

export type { LabelFilter };
