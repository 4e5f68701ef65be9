/** Two servers that scrape the same counter are followed as one series: nothing is mixed, gaps are filled, and the counter never seems to fall. */
import fc from 'fast-check';
import { mergeReplicas } from './replicas.ts';
import type { SampledSeries } from './sampledSeries.ts';

const INTERVAL = 15_000;

function seriesOf(samples: readonly (readonly [t: number, v: number | 'stale'])[]): SampledSeries {
  const stale = Uint8Array.from(samples, ([, v]) => (v === 'stale' ? 1 : 0));
  return {
    labels: [],
    times: Float64Array.from(samples, ([t]) => t),
    sharesTimes: false,
    values: Float64Array.from(samples, ([, v]) => (v === 'stale' ? NaN : v)),
    stale: stale.some((is) => is === 1) ? stale : undefined,
    histograms: undefined,
  };
}

const samplesOf = ({ times, values, stale }: SampledSeries) =>
  Array.from(times, (t, i) => [t, stale?.[i] === 1 ? 'stale' : values[i]] as const);

const merged = (a: Parameters<typeof seriesOf>[0], b: Parameters<typeof seriesOf>[0]) =>
  samplesOf(mergeReplicas(seriesOf(a), seriesOf(b)));

test('the one that begins is followed as long as it has samples', () => {
  const a = [[0, 1], [15, 2], [30, 3], [45, 4]] as const; // prettier-ignore
  const b = [[7, 1.5], [22, 2.5], [37, 3.5]] as const; // prettier-ignore
  expect(merged(a, b)).toEqual(a);
  expect(merged(b, a)).toEqual(a);
  expect(merged(a, [])).toEqual(a);
});

test('where it misses one, the other one goes on, and is followed from then on', () => {
  const a = [[0, 1], [15, 2], [60, 5], [75, 6]] as const; // prettier-ignore
  const b = [[7, 1.5], [22, 2.5], [37, 3.5], [52, 4.5], [67, 5.5], [82, 6.5]] as const; // prettier-ignore
  // That at 22 is less than half an interval after the one at 15.
  expect(merged(a, b)).toEqual([[0, 1], [15, 2], [37, 3.5], [52, 4.5], [67, 5.5], [82, 6.5]]); // prettier-ignore
});

test('a series ends when both say so', () => {
  const a = [[0, 1], [15, 2], [30, 'stale']] as const; // prettier-ignore
  const b = [[7, 1.5], [22, 2.5], [37, 3.5], [52, 'stale']] as const; // prettier-ignore
  expect(merged(a, b)).toEqual([[0, 1], [15, 2], [37, 3.5], [52, 'stale']]); // prettier-ignore
  expect(merged(a, [[7, 1.5], [22, 'stale']])).toEqual(a); // prettier-ignore
});

test('a counter that both scrape never falls, whatever they miss', () => {
  const scrapes = fc.record({
    offset: fc.integer({ min: 0, max: INTERVAL - 1 }),
    lateness: fc.array(fc.integer({ min: 0, max: INTERVAL / 3 }), { minLength: 40, maxLength: 40 }),
    /** One in eight. With most of them missing nobody can say what the interval is. */
    missed: fc.array(
      fc.integer({ min: 0, max: 7 }).map((n) => n === 7),
      { minLength: 40, maxLength: 40 },
    ),
  });
  fc.assert(
    fc.property(scrapes, scrapes, (one, other) => {
      // The counter shows how late it is when it is read, which is up to a third of an interval after the time of the scrape.
      const [a, b] = [one, other].map(({ offset, lateness, missed }) =>
        lateness
          .map((late, i) => [offset + i * INTERVAL, offset + i * INTERVAL + late] as const)
          .filter((_, i) => !missed[i]),
      );
      const all = merged(a, b);
      for (let i = 1; i < all.length; i++) {
        expect(all[i][0]).toBeGreaterThan(all[i - 1][0]);
        expect(Number(all[i][1])).toBeGreaterThanOrEqual(Number(all[i - 1][1]));
      }
      const known = new Set([...a, ...b].map((sample) => sample.join()));
      for (const sample of all) expect(known.has(sample.join())).toBe(true);
      // No gap is left that one of them could have filled.
      const times = [...a, ...b].map(([t]) => t);
      for (let i = 1; i < all.length; i++) {
        const between = times.filter((t) => t > all[i - 1][0] + INTERVAL && t < all[i][0] - 1);
        if (all[i][0] - all[i - 1][0] > 2.5 * INTERVAL) expect(between).toEqual([]);
      }
    }),
  );
});
