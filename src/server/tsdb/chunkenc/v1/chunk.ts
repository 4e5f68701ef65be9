/** Version 1 of the chunk, read so that it can be packed anew. Drawn in docs/chunks.md, "Version 1". */
import { ByteReader } from '../../../../shared/bytes/byteReader.ts';
import { fillGaps } from '../../../../shared/model/sampleBits.ts';
import { findHistogramColumns, readHistogramColumn } from '../nativeHistogram.ts';
import type { UnpackedRows } from '../unpackedRows.ts';
import { DenseColumn, isBelow, readColumn } from './column.ts';
import { readIntegers } from './integers.ts';

/** @throws TruncatedError for bytes that end early. */
export function readVersion1(bytes: Uint8Array): UnpackedRows {
  const input = new ByteReader(bytes, 1);
  const times = readTimes(input);
  const count = input.varint();
  const places = new Map<number, number>();
  const starts = new Int32Array(count + 1);
  for (let i = 0, column = -1; i < count; i++) {
    places.set((column += input.varint()), i);
    starts[i + 1] = starts[i] + input.varint();
    skipSummary(input);
  }
  for (let i = 0; i <= count; i++) starts[i] += input.at;
  const histograms = findHistogramColumns(new ByteReader(bytes, starts[count]));
  const cells = new Float64Array(times.length);
  return {
    times,
    columnCount: Math.max(-1, ...places.keys()) + 1,
    cells(column) {
      const place = places.get(column);
      if (place === undefined) fillGaps(cells);
      else decode(bytes, starts, place, times.length).store(cells);
      return cells;
    },
    histograms(column) {
      const at = histograms.get(column);
      return at === undefined ? undefined : readHistogramColumn(new ByteReader(bytes, at));
    },
    joinsBelow: (column) => places.has(column) && isBelow(bytes, starts[places.get(column)!]),
  };
}

function decode(bytes: Uint8Array, starts: Int32Array, place: number, rows: number): DenseColumn {
  let first = place;
  while (isBelow(bytes, starts[first])) first--;
  let decoded: DenseColumn | undefined;
  for (let p = first; p <= place; p++) {
    const column = new DenseColumn(rows);
    readColumn(new ByteReader(bytes, starts[p], starts[p + 1]), column, decoded);
    decoded = column;
  }
  return decoded!;
}

/** count v · [flags u8 · first number · …]: version 1 keeps a summary for each column. */
function skipSummary(input: ByteReader): void {
  if (input.varint() === 0) return;
  const flags = input.u8();
  input.number();
  if (flags & 8) return;
  const implied = (flags & 1) + ((flags >> 1) & 1) + ((flags >> 2) & 1);
  for (let left = 5 - implied; left > 0; left--) input.number();
}

function readTimes(input: ByteReader): Float64Array {
  const times = new Float64Array(input.varint());
  times[0] = input.zigzag();
  if (times.length === 1) return times;
  const steps = new Float64Array(times.length - 1);
  const run = input.raw(input.varint());
  readIntegers(new ByteReader(run), steps, steps.length);
  for (let i = 1; i < times.length; i++) times[i] = times[i - 1] + steps[i - 1];
  return times;
}
