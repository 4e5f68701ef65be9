/** What replay fills: the head, as the log tells of it. */
import type { ByteReader } from '../../../shared/bytes/byteReader.ts';
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import type { SeriesRef } from '../../storage/appender.ts';
import type { Chunk } from '../chunkenc/chunk.ts';
import type { TimedExemplar } from '../exemplars.ts';
import type { HeadGroup } from '../head/group.ts';
import type { LooseGroup } from '../head/looseGroup.ts';
import type { RowView } from './records.ts';

export interface ReplayTarget {
  restoreGroup(ref: number, kind: 'rows' | 'loose', key: string): HeadGroup;
  /** The series of a record's label sets; 0 for an empty one. */
  readLabels(input: ByteReader): Uint32Array;
  restoreColumn(group: HeadGroup, column: number, ref: SeriesRef): void;
  /** The records of a group up to this sequence are in blocks. */
  sequenceInBlocks(group: HeadGroup): number;
  row(group: HeadGroup, t: number, row: RowView): void;
  cell(group: LooseGroup, column: number, t: number, low: number, high: number): void;
  histogram(group: LooseGroup, column: number, t: number, h: NativeHistogram): void;
  exemplar(group: HeadGroup, column: number, exemplar: TimedExemplar): void;
  /** Samples of these times were put back into a group. */
  restored(times: Float64Array): void;
  /** All samples of a record are in. */
  filled(group: HeadGroup): void;
  /** A chunk of the head, with its bytes where they stay. */
  keepChunk(bytes: Uint8Array): Chunk;
  chunk(group: HeadGroup, chunk: Chunk): void;
  /** Packs the rows so far: those of a chunk come behind them. */
  packRows(group: HeadGroup): void;
}
