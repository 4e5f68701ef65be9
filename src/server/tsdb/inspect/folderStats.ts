/** What the blocks of a data folder are made of. */
import fs from 'node:fs';
import path from 'node:path';
import { Block } from '../block/block.ts';
import { ChunkCache } from '../block/chunkCache.ts';
import { Chunk } from '../chunkenc/chunk.ts';
import type { EncodingName } from '../chunkenc/columnWriter.ts';
import { SeriesTable } from '../index/seriesTable.ts';
import { readTombstones } from '../tombstones.ts';
import { logSize } from '../wal/log.ts';
import { filesOf } from './closedFolder.ts';

export interface EncodingStats {
  columns: number;
  samples: number;
  /** Of the columns' payloads alone: times, directories and summaries are not in them. */
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
  /** Bytes of the log, whose samples are not counted here. */
  readonly logBytes: number;
  /** Series with deleted samples that may still be in the blocks. */
  readonly tombstones: number;
}

/** @throws StorageError 'corrupt' for the first damage met; `verify` tells all of it. */
export function folderStats(folder: string): FolderStats {
  const series = new SeriesTable();
  const encodings = new Map<EncodingName, EncodingStats>();
  const names = filesOf(folder, 'blocks').filter((name) => /^\d{8,}\.block$/.test(name));
  const blocks = names.map((name) => blockStats(path.join(folder, 'blocks', name), series, encodings));
  const wal = path.join(folder, 'wal');
  return {
    blocks,
    series: series.size,
    encodings,
    logBytes: fs.existsSync(wal) ? logSize(wal) : 0,
    tombstones: readTombstones(folder).length,
  };
}

function blockStats(file: string, series: SeriesTable, encodings: Map<EncodingName, EncodingStats>): BlockStats {
  const block = new Block(file, Number.parseInt(path.basename(file), 10), series, new ChunkCache());
  try {
    let [chunks, samples] = [0, 0];
    const refs = new Set<number>();
    for (const group of block.groups) {
      for (const ref of group.refs) refs.add(ref);
      chunks += group.chunks.length;
      for (const entry of group.chunks) samples += countColumns(new Chunk(block.chunkBytes(entry)), encodings);
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
function countColumns(chunk: Chunk, encodings: Map<EncodingName, EncodingStats>): number {
  let total = 0;
  for (const { encoding, size, samples } of chunk.layout()) {
    const stats = encodings.get(encoding) ?? { columns: 0, samples: 0, bytes: 0 };
    encodings.set(encoding, stats);
    stats.columns++;
    stats.samples += samples;
    stats.bytes += size;
    total += samples;
  }
  return total;
}
