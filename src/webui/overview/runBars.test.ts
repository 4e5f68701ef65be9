import { layoutRuns, SCALE_WIDTH } from './runBars.ts';

const run = (durationSeconds: number) => ({ time: 0, success: true, durationSeconds });
const heights = (seconds: readonly number[], height: number) =>
  layoutRuns(seconds.map(run), 400, height).bars.map((bar) => Math.round(bar.height));

test('bars are as high as their runs were long, on one scale from zero', () => {
  const [one, two, four] = heights([1, 2, 4], 300);
  expect([two, four].map((height) => Math.abs(height - (height === two ? 2 : 4) * one) <= 2)).toEqual([true, true]);
});

test('runs whose duration nobody told are all as high as the longest', () => {
  expect(heights([NaN, 2], 300)[0]).toBe(heights([NaN, 2], 300)[1]);
  expect(new Set(heights([NaN, NaN], 64)).size).toBe(1);
});

test('a high strip has a scale whose ticks are where bars of that length end', () => {
  const { bars, ticks } = layoutRuns([1, 2, 4].map(run), 400, 300);
  expect(ticks.map(({ text }) => text)).toEqual(['0 s', '1 s', '2 s', '3 s', '4 s']);
  expect(Math.abs(ticks[2].y - bars[1].y)).toBeLessThanOrEqual(1);
  expect(Math.min(...bars.map(({ x }) => x))).toBeGreaterThan(SCALE_WIDTH);
});

test('a low strip, and one without durations, has none', () => {
  expect(layoutRuns([run(1)], 400, 64).ticks).toEqual([]);
  expect(layoutRuns([run(NaN)], 400, 300).ticks).toEqual([]);
  expect(layoutRuns([], 400, 300)).toEqual({ bars: [], ticks: [] });
});

test('however many runs there are, they stay inside', () => {
  const { bars } = layoutRuns(
    Array.from({ length: 200 }, (_, i) => run(i)),
    300,
    300,
  );
  expect(bars.every(({ x, width }) => x >= SCALE_WIDTH && x + width <= 300)).toBe(true);
});
