import fc from 'fast-check';
import { CellReader, CellWriter, type ColumnWriter } from '../../shared/api/cellTokens.ts';
import { CellTokens } from './cellTokens.ts';
import { CELLS_MAX } from './cellTokens.wat.ts';

function written(writer: ColumnWriter, columns: readonly Float64Array[]): Buffer {
  const pieces = columns.flatMap((column) => [...writer.column(column)]);
  return Buffer.concat([...pieces, writer.rest()]);
}

/** Every pattern of bits is as likely as any other. */
const anyBits = fc
  .bigInt({ min: 0n, max: 2n ** 64n - 1n })
  .map((bits) => new Float64Array(BigUint64Array.of(bits).buffer)[0]);
const edge = fc
  .tuple(fc.constantFrom(-1, 1), fc.constantFrom(1, 1000, 1_000_000), fc.integer({ min: -2, max: 2 }))
  .map(([sign, scale, d]) => (sign * (2 ** 27 + d)) / scale);
const value = fc.oneof(
  { arbitrary: fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 4 / 3, 8 / 3, 5e-324, 2 ** 53, 2 ** 63), weight: 4 },
  { arbitrary: fc.integer(), weight: 2 },
  { arbitrary: fc.integer().map((m) => m / 1000), weight: 1 },
  { arbitrary: fc.integer().map((m) => m / 1_000_000), weight: 1 },
  edge,
  fc.double(),
  anyBits,
);
const column = fc
  .array(fc.tuple(value, fc.oneof(fc.constant(1), fc.nat({ max: 40 }))))
  .map((runs) => Float64Array.from(runs.flatMap(([v, n]) => new Array<number>(n).fill(v))));

test('the kernel writes what is written without it, whatever was written before', () => {
  fc.assert(
    fc.property(fc.array(column, { maxLength: 6 }), (columns) => {
      expect(written(new CellTokens(), columns)).toEqual(written(new CellWriter(), columns));
    }),
    { numRuns: 2000 },
  );
});

test.each([CELLS_MAX - 1, CELLS_MAX, CELLS_MAX + 1, 5 * CELLS_MAX + 17])('%p cells come back', (count) => {
  const columns = [
    Float64Array.from({ length: count }, (_, i) => (i % 100 < 40 ? 0 : i % 7 < 2 ? NaN : Math.sqrt(i % 1000))),
    new Float64Array(count),
    Float64Array.from({ length: count }, Math.random),
  ];
  const reader = new CellReader(written(new CellTokens(), columns), 0);
  for (const one of columns) expect(reader.column(count)).toEqual(one);
});

test('several answers are written at once', () => {
  const columns = Array.from({ length: 4 }, (_, k) =>
    Float64Array.from({ length: 500 }, (__, i) => (i % 20) / (k + 3)),
  );
  const writers = columns.map(() => new CellTokens());
  const pieces: Uint8Array[][] = writers.map(() => []);
  for (const one of columns) writers.forEach((writer, w) => pieces[w].push(...writer.column(one)));
  const plain = written(new CellWriter(), columns);
  writers.forEach((writer, w) => expect(Buffer.concat([...pieces[w], writer.rest()])).toEqual(plain));
});
