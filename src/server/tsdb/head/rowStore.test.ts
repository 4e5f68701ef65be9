import fc from 'fast-check';
import { bitsOf, fillGaps } from '../../../shared/model/sampleBits.ts';
import { RowStore } from './rowStore.ts';
import { SlabPool } from './slabs.ts';

/** A row, or a cell of a row that is there already. */
type Step = { readonly columns: number } | { readonly row: number; readonly column: number };

const anyColumns = fc.oneof(fc.nat(6), fc.nat(200));
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ columns: anyColumns }) },
  { weight: 1, arbitrary: fc.record({ row: fc.nat(100), column: anyColumns }) },
);

test('rows are read as they were written, however their columns become more', () => {
  const pool = new SlabPool();
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 130 }), (steps) => {
      const store = new RowStore(pool);
      const plain: Map<number, number>[] = [];
      steps.forEach((step, n) => {
        if ('columns' in step) {
          const values = Float64Array.from({ length: step.columns }, (_, c) => 1000 * n + c);
          store.append(n, values, bitsOf(values), 0, values.length);
          plain.push(new Map(values.entries()));
        } else if (plain.length > 0) {
          const row = step.row % plain.length;
          const [low, high] = bitsOf(Float64Array.of(-n));
          store.setCell(row, step.column, low, high);
          plain[row].set(step.column, -n);
        }
      });
      expect(store.rowCount).toBe(plain.length);
      const cells = new Float64Array(plain.length);
      for (let column = 0; column <= 201; column++) {
        const expected = new Float64Array(plain.length);
        fillGaps(expected);
        plain.forEach((row, r) => row.has(column) && (expected[r] = row.get(column)!));
        store.read(column, 0, plain.length, bitsOf(cells), 0);
        expect(bitsOf(cells)).toEqual(bitsOf(expected));
      }
      store.clear();
    }),
    { numRuns: 20 },
  );
});

test('columns may become many after any count of rows', () => {
  for (let few = 1; few <= 100; few++) {
    const store = new RowStore(new SlabPool());
    for (let row = 0; row < few; row++) store.append(row, Float64Array.of(row), bitsOf(Float64Array.of(row)), 0, 1);
    const many = new Float64Array(40).fill(few);
    store.append(few, many, bitsOf(many), 0, 40);
    const cells = new Float64Array(few + 1);
    store.read(0, 0, few + 1, bitsOf(cells), 0);
    expect([...cells]).toEqual([...cells.keys()]);
    store.read(39, few, few + 1, bitsOf(cells), 0);
    expect(cells[0]).toBe(few);
  }
});

test('rows are known to be in order or not, and counted up to a time where they are', () => {
  const pool = new SlabPool();
  fc.assert(
    fc.property(fc.array(fc.nat(300), { maxLength: 60 }), fc.boolean(), fc.nat(301), (any, inOrder, t) => {
      const times = inOrder ? [...new Set(any)].sort((a, b) => a - b) : any;
      const store = new RowStore(pool);
      for (const time of times) store.appendEmpty(time, 40);
      expect(store.isInOrder).toBe(times.every((time, i) => i === 0 || times[i - 1] < time));
      if (store.isInOrder) expect(store.countBefore(t)).toBe(times.filter((time) => time < t).length);
      store.clear();
      expect(store.isInOrder).toBe(true);
    }),
  );
});

test('a group that begins with few columns takes as much memory for its rows as one that has many from the first row on', () => {
  const bytesOf = (first: number) => {
    const store = new RowStore(new SlabPool());
    for (let row = 0; row < 12; row++) {
      const values = new Float64Array(row === 0 ? first : 1000);
      store.append(row, values, bitsOf(values), 0, values.length);
    }
    return store.bytes;
  };
  expect(bytesOf(5)).toBe(bytesOf(1000));
});

test('a free slab is used again, until others that are asked for more often take its room', () => {
  const pool = new SlabPool();
  const old = pool.take(48, 1000);
  pool.giveBack(old);
  const again = pool.take(48, 1000);
  expect(again).toBe(old);
  pool.giveBack(again);
  const many = Array.from({ length: 50 }, () => pool.take(12, 1000));
  for (const slab of many) pool.giveBack(slab);
  expect(many).toContain(pool.take(12, 1000));
  expect(pool.take(48, 1000)).not.toBe(old);
});
