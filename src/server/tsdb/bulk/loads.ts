/** The door for bulk loads: named parts of named sources, each loaded once. */
import { createHash } from 'node:crypto';
import type { Storage } from '../../storage/appender.ts';
import type { BlockSet } from '../block/blockSet.ts';
import type { BlockGroupContent } from '../block/blockWriter.ts';
import type { HeadFlusher } from '../flush.ts';
import type { Head } from '../head/head.ts';
import { BlockLoad, type BulkLoad } from './bulkLoad.ts';
import { LoadLedger, type LoadedSource } from './loadLedger.ts';

export interface PartLoad extends BulkLoad {
  /** Writes all and notes that the part is loaded. */
  finish(): Promise<void>;
}

export interface TsdbLoads extends Pick<Storage, 'appender'> {
  /**
   * A bulk load of one part of a source, such as a day; undefined if the part was loaded before. What a load that did not finish left in
   * blocks is removed first. One load of a source at a time.
   */
  bulkLoad(source: string, part: string): Promise<PartLoad | undefined>;
  /** What is known of a source. */
  loaded(source: string): LoadedSource;
  /** All parts are loaded. `mark` is kept with it. */
  loadComplete(source: string, mark: string): void;
}

export interface LoadParts {
  readonly folder: string;
  readonly head: Head;
  readonly blocks: BlockSet;
  readonly flusher: HeadFlusher;
}

export class Loads {
  readonly #parts: LoadParts;
  #ledger: LoadLedger | undefined;

  constructor(parts: LoadParts) {
    this.#parts = parts;
  }

  async begin(source: string, part: string): Promise<PartLoad | undefined> {
    const { blocks, flusher, head } = this.#parts;
    const ledger = this.#openLedger();
    const { done, open } = ledger.of(source);
    if (done.includes(part)) return undefined;
    const keyStart = `load\xff${createHash('sha256').update(source).digest('hex').slice(0, 8)}\xff`;
    await flusher.exclusively(async () => {
      if (open !== undefined) this.#dropLeftover(keyStart, open.firstBlock);
      ledger.begin(source, part, blocks.nextNumber);
    });
    const write = (groups: readonly BlockGroupContent[]) =>
      flusher.exclusively(async () => {
        const block = await blocks.write(groups);
        if (block === undefined) return undefined;
        blocks.add(block);
        // As when the store is opened on these blocks.
        head.maxTime = Math.max(head.maxTime, block.maxTime);
        return block;
      });
    const load = new BlockLoad({ write }, keyStart);
    return Object.assign(load, {
      finish: async () => {
        await load.flush();
        ledger.end(source, part);
      },
    });
  }

  loaded(source: string): LoadedSource {
    return this.#openLedger().of(source);
  }

  complete(source: string, mark: string): void {
    this.#openLedger().complete(source, mark, this.#parts.head.maxTime);
  }

  #openLedger(): LoadLedger {
    return (this.#ledger ??= new LoadLedger(this.#parts.folder));
  }

  #dropLeftover(keyStart: string, firstBlock: number): void {
    const { blocks } = this.#parts;
    const left = blocks.all.filter(
      ({ number, groups }) => number >= firstBlock && groups.every(({ key }) => key.startsWith(keyStart)),
    );
    blocks.remove(left, 'a load that did not finish wrote it');
  }
}
