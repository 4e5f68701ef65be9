import fc from 'fast-check';
import { labelsOf } from '../model/labels.ts';
import { explainRegion } from './explain.ts';
import { cautiousDifference, normalQuantile, wilsonInterval } from './proportions.ts';
import { rankLabels } from './ranking.ts';
import { earlierBox, snapTimes, splitByRegion, type Baseline, type Box, type RegionCells } from './region.ts';
import { countedText, pairText, shareText } from './words.ts';

const edges = (count: number) => Float64Array.from({ length: count + 1 }, (_, i) => i);

const cellsArb = fc
  .record({ slices: fc.integer({ min: 1, max: 5 }), buckets: fc.integer({ min: 1, max: 5 }) })
  .chain(({ slices, buckets }) =>
    fc.record({
      xEdges: fc.constant(edges(slices)),
      yEdges: fc.constant(edges(buckets)),
      histograms: fc.uniqueArray(
        fc.record({
          labels: fc
            .record({ a: fc.constantFrom('', '1', '2', '3'), b: fc.constantFrom('x', 'y'), c: fc.nat({ max: 9 }) })
            .map(({ a, b, c }) => labelsOf({ a, b, c: String(c) })),
          counts: fc
            .array(fc.oneof(fc.nat({ max: 500 }), fc.constant(NaN)), {
              minLength: slices * buckets,
              maxLength: slices * buckets,
            })
            .map((counts) => Float64Array.from(counts)),
        }),
        { maxLength: 12, selector: ({ labels }) => JSON.stringify(labels) },
      ),
    }),
  );
const boxArb = fc
  .tuple(
    fc.integer({ min: 0, max: 4 }),
    fc.integer({ min: 1, max: 3 }),
    fc.nat({ max: 4 }),
    fc.integer({ min: 1, max: 3 }),
  )
  .map(([from, slices, lower, rows]): Box => ({ from, to: from + slices, lower, upper: lower + rows }));
const total = (cells: RegionCells) =>
  cells.histograms.reduce((sum, { counts }) => sum + counts.reduce((s, c) => s + (c > 0 ? c : 0), 0), 0);

describe('a region and the rest', () => {
  test('every observation is in one of them, once', () => {
    fc.assert(
      fc.property(cellsArb, boxArb, (cells, box) => {
        const range = { from: 0, to: cells.xEdges.length - 1 };
        const split = splitByRegion(cells, box, { kind: 'rest', ...range });
        const sum = split.reduce((s, { inside, baseline }) => s + inside + baseline, 0);
        expect(sum).toBe(total(cells));
      }),
    );
  });
  test('the box and the other values at its times are all of those times', () => {
    fc.assert(
      fc.property(cellsArb, boxArb, (cells, box) => {
        const same = splitByRegion(cells, box, { kind: 'sameTime' });
        const column = splitByRegion(cells, { ...box, lower: -Infinity, upper: Infinity }, { kind: 'sameTime' });
        const sum = (split: typeof same) => split.reduce((s, { inside, baseline }) => s + inside + baseline, 0);
        expect(sum(same)).toBe(sum(column));
      }),
    );
  });
  test('earlier is what the same box would hold there', () => {
    fc.assert(
      fc.property(cellsArb, boxArb, fc.integer({ min: 5, max: 9 }), (cells, box, shiftMs) => {
        const later = { ...box, from: box.from + shiftMs, to: box.to + shiftMs };
        const earlier = splitByRegion(cells, later, { kind: 'earlier', shiftMs });
        const there = splitByRegion(cells, earlierBox(later, shiftMs), { kind: 'sameTime' });
        expect(earlier.reduce((s, { baseline }) => s + baseline, 0)).toBe(
          there.reduce((s, { inside }) => s + inside, 0),
        );
      }),
    );
  });
  test('a box over cells of the baseline takes them from it', () => {
    const cells = {
      xEdges: edges(1),
      yEdges: edges(2),
      histograms: [{ labels: labelsOf({ a: '1' }), counts: Float64Array.of(3, 4) }],
    };
    const box = { from: 0, to: 1, lower: 1, upper: 2 };
    const other: Baseline = { kind: 'box', box: { from: 0, to: 1, lower: 0, upper: 2 } };
    expect(splitByRegion(cells, box, other)).toMatchObject([{ inside: 4, baseline: 3 }]);
  });
  test('times are widened to slices, at least one, within the grid', () => {
    const grid = { start: 60, end: 240, step: 60 };
    expect(snapTimes(grid, 61, 119)).toEqual({ from: 60, to: 120 });
    expect(snapTimes(grid, 119, 61)).toEqual({ from: 60, to: 120 });
    expect(snapTimes(grid, 60, 60)).toEqual({ from: 60, to: 120 });
    expect(snapTimes(grid, -500, 500)).toEqual({ from: 0, to: 240 });
    expect(snapTimes(grid, 500, 600)).toEqual({ from: 180, to: 240 });
  });
});

