/** The blocks of a store, oldest first: opened, added, removed by age. */
import fs from 'node:fs';
import path from 'node:path';
import { StorageError, type SeriesRef } from '../../storage/appender.ts';
import type { GroupKind } from '../head/group.ts';
import type { SeriesTable } from '../index/seriesTable.ts';
import type { Log } from '../options.ts';
import { Block, type BlockGroup } from './block.ts';
import { writeBlock, type BlockContent, type BlockGroupContent } from './blockWriter.ts';
import { eraseGroups, isTouched, type DeletedOf } from '../erase.ts';
import { ChunkCache } from './chunkCache.ts';
import { mergeBlocks, pickToMerge } from './compaction.ts';

export class BlockSet {
  readonly cache = new ChunkCache();
  readonly #folder: string;
  readonly #series: SeriesTable;
  readonly #log: Log;
  #blocks: Block[] = [];
  #nextNumber = 1;
  /** How far each group is in blocks. */
  readonly #sequences = new Map<string, number>();
  written = 0;
  removed = 0;
  compacted = 0;

  readonly #deletedOf: DeletedOf;

  /** @param deletedOf what is left out when blocks are merged and cleaned. */
  constructor(folder: string, series: SeriesTable, deletedOf: DeletedOf, log: Log) {
    this.#folder = folder;
    this.#series = series;
    this.#deletedOf = deletedOf;
    this.#log = log;
  }

  get all(): readonly Block[] {
    return this.#blocks;
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
    for (const name of fs.readdirSync(this.#folder).sort()) {
      const file = path.join(this.#folder, name);
      if (name.endsWith('.block.tmp')) fs.rmSync(file);
      if (!/^\d{8,}\.block$/.test(name)) continue;
      const number = Number.parseInt(name, 10);
      this.#nextNumber = Math.max(this.#nextNumber, number + 1);
      try {
        this.#add(new Block(file, number, this.#series, this.cache));
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        this.#log('error', 'a block is left out', { file, reason: error.message });
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
  async write(groups: readonly BlockGroupContent[]): Promise<Block | undefined> {
    const left = await eraseGroups(groups, this.#deletedOf);
    if (left.length === 0) return undefined;
    const number = this.#nextNumber++;
    return this.#write({ number, order: number, replaces: [], groups: left });
  }

  add(block: Block): void {
    this.#add(block);
  }

  /**
   * Merges small blocks of about a day into one, for as long as there are such.
   *
   * @param bytesMax what a merged block may take: blocks go as wholes, so one should be a small part of what is kept.
   */
  async compact(bytesMax: number): Promise<void> {
    const pick = () => pickToMerge(this.#blocks, bytesMax);
    for (let small = pick(); small !== undefined; small = pick()) {
      await this.#replace(small, mergeBlocks(small, this.#series));
      this.compacted++;
    }
  }

  /** Writes the blocks that have deleted samples anew, without them. */
  async clean(): Promise<void> {
    for (const block of [...this.#blocks]) {
      const groups = mergeBlocks([block], this.#series);
      if (groups.some((group) => isTouched(group, this.#deletedOf))) await this.#replace([block], groups);
    }
  }

  /** Removes blocks past their retention. Gives whether there was any. */
  remove(blocks: readonly Block[], why: string): boolean {
    this.#removeBlocks(new Set(blocks.map((block) => block.number)));
    this.removed += blocks.length;
    for (const { file, size, maxTime } of blocks) this.#log('info', `removed a block: ${why}`, { file, size, maxTime });
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

  async #write(content: BlockContent): Promise<Block> {
    const file = await writeBlock(this.#folder, content);
    this.written++;
    return new Block(file, content.number, this.#series, this.cache);
  }

  /** Puts a block of these groups, without what is deleted, in the place of blocks; nothing if nothing is left. */
  async #replace(blocks: readonly Block[], groups: readonly BlockGroupContent[]): Promise<void> {
    const replaces = blocks.map((block) => block.number);
    const left = await eraseGroups(groups, this.#deletedOf);
    if (left.length > 0) {
      const number = this.#nextNumber++;
      this.#add(await this.#write({ number, order: blocks[0].order, replaces, groups: left }));
    }
    this.#removeBlocks(new Set(replaces));
  }

  #removeBlocks(numbers: ReadonlySet<number>): void {
    for (const block of this.#blocks) {
      if (!numbers.has(block.number)) continue;
      block.close();
      fs.rmSync(block.file, { force: true });
    }
    this.#blocks = this.#blocks.filter((block) => !numbers.has(block.number));
  }

  #add(block: Block): void {
    this.#blocks.push(block);
    this.#blocks.sort((a, b) => a.order - b.order);
    for (const { kind, key, sequence } of block.groups) {
      this.#sequences.set(`${kind} ${key}`, Math.max(sequence, this.sequence(kind, key)));
    }
  }
}
