/** A store → block folders of Prometheus, one for each two hours as upstream cuts them, so that a running server takes them up. */
import fs from 'node:fs';
import path from 'node:path';
import { labelsKey, labelValue, METRIC_NAME, type Labels } from '../../../shared/model/labels.ts';
import { escapePattern, type Matcher } from '../../../shared/model/matchers.ts';
import { bitsOf, CELL_GAP, cellKind } from '../../../shared/model/sampleBits.ts';
import { StorageError } from '../../storage/appender.ts';
import { SelectLimitError, type GroupColumns, type Queryable, type TimeRange } from '../../storage/queryable.ts';
import { SeriesBuffer, sortedSamples } from '../bulk/seriesBuffer.ts';
import { BlockFolderWriter } from './blockFolderWriter.ts';
import { listBlocks } from './foreignBlock.ts';
import { seriesChunks } from './seriesChunks.ts';

const BLOCK_MS = 7_200_000;
/** Cells held at a time. */
const CELLS_MAX = 4_000_000;
/** Series looked at together at most. */
const RUN_SERIES_MAX = 10_000;
/** A label that varies more is not used to ask for fewer series. */
const VALUES_MAX = 1_000;

export interface ExportedBlocks {
  blocks: number;
  samples: number;
}

/**
 * @param range of the samples, both inclusive and finite.
 * @throws StorageError 'io' where the folder has blocks of that time already: with both, every sample would be there twice.
 */
export async function exportBlocks(
  store: Queryable,
  folder: string,
  matcherSets: readonly (readonly Matcher[])[],
  range: TimeRange,
  progress: (share: number, exported: ExportedBlocks) => void,
): Promise<ExportedBlocks> {
  // With an empty log a new folder is a whole data folder: promtool opens no other.
  if (!fs.existsSync(folder)) fs.mkdirSync(path.join(folder, 'wal'), { recursive: true });
  refuseOverlap(folder, range);
  const exported: ExportedBlocks = { blocks: 0, samples: 0 };
  for (let start = Math.floor(range.minTime / BLOCK_MS) * BLOCK_MS; start <= range.maxTime; start += BLOCK_MS) {
    const block = { minTime: start, maxTime: start + BLOCK_MS - 1 };
    const asked = { minTime: Math.max(start, range.minTime), maxTime: Math.min(block.maxTime, range.maxTime) };
    const series = await store.series(matcherSets, asked);
    if (series.length > 0) {
      const writer = new BlockFolderWriter(
        folder,
        block,
        series.flatMap((labels) => labels.flat()),
      );
      try {
        for (const run of runsOf(series)) await writeRun(store, writer, run, asked);
        await writer.close();
      } catch (error) {
        writer.discard();
        throw error;
      }
      exported.blocks += writer.samples > 0 ? 1 : 0;
      exported.samples += writer.samples;
    }
    progress(Math.min(1, (start + BLOCK_MS - range.minTime) / (range.maxTime - range.minTime + 1)), exported);
  }
  return exported;
}

function refuseOverlap(folder: string, { minTime, maxTime }: TimeRange): void {
  const there = listBlocks(folder, () => undefined).find((b) => b.minTime <= maxTime && b.maxTime > minTime);
  if (there === undefined) return;
  const from = new Date(there.minTime).toISOString();
  const hint = 'name an empty folder and move its blocks, or choose another time with --start and --end';
  throw new StorageError('io', `${there.folder} holds samples from ${from} on, so they may be there twice; ${hint}`);
}

/** Neighbours with one metric name. */
function* runsOf(series: readonly Labels[]): Iterable<readonly Labels[]> {
  for (let from = 0; from < series.length;) {
    const name = labelValue(series[from], METRIC_NAME);
    let to = from + 1;
    while (to < series.length && to - from < RUN_SERIES_MAX && labelValue(series[to], METRIC_NAME) === name) to++;
    yield series.slice(from, to);
    from = to;
  }
}

/** In their order; where they have too many samples, one half after the other. */
async function writeRun(
  store: Queryable,
  writer: BlockFolderWriter,
  series: readonly Labels[],
  range: TimeRange,
): Promise<void> {
  let groups: readonly GroupColumns[];
  try {
    const maxSamples = series.length > 1 ? CELLS_MAX : undefined;
    groups = await store.select({ matchers: matchersOf(series), ...range, maxSamples });
  } catch (error) {
    if (!(error instanceof SelectLimitError)) throw error;
    const middle = Math.ceil(series.length / 2);
    await writeRun(store, writer, series.slice(0, middle), range);
    return writeRun(store, writer, series.slice(middle), range);
  }
  const buffers = new Map(series.map((labels) => [labelsKey(labels), new SeriesBuffer(labels)]));
  for (const { times, columns } of groups) {
    for (const { labels, values, histograms } of columns) {
      const buffer = buffers.get(labelsKey(labels));
      if (buffer === undefined) continue;
      const bits = bitsOf(values);
      for (let i = 0; i < times.length; i++) {
        if (cellKind(bits, i) === CELL_GAP) continue;
        const h = histograms?.get(i);
        if (h === undefined) buffer.float(times[i], bits[2 * i], bits[2 * i + 1]);
        else buffer.histogram(times[i], h);
      }
    }
  }
  for (const buffer of buffers.values()) {
    if (buffer.count > 0) writer.add(buffer.labels, seriesChunks(sortedSamples([buffer])));
  }
}

/** What all of these series fulfil, and not many others. */
function matchersOf(series: readonly Labels[]): Matcher[] {
  const valuesByName = new Map<string, Set<string>>();
  for (const labels of series) {
    for (const [name, value] of labels) {
      const values = valuesByName.get(name);
      if (values === undefined) valuesByName.set(name, new Set([value]));
      else values.add(value);
    }
  }
  return [...valuesByName].flatMap(([name, values]): Matcher[] => {
    const isEverywhere = series.every((labels) => labelValue(labels, name) !== '');
    if (!isEverywhere) values.add('');
    if (values.size === 1) return [{ name, op: '=', value: [...values][0] }];
    if (values.size > VALUES_MAX) return [];
    return [{ name, op: '=~', value: [...values].map(escapePattern).join('|') }];
  });
}
