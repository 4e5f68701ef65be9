/** What was pushed as a text page, for people and for other servers. Native histograms without classic buckets are left out: text has no word for them. */
import { formatValue } from '../../shared/api/prometheus.ts';
import { isPlainMetricName, quoted, seriesText, type Label } from '../../shared/model/labels.ts';
import { escapeHelp } from '../telemetry/expositionPage.ts';
import { readFamily, readLabels, readMetric, type MetricMessage } from '../textparse/metricFamily.ts';
import type { FamilyType } from './pushedFamily.ts';
import { timeFamilies, type PushGroup } from './pushGroups.ts';

interface Section {
  readonly name: string;
  readonly type: FamilyType;
  help: string;
  readonly lines: string[];
}

export function pushedText(groups: readonly PushGroup[]): string {
  const sections = new Map<string, Section>();
  for (const group of groups) {
    for (const { name, type, message } of [...group.families.values(), ...timeFamilies(group)]) {
      const section = sections.get(name) ?? { name, type, help: '', lines: [] };
      sections.set(name, section);
      const family = readFamily(message);
      section.help ||= family.help;
      for (const metric of family.metrics) section.lines.push(...linesOf(name, type, readMetric(metric)));
    }
  }
  return [...sections.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, type, help, lines }) => {
      const shown = isPlainMetricName(name) ? name : quoted(name);
      const head = help === '' ? '' : `# HELP ${shown} ${escapeHelp(help)}\n`;
      const word = type === 'GAUGE_HISTOGRAM' ? 'histogram' : type.toLowerCase(); // Version 0.0.4 knows no gauge histogram.
      return `${head}# TYPE ${shown} ${word}\n${lines.join('')}`;
    })
    .join('');
}

function linesOf(name: string, type: FamilyType, { labelBytes, v, summary, histogram }: MetricMessage): string[] {
  const labels = readLabels(labelBytes);
  const line = (suffix: string, value: number, ...more: Label[]) =>
    `${seriesText(name + suffix, [...labels, ...more])} ${formatValue(value)}\n`;
  if (type === 'SUMMARY') {
    const { quantiles = [], sum = 0, count = 0 } = summary ?? {};
    const parts = quantiles.map(({ quantile, v: value }) => line('', value, ['quantile', formatValue(quantile)]));
    return [...parts, line('_sum', sum), line('_count', count)];
  }
  if (type !== 'HISTOGRAM' && type !== 'GAUGE_HISTOGRAM') return [line('', v)];
  const { buckets = [], sum = 0, count = 0, countFloat = 0 } = histogram ?? {};
  const total = countFloat || count;
  const parts = buckets.map((bucket) =>
    line('_bucket', bucket.countFloat || bucket.count, ['le', formatValue(bucket.upperBound)]),
  );
  if (buckets.at(-1)?.upperBound !== Infinity) parts.push(line('_bucket', total, ['le', '+Inf']));
  return [...parts, line('_sum', sum), line('_count', total)];
}
