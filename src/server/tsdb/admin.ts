/** What an operator may ask of the store: deleting samples, taking their bytes out of the files, snapshots. */
import type { ChangeLog } from './changeLog.ts';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Matcher } from '../../shared/model/matchers.ts';
import type { BlockSummary, StoreAdmin } from '../storage/admin.ts';
import { StorageError, type SeriesRef } from '../storage/appender.ts';
import type { TimeRange } from '../storage/queryable.ts';
import { TIME_MAX } from './appender.ts';
import type { Block } from './block/block.ts';
import type { BlockSet } from './block/blockSet.ts';
import type { HeadFlusher } from './flush.ts';
import type { Head } from './head/head.ts';
import { LooseGroup } from './head/looseGroup.ts';
import { syncFolder } from './syncFolder.ts';
import { checkpointName, listCheckpoints } from './wal/logFolder.ts';
import type { Tasks } from './tasks.ts';
import { TOMBSTONES_FILE, TOMBSTONES_MAX, type Tombstones } from './tombstones.ts';

export const SNAPSHOTS_FOLDER = 'snapshots';

export interface AdminParts {
  readonly changes: ChangeLog;
  readonly folder: string;
  readonly head: Head;
  readonly blocks: BlockSet;
  readonly tombstones: Tombstones;
  readonly flusher: HeadFlusher;
  readonly now: () => number;
  readonly tasks: Tasks;
}

export class Admin implements StoreAdmin {
  readonly #parts: AdminParts;

  constructor(parts: AdminParts) {
    this.#parts = parts;
  }

  blocks(): readonly BlockSummary[] {
    return this.#parts.blocks.all.map(summaryOf).sort((a, b) => a.minTime - b.minTime || a.number - b.number);
  }

  async deleteSeries(matcherSets: readonly (readonly Matcher[])[], range: TimeRange): Promise<void> {
    const { changes, flusher, head, tombstones } = this.#parts;
    await flusher.exclusively(async () => {
      const ranges = new Map<SeriesRef, TimeRange>();
      for (const matchers of matcherSets) {
        const refs = head.series.index.select(matchers);
        for (const [ref, newest] of this.#newestTimes(refs)) {
          const stored = { minTime: Math.max(range.minTime, -TIME_MAX), maxTime: Math.min(range.maxTime, newest) };
          if (stored.minTime <= stored.maxTime) ranges.set(ref, stored);
        }
      }
      await tombstones.add(ranges, head.series);
      changes.at(range.minTime);
    });
    if (tombstones.size > TOMBSTONES_MAX) await this.cleanTombstones();
  }

  async cleanTombstones(): Promise<void> {
    const { changes, flusher, head, blocks, tasks, tombstones } = this.#parts;
    const clean = async (flush: () => Promise<void>) => {
      await flush();
      await blocks.clean();
      await tombstones.clear(head.series);
      changes.everything();
    };
    await flusher.exclusively(async (flush) => {
      if (tombstones.size > 0) await tasks.run('tombstoneCleanup', () => clean(flush));
    });
  }

  async snapshot({ skipHead = false }: { skipHead?: boolean } = {}): Promise<string> {
    const { flusher, folder, blocks, now } = this.#parts;
    const time = new Date(now()).toISOString().replace(/[-:]|\.\d+/g, '');
    const name = `${time}-${randomBytes(8).toString('hex')}`;
    await flusher.exclusively(async (flush) => {
      if (!skipHead) await flush();
      const files = blocks.all.map(({ file }) => path.relative(folder, file));
      try {
        await linkSnapshot(folder, name, files);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const place = path.join(folder, SNAPSHOTS_FOLDER, name);
        throw new StorageError('io', `cannot make ${place} (${code ?? String(error)}); check the disk and ask again`, {
          cause: error,
        });
      }
    });
    return name;
  }

  /** The newest sample of each series, or later where that is not known to the sample; nothing that comes in order is older. */
  #newestTimes(refs: Uint32Array): Map<SeriesRef, number> {
    const { head, blocks } = this.#parts;
    const newest = new Map<SeriesRef, number>();
    const observe = (ref: SeriesRef, t: number) => {
      if (t > (newest.get(ref) ?? -Infinity)) newest.set(ref, t);
    };
    for (const [group, columns] of head.columnsOf(refs)) {
      for (const { ref, column } of columns) {
        observe(ref, group instanceof LooseGroup ? group.columnLast(column).t : group.lastTime);
      }
    }
    const inBlocksOnly = new Uint8Array(head.series.refsEnd);
    for (const ref of refs) if (!newest.has(ref)) inBlocksOnly[ref] = 1;
    for (const { groups } of blocks.all) {
      for (const { refs: stored, chunks } of groups) {
        const last = chunks.reduce((max, chunk) => Math.max(max, chunk.maxTime), -Infinity);
        for (const ref of stored) if (inBlocksOnly[ref] === 1) observe(ref, last);
      }
    }
    return newest;
  }
}

/** None of these files is ever written again, so a link is as good as a copy. Made aside, then named. */
async function linkSnapshot(folder: string, name: string, blocks: readonly string[]): Promise<void> {
  const snapshots = path.join(folder, SNAPSHOTS_FOLDER);
  const aside = path.join(snapshots, `${name}.tmp`);
  try {
    await fs.promises.mkdir(path.join(aside, 'blocks'), { recursive: true });
    await fs.promises.mkdir(path.join(aside, 'wal'));
    // The checkpoint goes with the blocks: up to where each series is in them, and the exemplars.
    const checkpoints = listCheckpoints(path.join(folder, 'wal'))
      .slice(-1)
      .map((n) => path.join('wal', checkpointName(n)));
    const tombstones = fs.existsSync(path.join(folder, TOMBSTONES_FILE)) ? [TOMBSTONES_FILE] : [];
    for (const file of [...blocks, ...checkpoints, ...tombstones]) {
      await fs.promises.link(path.join(folder, file), path.join(aside, file));
    }
    for (const made of ['blocks', 'wal', '.']) await syncFolder(path.join(aside, made));
    await fs.promises.rename(aside, path.join(snapshots, name));
    await syncFolder(snapshots);
  } catch (error) {
    await fs.promises.rm(aside, { recursive: true, force: true });
    throw error;
  }
}

function summaryOf({ number, replaces, minTime, maxTime, groups, size, version }: Block): BlockSummary {
  const refs = new Set<number>();
  let chunkCount = 0;
  for (const group of groups) {
    for (const ref of group.refs) refs.add(ref);
    chunkCount += group.chunks.length;
  }
  return { number, replaces, minTime, maxTime, seriesCount: refs.size, chunkCount, bytes: size, version };
}
