/** Bulk loads of a store: begun, written as blocks, noted. */
import { createHash } from 'node:crypto';
import { flushedGroup, type BlockSet, type FlushedGroup } from '../block/blockSet.ts';
import type { ChangeLog } from '../changeLog.ts';
import type { HeadFlusher } from '../flush.ts';
import type { Head } from '../head/head.ts';
import type { Tombstones } from '../tombstones.ts';
import { BlockLoad, type LoadedGroup } from './bulkLoad.ts';
import type { PartLoad } from './loadDoor.ts';
import { LoadLedger, type LoadedSource } from './loadLedger.ts';

export interface LoadParts {
  readonly changes: ChangeLog;
  readonly folder: string;
  readonly head: Head;
  readonly blocks: BlockSet;
  readonly tombstones: Tombstones;
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
    const write = (groups: readonly LoadedGroup[]) =>
      flusher.exclusively(async () => {
        const block = await blocks.write(groups.map((group) => this.#flushed(group)));
        if (block === undefined) return undefined;
        blocks.add(block);
        this.#parts.changes.everything();
        // As when the store is opened on these blocks.
        head.maxTime = Math.max(head.maxTime, block.maxTime);
        return block;
      });
    const load = new BlockLoad({ write }, keyStart);
    return Object.assign(load, {
      discard: () => flusher.exclusively(async () => this.#dropLeftover(keyStart, ledger.of(source).open!.firstBlock)),
      finish: async () => {
        await load.flush();
        ledger.end(source, part);
      },
    });
  }

  #flushed({ key, labels, chunks }: LoadedGroup): FlushedGroup {
    const { head, tombstones } = this.#parts;
    const columns = Int32Array.from(labels.keys());
    const refs = Uint32Array.from(labels, (of) => head.series.refOf(of));
    return flushedGroup({ kind: 'rows', key, sequence: 0 }, { columns, labels }, refs, chunks, tombstones);
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
    this.#parts.changes.everything();
  }
}
