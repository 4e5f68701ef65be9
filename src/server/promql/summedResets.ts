/** Sums of resets: a counter that is known never to fall has none, wherever it has samples, and is not looked at row by row. */
import { newRow } from './rows.ts';
import { addRow, byPlace, type SumKernel } from './summedIncreases.ts';
import type { Windows } from './windows.ts';

export const summedResets: SumKernel = (vector, grid, rows, budget) => async (groupOf, sums) => {
  const one = newRow(grid.ends.length);
  const { places, others } = byPlace(vector);
  for (const [group, members] of places) {
    const none = noResets(vector.windowsOf(group));
    const hasAny = none.present.includes(1);
    const rising = new Set<number>();
    for (const s of members) {
      if (group.neverFalls?.(vector.origin(s)!.column) === true) {
        rising.add(groupOf[s]);
        if (hasAny) sums.met(groupOf[s], s);
      } else {
        rows.read(s, one);
        addRow(sums, groupOf[s], s, one);
      }
      if (budget.isDue()) await budget.pause();
    }
    for (const g of rising) sums.add(g, none);
  }
  for (const s of others) {
    rows.read(s, one);
    addRow(sums, groupOf[s], s, one);
    if (budget.isDue()) await budget.pause();
  }
};

/** Of a series with a sample in every row. */
function noResets({ lo, hi }: Windows) {
  const row = newRow(lo.length);
  for (let i = 0; i < lo.length; i++) row.present[i] = hi[i] > lo[i] ? 1 : 0;
  return row;
}
