/** The blocks of a store, oldest first: opened, added, removed by age. */
import fs from 'node:fs';
import path from 'node:path';
import { StorageError, type SeriesRef } from '../../storage/appender.ts';
import type { Chunk } from '../chunkenc/chunk.ts';
import type { GroupKind } from '../head/group.ts';
import type { SeriesTable } from '../index/seriesTable.ts';
import type { Log } from '../options.ts';
import type { Tasks } from '../tasks.ts';
import type { Tombstones } from '../tombstones.ts';
import { Block, BlockDamage, groupSeries, type BlockGroup, type KnownSections } from './block.ts';
import { BLOCK_VERSION } from './blockFile.ts';
import type { BlockFiles } from './blockFiles.ts';
import { pickToMerge, type MergeLimits } from './compaction.ts';
import { touches } from './joinChunks.ts';
import { encodeSection, sectionHash, type LabelSection } from './labelSection.ts';
import type { BlockMaker, BlockRecipe, GroupRecipe } from './recipe.ts';

/** A block that could not be read is tried again after this, then after twice as long each time. */
const DAMAGE_WAIT_MS = 3_600_000;
const DAMAGE_WAIT_MS_MAX = 24 * DAMAGE_WAIT_MS;

export interface BlockSetParts {
  readonly folder: string;
  readonly series: SeriesTable;
  /** What is left out when blocks are merged and cleaned. */
  readonly tombstones: Tombstones;
  readonly maker: BlockMaker;
  readonly files: BlockFiles;
  readonly log: Log;
  readonly tasks: Tasks;
}

/** A group on its way from the head to a block, and the series at its columns. */
export interface FlushedGroup {
  readonly recipe: GroupRecipe;
  readonly columns: Int32Array;
  readonly refs: Uint32Array;
}

/** A group and its chunks as a block will have them, without what is deleted. */
export function flushedGroup(
  name: Pick<GroupRecipe, 'kind' | 'key' | 'sequence'>,
  section: LabelSection,
  refs: Uint32Array,
  chunks: readonly Chunk[],
  tombstones: Tombstones,
): FlushedGroup {
  const { columns } = section;
  const deleted = [...columns].flatMap((column, i) => {
    const ranges = tombstones.of(refs[i]);
    return ranges === undefined ? [] : [[column, ranges] as const];
  });
  const sources = chunks.map(({ bytes, rowCount, minTime, maxTime }) => ({
    ...{ bytes, size: bytes.length, rowCount, minTime, maxTime },
  }));
  return { columns, refs, recipe: { ...name, section: encodeSection(section), sources, deleted } };
}

export class BlockSet {
  readonly #parts: BlockSetParts;
  #blocks: Block[] = [];
  #known: KnownSections = new Map();
  #nextNumber = 1;
  /** How far each group is in blocks. */
  readonly #sequences = new Map<string, number>();
  /** Blocks that a merge found damaged, by file: when they are tried again, by the clock of the process. */
  readonly #damaged = new Map<string, { readonly again: number; readonly waitMs: number }>();
  written = 0;
  removed = 0;
  compacted = 0;
  /** Of those compacted, the ones whose blocks overlapped. */
  overlapsMerged = 0;

  constructor(parts: BlockSetParts) {
    this.#parts = parts;
  }

  get all(): readonly Block[] {
    return this.#blocks;
  }

  /** Blocks written from now on have this number and larger ones. */
  get nextNumber(): number {
    return this.#nextNumber;
  }

  get minTime(): number {
    return this.#blocks.reduce((min, block) => Math.min(min, block.minTime), Infinity);
  }

  get maxTime(): number {
    return this.#blocks.reduce((max, block) => Math.max(max, block.maxTime), -Infinity);
  }

  get bytes(): number {
    return this.#blocks.reduce((sum, block) => sum + block.size, 0);
  }

