import fc from 'fast-check';
import { ByteReader } from '../../../shared/bytes/byteReader.ts';
import { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import { bitsOf, setGap, setStale } from '../../../shared/model/sampleBits.ts';
import { decodeCell, decodeRow, encodeCell, encodeRow, LogState } from './valueCodec.ts';

type Cell = number | 'gap' | 'stale' | readonly [low: number, high: number];

const cell: fc.Arbitrary<Cell> = fc.oneof(
  { weight: 4, arbitrary: fc.nat(3) },
  fc.integer({ min: -(2 ** 53), max: 2 ** 53 }),
  fc.double(),
  fc.tuple(fc.integer({ min: -(10 ** 6), max: 10 ** 6 }), fc.nat(6)).map(([n, scale]) => n / 10 ** scale),
  fc.constantFrom<Cell>('gap', 'stale', -0, Infinity),
  fc.tuple(fc.nat(2 ** 31), fc.nat(2 ** 31)),
);

function rowOf(cells: readonly Cell[]): Float64Array {
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

test('rows come back bit for bit', () => {
  const rows = fc.array(fc.array(cell, { maxLength: 12 }), { maxLength: 12 });
  fc.assert(
    fc.property(rows, (list) => {
      const [writing, reading] = [new LogState(), new LogState()];
      for (const cells of list) {
        const row = rowOf(cells);
        const out = new ByteWriter();
        encodeRow(out, writing, row, bitsOf(row), 0, row.length);
        const back = new Float64Array(row.length);
        decodeRow(new ByteReader(out.written), reading, bitsOf(back), row.length);
        expect([...bitsOf(back)]).toEqual([...bitsOf(row)]);
      }
    }),
    { numRuns: 500 },
  );
});

test('single cells come back bit for bit', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(20), cell)), (list) => {
      const [writing, reading] = [new LogState(), new LogState()];
      for (const [column, c] of list) {
        const words = bitsOf(rowOf([c]));
        const out = new ByteWriter();
        encodeCell(out, writing, column, words[0], words[1]);
        const back = new Uint32Array(2);
        decodeCell(new ByteReader(out.written), reading, column, back, 0);
        expect([...back]).toEqual([...words]);
      }
    }),
  );
});

test.each([
  ['an unchanged row takes no byte', [5, 1.5, 7], [5, 1.5, 7], ''],
  ['a histogram whose upper buckets grew alike takes one token', [1, 5, 9, 9], [1, 7, 11, 11], '080c'],
  ['gaps run together', [1, 2, 3], ['gap', 'gap', 'gap'], '1b'],
  ['buckets that grew by one, by three and by seven take a token each', [4, 5, 6, 7, 8], [4, 6, 7, 10, 15], '08240c1c'],
  ['a decimal takes its change in its own digits', [0.25, 7.5], [0.35, 7.5], '5101'],
  ['a decimal is one from its first value on', [1, 2], [1, 2.125], '08 8e02 9a21'],
] satisfies [string, Cell[], Cell[], string][])('%s', (_, before, after, hex) => {
  const state = new LogState();
  const out = new ByteWriter();
  encodeRow(out, state, rowOf(before), bitsOf(rowOf(before)), 0, before.length);
  out.clear();
  encodeRow(out, state, rowOf(after), bitsOf(rowOf(after)), 0, after.length);
  expect(Buffer.from(out.written).toString('hex')).toBe(hex.replaceAll(' ', ''));
});