describe('the ranking', () => {
  const splitArb = cellsArb.map((cells) =>
    splitByRegion(cells, { from: 0, to: 1, lower: 0, upper: 1 }, { kind: 'rest', from: 0, to: 9 }),
  );
  test('of every label, the shares of both sides sum to one, and no score is larger than the difference', () => {
    fc.assert(
      fc.property(splitArb, (split) => {
        for (const { values, score } of rankLabels(split)) {
          for (const side of ['shareInside', 'shareBaseline'] as const) {
            const sum = values.reduce((s, value) => s + value[side], 0);
            if (!Number.isNaN(sum)) expect(sum).toBeCloseTo(1, 9);
          }
          for (const value of values) {
            expect(Math.abs(value.score)).toBeLessThanOrEqual(score);
            if (value.score === 0) continue;
            const difference = value.shareInside - value.shareBaseline;
            expect(Math.sign(value.score)).toBe(Math.sign(difference));
            expect(Math.abs(value.score)).toBeLessThanOrEqual(Math.abs(difference));
          }
        }
      }),
    );
  });
  test('the order of the series does not matter', () => {
    fc.assert(
      fc.property(splitArb, (split) => {
        const told = (of: typeof split) => rankLabels(of).map(({ label, sameSplit }) => [label, sameSplit]);
        expect(told([...split].reverse())).toEqual(told(split));
      }),
    );
  });
  test('a label that copies another is merged with it', () => {
    fc.assert(
      fc.property(splitArb, (split) => {
        const copied = split.map((counts) => ({
          ...counts,
          labels: labelsOf({
            ...Object.fromEntries(counts.labels),
            z: `copy of ${Object.fromEntries(counts.labels).b}`,
          }),
        }));
        const [plain, ranked] = [rankLabels(split), rankLabels(copied)];
        expect(ranked.map(({ label }) => label)).toEqual(plain.map(({ label }) => label));
        const host = ranked.find(({ label, sameSplit }) => label === 'b' || sameSplit.includes('b'));
        if (host !== undefined) expect(host.sameSplit).toContain('z');
      }),
    );
  });
  test('a large difference among few comes behind a smaller one among many', () => {
    const few = { labels: labelsOf({ a: '1', b: '1' }), inside: 3, baseline: 0, isNew: false };
    const many = [
      { labels: labelsOf({ a: '2', b: '2' }), inside: 0, baseline: 4, isNew: false },
      { labels: labelsOf({ a: '2', b: '2', c: '1' }), inside: 700, baseline: 400_000, isNew: false },
      { labels: labelsOf({ a: '2', b: '2', c: '2' }), inside: 300, baseline: 600_000, isNew: false },
    ];
    expect(rankLabels([few, ...many])[0].label).toBe('c');
    expect(
      rankLabels([
        { ...few, inside: 2 },
        { ...many[0], baseline: 2 },
      ])[0].score,
    ).toBe(0);
  });
  test('values that have the same series name each other', () => {
    const ranked = rankLabels([
      { labels: labelsOf({ version: 'v2', instance: 'c' }), inside: 9, baseline: 1, isNew: false },
      { labels: labelsOf({ version: 'v1', instance: 'a' }), inside: 1, baseline: 9, isNew: false },
      { labels: labelsOf({ version: 'v1', instance: 'b' }), inside: 1, baseline: 9, isNew: false },
    ]);
    expect(ranked.map(({ label }) => label)).toEqual(['version', 'instance']);
    expect(ranked[0].values[0]).toMatchObject({ value: 'v2', same: [{ label: 'instance', value: 'c' }] });
    expect(ranked[0].values[1].same).toEqual([]);
  });
});

