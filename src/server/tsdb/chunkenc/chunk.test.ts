import fc from 'fast-check';
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import { bitsOf, CELL_SAMPLE, cellKind, setGap, setStale } from '../../../shared/model/sampleBits.ts';
import { Chunk, packRows, type UnpackedRows } from './chunk.ts';
import { KERNEL_ROWS_MAX } from './packKernel.ts';
import { plainlyPackedBytes } from './packing.ts';

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

/** The kernel's bytes are those of the plain code. */
function packed(rows: UnpackedRows): Chunk {
  const chunk = packRows(rows);
  expect(Buffer.from(chunk.bytes).equals(plainlyPackedBytes(rows))).toBe(true);
  return chunk;
}

function runningSum(steps: readonly number[]): number[] {
  let sum = 0;
  return steps.map((step) => (sum += step));
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
    counter as fc.Arbitrary<Cell[]>,
    of(fc.integer({ min: -(2 ** 50), max: 2 ** 50 })),
    of(fc.integer({ min: -9999, max: 9999 }).map((n) => n / 100)),
    of(fc.integer({ min: -999, max: 9999 }).map((n) => n * 4096 + 3)),
    of(
      fc.oneof(
        { weight: 30, arbitrary: fc.nat(99).map((n) => n / 10) },
        fc.constantFrom<Cell>(NaN, -0, 1 / 3, Infinity),
      ),
    ),
    of(fc.double({ min: 0, max: 10, noNaN: true })).map((steps) => runningSum(steps as number[])),
    of(fc.oneof({ weight: 9, arbitrary: fc.constant<Cell>(0) }, fc.nat(5), fc.constant<Cell>(2 ** 40))),
    of(fc.double({ min: 0, max: 1, noNaN: true }).map(Math.fround)),
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
      const chunk = new Chunk(packed(rowsOf(times, cells, (c) => c > 0 && joins[c])).bytes);
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

test('columns of many strides, and of more rows than the kernel takes, come back', () => {
  const long = fc.record({
    chunk: chunkArbitrary,
    steps: fc.array(fc.integer({ min: -(2 ** 20), max: 2 ** 32 }), { minLength: 1, maxLength: 20 }),
    total: fc.constantFrom(361, 1500, KERNEL_ROWS_MAX, KERNEL_ROWS_MAX + 1),
  });
  fc.assert(
    fc.property(long, ({ chunk: { columns, joins }, steps, total }) => {
      const times = Array.from({ length: total }, (_, i) => 1_700_000_000_000 + i * 15_000);
      const cells = columns.map((own) => columnOf(times.map((_, i) => own[(i * i + i) % own.length])));
      // Walks of large steps, as integers, tenths, and thirds that are no decimals.
      for (const share of [1, 10, 3]) {
        let sum = 0;
        cells.push(Float64Array.from(times, (_, i) => (sum += steps[(7 * i) % steps.length]) / share));
      }
      const chunk = packed(rowsOf(times, cells, (c) => c > 0 && joins[c]));
      cells.forEach((column, c) => {
        const found = chunk.cells(c);
        if (found !== undefined) expect(Buffer.from(found.buffer).equals(Buffer.from(column.buffer))).toBe(true);
      });
    }),
    { numRuns: 60 },
  );
});

/** Cumulative buckets that now and then begin again, then columns of any kind, one of them like the last bucket. */
const histogramArbitrary = fc
  .tuple(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 2, max: 60 }))
  .chain(([buckets, rows]) =>
    fc.record({
      rows: fc.constant(rows),
      grown: fc.array(fc.array(fc.oneof(fc.constant(0), fc.nat(9)), { minLength: buckets, maxLength: buckets }), {
        minLength: rows,
        maxLength: rows,
      }),
      restarts: fc.array(fc.oneof({ weight: 20, arbitrary: fc.constant(false) }, fc.constant(true)), {
        minLength: rows,
        maxLength: rows,
      }),
      isMissing: fc.array(fc.oneof({ weight: 20, arbitrary: fc.constant(false) }, fc.constant(true)), {
        minLength: rows,
        maxLength: rows,
      }),
      order: fc.array(fc.nat(buckets), { maxLength: 20 }),
      long: fc.boolean(),
    }),
  );

