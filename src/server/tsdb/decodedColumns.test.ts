import fc from 'fast-check';
import { exponentialOf } from '../../../tests/support/observedHistograms.ts';
import { bitsOf } from '../../shared/model/sampleBits.ts';
import { packRows } from './chunkenc/chunk.ts';
import { DecodedColumns } from './decodedColumns.ts';

const ROWS = 60;
const times = Float64Array.from({ length: ROWS }, (_, i) => 1_000_000 + i * 1000);
const counter = (step: fc.Arbitrary<number>, first: fc.Arbitrary<number>) =>
  fc.tuple(first, fc.array(step, { minLength: ROWS, maxLength: ROWS })).map(([from, steps]) => {
    let v = from;
    return Float64Array.from(steps, (d) => (v += d));
  });
const column = fc.oneof(
  counter(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 0, max: 2 ** 40 })),
  counter(fc.integer({ min: -40_000, max: 40_000 }), fc.integer()),
  counter(fc.integer({ min: -1, max: 1 }), fc.constant(2 ** 53 - 20)),
  fc
    .array(fc.constantFrom(0, -0, 1, -1, 127, -128, 300, 0.5), { minLength: ROWS, maxLength: ROWS })
    .map((v) => Float64Array.from(v)),
  fc.array(fc.double(), { minLength: ROWS, maxLength: ROWS }).map((v) => Float64Array.from(v)),
);

test('native histograms are kept as a column, and counted, where there is room; else those of the rows asked for are read', () => {
  const stored = new Map([2, 5, 50].map((row) => [row, exponentialOf([row, 1], 1, 0)]));
  const values = times;
  const histograms = (c: number) => (c === 1 ? stored : undefined);
  const chunk = packRows({ times, columnCount: 2, cells: () => values, histograms, joinsBelow: () => false });
  const columns = new DecodedColumns(chunk);
  expect(columns.histograms(0, 0, ROWS, () => true)).toBeUndefined();
  expect(columns.histograms(1, 3, 50, () => false)).toEqual(new Map([[5, stored.get(5)]]));
  const before = columns.bytes;
  const kept = columns.histograms(1, 3, 50, () => true);
  expect(kept).toEqual(stored);
  expect(columns.histograms(1, 0, 1, () => false)).toBe(kept);
  expect(columns.bytes).toBeGreaterThan(before);
  columns.forget();
  expect(columns.histograms(1, 0, 1, () => false)).toEqual(new Map());
});

test('a column comes back bit for bit, whole or in part, whether it was kept or not', () => {
  fc.assert(
    fc.property(column, fc.nat(ROWS), fc.nat(ROWS), (values, a, b) => {
      const rows = { times, columnCount: 1, cells: () => values, histograms: () => undefined, joinsBelow: () => false };
      const columns = new DecodedColumns(packRows(rows));
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const out = new Float64Array(ROWS);
      for (const [first, end] of [
        [from, to],
        [0, ROWS],
        [from, to],
        [0, ROWS],
      ]) {
        expect(columns.read(0, first, end, out.fill(7), first, () => true)).toBe(true);
        expect([...bitsOf(out.subarray(first, end))]).toEqual([...bitsOf(values.subarray(first, end))]);
      }
      expect(columns.bytes).toBeGreaterThan(0);
    }),
  );
});

test('a column that is kept is known to rise where it does, whole numbers or not', () => {
  const ofFractions = counter(fc.integer({ min: 0, max: 90 }), fc.nat(1000)).map((values) => values.map((v) => v / 8));
  fc.assert(
    fc.property(fc.oneof(column, ofFractions), (values) => {
      const rows = { times, columnCount: 1, cells: () => values, histograms: () => undefined, joinsBelow: () => false };
      const columns = new DecodedColumns(packRows(rows));
      expect(columns.rises(0)).toBe(false);
      columns.read(0, 0, ROWS, new Float64Array(ROWS), 0, () => true);
      expect(columns.rises(0)).toBe(values.every((v, i) => v >= (i === 0 ? -Infinity : values[i - 1])));
    }),
  );
});
