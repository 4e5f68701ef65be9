/** Samples as OpenMetrics text: a family a metric name, each sample with its time. */
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import {
  compareLabels,
  isPlainLabelName,
  isPlainMetricName,
  labelsKey,
  labelValue,
  METRIC_NAME,
  quoted,
  type Labels,
} from '../../../shared/model/labels.ts';
import { bitsOf, CELL_SAMPLE, cellKind } from '../../../shared/model/sampleBits.ts';
import type { GroupColumns } from '../../storage/queryable.ts';

export const LAST_LINE = '# EOF\n';

export interface SeriesText {
  readonly text: string;
  readonly samples: number;
  /** Native histogram samples, which the text cannot hold. */
  readonly left: number;
}

/** The lines of each series, in order of labels and time, without stale markers: the text has no word for them. */
export function* seriesTexts(groups: readonly GroupColumns[]): Iterable<SeriesText> {
  for (const { labels, parts } of seriesOf(groups)) {
    const name = seriesText(labels);
    const samples = new Map<number, number>();
    let left = 0;
    for (const { times, values, histograms } of parts) {
      const bits = bitsOf(values);
      for (let i = 0; i < times.length; i++) {
        if (cellKind(bits, i) !== CELL_SAMPLE || samples.has(times[i])) continue;
        if (histograms?.has(i)) left++;
        else samples.set(times[i], values[i]);
      }
    }
    const inOrder = parts.length > 1 ? [...samples].sort((a, b) => a[0] - b[0]) : samples;
    let text = '';
    for (const [t, v] of inOrder) text += `${name} ${numberText(v)} ${t / 1000}\n`;
    yield { text, samples: samples.size, left };
  }
}

/** The line before a metric's samples. The store does not keep the types of metrics. */
export function familyLine(name: string): string {
  return `# TYPE ${isPlainMetricName(name) ? name : quoted(name)} unknown\n`;
}

interface Part {
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly histograms?: ReadonlyMap<number, NativeHistogram>;
}

/** What is there of each series, sorted; of two samples at one time the earlier part has the one that stands. */
function seriesOf(groups: readonly GroupColumns[]): { labels: Labels; parts: Part[] }[] {
  const all = new Map<string, { labels: Labels; parts: Part[] }>();
  for (const { times, columns } of groups) {
    for (const { labels, values, histograms } of columns) {
      const key = labelsKey(labels);
      let series = all.get(key);
      if (series === undefined) all.set(key, (series = { labels, parts: [] }));
      series.parts.push({ times, values, histograms });
    }
  }
  return [...all.values()].sort((a, b) => compareLabels(a.labels, b.labels));
}

/** Unlike PromQL's own form without blanks, which OpenMetrics does not allow. */
function seriesText(labels: Labels): string {
  const name = labelValue(labels, METRIC_NAME);
  const pairs = labels
    .filter(([n]) => n !== METRIC_NAME)
    .map(([n, v]) => `${isPlainLabelName(n) ? n : quoted(n)}=${quoted(v)}`);
  if (!isPlainMetricName(name)) return `{${[quoted(name), ...pairs].join(',')}}`;
  return pairs.length > 0 ? `${name}{${pairs.join(',')}}` : name;
}

function numberText(v: number): string {
  if (v === Infinity) return '+Inf';
  if (v === -Infinity) return '-Inf';
  return Object.is(v, -0) ? '-0' : String(v);
}
