/** Blocks of Prometheus → bulk load: a day after the other, in it job by job, so that what is held stays small. */
import { compareLabels } from '../../../shared/model/labels.ts';
import type { TimeRange } from '../../storage/queryable.ts';
import type { BulkLoad } from '../bulk/loadDoor.ts';
import type { SeriesBuffer } from '../bulk/seriesBuffer.ts';
import { isDeleted } from '../deletedCells.ts';
import type { IndexedSeries } from './blockIndex.ts';
import { ForeignFileError, type OnDamage } from './damage.ts';
import { ForeignBlock, type BlockMeta } from './foreignBlock.ts';

export const WINDOW_MS = 86_400_000;

/** The days, in UTC, that any of the blocks reaches into and that end after `after`. */
export function windowsOf(blocks: readonly BlockMeta[], after: number): TimeRange[] {
  const starts = new Set<number>();
  for (const { minTime, maxTime } of blocks) {
    for (let start = Math.floor(minTime / WINDOW_MS); start * WINDOW_MS < maxTime; start++) starts.add(start);
  }
  return [...starts]
    .sort((a, b) => a - b)
    .map((start) => ({ minTime: Math.max(start * WINDOW_MS, after + 1), maxTime: (start + 1) * WINDOW_MS - 1 }))
    .filter(({ minTime, maxTime }) => minTime <= maxTime);
}

interface OpenBlock {
  readonly block: ForeignBlock;
  readonly groups: ReadonlyMap<string, Uint32Array>;
}

/** The blocks that are open: those of the day that is loaded. */
export class OpenBlocks {
  readonly #open = new Map<BlockMeta, OpenBlock | undefined>();
  readonly #onDamage: OnDamage;

  constructor(onDamage: OnDamage) {
    this.#onDamage = onDamage;
  }

  /** Opens those that reach into the range, closes the others. One that cannot be read is told and left out. */
  within(metas: readonly BlockMeta[], range: TimeRange): OpenBlock[] {
    for (const [meta, open] of this.#open) {
      if (reaches(meta, range)) continue;
      open?.block.close();
      this.#open.delete(meta);
    }
    for (const meta of metas)
      if (reaches(meta, range) && !this.#open.has(meta)) this.#open.set(meta, this.#tryOpen(meta));
    return metas.flatMap((meta) => this.#open.get(meta) ?? []);
  }

  close(): void {
    for (const open of this.#open.values()) open?.block.close();
    this.#open.clear();
  }

  #tryOpen(meta: BlockMeta): OpenBlock | undefined {
    try {
      const block = new ForeignBlock(meta);
      return { block, groups: block.index.groups('job', 'instance') };
    } catch (error) {
      const { file = meta.folder, offset = 0 } = error instanceof ForeignFileError ? error : {};
      this.#onDamage({
        file,
        offset,
        what: `the block cannot be read (${(error as Error).message}); its samples are left out`,
      });
      return undefined;
    }
  }
}

/** @param progress told the share of the window that is done. */
export async function loadWindow(
  open: readonly OpenBlock[],
  range: TimeRange,
  load: BulkLoad,
  onDamage: OnDamage,
  progress: (share: number) => void,
): Promise<void> {
  const homes = [...new Set(open.flatMap(({ groups }) => [...groups.keys()]))].sort();
  for (const [i, home] of homes.entries()) {
    const sources = open.flatMap(({ block, groups }) => {
      const refs = groups.get(home);
      return refs === undefined ? [] : [new SeriesCursor(block, refs, onDamage)];
    });
    for (let next = lowest(sources); next.length > 0; next = lowest(sources)) {
      const buffer = load.series(next[0].current!.labels);
      for (const source of next) source.take(buffer, range);
      await load.admit(buffer);
    }
    // Series of one home are complete now: packed together they share rows.
    await load.pack();
    progress((i + 1) / homes.length);
  }
}

/** The sources that stand at the first of their series; all of them have the same labels there. */
function lowest(sources: readonly SeriesCursor[]): SeriesCursor[] {
  let found: SeriesCursor[] = [];
  for (const source of sources) {
    if (source.current === undefined) continue;
    const order = found.length === 0 ? 0 : compareLabels(source.current.labels, found[0].current!.labels);
    if (order < 0) found = [source];
    else if (order === 0) found.push(source);
  }
  return found;
}

/** Walks series of a block, which are in the order of their labels. */
class SeriesCursor {
  readonly #block: ForeignBlock;
  readonly #refs: Uint32Array;
  readonly #onDamage: OnDamage;
  #at = -1;
  current: IndexedSeries | undefined;

  constructor(block: ForeignBlock, refs: Uint32Array, onDamage: OnDamage) {
    this.#block = block;
    this.#refs = refs;
    this.#onDamage = onDamage;
    this.#next();
  }

  /** Puts the samples of the current series into a buffer and goes on to the next one. */
  take(buffer: SeriesBuffer, range: TimeRange): void {
    const deleted = this.#block.deleted(this.#refs[this.#at]);
    const isWanted = (t: number) => t >= range.minTime && t <= range.maxTime && !isDeleted(t, deleted);
    const sink = {
      float: (t: number, low: number, high: number) => void (isWanted(t) && buffer.float(t, low, high)),
      histogram: (t: number, h: Parameters<SeriesBuffer['histogram']>[1]) =>
        void (isWanted(t) && buffer.histogram(t, h)),
    };
    for (const chunk of this.current!.chunks) {
      if (chunk.maxTime < range.minTime || chunk.minTime > range.maxTime) continue;
      this.#guarded(() => this.#block.readChunk(chunk, sink));
    }
    this.#next();
  }

  #next(): void {
    this.current = undefined;
    while (this.current === undefined && ++this.#at < this.#refs.length) {
      const ref = this.#refs[this.#at];
      this.#guarded(() => void (this.current = this.#block.index.series(ref)));
    }
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      const place = error instanceof ForeignFileError ? error : undefined;
      const { file = this.#block.meta.folder, offset = 0 } = place ?? {};
      this.#onDamage({ file, offset, what: place?.what ?? (error as Error).message });
    }
  }
}

function reaches({ minTime, maxTime }: BlockMeta, range: TimeRange): boolean {
  return minTime <= range.maxTime && maxTime > range.minTime;
}