  /** Opens what is there. Unfinished files and replaced blocks are removed; a damaged block is left in place, said, and not used. */
  open(): void {
    const { folder, log } = this.#parts;
    for (const name of fs.readdirSync(folder).sort()) {
      const file = path.join(folder, name);
      if (name.endsWith('.block.tmp')) fs.rmSync(file);
      if (!/^\d{8,}\.block$/.test(name)) continue;
      const number = Number.parseInt(name, 10);
      this.#nextNumber = Math.max(this.#nextNumber, number + 1);
      try {
        this.#add(this.#open(file, number));
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        log('error', 'a block is left out', { file, reason: error.message });
      }
    }
    // The process ended between putting a merged block in place and removing what it replaces.
    this.#removeBlocks(new Set(this.#blocks.flatMap((block) => block.replaces)));
  }

  /** The log's records of a group up to this sequence are in blocks. */
  sequence(kind: GroupKind, key: string): number {
    return this.#sequences.get(`${kind} ${key}`) ?? 0;
  }

  /** Writes a block, which becomes visible when the caller adds it; none if all of it is deleted. */
  async write(groups: readonly FlushedGroup[]): Promise<Block | undefined> {
    if (groups.length === 0) return undefined;
    for (const { recipe, columns, refs } of groups)
      this.#known.set(sectionHash(recipe.section), groupSeries(columns, refs));
    const number = this.#nextNumber++;
    const recipes = groups.map(({ recipe }) => recipe);
    const { folder, tasks } = this.#parts;
    try {
      const block = await this.#make({ kind: 'flush', folder, number, order: number, groups: recipes });
      for (const { chunks, columns } of block?.groups ?? []) {
        for (const { rowCount, size, minTime, maxTime } of chunks)
          tasks.observer.stored({ rows: rowCount, seriesBytes: size / columns.length, spanMs: maxTime - minTime });
      }
      return block;
    } finally {
      this.#forgetSections();
    }
  }

  add(block: Block): void {
    this.#add(block);
    this.#forgetSections();
  }

  /** Merges neighbouring blocks, level by level, for as long as there are such; then those of an older version are written anew. */
  async compact(limits: MergeLimits): Promise<void> {
    const isLeftOut = ({ file }: Block) => performance.now() < (this.#damaged.get(file)?.again ?? 0);
    const pick = () => pickToMerge(this.#blocks, limits, isLeftOut);
    for (let small = pick(); small !== undefined; small = pick()) {
      if (await this.#merge(small)) {
        this.compacted++;
        if (overlap(small)) this.overlapsMerged++;
      }
    }
    // What an older program wrote takes more room, and more time to read.
    for (const block of [...this.#blocks]) {
      if (block.version < BLOCK_VERSION && !isLeftOut(block)) await this.#merge([block]);
    }
  }

  /** As `#replace`; false where a block is damaged, which is said and stays as it is for a while. */
  async #merge(blocks: readonly Block[]): Promise<boolean> {
    try {
      await this.#replace(blocks);
      return true;
    } catch (error) {
      if (!(error instanceof BlockDamage) || !blocks.some(({ file }) => file === error.file)) throw error;
      const before = this.#damaged.get(error.file)?.waitMs ?? DAMAGE_WAIT_MS / 2;
      const waitMs = Math.min(DAMAGE_WAIT_MS_MAX, 2 * before);
      this.#damaged.set(error.file, { again: performance.now() + waitMs, waitMs });
      this.#parts.log('error', 'a damaged block is not merged; the others are', {
        reason: error.message,
        triedAgainInHours: waitMs / 3_600_000,
      });
      return false;
    }
  }

