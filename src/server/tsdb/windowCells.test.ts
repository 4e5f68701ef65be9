import fc from 'fast-check';
import { bitsOf, setGap } from '../../shared/model/sampleBits.ts';
import { packRows } from './chunkenc/chunk.ts';
import { DecodedColumns } from './decodedColumns.ts';
import { WindowCells } from './windowCells.ts';

const [ROWS, COLUMNS] = [200, 24];
const times = Float64Array.from({ length: ROWS }, (_, i) => 1_000_000 + i * 1000);
/** Counters; each fifth column is of floats, each seventh has gaps. */
const cells = Array.from({ length: COLUMNS }, (_, c) => {
  const values = Float64Array.from(times, (_, i) => (c % 5 === 0 ? Math.sin(c + i) : c + i * i));
  if (c % 7 === 0) for (let i = 0; i < ROWS; i += 3) setGap(bitsOf(values), i);
  return values;
});
const chunk = packRows({
  times,
  columnCount: COLUMNS,
  cells: (c) => cells[c],
  histograms: () => undefined,
  joinsBelow: () => false,
});

test('narrow windows are read bit for bit, whatever was read before and whether there is room', () => {
  const looked = fc.tuple(
    fc.nat(COLUMNS),
    fc.constantFrom(0, 10, 100, 150),
    fc.constantFrom(0, 1, 5, 20, 40),
    fc.boolean(),
  );
  fc.assert(
    fc.property(fc.array(looked, { maxLength: 200 }), (looks) => {
      const columns = new DecodedColumns(chunk);
      for (const [column, from, count, isRoomy] of looks) {
        const out = new Float64Array(ROWS);
        expect(columns.read(column, from, from + count, out, 3, () => isRoomy)).toBe(column < COLUMNS);
        if (column === COLUMNS) continue;
        const wanted = cells[column].slice(from, from + count);
        expect(bitsOf(out.slice(3, 3 + count))).toEqual(bitsOf(wanted));
      }
    }),
  );
});

test('a window that lies in the one that is kept is answered from it, another is not', () => {
  const window = new WindowCells(chunk);
  const out = new Float64Array(20);
  chunk.read(1, 100, 120, out, 0);
  window.keep(1, 100, 120, out, () => true);
  expect(window.copy(1, 105, 110, out, 0)).toBe(true);
  expect(out.subarray(0, 5)).toEqual(cells[1].subarray(105, 110));
  expect(window.copy(1, 99, 110, out, 0)).toBe(false);
  expect(window.copy(1, 110, 121, out, 0)).toBe(false);
  expect(window.copy(2, 105, 110, out, 0)).toBe(false);
  window.keep(2, 0, 5, out, () => false);
  expect(window.copy(1, 105, 110, out, 0)).toBe(false);
});

test('of a chunk without gaps, the rows that follow a window are not decoded again', () => {
  const columns = new DecodedColumns(chunk);
  const read = jest.spyOn(chunk, 'read');
  const out = new Float64Array(20);
  for (const from of [100, 104, 108, 144]) {
    columns.read(1, from, from + 20, out, 0, () => true);
    expect(out).toEqual(cells[1].subarray(from, from + 20));
  }
  expect(read.mock.calls.map(([, from, to]) => [from, to])).toEqual([[100, 164]]);
  columns.read(7, 100, 120, out, 0, () => true);
  columns.read(7, 104, 124, out, 0, () => true);
  expect(read.mock.calls.slice(1).map(([, from, to]) => [from, to])).toEqual([
    [100, 120],
    [104, 124],
  ]);
  read.mockRestore();
});
