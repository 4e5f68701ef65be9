import fc from 'fast-check';
import { gridFor, gridLength, gridTimes, rangeFromParams, rangeParams, sliceWindow } from './timeRange.ts';

const HOUR = 3_600_000;
const read = (text: string) => rangeFromParams(new URLSearchParams(text));

describe('the range in the address', () => {
  test('a duration is a range that ends now', () => expect(read('range=1h')).toEqual({ kind: 'last', ms: HOUR }));
  test('start and end stand before a duration', () =>
    expect(read('range=1h&start=1000&end=61000')).toEqual({ kind: 'between', start: 1000, end: 61_000 }));
  for (const bad of ['', 'range=', 'range=1', 'range=soon', 'range=0s', 'range=9y', 'start=5', 'start=9000&end=1000']) {
    test(`${JSON.stringify(bad)} is no range`, () => expect(read(bad)).toBeUndefined());
  }
  test('a fixed range leaves the relative one in place, as the way back', () =>
    expect(rangeParams({ kind: 'between', start: 1, end: 2 })).not.toHaveProperty('range'));
  test('a relative range takes the place of a fixed one', () =>
    expect(rangeParams({ kind: 'last', ms: HOUR })).toEqual({ range: '1h', start: undefined, end: undefined }));
});

describe('the grid of a range', () => {
  test('an hour at 15 s in at most 144 columns has steps of 30 s', () => {
    const grid = gridFor({ kind: 'last', ms: HOUR }, 1_000_000_007, 144, 15_000);
    expect(grid.step).toBe(30_000);
    expect(grid.end).toBe(999_990_000);
  });
  test('no step is shorter than the scrape interval, unless the range is hardly longer', () => {
    expect(gridFor({ kind: 'last', ms: 300_000 }, 1e9, 300, 15_000).step).toBe(15_000);
    expect(gridFor({ kind: 'last', ms: 8_000 }, 1e9, 300, 15_000).step).toBe(2_000);
  });
  test('it stands still while time moves within a step', () => {
    const at = (now: number) => gridFor({ kind: 'last', ms: HOUR }, now, 144, 15_000);
    expect(at(1_000_020_001)).toEqual(at(1_000_049_999));
  });
  test('its times are multiples of its step, within the range, and no more than allowed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1_000, max: 366 * 86_400_000 }),
        fc.integer({ min: 1e12, max: 2e12 }),
        fc.integer({ min: 20, max: 400 }),
        fc.integer({ min: 1_000, max: 300_000 }),
        (ms, now, columns, interval) => {
          const grid = gridFor({ kind: 'last', ms }, now, columns, interval);
          const times = gridTimes(grid);
          expect(times).toHaveLength(gridLength(grid));
          expect(times.every((t) => t % grid.step === 0 && t <= now)).toBe(true);
          expect(grid.start === grid.end || grid.start >= now - ms).toBe(true);
          expect(gridLength(grid)).toBeLessThanOrEqual(columns + 1);
          expect(times[times.length - 1]).toBe(grid.end);
        },
      ),
    );
  });
});

test('a slice’s window holds the scrape before the slice, and half a scrape against jitter', () => {
  expect(sliceWindow(30_000, 15_000)).toBe(53_000);
  expect(sliceWindow(1_000, 1_000)).toBe(3_000);
});
