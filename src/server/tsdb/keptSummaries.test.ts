import { makeSummaries } from './chunkenc/summary.ts';
import { SummaryPages } from './keptSummaries.ts';

const STRIDES = 3;

function known(seed: number) {
  const found = makeSummaries(STRIDES);
  for (const [f, field] of (['first', 'last', 'min', 'max', 'sum', 'resets'] as const).entries())
    for (let s = 0; s < STRIDES; s++) found[field][s] = 1000 * seed + 10 * f + s;
  return found;
}

test('what is kept of many columns stays as it was, whatever is kept after it', () => {
  const pages = new SummaryPages(STRIDES);
  const columns = Array.from({ length: 100 }, (_, i) => 7 * i);
  for (const column of columns) pages.keep(column, known(column), column % 2 === 0);
  for (const column of columns) {
    const { at, first, last, min, max, sum, resets } = pages.of(column)!;
    const strides = (array: Float64Array) => [...array.subarray(at, at + STRIDES)];
    const { first: f, last: l, min: least, max: most, sum: total, resets: lost } = known(column);
    expect([strides(first), strides(last)]).toEqual([[...f], [...l]]);
    if (column % 2 === 0) {
      expect([min, max, sum, resets]).toEqual([first, last, undefined, undefined]);
      continue;
    }
    expect([strides(min), strides(max)]).toEqual([[...least], [...most]]);
    expect([strides(sum!), strides(resets!)]).toEqual([[...total], [...lost]]);
  }
  expect(pages.of(1)).toBeUndefined();
});

test('bytes are those of the arrays and of what names them', () => {
  const pages = new SummaryPages(STRIDES);
  expect(pages.bytes).toBe(0);
  pages.keep(0, known(0), true);
  const rising = pages.bytes;
  expect(rising).toBeGreaterThan(2 * 32 * STRIDES * 8);
  pages.keep(1, known(1), true);
  expect(pages.bytes - rising).toBeLessThan(200);
  pages.keep(2, known(2), false);
  expect(pages.bytes - rising).toBeGreaterThan(6 * 32 * STRIDES * 8);
});
