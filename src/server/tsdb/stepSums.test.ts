import { SERIES_ADDED_MAX } from '../storage/queryable.ts';
import { stepsOf, type Steps } from './steps.ts';
import { StepSums } from './stepSums.ts';

const sums = new StepSums();
const columnOf = (cells: readonly number[]): Steps => stepsOf(Float64Array.from(cells), 0, cells.length)!;

/** What columns of cells gain, added up by the definition. */
function plainTotals(columns: readonly (readonly number[])[], from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) =>
    columns.reduce((sum, cells) => sum + cells[from + i] - cells[from], 0),
  );
}

function addedUp(columns: readonly (readonly number[])[], from: number, to: number): number[] {
  const out = new Float64Array(to - from);
  sums.begin(to - from);
  for (const cells of columns) sums.add(columnOf(cells), from);
  const last = sums.totals(0, out, 0);
  expect(last).toBe(out.at(-1));
  return [...out];
}

/** Cells that rise by at most `step`, otherwise by column. */
const rising = (rows: number, step: number, seed: number) => {
  let v = 1_000 * seed;
  return Array.from({ length: rows }, (_, i) => (v += (i * i * (seed + 3) + seed) % (step + 1)));
};

for (const rows of [1, 2, 15, 16, 17, 100]) {
  test(`columns of ${rows} rows are added up, narrow and wide ones, whole and in part`, () => {
    for (const steps of [[5], [127, 127, 3], [300], [4, 30_000, 9]]) {
      const columns = steps.map((step, k) => rising(rows, step, k));
      for (const from of [0, rows >> 1, rows - 1])
        for (const to of [rows, from + 1]) expect(addedUp(columns, from, to)).toEqual(plainTotals(columns, from, to));
    }
  });
}

test('as many columns as there may be of as many rows as there may be, with the largest steps, are added up exactly', () => {
  const rows = 65_536;
  for (const step of [127, 32_767]) {
    const column = columnOf(Array.from({ length: rows }, (_, i) => i * step));
    const out = new Float64Array(rows);
    sums.begin(rows);
    for (let k = 0; k < SERIES_ADDED_MAX; k++) sums.add(column, 0);
    sums.totals(7, out, 0);
    expect([out[0], out[1], out[rows - 1]]).toEqual([
      7,
      7 + step * SERIES_ADDED_MAX,
      7 + step * SERIES_ADDED_MAX * (rows - 1),
    ]);
  }
});
