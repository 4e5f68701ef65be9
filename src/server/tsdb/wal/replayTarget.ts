/** What replay fills: the head, as the log tells of it. */
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import type { Labels } from '../../../shared/model/labels.ts';
import type { Chunk } from '../chunkenc/chunk.ts';
import type { TimedExemplar } from '../exemplars.ts';
import type { HeadGroup } from '../head/group.ts';
import type { LooseGroup } from '../head/looseGroup.ts';
import type { RowView } from './records.ts';

export interface ReplayTarget {
  restoreGroup(ref: number, kind: 'rows' | 'loose', key: string): HeadGroup;
  restoreColumn(group: HeadGroup, column: number, labels: Labels): void;
  /** The records of a group up to this sequence are in blocks. */
  sequenceInBlocks(group: HeadGroup): number;
  row(group: HeadGroup, t: number, row: RowView): void;
  cell(group: LooseGroup, column: number, t: number, low: number, high: number): void;
  histogram(group: LooseGroup, column: number, t: number, h: NativeHistogram): void;
  exemplar(group: HeadGroup, column: number, exemplar: TimedExemplar): void;
  /** All samples of a record are in. */
  filled(group: HeadGroup): void;
  /** A chunk of the head, with its bytes where they stay. */
  keepChunk(bytes: Uint8Array): Chunk;
  chunk(group: HeadGroup, chunk: Chunk): void;
  /** Packs the rows so far: those of a chunk come behind them. */
  packRows(group: HeadGroup): void;
}