test('histograms come back, whatever bucket is asked for first', () => {
  fc.assert(
    fc.property(histogramArbitrary, ({ rows, grown, restarts, isMissing, order, long }) => {
      const buckets = grown[0].length;
      const total = long ? 500 : rows;
      const counts = new Array<number>(buckets).fill(0);
      const cells = Array.from({ length: buckets + 1 }, () => [] as Cell[]);
      for (let i = 0; i < total; i++) {
        if (restarts[i % rows]) counts.fill(0);
        let sum = 0;
        for (let b = 0; b < buckets; b++) {
          counts[b] += grown[i % rows][b];
          cells[b].push(isMissing[i % rows] ? 'gap' : (sum += counts[b]));
        }
        cells[buckets].push(cells[buckets - 1][i]);
      }
      const columns = cells.map(columnOf);
      const times = Array.from({ length: total }, (_, i) => i * 15_000);
      const chunk = new Chunk(packed(rowsOf(times, columns, (c) => c > 0 && c < buckets)).bytes);
      const isEmpty = isMissing.every((missing) => missing);
      for (const c of [...order, ...columns.keys(), ...[...columns.keys()].reverse()]) {
        if (isEmpty) expect(chunk.cells(c)).toBeUndefined();
        else expect(bitsOf(chunk.cells(c)!)).toEqual(bitsOf(columns[c]));
        const found = chunk.summaries(c);
        for (const [s, end] of isEmpty ? [] : chunk.strideEnds.entries()) {
          const expected = walked(columns[c], s > 0 ? chunk.strideEnds[s - 1] : 0, end);
          const { count, first, last, min, max } = expected;
          expect([found!.count[s], found!.first[s], found!.last[s]]).toEqual([count, first, last]);
          expect([found!.min[s], found!.max[s]]).toEqual([min, max]);
          if (found!.resets[s] === found!.resets[s]) expect(found!.resets[s]).toBe(expected.resets);
        }
      }
    }),
    { numRuns: 40 },
  );
});

test('the reading order has every column once, and the buckets that are written downwards backwards', () => {
  const times = Array.from({ length: 100 }, (_, i) => i);
  const bucket = (share: number) =>
    Float64Array.from(times, (i) => Math.floor(i * share) + Math.floor(share * Math.sqrt(i)));
  // Most is added at column 3, so what stands above is written downwards.
  const columns = [0.1, 0.2, 0.3, 5, 5.3, 5.7, 6].map(bucket);
  columns.push(Float64Array.from(times, (i) => i % 3));
  const chunk = packed(rowsOf(times, columns, (c) => c > 0 && c < 7));
  const order = (...asked: number[]) => [...chunk.readingOrder(Int32Array.from(asked))];
  expect(order(0, 1, 2, 3, 4, 5, 6, 7)).toEqual([0, 1, 2, 6, 5, 4, 3, 7]);
  expect(order(1, 3, 5, 7)).toEqual([1, 5, 3, 7]);
  expect(order(2, 7, 9)).toEqual([2, 7, 9]);
  for (const c of order(0, 1, 2, 3, 4, 5, 6, 7)) expect(chunk.cells(c)).toEqual(columns[c]);
  expect(columns.map((_, c) => chunk.neverFalls(c))).toEqual([true, true, true, true, true, true, true, false]);
  expect(chunk.neverFalls(20)).toBe(true);
});

test('any rows of a column are read alone, straight into the memory of the caller, whatever was read before', () => {
  const look = fc.record({ column: fc.nat(5), rows: fc.tuple(fc.nat(1500), fc.nat(1500)), again: fc.boolean() });
  const long = fc.record({ chunk: chunkArbitrary, looks: fc.array(look, { minLength: 1, maxLength: 12 }) });
  fc.assert(
    fc.property(long, ({ chunk: { columns, joins }, looks }) => {
      // Repeated, so that there are several strides; the clock goes on by 15 seconds.
      const times = Array.from({ length: 1500 }, (_, i) => 1_700_000_000_000 + i * 15_000);
      const cells = columns.map((cs) => columnOf(times.map((_, i) => cs[i % cs.length])));
      const chunk = new Chunk(packed(rowsOf(times, cells, (c) => c > 0 && joins[c])).bytes);
      expect(chunk.strideEnds.length).toBeGreaterThan(5);
      let [from, to] = [0, 0];
      for (const { column: c, rows, again } of looks) {
        // Columns are mostly read one after the other over the same rows.
        if (!again) [from, to] = [Math.min(...rows), Math.max(...rows)];
        const out = new Float64Array(to - from + 1);
        const isThere = chunk.read(c, from, to, out, 1);
        expect(isThere).toBe(columns[c]?.some((cell) => cell !== 'gap') === true);
        if (isThere) expect(bitsOf(out).subarray(2)).toEqual(bitsOf(cells[c].slice(from, to)));
      }
    }),
    { numRuns: 60 },
  );
});

