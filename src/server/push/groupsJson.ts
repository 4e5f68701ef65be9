/** All groups as the Pushgateway's `/api/v1/metrics` lists them. Numbers are texts, since JSON has no NaN. */
import { formatValue } from '../../shared/api/prometheus.ts';
import { readFamily, readLabels, readMetric, type MetricMessage } from '../textparse/metricFamily.ts';
import type { KeptFamily } from './pushedFamily.ts';
import { timeFamilies, type PushGroup } from './pushGroups.ts';

export function groupsJson(groups: readonly PushGroup[]): readonly Record<string, unknown>[] {
  return groups.map((group) => ({
    labels: Object.fromEntries(group.labels),
    last_push_successful: group.pushedAt >= group.failedAt,
    ...Object.fromEntries(
      [...group.families.values(), ...timeFamilies(group)].map((family) => [family.name, familyJson(family, group)]),
    ),
  }));
}

function familyJson({ type, message }: KeptFamily, { pushedAt }: PushGroup): Record<string, unknown> {
  const { help, metrics } = readFamily(message);
  return {
    time_stamp: new Date(pushedAt).toISOString(),
    type,
    ...(help !== '' && { help }),
    metrics: metrics.map((metric) => metricJson(readMetric(metric))),
  };
}

function metricJson({ labelBytes, v, summary, histogram }: MetricMessage): Record<string, unknown> {
  const labels = Object.fromEntries(readLabels(labelBytes));
  if (summary !== undefined) {
    const { count, sum, quantiles } = summary;
    const parts = quantiles.map(({ quantile, v: value }) => [formatValue(quantile), formatValue(value)]);
    return { labels, quantiles: Object.fromEntries(parts), count: formatValue(count), sum: formatValue(sum) };
  }
  if (histogram !== undefined) {
    const { count, countFloat, sum, buckets } = histogram;
    const parts = buckets.map((b) => [formatValue(b.upperBound), formatValue(b.countFloat || b.count)]);
    return {
      labels,
      buckets: Object.fromEntries(parts),
      count: formatValue(countFloat || count),
      sum: formatValue(sum),
    };
  }
  return { labels, value: formatValue(v) };
}
