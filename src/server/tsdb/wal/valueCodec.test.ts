import fc from 'fast-check';
import { ByteReader } from '../../../shared/bytes/byteReader.ts';
import { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import { bitsOf, setGap, setStale } from '../../../shared/model/sampleBits.ts';
import { ChangeReader } from './changeReader.ts';
import { ChangeWriter } from './changeWriter.ts';
import { LogState } from './logState.ts';
import { decodeCell, decodeRow, encodeCell, encodeRow } from './valueCodec.ts';

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

/** Writes rows as the log does, the first as it is and the others as changes; gives the bytes of each. */
function written(rows: readonly Float64Array[]): Uint8Array[] {
  const [state, writer] = [new LogState(), new ChangeWriter()];
  return rows.map((row, i) => {
    const out = new ByteWriter();
    if (i === 0) encodeRow(out, state, row, bitsOf(row), 0, row.length);
    else writer.write(out, state, row, bitsOf(row), 0, row.length);
    return out.copy();
  });
}

function readBack(records: readonly Uint8Array[], widths: readonly number[]): number[][] {
  const [state, reader] = [new LogState(), new ChangeReader()];
  return records.map((record, i) => {
    const bits = new Uint32Array(2 * widths[i]);
    if (i === 0) decodeRow(new ByteReader(record), state, bits, widths[i]);
    else reader.read(new ByteReader(record), state, bits, widths[i]);
    return [...bits];
  });
}

/** Columns as services have them: buckets, counters, decimals, sums, what comes and goes, and anything. */
const cellOf: readonly ((before: number, step: number) => Cell)[] = [
  (v) => v,
  (v, step) => v + (step % 7),
  (v, step) => v + (step % 7) + (step % 3),
  (v, step) => Math.round(100 * v + (step % 11) - 5) / 100,
  (v, step) => v + step / 7e9,
  (v, step) => (step % 5 === 0 ? 'gap' : v),
  (v, step) => (step % 17 === 0 ? 'stale' : step % 17 < 4 ? 'gap' : v),
  (v, step) => (step % 29 === 0 ? v * 1e9 : -v),
  (_, step) => [step, step % 3 === 0 ? 0x7ff80000 : step],
];

test('rows of changes come back bit for bit', () => {
  const kinds = fc.array(fc.nat(cellOf.length - 1), { minLength: 1, maxLength: 40 });
  const steps = fc.array(fc.array(fc.oneof(fc.constant(0), fc.nat(2 ** 31)), { minLength: 1, maxLength: 40 }), {
    maxLength: 40,
  });
  fc.assert(
    fc.property(
      kinds,
      steps,
      fc.array(fc.array(cell, { maxLength: 12 }), { maxLength: 4 }),
      (columns, rows, others) => {
        const values = columns.map((_, c) => 3 * c);
        const list = rows.map((row) =>
          rowOf(
            row.map((step, c) => {
              const next = cellOf[columns[c % columns.length]](values[c] ?? 0, step);
              if (typeof next === 'number') values[c] = next;
              return next;
            }),
          ),
        );
        list.push(...others.map(rowOf));
        const back = readBack(
          written(list),
          list.map(({ length }) => length),
        );
        expect(back).toEqual(list.map((row) => [...bitsOf(row)]));
      },
    ),
    { numRuns: 500 },
  );
});

test('a record that ends early is refused', () => {
  const rows = [0, 1, 2].map((i) => Float64Array.from({ length: 20 }, (_, c) => i * c * 1.37e5));
  const records = written(rows);
  expect(() => readBack([...records.slice(0, 2), records[2].subarray(0, 5)], [20, 20, 20])).toThrow('bytes end early');
});

test.each([
  ['an unchanged row takes no byte, once it is expected', 12, [5, 1.5, 7, 'gap'], [5, 1.5, 7, 'gap'], ''],
  ['a histogram of which nothing is expected takes a run and a number', 12, [1, 5, 9, 9], [1, 7, 11, 11], '01 02 01'],
  ['a sample where gaps are expected takes its width, too', 12, [1, 'gap'], [1, 3], '01 02 ff0f0c'],
] satisfies [string, number, Cell[], Cell[], string][])('%s', (_, rows, before, after, hex) => {
  const list = [...new Array<Cell[]>(rows).fill(before), after].map(rowOf);
  expect(Buffer.from(written(list).at(-1)!).toString('hex')).toBe(hex.replaceAll(' ', ''));
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
