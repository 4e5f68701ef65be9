/** A data folder of Prometheus → our store: blocks, then the head. The folder is only read. */
import fs from 'node:fs';
import path from 'node:path';
import type { OnDamage } from './damage.ts';
import type { TsdbLoads } from '../bulk/loadDoor.ts';
import { listBlocks, ULID_PATTERN, type BlockMeta } from './foreignBlock.ts';
import { loadHead } from './loadHead.ts';
import { loadWindow, OpenBlocks, windowsOf } from './loadBlocks.ts';
import { logFiles } from './logRecords.ts';

export interface FolderProgress {
  /** In words, such as a day. */
  readonly part: string;
  /** Of all, in [0, 1]. */
  readonly share: number;
  readonly samples: number;
}

export interface FolderLoaded {
  readonly samples: number;
  readonly damages: number;
  /** Samples of the log whose series it does not name, as after damage. */
  readonly unknownSeries: number;
  /** All of it was loaded before. */
  readonly wasComplete: boolean;
}

/** Whether a folder looks like one that Prometheus wrote, and not like one of ours. */
export function isPrometheusFolder(folder: string): boolean {
  if (!fs.existsSync(folder) || !fs.statSync(folder).isDirectory()) return false;
  const has = (part: string, pattern: RegExp) =>
    fs.existsSync(path.join(folder, part)) &&
    fs.readdirSync(path.join(folder, part)).some((name) => pattern.test(name));
  const isBlock = (name: string) => ULID_PATTERN.test(name) && fs.existsSync(path.join(folder, name, 'meta.json'));
  return has('wal', /^(\d+|checkpoint\.\d+)$/) || has('chunks_head', /^\d+$/) || fs.readdirSync(folder).some(isBlock);
}

/**
 * Loads what was not loaded before. A load that was stopped goes on; after a complete one only what is newer is taken.
 *
 * @throws StorageError when our store cannot be written; what is damaged in the folder is told and left out.
 */
export async function loadPrometheusFolder(
  folder: string,
  store: TsdbLoads,
  onDamage: OnDamage,
  progress: (progress: FolderProgress) => void,
): Promise<FolderLoaded> {
  const source = `prometheus ${fs.realpathSync(folder)}`;
  let damages = 0;
  const onFault: OnDamage = (damage) => {
    damages++;
    onDamage(damage);
  };
  const before = store.loaded(source).complete;
  const mark = markOf(folder);
  if (before?.mark === mark) return { samples: 0, damages, unknownSeries: 0, wasComplete: true };
  const after = before?.maxTime ?? -Infinity;
  const blocks = listBlocks(folder, onFault);
  const windows = windowsOf(blocks, after);
  const headBytes = logFiles(path.join(folder, 'wal')).reduce((sum, file) => sum + fs.statSync(file).size, 0);
  // A day of blocks takes as long as its share of their bytes; a byte of the log about as long as one of them.
  const blockBytes = blocks.reduce((sum, { bytes }) => sum + bytes, 0);
  const blockShare = blockBytes / Math.max(1, blockBytes + headBytes);
  let samples = 0;
  const open = new OpenBlocks(onFault);
  try {
    for (const [i, window] of windows.entries()) {
      const part = new Date(window.minTime).toISOString();
      const load = await store.bulkLoad(source, part);
      if (load === undefined) continue;
      const base = samples;
      await loadWindow(open.within(blocks, window), window, load, onFault, (share) =>
        progress({
          part: part.slice(0, 10),
          share: (blockShare * (i + share)) / windows.length,
          samples: base + load.samples,
        }),
      );
      await load.finish();
      samples += load.samples;
    }
  } finally {
    open.close();
  }
  const load = await store.bulkLoad(source, 'head');
  let unknownSeries = 0;
  if (load !== undefined) {
    const base = samples;
    const tell = (share: number) =>
      progress({ part: 'head', share: blockShare + (1 - blockShare) * share, samples: base + load.samples });
    const loaded = await loadHead(folder, load, {
      minTime: headMinTime(blocks),
      after,
      onDamage: onFault,
      progress: tell,
    });
    await load.finish();
    samples += load.samples;
    ({ unknownSeries } = loaded);
    const appender = store.appender();
    for (const { labels, exemplar } of loaded.exemplars) appender.appendExemplar(labels, exemplar);
    await appender.commit({ sync: true });
  }
  store.loadComplete(source, mark);
  return { samples, damages, unknownSeries, wasComplete: false };
}

/** Where the head begins: in-order samples before that are in blocks. */
function headMinTime(blocks: readonly BlockMeta[]): number {
  return blocks.reduce((max, block) => (block.isLate ? max : Math.max(max, block.maxTime)), -Infinity);
}

/** Changes when Prometheus writes to the folder. */
function markOf(folder: string): string {
  const blocks = fs
    .readdirSync(folder)
    .filter((name) => ULID_PATTERN.test(name))
    .sort();
  const logs = ['wal', 'wbl'].flatMap((part) => logFiles(path.join(folder, part)));
  const newest = logs.map((file) => `${path.relative(folder, file)}:${fs.statSync(file).size}`).slice(-2);
  return [...blocks.slice(-50), blocks.length, ...newest].join(' ');
}
