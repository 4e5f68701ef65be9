/** An immutable block as the store has it: its index in memory, its series known by their refs; chunks are read when they are asked for. */
import type { SeriesRef } from '../../storage/appender.ts';
import type { PackedChunk } from '../../storage/queryable.ts';
import type { GroupKind } from '../head/group.ts';
import type { SeriesTable } from '../index/seriesTable.ts';
import { BlockFile, type BlockChunk } from './blockFile.ts';

export type { BlockChunk } from './blockFile.ts';
export { BlockDamage } from './chunkBytes.ts';

/** Columns of a group and the series at each. Groups of several blocks share one. */
export interface GroupSeries {
  /** Column numbers in the chunks, ascending. */
  readonly columns: Int32Array;
  readonly refs: Uint32Array;
  /** No ref is below the first or above the last: most queries look for few series, and pass most groups by. */
  readonly firstRef: number;
  readonly lastRef: number;
}

/** @param refs at least one, in any order. */
export function groupSeries(columns: Int32Array, refs: Uint32Array): GroupSeries {
  let [firstRef, lastRef] = [refs[0], refs[0]];
  for (let i = 1; i < refs.length; i++) {
    if (refs[i] < firstRef) firstRef = refs[i];
    if (refs[i] > lastRef) lastRef = refs[i];
  }
  return { columns, refs, firstRef, lastRef };
}

export interface BlockGroup extends GroupSeries {
  readonly key: string;
  readonly kind: GroupKind;
  readonly sequence: number;
  readonly sectionHash: string;
  readonly chunks: readonly BlockChunk[];
}

/** The series of label sections that were met already, by their hashes. */
export type KnownSections = Map<string, GroupSeries>;

export class Block {
  readonly file: string;
  readonly number: number;
  readonly size: number;
  readonly version: number;
  /** Its place among the blocks: its own number, or that of the first one it replaces. */
  readonly order: number;
  /** Numbers of blocks whose samples are all here. */
  readonly replaces: readonly number[];
  readonly groups: readonly BlockGroup[];
  readonly minTime: number;
  readonly maxTime: number;
  readonly #stored: BlockFile;

  /**
   * Opens a block and checks its header and index; its series are entered into `series`. Labels are read only of groups whose columns
   * are not among `known`, where they are added.
   *
   * @throws BlockDamage when a checksum does not hold.
   */
  constructor(file: string, number: number, series: SeriesTable, known: KnownSections = new Map()) {
    this.#stored = new BlockFile(file, number);
    const stored = this.#stored;
    ({ file: this.file, number: this.number, size: this.size, version: this.version } = stored);
    ({ order: this.order, replaces: this.replaces } = stored);
    try {
      this.groups = stored.groups.map((group) => {
        let found = known.get(group.sectionHash);
        if (found === undefined) {
          const { columns, labels } = stored.section(group);
          const refs = Uint32Array.from(labels, (l): SeriesRef => series.refOf(l));
          found = groupSeries(columns, refs);
          known.set(group.sectionHash, found);
        }
        const { key, kind, sequence, sectionHash, chunks } = group;
        return { key, kind, sequence, sectionHash, chunks, ...found };
      });
      stored.forgetLabels();
    } catch (error) {
      stored.close();
      throw error;
    }
    let [minTime, maxTime] = [Infinity, -Infinity];
    for (const { chunks } of this.groups) {
      for (const chunk of chunks) {
        minTime = Math.min(minTime, chunk.minTime);
        maxTime = Math.max(maxTime, chunk.maxTime);
      }
    }
    [this.minTime, this.maxTime] = [minTime, maxTime];
  }

  /** With CHUNK_PADDING zero bytes behind them in their buffer. @throws BlockDamage when the checksum does not hold. */
  chunkBytes(entry: BlockChunk): Uint8Array {
    return this.#stored.chunkBytes(entry);
  }

  /** Where a chunk lies, for any thread; good while the block is held. */
  packed({ place, size, rowCount }: BlockChunk): PackedChunk {
    const { file, fd } = this.#stored;
    const { number } = this;
    return { id: `${number}/${place}`, number, rowCount, file, fd, place, size };
  }

  /** Keeps its file open though the block is removed meanwhile, until it is let go. */
  hold(): void {
    this.#stored.hold();
  }

  letGo(): void {
    this.#stored.letGo();
  }

  close(): void {
    this.#stored.close();
  }
}
