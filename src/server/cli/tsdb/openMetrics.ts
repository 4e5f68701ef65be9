/** Samples as text, each with its time: OpenMetrics, a family a metric name, or as promtool prints them. */
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import { formatHistogram } from '../../../shared/histogram/text.ts';
import {
  compareLabels,
  formatLabelSet,
  isPlainMetricName,
  labelsKey,
  labelValue,
  METRIC_NAME,
  quoted,
  seriesText,
  type Labels,
} from '../../../shared/model/labels.ts';
import { formatGo } from '../../../shared/model/numberText.ts';
import { bitsOf, CELL_GAP, CELL_STALE, cellKind } from '../../../shared/model/sampleBits.ts';
import type { GroupColumns } from '../../storage/queryable.ts';

const LAST_LINE = '# EOF\n';

export interface SeriesText {
  readonly text: string;
  readonly samples: number;
  /** Native histogram samples, which the text cannot hold. */
  readonly left: number;
}

/** How samples are written. What a style has no word for is left out. */
export interface LineStyle {
  /** Before the samples of a metric. */
  familyLine(name: string): string;
  series(labels: Labels): string;
  float(v: number): string;
  readonly histogram?: (h: NativeHistogram) => string;
  /** The mark that a series ended. */
  readonly stale?: string;
  time(t: number): string;
  readonly lastLine: string;
}

export const OPEN_METRICS: LineStyle = {
  familyLine,
  // Unlike PromQL's own form without blanks, which OpenMetrics does not allow.
  series: (labels) =>
    seriesText(
      labelValue(labels, METRIC_NAME),
      labels.filter(([n]) => n !== METRIC_NAME),
    ),
  float: numberText,
  time: (t) => String(t / 1000),
  lastLine: LAST_LINE,
};

/** As `promtool tsdb dump` prints it: native histograms and the ends of series too. */
export const PROMTOOL: LineStyle = {
  familyLine: () => '',
  series: formatLabelSet,
  float: formatGo,
  histogram: formatHistogram,
  stale: 'NaN',
  time: String,
  lastLine: '',
};

/** The lines of each series, in order of labels and time. */
export function* seriesTexts(groups: readonly GroupColumns[], style = OPEN_METRICS): Iterable<SeriesText> {
  for (const { labels, parts } of seriesOf(groups)) {
    const name = style.series(labels);
    const samples = new Map<number, string>();
    let left = 0;
    for (const { times, values, histograms } of parts) {
      const bits = bitsOf(values);
      for (let i = 0; i < times.length; i++) {
        const kind = cellKind(bits, i);
        if (kind === CELL_GAP || samples.has(times[i])) continue;
        const h = histograms?.get(i);
        const isMark = kind === CELL_STALE;
        const word = isMark ? style.stale : h === undefined ? style.float(values[i]) : style.histogram?.(h);
        if (word !== undefined) samples.set(times[i], word);
        else if (!isMark) left++;
      }
    }
    const inOrder = parts.length > 1 ? [...samples].sort((a, b) => a[0] - b[0]) : samples;
    let text = '';
    for (const [t, word] of inOrder) text += `${name} ${word} ${style.time(t)}\n`;
    yield { text, samples: samples.size, left };
  }
}

/** The line before a metric's samples. The store does not keep the types of metrics. */
function familyLine(name: string): string {
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

function numberText(v: number): string {
  if (v === Infinity) return '+Inf';
  if (v === -Infinity) return '-Inf';
  return Object.is(v, -0) ? '-0' : String(v);
}
