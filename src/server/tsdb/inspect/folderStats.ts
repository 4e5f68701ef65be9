/** What the blocks of a data folder are made of. */
import fs from 'node:fs';
import path from 'node:path';
import { labelValue, METRIC_NAME } from '../../../shared/model/labels.ts';
import type { SeriesRef } from '../../storage/appender.ts';
import { Block, type BlockGroup } from '../block/block.ts';
import { Chunk } from '../chunkenc/chunk.ts';
import type { EncodingName } from '../chunkenc/columnWriter.ts';
import { SeriesTable } from '../index/seriesTable.ts';
import { readTombstones } from '../tombstones.ts';
import { logSize } from '../wal/logFolder.ts';
import { bytesOf, filesOf, type OnBytesRead } from './closedFolder.ts';

export interface EncodingStats {
  columns: number;
  samples: number;
  /** Of the columns' payloads alone: times, directories and summaries are not in them. */
  bytes: number;
}

export interface MetricStats {
  series: number;
  samples: number;
  /** Of the columns' payloads alone. */
  bytes: number;
}

export interface BlockStats {
  readonly file: string;
  readonly bytes: number;
  readonly series: number;
  readonly groups: number;
  readonly chunks: number;
  readonly samples: number;
  readonly minTime: number;
  readonly maxTime: number;
}

export interface FolderStats {
  readonly blocks: readonly BlockStats[];
  /** Distinct ones, over all blocks. */
  readonly series: number;
  readonly encodings: ReadonlyMap<EncodingName, Readonly<EncodingStats>>;
  /** By metric name, '' for series without one. */
  readonly metrics: ReadonlyMap<string, Readonly<MetricStats>>;
  /** How many values each label has, over all series. */
  readonly labelValues: ReadonlyMap<string, number>;
  /** Bytes of the log, whose samples are not counted here. */
  readonly logBytes: number;
  /** Series with deleted samples that may still be in the blocks. */
  readonly tombstones: number;
}

/** @throws StorageError 'corrupt' for the first damage met; `verify` tells all of it. */
export function folderStats(folder: string, progress: OnBytesRead = () => undefined): FolderStats {
  const series = new SeriesTable();
  const encodings = new Map<EncodingName, EncodingStats>();
  const names = filesOf(folder, 'blocks').filter((name) => /^\d{8,}\.block$/.test(name));
  const counts: Counts = { series, encodings, byRef: new Map() };
  const all = bytesOf(folder, 'blocks');
  let done = 0;
  const read = (bytes: number) => progress((done += bytes), all);
  const blocks = names.map((name) => blockStats(path.join(folder, 'blocks', name), counts, read));
  const wal = path.join(folder, 'wal');
  return {
    blocks,
    series: series.size,
    encodings,
    ...byName(counts),
    logBytes: fs.existsSync(wal) ? logSize(wal) : 0,
    tombstones: readTombstones(folder).length,
  };
}

/** What is counted over all blocks. */
interface Counts {
  readonly series: SeriesTable;
  readonly encodings: Map<EncodingName, EncodingStats>;
  readonly byRef: Map<SeriesRef, { samples: number; bytes: number }>;
}

/** @param read told the bytes of each chunk. */
function blockStats(file: string, counts: Counts, read: (bytes: number) => void): BlockStats {
  const block = new Block(file, Number.parseInt(path.basename(file), 10), counts.series);
  try {
    let [chunks, samples] = [0, 0];
    const refs = new Set<number>();
    for (const group of block.groups) {
      for (const ref of group.refs) refs.add(ref);
      chunks += group.chunks.length;
      for (const entry of group.chunks) {
        samples += countColumns(new Chunk(block.chunkBytes(entry)), group, counts);
        read(entry.size);
      }
    }
    const { size, groups, minTime, maxTime } = block;
    return {
      ...{ file: path.basename(file), bytes: size, series: refs.size, groups: groups.length, chunks, samples },
      ...{ minTime, maxTime },
    };
  } finally {
    block.close();
  }
}

/** Gives the samples of the chunk. */
function countColumns(chunk: Chunk, group: BlockGroup, { encodings, byRef }: Counts): number {
  const refOf = new Map(Array.from(group.columns, (column, i) => [column, group.refs[i]]));
  let total = 0;
  let place = 0;
  for (const { encoding, size, samples } of chunk.layout()) {
    const ref = refOf.get(chunk.columns[place++]) ?? 0;
    const stats = encodings.get(encoding) ?? { columns: 0, samples: 0, bytes: 0 };
    encodings.set(encoding, stats);
    stats.columns++;
    const ofSeries = byRef.get(ref) ?? { samples: 0, bytes: 0 };
    byRef.set(ref, ofSeries);
    for (const counted of [stats, ofSeries]) {
      counted.samples += samples;
      counted.bytes += size;
    }
    total += samples;
  }
  return total;
}

function byName({ series, byRef }: Counts): Pick<FolderStats, 'metrics' | 'labelValues'> {
  const metrics = new Map<string, MetricStats>();
  const values = new Map<string, Set<string>>();
  for (const [ref, { samples, bytes }] of byRef) {
    const labels = series.labels(ref);
    const name = labelValue(labels, METRIC_NAME);
    const metric = metrics.get(name) ?? { series: 0, samples: 0, bytes: 0 };
    metrics.set(name, metric);
    metric.series++;
    metric.samples += samples;
    metric.bytes += bytes;
    for (const [label, value] of labels) values.set(label, (values.get(label) ?? new Set()).add(value));
  }
  return { metrics, labelValues: new Map([...values].map(([label, set]) => [label, set.size])) };
}
