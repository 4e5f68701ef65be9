/** Lines of several benchmarks as one table for the terminal. */
import { ratioOf, type Line } from './report.ts';

const HEADER = ['bench', 'what', 'ours', 'against', 'theirs', 'better by'];
/** Columns of numbers, right-aligned. */
const NUMBERS = new Set([2, 4, 5]);

const AGAINST = 3;

export function table(lines: readonly (readonly [bench: string, line: Line])[]): string {
  const rows = [HEADER, ...lines.map(([bench, line]) => [bench, ...cellsOf(line)])];
  const compared = rows.filter((_, i) => i === 0 || !('skipped' in lines[i - 1][1]));
  // A reason may be long; nothing stands behind it.
  const widths = HEADER.map((_, c) => Math.max(...(c < AGAINST ? rows : compared).map((row) => row[c].length)));
  return rows
    .map((row) => row.map((text, c) => (NUMBERS.has(c) ? text.padStart(widths[c]) : text.padEnd(widths[c]))).join('  '))
    .map((text) => text.trimEnd())
    .join('\n');
}

export function cellsOf(line: Line): string[] {
  if ('skipped' in line) {
    const ours = line.ours === undefined ? '' : `${numberText(line.ours)} ${line.unit ?? ''}`;
    return [line.what, ours, `skipped: ${line.skipped}`, '', ''];
  }
  const { what, ours, unit, against, theirs } = line;
  return [
    what,
    `${numberText(ours)} ${unit}`,
    against,
    `${numberText(theirs)} ${unit}`,
    `${ratioOf(line).toFixed(2)}×`,
  ];
}

/** Three digits that count. */
export function numberText(v: number): string {
  return Math.abs(v) >= 100 ? v.toFixed(0) : String(Number(v.toPrecision(3)));
}
