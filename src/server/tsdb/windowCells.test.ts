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

test('a window that lies in the one that is kept is answered from it, another is not; gaps are not kept', () => {
  const window = new WindowCells(chunk);
  const out = new Float64Array(20);
  for (const column of [1, 7]) {
    chunk.read(column, 100, 120, out, 0);
    window.keep(column, 100, 120, out, 0, () => true);
  }
  expect(window.copy(1, 105, 110, out, 0)).toBe(true);
  expect(out.subarray(0, 5)).toEqual(cells[1].subarray(105, 110));
  expect(window.copy(1, 99, 110, out, 0)).toBe(false);
  expect(window.copy(1, 110, 121, out, 0)).toBe(false);
  expect(window.copy(2, 105, 110, out, 0)).toBe(false);
  expect(window.copy(7, 105, 110, out, 0)).toBe(false);
  window.keep(2, 0, 5, out, 0, () => false);
  expect(window.copy(1, 105, 110, out, 0)).toBe(false);
});
