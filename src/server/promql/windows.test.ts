import { locateWindows, QueryWindows } from './windows.ts';

const STEPS = 100;
const ascending = (count: number, first: number, step: number) =>
  Float64Array.from({ length: count }, (_, i) => first + i * step);
const ends = () => ascending(STEPS, 60_000, 60_000);
const times = ascending(400, 7_000, 15_000);

test('queries that look at the same times in the same steps share what is found', () => {
  const first = new QueryWindows().of(ends(), 300_000).of(times, true);
  expect(new QueryWindows().of(ends(), 300_000).of(times, true)).toBe(first);
  expect(first).toEqual(locateWindows(times, ends(), 300_000));
});

test('other widths, steps and times have windows of their own', () => {
  const later = ascending(STEPS, 61_000, 60_000);
  const moved = ascending(400, 8_000, 15_000);
  for (const [at, width, of] of [
    [ends(), 300_000, times],
    [ends(), 240_000, times],
    [later, 300_000, times],
    [ends(), 300_000, moved],
  ] as const) {
    expect(new QueryWindows().of(at, width).of(of, true)).toEqual(locateWindows(of, at, width));
  }
});

test('times that no other series has are not kept', () => {
  const own = new QueryWindows().of(ends(), 299_000);
  expect(own.of(times, false)).not.toBe(own.of(times, false));
});

test('only a few queries are remembered, and none of them with much', () => {
  const found = new QueryWindows().of(ends(), 120_000).of(times, true);
  for (let k = 1; k <= 4; k++) new QueryWindows().of(ends(), 120_000 + k);
  expect(new QueryWindows().of(ends(), 120_000).of(times, true)).not.toBe(found);

  const large = new QueryWindows();
  const cache = large.of(ends(), 180_000);
  for (let group = 0; group < 10; group++) cache.of(ascending(60_000, group, 15_000), true);
  expect(large.of(ends(), 180_000)).toBe(cache);
  expect(new QueryWindows().of(ends(), 180_000)).not.toBe(cache);
});
