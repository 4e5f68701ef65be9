import fc from 'fast-check';
import { Chunk, packRows } from './chunkenc/chunk.ts';
import type { PartSource } from './partSource.ts';
import { timesInOrder, type TimesSlice } from './timesInOrder.ts';

/** A counter a minute, in chunks of some rows, with rows behind them that are not packed. */
function placesOf(rowsOfChunks: readonly number[], unpacked: number) {
  const times = Float64Array.from({ length: 500 }, (_, i) => 1_000_000 + 60_000 * i + (i % 3));
  let at = 0;
  const next = (count: number) => times.slice(at, (at += count));
  const chunks = rowsOfChunks.map((count) => {
    const own = next(count);
    const cells = () => new Float64Array(count);
    return packRows({ times: own, columnCount: 1, cells, histograms: () => undefined, joinsBelow: () => false });
  });
  return { chunks, tail: next(unpacked) };
}

const sourceOf = (chunk: Chunk | Float64Array): PartSource =>
  ({
    times: chunk instanceof Chunk ? chunk.times : chunk,
    packed: chunk instanceof Chunk ? { chunk } : undefined,
  }) as Partial<PartSource> as PartSource;

/** Slices of what lies in [min, max], as a select opens them. */
function slicesIn(places: readonly (Chunk | Float64Array)[], min: number, max: number): TimesSlice[] {
  const slices: TimesSlice[] = [];
  let offset = 0;
  for (const place of places) {
    const source = sourceOf(place);
    const rows = [...source.times.keys()].filter((i) => source.times[i] >= min && source.times[i] <= max);
    if (rows.length === 0) continue;
    slices.push({ source, from: rows[0], to: rows.at(-1)! + 1, offset });
    offset += rows.length;
  }
  return slices;
}

const lengthOf = (slices: readonly TimesSlice[]) => slices.reduce((sum, { from, to }) => sum + to - from, 0);

test('whatever was asked before, and however many rows came since, the times of a range are those of its places', () => {
  const chunks = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 });
  const asked = fc.array(fc.tuple(fc.integer({ min: -5, max: 130 }), fc.integer({ min: -5, max: 130 }), fc.nat(6)), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(chunks, asked, (rows, queries) => {
      const { chunks: packed, tail } = placesOf(rows, 60);
      const seen: { got: Float64Array; wanted: number[] }[] = [];
      let grown = 0;
      for (const [a, b, more] of queries) {
        grown += more;
        const [min, max] = [Math.min(a, b), Math.max(a, b)].map((i) => 1_000_000 + 60_000 * i);
        const slices = slicesIn([...packed, tail.subarray(0, grown)], min, max);
        if (slices.length === 0) continue;
        const wanted = slices.flatMap(({ source, from, to }) => [...source.times.slice(from, to)]);
        seen.push({ got: timesInOrder(slices, lengthOf(slices)), wanted });
        // Those of earlier queries stay as they were.
        for (const { got, wanted: of } of seen) expect([...got]).toEqual(of);
      }
    }),
    { numRuns: 500 },
  );
});

test('a query over the same chunks, or some of them, copies nothing', () => {
  const { chunks, tail } = placesOf([20, 20, 20], 10);
  const ask = (count: number) => {
    const slices = slicesIn([...chunks, tail.subarray(0, count)], -Infinity, Infinity);
    return timesInOrder(slices, lengthOf(slices));
  };
  const first = ask(4);
  expect(ask(9).buffer).toBe(first.buffer);
  expect(ask(2).buffer).toBe(first.buffer);
  // What is worked out of times is known by their array.
  expect(ask(2)).toBe(ask(2));
  const some = slicesIn(chunks.slice(1), -Infinity, Infinity);
  expect(timesInOrder(some, 40).buffer).toBe(first.buffer);
});

test('rows that came late in place of others are laid out apart', () => {
  const { chunks, tail } = placesOf([20, 20], 10);
  const slices = (rows: Float64Array) => slicesIn([...chunks, rows], -Infinity, Infinity);
  const before = timesInOrder(slices(tail), 50);
  const other = Float64Array.from([...tail.slice(0, 3), tail[3] + 7, ...tail.slice(4)]);
  const after = timesInOrder(slices(other), 50);
  expect(after[43]).toBe(tail[3] + 7);
  expect(before[43]).toBe(tail[3]);
});
