/** `isotherm tsdb stats` and `verify`. */
import type { FolderStats } from '../../tsdb/inspect/folderStats.ts';
import { folderStats } from '../../tsdb/inspect/folderStats.ts';
import { withClosedFolder } from '../../tsdb/inspect/closedFolder.ts';
import { verifyFolder } from '../../tsdb/inspect/verify.ts';
import type { ProgressBar } from './progressBar.ts';
import { ratio, sizeText, table } from './textTable.ts';

/** Prints every damage; the exit code is 1 if there is any. */
export async function verify(folder: string, bar: ProgressBar): Promise<number> {
  const report = await withClosedFolder(folder, () => verifyFolder(folder, told(bar)));
  bar.end();
  for (const { file, offset, size, what, lost } of report.damages) {
    process.stdout.write(`${file} at ${offset}, ${size} bytes: damage in ${what}; lost: ${lost}\n`);
  }
  for (const note of report.notes) process.stdout.write(`note: ${note}\n`);
  const { blocks, chunks, logFiles, logRecords, bytes, damages } = report;
  const checked = `${blocks} blocks (${chunks} chunks), ${logFiles} log files (${logRecords} records), ${sizeText(bytes)}`;
  const found = damages.length === 0 ? 'all right' : `${damages.length} damaged`;
  process.stdout.write(`${folder}: ${checked}: ${found}\n`);
  return damages.length === 0 ? 0 : 1;
}

export async function stats(folder: string, bar: ProgressBar): Promise<number> {
  const found = await withClosedFolder(folder, () => folderStats(folder, told(bar)));
  bar.end();
  process.stdout.write(statsText(folder, found));
  return 0;
}

const told = (bar: ProgressBar) => (done: number, all: number) =>
  bar.tell(all > 0 ? done / all : 1, `${sizeText(done)} of ${sizeText(all)}`);

/** Metrics and labels shown: those that take the most. */
const TOP = 10;

export function statsText(folder: string, stats: FolderStats): string {
  const { blocks, series, encodings, metrics, labelValues, logBytes, tombstones } = stats;
  const samples = blocks.reduce((sum, block) => sum + block.samples, 0);
  const bytes = blocks.reduce((sum, block) => sum + block.bytes, 0);
  const payload = [...encodings.values()].reduce((sum, encoding) => sum + encoding.bytes, 0);
  const encodingRows = [...encodings]
    .sort((a, b) => b[1].bytes - a[1].bytes)
    .map(([name, e]) => [name, e.columns, e.samples, sizeText(e.bytes), ratio(e.bytes, e.samples)]);
  const restRow = ['times, summaries, index', '', '', sizeText(bytes - payload), ratio(bytes - payload, samples)];
  const topMetrics = [...metrics].sort((a, b) => b[1].bytes - a[1].bytes || b[1].series - a[1].series).slice(0, TOP);
  const topLabels = [...labelValues].sort((a, b) => b[1] - a[1]).slice(0, TOP);
  return [
    `folder   ${folder}`,
    `blocks   ${series} series, ${samples} samples, ${sizeText(bytes)}, ${ratio(bytes, samples)} bytes a sample`,
    `log      ${sizeText(logBytes)}; its samples are not counted here`,
    `deleted  ${tombstones} series have deleted samples that blocks may still hold`,
    '',
    ...table(['encoding', 'columns', 'samples', 'bytes', 'bytes a sample'], [...encodingRows, restRow]),
    '',
    ...table(
      ['metrics that take most', 'series', 'samples', 'bytes', 'bytes a sample'],
      topMetrics.map(([name, m]) => [name, m.series, m.samples, sizeText(m.bytes), ratio(m.bytes, m.samples)]),
    ),
    '',
    ...table(['labels that vary most', 'values'], topLabels),
    '',
    ...table(
      ['block', 'from', 'to', 'series', 'groups', 'chunks', 'samples', 'bytes', 'bytes a sample'],
      blocks.map((b) => [
        ...[b.file, timeText(b.minTime), timeText(b.maxTime), b.series, b.groups, b.chunks, b.samples],
        ...[sizeText(b.bytes), ratio(b.bytes, b.samples)],
      ]),
    ),
    '',
  ].join('\n');
}

function timeText(t: number): string {
  return new Date(t).toISOString().replace(/\.\d+Z$/, 'Z');
}
