/** An answer in forms that leave the page: a table for a spreadsheet, a command for a shell. */
import { eachSlice } from '../../shared/api/distributionColumns.ts';
import { visible } from '../../shared/model/visible.ts';
import { METRIC_NAME } from '../../shared/model/labels.ts';
import { formatValue } from '../../shared/api/prometheus.ts';
import { apiUrl, gridParams } from '../api/client.ts';
import { formatMetric } from '../text.ts';
import { gridTimes } from '../timeRange.ts';
import type { AnyAnswer, CountedAnswer, InstantAnswer, RangeAnswer } from './ask.ts';

/** RFC 4180: one row a time and one column a series; of counts one row a bucket and time; for one time one row a series. */
export function csvOf(answer: AnyAnswer): string {
  if (answer.kind === 'instant') return instantRows(answer).map(csvRow).join('');
  return (answer.kind === 'range' ? rangeRows(answer) : countedRows(answer)).map(csvRow).join('');
}

function countedRows({ distribution: { head, groups }, grid, countUnit }: CountedAnswer): string[][] {
  const names = [...new Set(head.groups.flatMap(({ metric }) => Object.keys(metric)))].sort();
  const times = gridTimes(grid);
  const divisor = countUnit === 'perSecond' ? head.window : 1;
  const rows = [[...names, 'time', 'over', 'to', countUnit === 'perSecond' ? 'a second' : 'count']];
  groups.forEach((group, i) => {
    const labels = names.map((name) => head.groups[i].metric[name] ?? '');
    eachSlice(group, (x, { bounds }, at) => {
      const time = new Date(times[x]).toISOString();
      for (let y = 0; y + 1 < bounds.length; y++) {
        const count = group.counts[at + y] / divisor;
        rows.push([...labels, time, formatValue(bounds[y]), formatValue(bounds[y + 1]), formatValue(count)]);
      }
    });
  });
  return rows;
}

function rangeRows({ grid, series }: RangeAnswer): string[][] {
  const head = ['time', ...series.map(({ metric }) => formatMetric(metric))];
  const rows = Array.from(gridTimes(grid), (time, i) => [
    new Date(time).toISOString(),
    ...series.map(({ values }) => (Number.isNaN(values[i]) ? '' : formatValue(values[i]))),
  ]);
  return [head, ...rows];
}

function instantRows({ rows, time }: InstantAnswer): string[][] {
  const names = [...new Set(rows.flatMap(({ metric }) => Object.keys(metric)))].sort(
    (a, b) => Number(b === METRIC_NAME) - Number(a === METRIC_NAME) || (a < b ? -1 : 1),
  );
  const when = new Date(time).toISOString();
  const lines = rows.map(({ metric, value }) => [...names.map((name) => metric[name] ?? ''), when, value?.[1] ?? '']);
  return [[...names, 'time', 'value'], ...lines];
}

/** Spreadsheets take a field that begins so for a formula, and run it. */
const FORMULA = /^[=@\t\r]|^[+-](?!\d|Inf)/;

function csvRow(fields: readonly string[]): string {
  const quote = (field: string) => {
    const text = FORMULA.test(field) ? `'${field}` : field;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `${fields.map(quote).join(',')}\r\n`;
}

/** The same question for a shell. */
export function curlOf(expr: string, answer: AnyAnswer): string {
  const paths = { range: 'query_range', counted: 'distribution', instant: 'query' } as const;
  const path = paths[answer.kind];
  const params =
    answer.kind === 'instant' ? { query: expr, time: String(answer.time / 1000) } : gridParams(expr, answer.grid);
  return `curl ${shellQuoted(apiUrl(path).href)} ${Object.entries(params)
    .map(([name, value]) => `--data-urlencode ${shellQuoted(`${name}=${value}`)}`)
    .join(' ')}`;
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const PICTURE_HEAD = 30;
const PICTURE_PADDING = 12;

/** The charts within an element as they are drawn, on the page's colour, with the question above them; null where there is none. */
async function pictureOf(element: HTMLElement, title: string): Promise<Blob | null> {
  const canvases = [...element.querySelectorAll('canvas')].filter((canvas) => canvas.width > 0 && canvas.height > 0);
  const outer = element.getBoundingClientRect();
  const bottom = Math.max(...canvases.map((canvas) => canvas.getBoundingClientRect().bottom));
  if (canvases.length === 0) return null;
  const scale = window.devicePixelRatio || 1;
  const out = document.createElement('canvas');
  out.width = Math.ceil((outer.width + 2 * PICTURE_PADDING) * scale);
  out.height = Math.ceil((bottom - outer.top + PICTURE_HEAD + 2 * PICTURE_PADDING) * scale);
  const pen = out.getContext('2d')!;
  const style = getComputedStyle(document.documentElement);
  pen.scale(scale, scale);
  pen.fillStyle = style.getPropertyValue('--surface');
  pen.fillRect(0, 0, out.width, out.height);
  pen.fillStyle = style.getPropertyValue('--text');
  pen.font = `13px ${style.getPropertyValue('--mono')}`;
  pen.fillText(visible(title.replace(/\s+/g, ' ')), PICTURE_PADDING, PICTURE_PADDING + 14, outer.width);
  for (const canvas of canvases) {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const [x, y] = [left - outer.left + PICTURE_PADDING, top - outer.top + PICTURE_HEAD + PICTURE_PADDING];
    pen.drawImage(canvas, x, y, width, height);
  }
  return new Promise((resolve) => out.toBlob(resolve, 'image/png'));
}

const DRAWN_WITHIN_MS = 3000;

/** The picture as soon as there is one: charts are drawn a moment after their answer. Rejects where none comes, with what to do. */
export async function drawnPictureOf(host: () => HTMLElement | null, title: string): Promise<Blob> {
  for (const deadline = performance.now() + DRAWN_WITHIN_MS; performance.now() < deadline;) {
    const element = host();
    const picture = element && (await pictureOf(element, title));
    if (picture !== null) return picture;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(
    'There is no picture to save: nothing is drawn for this query. Choose a range in which it has series.',
  );
}
