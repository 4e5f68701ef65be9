import fc from 'fast-check';
import { RecentQuantiles } from './recentQuantiles.ts';

test('quantiles are those of what was observed within the window', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(50), fc.double({ noNaN: true, min: -1e6, max: 1e6 })), { maxLength: 300 }),
      (all) => {
        let now = 0;
        const recent = new RecentQuantiles(1_000, () => now);
        const observed: { t: number; v: number }[] = [];
        for (const [wait, v] of all) {
          now += wait;
          recent.observe(v);
          observed.push({ t: now, v });
        }
        const young = observed
          .filter(({ t }) => t >= now - 1_000)
          .map(({ v }) => v)
          .sort((a, b) => a - b);
        const [low, middle, high] = recent.quantiles([0, 0.5, 1]);
        expect([low, high]).toEqual(young.length === 0 ? [NaN, NaN] : [young[0] + 0, young.at(-1)! + 0].map((v) => v));
        if (young.length > 0) expect(young.filter((v) => v <= middle).length).toBeGreaterThanOrEqual(young.length / 2);
        expect(recent.count).toBe(all.length);
      },
    ),
  );
});

test('of very many the newest ones stand for all, and memory is bounded', () => {
  const recent = new RecentQuantiles(1_000, () => 0);
  for (let i = 0; i < 100_000; i++) recent.observe(i);
  expect(recent.quantiles([0, 1])).toEqual([100_000 - 4_096, 99_999]);
  expect([recent.count, recent.sum]).toEqual([100_000, (100_000 * 99_999) / 2]);
});