/** What summaries say, from a walk over the cells. */
function walked(cells: Float64Array, from: number, to: number) {
  const bits = bitsOf(cells);
  const rows = Array.from({ length: to - from }, (_, i) => from + i).filter((i) => cellKind(bits, i) === CELL_SAMPLE);
  const values = rows.map((row) => cells[row]);
  const numbers = values.filter((v) => v === v);
  let resets = values.length > 0 ? 0 : NaN;
  values.forEach((v, i) => (resets += v < values[i - 1] ? values[i - 1] : 0));
  return {
    ...{ count: values.length, firstRow: rows[0] ?? -1, lastRow: rows.at(-1) ?? -1 },
    ...{ first: values[0] ?? NaN, last: values.at(-1) ?? NaN },
    ...{ min: numbers.length > 0 ? Math.min(...numbers) : NaN, max: numbers.length > 0 ? Math.max(...numbers) : NaN },
    ...{ resets, sum: values.reduce((a, b) => a + b, 0) },
  };
}

test('summaries tell, stride by stride, what a walk over the samples tells', () => {
  fc.assert(
    fc.property(chunkArbitrary, fc.boolean(), ({ times, columns, joins }, isLong) => {
      const count = isLong ? 800 : times.length;
      const clock = isLong ? Array.from({ length: count }, (_, i) => i * 15_000) : times;
      const cells = columns.map((cs) => columnOf(clock.map((_, i) => cs[i % cs.length])));
      const chunk = packed(rowsOf(clock, cells, (c) => c > 0 && joins[c]));
      cells.forEach((column, c) => {
        const found = chunk.summaries(c);
        expect(found === undefined).toBe(columns[c].every((cell) => cell === 'gap'));
        if (found === undefined) return;
        chunk.strideEnds.forEach((end, s) => {
          const expected = walked(column, s > 0 ? chunk.strideEnds[s - 1] : 0, end);
          for (const field of ['count', 'firstRow', 'lastRow', 'first', 'last'] as const) {
            expect([field, found[field][s] + 0]).toEqual([field, expected[field] + 0]);
          }
          for (const field of ['min', 'max', 'resets', 'sum'] as const) {
            const kept = found[field][s];
            if (kept !== kept) continue;
            const largest = Math.max(...column.map(Math.abs).filter(Number.isFinite), 1e-300);
            if (Number.isFinite(kept)) expect(Math.abs(kept - expected[field]) / largest).toBeLessThan(1e-9);
            else expect(kept).toBe(expected[field]);
          }
        });
      });
    }),
    { numRuns: 120 },
  );
});

test('a column that never falls has all of its summaries but the sum', () => {
  const times = Array.from({ length: 720 }, (_, i) => i * 15_000 + 15_000);
  const bucket = (share: number) => Float64Array.from(times, (_, i) => Math.floor(i * share) + (i % 7 > 3 ? 1 : 0) * i);
  const rising = (share: number) => bucket(share).sort();
  const columns = [rising(0.1), rising(0.4), rising(0.4), rising(1.5), rising(1.5), rising(3)];
  const chunk = packed(rowsOf(times, columns, (c) => c > 0));
  expect([...chunk.strideEnds]).toEqual([240, 480, 720]);
  for (const c of [0, 1, 2, 3, 4, 5, 2, 5, 3]) {
    const { first, last, min, max, resets } = chunk.summaries(c)!;
    expect([...first]).toEqual([0, 240, 480].map((row) => columns[c][row]));
    expect([...last]).toEqual([239, 479, 719].map((row) => columns[c][row]));
    expect([min, max]).toEqual([first, last]);
    expect([...resets]).toEqual([0, 0, 0]);
  }
});

/** Packed by the program that wrote version 1: all its encodings, a gap, a stale mark. */
const VERSION_1 =
  'AQaAoKv++WIGAK7qAU0BCAEGBgcEVOABAQUGBwh82AIBCAUHCHjcAQELBgIBAAAAAAAA4D8IASlcj8L1KPg/DgEAAAAAAAAOQAExBgABVVVVVV' +
  'VV1T8BWfP4wh9upQEBAAAAAAAA8H8BAAAAAAAAAIABAAAAAAAA8H8BAAAAAAAA8H8BCQYIAQAAAAAAAB5AAQwDARYW2LQYgLUYgLUYAQQGCBAC' +
  'QQJhfwQDQQLqAQoUBUIEVj4BBAKIZGJiudpp5QgFVVVVVVVV1T83cpiZmZmZmQf6ZmZmZmZm+ndg+f8P+6wDQOQhP37gFxviK40oSv4BAQAAAA' +
  'AAAB5ACgUGBQyRCSk1LKkhAsAIAAA=';
