/** The blocks of a store, oldest first: opened, added, removed by age. */
import fs from 'node:fs';
import path from 'node:path';
import { StorageError, type SeriesRef } from '../../storage/appender.ts';
import type { GroupKind } from '../head/group.ts';
import type { SeriesTable } from '../index/seriesTable.ts';
import type { Log } from '../options.ts';
import { Block, type BlockGroup } from './block.ts';
import { blockName, writeBlock, type BlockGroupContent } from './blockWriter.ts';
import { ChunkCache } from './chunkCache.ts';

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

  constructor(folder: string, series: SeriesTable, log: Log) {
    this.#folder = folder;
    this.#series = series;
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

  /** Opens what is there. Unfinished files are removed; a damaged block is left in place, said, and not used. */
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
  }

  /** The log's records of a group up to this sequence are in blocks. */
  sequence(kind: GroupKind, key: string): number {
    return this.#sequences.get(`${kind} ${key}`) ?? 0;
  }

  /** Writes a block, which becomes visible when the caller adds it. */
  async write(groups: readonly BlockGroupContent[]): Promise<Block> {
    const number = this.#nextNumber++;
    await writeBlock(this.#folder, number, groups);
    this.written++;
    return new Block(path.join(this.#folder, blockName(number)), number, this.#series, this.cache);
  }

  add(block: Block): void {
    this.#add(block);
  }

  /** Removes the blocks that end before a time. Gives whether any was removed. */
  removeBefore(t: number): boolean {
    const old = this.#blocks.filter((block) => block.maxTime < t);
    if (old.length === 0) return false;
    this.#blocks = this.#blocks.filter((block) => block.maxTime >= t);
    for (const block of old) {
      block.close();
      fs.rmSync(block.file, { force: true });
      this.removed++;
      this.#log('info', 'removed a block past its retention', { file: block.file, maxTime: block.maxTime });
    }
    return true;
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

  #add(block: Block): void {
    this.#blocks.push(block);
    for (const { kind, key, sequence } of block.groups) {
      this.#sequences.set(`${kind} ${key}`, Math.max(sequence, this.sequence(kind, key)));
    }
  }
}
