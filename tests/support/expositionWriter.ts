/** Writes pages of the two text formats, plainly: the other half of "what is written is what is read". */
import { formatValue } from '../../src/shared/api/prometheus.ts';
import {
  isPlainLabelName,
  isPlainMetricName,
  labelValue,
  METRIC_NAME,
  quoted,
  type Labels,
} from '../../src/shared/model/labels.ts';
import type { Exemplar, Metadata } from '../../src/shared/model/metadata.ts';

export interface WrittenSeries {
  readonly labels: Labels;
  readonly v: number;
  /** Milliseconds. */
  readonly t: number | undefined;
  /** OpenMetrics only. */
  readonly exemplar?: Exemplar;
}

export interface WrittenTextFamily extends Metadata {
  readonly name: string;
  readonly series: readonly WrittenSeries[];
}

/** What the text format calls a metric whose type is not known. */
const textType = (type: string) => (type === 'unknown' ? 'untyped' : type);
const familyText = (name: string) => (isPlainMetricName(name) ? name : quoted(name));

export function textPage(families: readonly WrittenTextFamily[]): string {
  return families
    .map(({ name, type, help, series }) => {
      const escaped = help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
      const head = `# HELP ${familyText(name)} ${escaped}\n# TYPE ${familyText(name)} ${textType(type)}\n`;
      return (
        head +
        series
          .map(({ labels, v, t }) => `${seriesText(labels)} ${formatValue(v)}${t === undefined ? '' : ` ${t}`}\n`)
          .join('')
      );
    })
    .join('');
}

export function openMetricsPage(families: readonly WrittenTextFamily[]): string {
  const parts = families.map(({ name, type, help, unit, series }) => {
    const escaped = help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"');
    const metadata = `# TYPE ${familyText(name)} ${type}\n# HELP ${familyText(name)} ${escaped}\n`;
    const head = unit === '' ? metadata : `${metadata}# UNIT ${familyText(name)} ${unit}\n`;
    return head + series.map((one) => `${openMetricsLine(one)}\n`).join('');
  });
  return `${parts.join('')}# EOF\n`;
}

function openMetricsLine({ labels, v, t, exemplar }: WrittenSeries): string {
  const line = `${seriesText(labels)} ${formatValue(v)}${t === undefined ? '' : ` ${secondsText(t)}`}`;
  if (exemplar === undefined) return line;
  const time = exemplar.t === undefined ? '' : ` ${secondsText(exemplar.t)}`;
  return `${line} # {${pairsText(exemplar.labels)}} ${formatValue(exemplar.v)}${time}`;
}

/** Milliseconds as seconds, exactly. */
function secondsText(t: number): string {
  const digits = String(Math.abs(t)).padStart(4, '0');
  return `${t < 0 ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`;
}

function seriesText(labels: Labels): string {
  const name = labelValue(labels, METRIC_NAME);
  const own = labels.filter(([label]) => label !== METRIC_NAME);
  if (!isPlainMetricName(name)) return `{${[quoted(name), ...(own.length > 0 ? [pairsText(own)] : [])].join(',')}}`;
  return own.length === 0 ? name : `${name}{${pairsText(own)}}`;
}

function pairsText(labels: Labels): string {
  return labels
    .map(([label, value]) => `${isPlainLabelName(label) ? label : quoted(label)}=${quoted(value)}`)
    .join(',');
}