const VERSION_1_ROWS: { times: number[]; columns: Cell[][] } = {
  times: [1700000000000, 1700000015000, 1700000030001, 1700000045000, 1700000060000, 1700000075000],
  columns: [
    [1, 3, 3, 8, 20, 21],
    [2, 5, 6, 12, 30, 31],
    [2, 5, 6, 12, 30, 'gap'],
    [0.5, 0.25, 1.75, -3, 0.01, 2],
    [1 / 3, 0.1 + 0.2, -0, Infinity, 1e300, 1e-300],
    [7.5, 7.5, 7.5, 7.5, 7.5, 7.5],
    ['gap', 'stale', 'gap', -5, 100000, -5],
    [4, 4, 4, 4, 4, 4],
  ],
};

test('a chunk of version 1 is read', () => {
  const chunk = new Chunk(Uint8Array.from(Buffer.from(VERSION_1, 'base64')));
  expect([...chunk.times]).toEqual(VERSION_1_ROWS.times);
  for (const [c, cells] of VERSION_1_ROWS.columns.entries()) {
    expect(bitsOf(chunk.cells(c)!)).toEqual(bitsOf(columnOf(cells)));
  }
  expect(chunk.cells(VERSION_1_ROWS.columns.length)).toBeUndefined();
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
  expect([chunk.hasHistograms, chunk.isOfHistograms(0), chunk.isOfHistograms(1)]).toEqual([true, false, true]);
  expect(packRows(rows).hasHistograms).toBe(false);
});

const numberArb = fc.oneof(fc.nat({ max: 40 }), fc.integer(), fc.constant(-0), fc.double());
const spansArb = fc.array(
  fc.record({ offset: fc.integer({ min: -9, max: 9 }), length: fc.integer({ min: 1, max: 4 }) }),
  {
    maxLength: 3,
  },
);
const countsArb = fc.array(numberArb, { maxLength: 12 }).map((counts) => Float64Array.from(counts));
const histogramArb: fc.Arbitrary<NativeHistogram> = fc.record(
  {
    schema: fc.constantFrom(-53, -4, 0, 8),
    zeroThreshold: numberArb,
    zeroCount: numberArb,
    count: numberArb,
    sum: numberArb,
    positiveSpans: spansArb,
    negativeSpans: spansArb,
    positiveBuckets: countsArb,
    negativeBuckets: countsArb,
    customValues: countsArb,
    counterReset: fc.constantFrom('unknown', 'reset', 'notReset', 'gauge'),
  },
  {
    requiredKeys: [
      'schema',
      'zeroThreshold',
      'zeroCount',
      'count',
      'sum',
      'positiveSpans',
      'negativeSpans',
      'positiveBuckets',
      'negativeBuckets',
      'counterReset',
    ],
  },
);

test('native histograms come back bit for bit, whichever columns and rows are asked for', () => {
  const rowCount = 6;
  const samplesArb = fc.uniqueArray(fc.tuple(fc.nat({ max: rowCount - 1 }), histogramArb), {
    selector: ([row]) => row,
  });
  fc.assert(
    fc.property(
      fc.array(samplesArb, { minLength: 1, maxLength: 4 }),
      fc.nat({ max: 6 }),
      fc.nat({ max: 6 }),
      (all, from, to) => {
        const times = Array.from({ length: rowCount }, (_, i) => i);
        const rows = rowsOf(
          times,
          all.map(() => columnOf(times)),
        );
        const stored = all.map((samples) => (samples.length === 0 ? undefined : new Map(samples)));
        const chunk = packRows({ ...rows, histograms: (c) => stored[c] });
        for (const [c, samples] of [...stored.entries()].reverse()) {
          expect(chunk.isOfHistograms(c)).toBe(samples !== undefined);
          expect(chunk.histograms(c)).toEqual(samples);
          const some = samples && new Map([...samples].filter(([row]) => row >= from && row < to));
          expect(chunk.histograms(c, from, to)).toEqual(some);
        }
        expect(chunk.hasHistograms).toBe(stored.some((samples) => samples !== undefined));
      },
    ),
  );
});

test('spans of samples that follow each other are one array', () => {
  const [a, b, c] = fc
    .sample(histogramArb, 3)
    .map((h, i) => ({ ...h, positiveSpans: [{ offset: i >> 1, length: 2 }] }));
  const rows = rowsOf([1, 2, 3], [columnOf([1, 2, 3])]);
  const read = packRows({ ...rows, histograms: () => new Map([a, b, c].entries()) }).histograms(0)!;
  expect(read.get(1)!.positiveSpans).toBe(read.get(0)!.positiveSpans);
  expect(read.get(2)!.positiveSpans).toEqual([{ offset: 1, length: 2 }]);
  expect(read.get(0)!.positiveSpans).toEqual([{ offset: 0, length: 2 }]);
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
