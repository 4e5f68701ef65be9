import fc from 'fast-check';
import { CellReader, CellWriter } from './cellTokens.ts';

function written(columns: readonly Float64Array[], pieceBytes?: number): Uint8Array {
  const writer = new CellWriter(pieceBytes);
  const pieces = columns.flatMap((column) => [...writer.column(column)]);
  return Buffer.concat([...pieces, writer.rest()]);
}

const hex = (...values: number[]) => Buffer.from(written([Float64Array.from(values)])).toString('hex');

test.each<[string, number[], string]>([
  ['nothing is nothing', [], ''],
  ['a zero', [0], '00'],
  ['16 zeros in a byte', new Array<number>(16).fill(0), '78'],
  ['17 zeros in two', new Array<number>(17).fill(0), '8001'],
  ['gaps', [NaN, NaN, NaN], '11'],
  ['small integers', [1, -1, 7, -8, 8], '120a727a8201'],
  ['the largest integer that is no double', [2 ** 27 - 1], 'f2ffffff07'],
  ['one over', [2 ** 27], '050000000000' + '00a041'],
  ['thousandths', [0.005], '53'],
  ['millionths', [0.000005], '54'],
  ['a double', [1 / 3], '05555555555555d53f'],
  ['what has no number', [-0, Infinity, -Infinity], '070f17'],
])('%s', (_, values, bytes) => expect(hex(...values)).toBe(bytes));

test('a double that comes again is two bytes, in a later column as well', () => {
  const column = Float64Array.of(4 / 3, 8 / 3, 4 / 3);
  expect(written([column]).length).toBe(9 + 9 + 2);
  expect(written([column, column]).length).toBe(9 + 9 + 2 + 6);
});

const valueArb = fc.oneof(
  { arbitrary: fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 4 / 3, 8 / 3, 2 ** 27, 5e-324), weight: 4 },
  { arbitrary: fc.integer(), weight: 2 },
  { arbitrary: fc.integer().map((m) => m / 1000), weight: 1 },
  { arbitrary: fc.integer().map((m) => m / 1_000_000), weight: 1 },
  { arbitrary: fc.double(), weight: 2 },
);
/** Values in runs. */
const columnArb = fc
  .array(fc.tuple(valueArb, fc.oneof(fc.constant(1), fc.nat({ max: 40 }))))
  .map((runs) => Float64Array.from(runs.flatMap(([value, n]) => new Array<number>(n).fill(value))));
const columnsArb = fc.array(columnArb, { maxLength: 5 });

test('every column comes back to the bit, whatever the pieces', () => {
  fc.assert(
    fc.property(columnsArb, fc.integer({ min: 1, max: 50 }), (columns, pieceBytes) => {
      const bytes = written(columns, pieceBytes);
      expect(bytes).toEqual(written(columns));
      const reader = new CellReader(bytes, 0);
      for (const column of columns) {
        const read = reader.column(column.length);
        expect(column.every((value, i) => Object.is(value, read[i]))).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test('no number is longer than in JSON', () => {
  const finite = valueArb.filter(
    (value) => Number.isFinite(value) && !Object.is(value, -0) && Math.abs(value) >= 1e-6 && Math.abs(value) < 1e15,
  );
  fc.assert(
    fc.property(finite, (value) => {
      // A comma or a bracket follows each.
      expect(written([Float64Array.of(value)]).length).toBeLessThanOrEqual(JSON.stringify(value).length + 1);
    }),
    { numRuns: 2000 },
  );
});

test('bytes that end early are refused, wherever', () => {
  const column = Float64Array.of(1, 1000, 1 / 3, NaN, 0.5);
  const bytes = written([column]);
  for (let size = 0; size < bytes.length; size++) {
    expect(() => new CellReader(bytes.subarray(0, size), 0).column(column.length)).toThrow(/ends early/);
  }
});

test('a run beyond its column and an endless token are refused', () => {
  expect(() => new CellReader(Uint8Array.of(0x78), 0).column(15)).toThrow(/longer than its column/);
  expect(() => new CellReader(new Uint8Array(9).fill(0x80), 0).column(1)).toThrow(/more than 5 bytes/);
});