describe('the explanation', () => {
  const box = { from: 1, to: 2, lower: 1, upper: Infinity };
  const baseline: Baseline = { kind: 'rest', from: 0, to: 2 };
  const explain = (rows: Record<string, readonly number[]>, beganAt?: number) =>
    explainRegion({
      cells: {
        xEdges: edges(2),
        yEdges: Float64Array.of(0, 1, Infinity),
        histograms: Object.entries(rows).map(([version, counts]) => ({
          labels: labelsOf({ version, job: 'model' }),
          counts: Float64Array.from(counts),
          ...(version === 'v2' && beganAt !== undefined ? { beganAt } : {}),
        })),
      },
      box,
      baseline,
    });
  test('says it in words', () => {
    const told = explain({ v1: [880, 0, 0, 9], v2: [120, 0, 0, 91] });
    expect(told.headline).toBe('version="v2" holds 91 % of the slow requests and 12 % of the others');
    expect(told).toMatchObject({ inside: 100, baseline: 1000, labelSets: 2, cautions: [] });
    expect(told.labels.map(({ label }) => label)).toEqual(['version']);
  });
  test('says when there is nothing to say', () => {
    expect(explain({ v1: [880, 0, 0, 9] }).headline).toMatch(/same labels/);
    expect(explain({ v1: [880, 0, 0, 0], v2: [9, 0, 0, 0] }).headline).toBe('Nothing was observed in this box');
    expect(explain({ v1: [0, 0, 0, 4], v2: [0, 0, 0, 4] }).headline).toBe('There are no others to compare with');
    expect(explain({ v1: [500, 0, 0, 500], v2: [510, 0, 0, 490] }).headline).toMatch(/^No label .* apart$/);
    expect(explain({ v1: [500, 0, 0, 2], v2: [510, 0, 0, 4] }).cautions).toEqual([
      'Only 6 slow requests: shares of so few say little.',
    ]);
  });
  test('one is told as one', () => {
    expect(explain({ v1: [500, 0, 0, 1], v2: [510, 0, 0, 0] }).cautions).toEqual([
      'Only 1 slow request: shares of so few say little.',
    ]);
    expect(explain({ v1: [1, 0, 0, 500], v2: [0, 0, 0, 500] }).cautions).toEqual([
      'Only 1 other to compare with: shares of so few say little.',
    ]);
    expect(countedText(1, 'selected observations', '1')).toBe('1 selected observation');
    expect(countedText(2, 'others at the same time')).toBe('2 others at the same time');
    expect(countedText(1, 'fast requests with path="/requests"')).toBe('1 fast request with path="/requests"');
  });
  test('compares one version with the others by what both have', () => {
    const rows: [Record<string, string>, number][] = [
      [{ version: 'v1', instance: 'a', route: '/x' }, 90],
      [{ version: 'v1', instance: 'a', route: '/y' }, 10],
      [{ version: 'v2', instance: 'b', route: '/x' }, 30],
      [{ version: 'v2', instance: 'b', route: '/y' }, 170],
    ];
    const told = explainRegion({
      cells: {
        xEdges: edges(2),
        yEdges: Float64Array.of(0, 1, Infinity),
        histograms: rows.map(([labels, slow]) => ({
          labels: labelsOf(labels),
          counts: Float64Array.of(5000, 0, 5000, slow),
        })),
      },
      box,
      baseline: { kind: 'value', label: 'version', value: 'v1' },
    });
    expect(told).toMatchObject({ inside: 200, baseline: 100 });
    expect(told.headline).toBe(
      'route="/y" holds 85 % of the other slow requests and 10 % of the slow requests with version="v1"',
    );
    expect(told.labels.map(({ label }) => label)).toEqual(['route']);
    expect(told.cautions).toEqual(['Not compared: instance, as each value belongs to one side only.']);
  });
  test('marks series that began inside the box as new', () => {
    const told = explain({ v1: [880, 0, 0, 10], v2: [0, 0, 0, 90] }, 1.5);
    expect(told.labels[0].values[0]).toMatchObject({ value: 'v2', isNew: true });
    expect(told.cautions).toEqual([
      '90 % of the slow requests come from one label set that began inside the box: new, not changed.',
    ]);
    expect(explain({ v1: [880, 0, 0, 10], v2: [0, 0, 0, 90] }, 0.5).cautions).toEqual([]);
  });
  test('no cell makes it throw', () => {
    fc.assert(
      fc.property(cellsArb, boxArb, (cells, anyBox) => {
        const told = explainRegion({ cells, box: anyBox, baseline: { kind: 'sameTime' } });
        expect(told.headline).not.toMatch(/NaN|undefined/);
      }),
    );
  });
});

