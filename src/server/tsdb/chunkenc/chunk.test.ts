import fc from 'fast-check';
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import { bitsOf, setGap, setStale } from '../../../shared/model/sampleBits.ts';
import { Chunk, packRows, type UnpackedRows } from './chunk.ts';

type Cell = number | 'gap' | 'stale' | readonly [low: number, high: number];

function columnOf(cells: readonly Cell[]): Float64Array {
  const values = new Float64Array(cells.length);
  const bits = bitsOf(values);
  cells.forEach((c, i) => {
    if (c === 'gap') setGap(bits, i);
    else if (c === 'stale') setStale(bits, i);
    else if (typeof c === 'number') values[i] = c;
    else bits.set(c, 2 * i);
  });
  return values;
}

function rowsOf(times: number[], columns: Float64Array[], joins = (_: number) => false): UnpackedRows {
  return {
    times: Float64Array.from(times),
    columnCount: columns.length,
    cells: (c) => columns[c],
    histograms: () => undefined,
    joinsBelow: joins,
  };
}

/** Columns of the kinds that pages have, and of kinds they do not have. */
function columnArbitrary(rows: number): fc.Arbitrary<Cell[]> {
  const of = (cell: fc.Arbitrary<Cell>) => fc.array(cell, { minLength: rows, maxLength: rows });
  const counter = of(fc.nat(50)).map((steps) =>
    steps.map((_, i) => steps.slice(0, i + 1).reduce<number>((a, b) => a + Number(b), 0)),
  );
  return fc.oneof(
    of(fc.constantFrom<Cell>(7, 7, 7, 7, 'gap')),
    of(fc.oneof(fc.nat(1000), fc.constantFrom<Cell>('gap', 'stale'))),
    counter as fc.Arbitrary<Cell[]>,
    of(fc.integer({ min: -(2 ** 50), max: 2 ** 50 })),
    of(fc.integer({ min: -9999, max: 9999 }).map((n) => n / 100)),
    of(fc.oneof(fc.double(), fc.constantFrom<Cell>(-0, Infinity, NaN, 'gap'))),
    of(fc.tuple(fc.nat(0xffffffff), fc.nat(0xffffffff))),
    fc.constant(Array.from({ length: rows }, () => 'gap' as const)),
    fc.constant(Array.from({ length: rows }, () => 'stale' as const)),
  );
}

const chunkArbitrary = fc.integer({ min: 1, max: 40 }).chain((rows) =>
  fc.record({
    times: fc
      .tuple(
        fc.integer({ min: -(2 ** 48), max: 2 ** 47 }),
        fc.array(fc.oneof(fc.constant(15_000), fc.integer({ min: 1, max: 2 ** 40 })), {
          minLength: rows,
          maxLength: rows,
        }),
      )
      .map(([start, steps]) => steps.map((_, i) => start + steps.slice(0, i).reduce((a, b) => a + b, 0))),
    columns: fc.array(columnArbitrary(rows), { maxLength: 6 }),
    joins: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    order: fc.array(fc.nat(5), { maxLength: 10 }),
  }),
);

test('what is packed comes back bit for bit, in whatever order columns are asked for', () => {
  fc.assert(
    fc.property(chunkArbitrary, ({ times, columns, joins, order }) => {
      const cells = columns.map(columnOf);
      const chunk = new Chunk(packRows(rowsOf(times, cells, (c) => c > 0 && joins[c])).bytes);
      expect([...chunk.times]).toEqual(times);
      for (const c of [...order, ...cells.keys()]) {
        if (c >= cells.length) {
          expect(chunk.cells(c)).toBeUndefined();
          continue;
        }
        const expected = columns[c].every((cell) => cell === 'gap') ? undefined : [...bitsOf(cells[c])];
        const found = chunk.cells(c);
        expect(found === undefined ? undefined : [...bitsOf(found)]).toEqual(expected);
      }
    }),
    { numRuns: 500 },
  );
});

test('a summary tells what a walk over the samples tells', () => {
  const chunk = packRows(
    rowsOf([1, 2, 3, 4, 5], [columnOf([5, 8, 'gap', 3, 4]), columnOf(['gap', 'gap', 'stale', 'gap', 'gap'])]),
  );
  expect(chunk.summary(0)).toEqual({ count: 4, first: 5, last: 4, sum: 20, min: 3, max: 8, increase: 3 + 3 + 1 });
  expect(chunk.summary(1)).toMatchObject({ count: 0, first: NaN });
  expect(chunk.summary(2)).toBeUndefined();
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(9), fc.double({ noNaN: true })), { minLength: 1 }), (values) => {
      const s = packRows(rowsOf([...values.keys()], [Float64Array.from(values)])).summary(0)!;
      expect([s.count, s.first + 0, s.last + 0]).toEqual([values.length, values[0] + 0, values.at(-1)! + 0]);
      expect([s.min + 0, s.max + 0]).toEqual([Math.min(...values) + 0, Math.max(...values) + 0]);
      expect(s.sum + 0).toBe(values.reduce((a, b) => a + b, 0));
    }),
  );
});

test('native histograms keep their rows', () => {
  const h: NativeHistogram = {
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    count: 3,
    sum: 2.5,
    positiveSpans: [{ offset: 1, length: 1 }],
    negativeSpans: [],
    positiveBuckets: Float64Array.of(3),
    negativeBuckets: new Float64Array(0),
    counterReset: 'unknown',
  };
  const rows = { ...rowsOf([1, 2, 3], [columnOf([1, 1, 1]), columnOf(['gap', NaN, 'gap'])]) };
  const chunk = packRows({ ...rows, histograms: (c) => (c === 1 ? new Map([[1, h]]) : undefined) });
  expect(chunk.histograms(0)).toBeUndefined();
  expect(chunk.histograms(1)).toEqual(new Map([[1, h]]));
});

describe('how small columns get', () => {
  const times = Array.from({ length: 240 }, (_, i) => 1_700_000_000_000 + i * 15_000);
  const size = (columns: number[][], joins?: (c: number) => boolean) =>
    packRows(
      rowsOf(
        times,
        columns.map((c) => Float64Array.from(c)),
        joins,
      ),
    ).bytes.length;
  const none = size([]);
  const noise = (i: number) => (Math.imul(i + 1, 2654435761) >>> 0) / 2 ** 32;
  const counter = times.map(
    (_, i) => 1000 + times.slice(0, i).reduce((sum, _t, j) => sum + Math.floor(8 * noise(j)), 0),
  );
  test.each([
    ['a constant takes a fixed few bytes', [times.map(() => 0.1)], 40],
    ['a steady counter too', [times.map((_, i) => 1e6 + 15 * i)], 40],
    ['an integer counter takes about its entropy', [counter], 240 * 0.6],
    ['decimals take what their digits need', [times.map((_, i) => Math.round(noise(i) * 1000) / 100)], 240 * 1.6],
  ])('%s', (_, columns, limit) => expect(size(columns) - none).toBeLessThan(limit));
  test('buckets that grow together take little more than one of them', () => {
    const buckets = Array.from({ length: 10 }, () => counter);
    expect(size(buckets, (c) => c > 0) - none).toBeLessThan(1.5 * (size([counter]) - none) + 10 * 20);
  });
});