  /** Writes the blocks that have deleted samples anew, without them. */
  async clean(): Promise<void> {
    for (const block of [...this.#blocks]) if (this.#isTouched(block)) await this.#replace([block]);
  }

  /** Removes blocks past their retention. Gives whether there was any. */
  remove(blocks: readonly Block[], why: string): boolean {
    this.#removeBlocks(new Set(blocks.map((block) => block.number)));
    this.removed += blocks.length;
    for (const { file, size, maxTime } of blocks) {
      this.#parts.log('info', `removed a block: ${why}`, { file, size, maxTime });
    }
    return blocks.length > 0;
  }

  /** Groups of blocks that reach into a range, oldest block first. */
  *groupsIn(minTime: number, maxTime: number): Iterable<readonly [block: Block, group: BlockGroup]> {
    for (const block of this.#blocks) {
      if (block.maxTime < minTime || block.minTime > maxTime) continue;
      for (const group of block.groups) yield [block, group];
    }
  }

  /** Marks the series that any block has. */
  markSeries(held: Uint8Array): void {
    for (const { groups } of this.#blocks)
      for (const { refs } of groups) for (const ref of refs as Iterable<SeriesRef>) held[ref] = 1;
  }

  close(): void {
    for (const block of this.#blocks) block.close();
    this.#blocks = [];
  }

  /** Puts one block in the place of others, without what is deleted; none if nothing is left. */
  async #replace(blocks: readonly Block[]): Promise<void> {
    const { folder, tombstones, series } = this.#parts;
    const number = this.#nextNumber++;
    const block = await this.#make({
      kind: 'merge',
      folder,
      number,
      order: blocks[0].order,
      files: blocks.map((block) => ({ file: block.file, number: block.number })),
      deleted: [...tombstones.refs].map((ref) => [series.labels(ref), tombstones.of(ref)!] as const),
    });
    if (block !== undefined) this.#add(block);
    this.#removeBlocks(new Set(blocks.map(({ number: replaced }) => replaced)));
  }

  /** Makes a block and opens it; none if all of it is deleted. */
  async #make(recipe: BlockRecipe): Promise<Block | undefined> {
    const { maker, tasks } = this.#parts;
    const file = await tasks.run('blockWrite', () => maker.make(recipe));
    if (file === undefined) return undefined;
    this.written++;
    return this.#open(file, recipe.number);
  }

  #isTouched({ groups }: Block): boolean {
    const { tombstones } = this.#parts;
    return groups.some(({ refs, chunks }) =>
      refs.some((ref) => {
        const ranges = tombstones.of(ref);
        return ranges !== undefined && chunks.some((chunk) => touches(ranges, chunk));
      }),
    );
  }

  #open(file: string, number: number): Block {
    const { series, tasks } = this.#parts;
    return tasks.runNow('blockOpen', () => new Block(file, number, series, this.#known));
  }

  #removeBlocks(numbers: ReadonlySet<number>): void {
    const gone = this.#blocks.filter((block) => numbers.has(block.number));
    this.#blocks = this.#blocks.filter((block) => !numbers.has(block.number));
    this.#forgetSections();
    for (const block of gone) {
      block.close();
      try {
        this.#parts.files.removeNow(block.file);
      } catch (error) {
        // A replaced block is removed when the store is opened; one past its retention is then as well.
        this.#parts.log('error', 'a block that is not needed could not be removed', {
          file: block.file,
          reason: String(error),
        });
      }
    }
  }

  /** Only the sections of blocks that are there are known: the series of others may be forgotten. */
  #forgetSections(): void {
    const known: KnownSections = new Map();
    for (const { groups } of this.#blocks) {
      for (const { sectionHash: hash, columns, refs, firstRef, lastRef } of groups)
        known.set(hash, { columns, refs, firstRef, lastRef });
    }
    this.#known = known;
  }

  #add(block: Block): void {
    this.#blocks.push(block);
    this.#blocks.sort((a, b) => a.order - b.order);
    for (const { kind, key, sequence } of block.groups) {
      this.#sequences.set(`${kind} ${key}`, Math.max(sequence, this.sequence(kind, key)));
    }
  }
}

/** Whether any of the blocks begins before an earlier one ends. */
function overlap(blocks: readonly Block[]): boolean {
  const byStart = [...blocks].sort((a, b) => a.minTime - b.minTime);
  return byStart.some(({ minTime }, i) => i > 0 && byStart.slice(0, i).some((before) => before.maxTime >= minTime));
}