describe('shares', () => {
  test.each([
    [0.914, '91 %'],
    [0, '0 %'],
    [1, '100 %'],
    [0.9996, '> 99.9 %'],
    [0.996, '99.6 %'],
    [0.0004, '< 0.1 %'],
    [0.0567, '5.7 %'],
  ])('%d is told as %s', (share, text) => expect(shareText(share)).toBe(text));
  test('values are quoted, long ones cut, missing ones named', () => {
    expect(pairText('a', 'x"y')).toBe('a="x\\"y"');
    expect(pairText('a', '')).toBe('no a');
    expect(pairText('a', 'x'.repeat(10_000)).length).toBeLessThan(80);
  });
  test('the normal quantile is that of the tables', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.95996, 3);
    expect(normalQuantile(0.5)).toBeCloseTo(0, 3);
    expect(normalQuantile(0.0005)).toBeCloseTo(-3.29053, 3);
  });
  test("Wilson's interval contains the share and its ends are the shares that are just so many deviations away", () => {
    for (const [k, n, z] of [
      [56, 70, 1.96],
      [1, 9, 3],
      [0, 5, 2],
    ]) {
      const ends = wilsonInterval(k, n, z);
      for (const end of ends.filter((p) => p > 1e-12)) {
        expect(Math.abs(k / n - end)).toBeCloseTo(z * Math.sqrt((end * (1 - end)) / n), 9);
      }
    }
    expect(wilsonInterval(0, 0, 2)).toEqual([0, 1]);
  });
  test("the cautious difference is that of Newcombe's example: 56 of 70 against 48 of 80", () => {
    expect(cautiousDifference(56, 70, 48, 80, 1.959964)).toBeCloseTo(0.0524, 4);
    expect(cautiousDifference(48, 80, 56, 70, 1.959964)).toBeCloseTo(-0.0524, 4);
  });
  test('the cautious difference is never beyond the plain one, and grows with the counts', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, share, fc.integer({ min: 1, max: 1e6 }), (p1, p2, n) => {
        const small = cautiousDifference(p1 * n, n, p2 * n, n, 2);
        const large = cautiousDifference(p1 * n * 10, n * 10, p2 * n * 10, n * 10, 2);
        expect(Math.abs(small)).toBeLessThanOrEqual(Math.abs(p1 - p2) + 1e-12);
        expect(Math.abs(large)).toBeGreaterThanOrEqual(Math.abs(small) - 1e-12);
      }),
    );
  });
});
