import fc from 'fast-check';
import { labelsOf, labelsRecord, labelValue } from '../../shared/model/labels.ts';
import { explained } from '../../../tests/support/explaining.ts';
import { MemoryQueryable, type MemorySeries } from '../../../tests/support/memoryQueryable.ts';
import { createEngine, DEFAULT_LIMITS } from '../promql/engine.ts';
import type { Queryable } from '../storage/queryable.ts';
import { distribution } from './distribution.ts';
import type { ExplainRequest } from './explainBox.ts';

const BOUNDS = ['0.1', '0.5', '1', '+Inf'];
const SECOND = 1000;
const SCRAPE = 10 * SECOND;

interface Service {
  readonly version: string;
  readonly instance: string;
  /** By scrape: observations since the scrape before, by bucket; undefined is a missed scrape. */
  readonly observed: readonly (readonly number[] | undefined)[];
  /** The process starts anew before the first scrape from here on that is not missed. */
  readonly resetAt?: number;
  /** Scrapes before its first one. */
  readonly missing?: number;
}

/** What each scrape adds, as [time, observations by bucket, is the first after a restart]; that one comes before any request, so that all counters are seen to fall. */
function scrapesOf({ observed, resetAt, missing = 0 }: Service): [number, readonly number[], boolean][] {
  const scrapes: [number, readonly number[], boolean][] = [];
  let restarts = false;
  observed.forEach((counts, i) => {
    restarts ||= i === resetAt;
    if (counts === undefined) return;
    scrapes.push([(missing + i) * SCRAPE, restarts ? [0, 0, 0, 0] : counts, restarts]);
    restarts = false;
  });
  return scrapes;
}

/** Counters of a service's histogram, with a scrape every ten seconds from t = 0. */
function seriesOf(service: Service): MemorySeries[] {
  const { version, instance } = service;
  const names = [...BOUNDS.map((le) => ['x_bucket', le]), ['x_count', ''], ['x_sum', '']];
  const samples = names.map((): [number, number][] => []);
  let cumulative = [0, 0, 0, 0];
  for (const [t, counts, restarts] of scrapesOf(service)) {
    if (restarts) cumulative = [0, 0, 0, 0];
    let below = 0;
    cumulative = cumulative.map((sum, y) => sum + (below += counts[y]));
    cumulative.forEach((value, y) => samples[y].push([t, value]));
    samples[4].push([t, cumulative[3]]);
    samples[5].push([t, cumulative[3] * 0.25]);
  }
  return names.map(([name, le], s) => ({
    labels: labelsOf({ __name__: name, le, version, instance, job: 'model' }),
    samples: samples[s],
    group: instance,
  }));
}

const countsArb = fc.array(fc.nat({ max: 50 }), { minLength: 4, maxLength: 4 });
const observedArb = fc.array(fc.option(countsArb, { nil: undefined, freq: 8 }), { minLength: 12, maxLength: 30 });
const servicesArb = fc.array(
  fc.record({
    version: fc.constantFrom('v1', 'v2'),
    observed: observedArb,
    resetAt: fc.option(fc.nat({ max: 11 }), { nil: undefined }),
    missing: fc.nat({ max: 4 }),
  }),
  { minLength: 1, maxLength: 4 },
);
const named = (services: readonly Omit<Service, 'instance'>[]): Service[] =>
  services.map((service, i) => ({ ...service, instance: `i${i}` }));

const QUERY = 'sum by (le, version) (rate(x_bucket[30s]))';
const GRID = { start: 60 * SECOND, end: 240 * SECOND, stepMs: 30 * SECOND };
const engineOf = (queryable: Queryable) => createEngine(queryable, DEFAULT_LIMITS);

describe('the distribution', () => {
  const quantiles = [0, 0.5, 0.9, 0.99, 1];
  const limits = [0.05, 0.1, 0.3, 1, 5];

  /** Values of a range query by version, NaN where there are none. */
  async function promql(queryable: Queryable, expr: string): Promise<Map<string, Float64Array>> {
    const { value } = await engineOf(queryable).query({ expr, ...GRID });
    if (value.kind !== 'matrix') throw new Error(value.kind);
    const { matrix, grid } = value;
    return new Map(
      matrix.labels.map((labels, s) => [
        labelValue(labels, 'version'),
        Float64Array.from({ length: grid.count }, (_, i) =>
          (matrix.present[s * matrix.presentStride + (i >> 3)] >> (i & 7)) & 1
            ? matrix.values[s * grid.count + i]
            : NaN,
        ),
      ]),
    );
  }

  test("has PromQL's own numbers: counts, mean, quantiles, shares", async () => {
    await fc.assert(
      fc.asyncProperty(servicesArb, async (services) => {
        const queryable = new MemoryQueryable(named(services).flatMap(seriesOf));
        const { groups } = await distribution(engineOf(queryable), { expr: QUERY, ...GRID, quantiles, limits });
        const increase = (name: string) => `sum by (version) (increase(x_${name}[30s]))`;
        const counts = await promql(queryable, increase('count'));
        const means = await promql(queryable, `${increase('sum')} / (${increase('count')} > 0)`);
        expect(groups.map(({ labels }) => labelValue(labels, 'version')).sort()).toEqual([...counts.keys()].sort());
        const resets = await promql(queryable, 'sum by (version) (resets(x_count[30s]))');
        for (const group of groups) {
          const version = labelValue(group.labels, 'version');
          expectClose(group.total, counts.get(version)!);
          expectClose(group.mean!, means.get(version) ?? new Float64Array(7).fill(NaN));
          expectClose(
            group.resets!,
            resets.get(version)!.map((n, x) => (Number.isNaN(group.total[x]) ? NaN : n)),
          );
          expect([...group.layoutOf]).toEqual(Array.from(group.total, (total) => (Number.isNaN(total) ? NaN : 0)));
        }
        for (const [k, q] of quantiles.entries()) {
          const lines = await promql(
            queryable,
            `histogram_quantile(${q}, sum by (le, version) (increase(x_bucket[30s])))`,
          );
          for (const g of groups) expectClose(g.quantiles[k], lines.get(labelValue(g.labels, 'version'))!);
        }
        for (const [k, limit] of limits.entries()) {
          const expr = `histogram_fraction(-Inf, ${limit}, sum by (le, version) (increase(x_bucket[30s])))`;
          const lines = await promql(queryable, expr);
          for (const g of groups) expectClose(g.shares[k], lines.get(labelValue(g.labels, 'version'))!);
        }
      }),
      { numRuns: 30 },
    );
  });

  function expectClose(ours: Float64Array, theirs: Float64Array): void {
    expect(ours.length).toBe(theirs.length);
    ours.forEach((value, i) => {
      if (Number.isNaN(theirs[i])) expect(value).toBeNaN();
      else if (Number.isFinite(theirs[i])) {
        expect(Math.abs(value - theirs[i])).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(theirs[i])));
      } else expect(value).toBe(theirs[i]);
    });
  }

  test('is grouped as the expression or the request says, and tells its PromQL', async () => {
    const observed = Array.from({ length: 30 }, () => [1, 2, 3, 4]);
    const services = named([
      { version: 'v1', observed },
      { version: 'v2', observed },
    ]);
    const engine = engineOf(new MemoryQueryable(services.flatMap(seriesOf)));
    const ask = async (expr: string, by?: string[]) => {
      const found = await distribution(engine, { expr, ...GRID, by, quantiles: [], limits: [] });
      return [found.expr, found.windowMs, found.groups.length] as const;
    };
    expect(await ask(QUERY)).toEqual(['sum by (le, version) (increase(x_bucket[30s]))', 30_000, 2]);
    expect(await ask(QUERY, [])).toEqual(['sum by (le) (increase(x_bucket[30s]))', 30_000, 1]);
    expect(await ask('x_bucket{version="v1"}', ['le', 'instance'])).toEqual([
      'sum by (le, instance) (increase(x_bucket{version="v1"}[30s]))',
      30_000,
      1,
    ]);
    expect(await ask('rate(x_bucket[1m])')).toEqual(['increase(x_bucket[1m])', 60_000, 2]);
    const without = 'sum without (instance) (increase(x_bucket[1m]))';
    expect(await ask('sum without (instance) (rate(x_bucket[1m]))')).toEqual([without, 60_000, 2]);
  });

  test.each(['resets', 'sums', 'NaN', ''])(
    'a bucket with le=%j is none, and what counters do is told all the same',
    async (le) => {
      const services = named([
        { version: 'v1', observed: Array.from({ length: 30 }, () => [1, 2, 3, 4]), resetAt: 12 },
      ]);
      const series = services.flatMap(seriesOf);
      const odd = { ...series[3], labels: labelsOf({ ...labelsRecord(series[3].labels), le, instance: 'odd' }) };
      const ask = async (held: MemorySeries[]) =>
        (await distribution(engineOf(new MemoryQueryable(held)), { expr: QUERY, ...GRID, quantiles, limits })).groups;
      const [own] = await ask(series);
      expect(own.resets!.some((n) => n > 0)).toBe(true);
      expect(await ask([...series, odd])).toEqual([own]);
    },
  );
});

describe('explaining a box', () => {
  const box = { from: 120 * SECOND, to: 180 * SECOND, lower: 0.5, upper: Infinity };
  const ask = (queryable: Queryable, changes: Partial<ExplainRequest> = {}) =>
    explained(queryable, { expr: QUERY, ...GRID, box, baseline: { kind: 'rest' }, ...changes });
  const fast = [9, 1, 0, 0];
  const slow = [1, 1, 6, 2];
  const steady = (counts: readonly number[]) => Array.from({ length: 30 }, () => counts);
  /** Slow in the scrapes whose increases lie in (120 s, 180 s]. */
  const during = Array.from({ length: 30 }, (_, i) => (i > 12 && i <= 18 ? slow : fast));

  test('every observation that the samples show is on one side, whatever restarts and gaps there are', async () => {
    await fc.assert(
      fc.asyncProperty(servicesArb, async (services) => {
        const all = named(services);
        const queryable = new MemoryQueryable(all.flatMap(seriesOf));
        const { explanation } = await ask(queryable);
        let expected = 0;
        for (const service of all) {
          for (const [t, counts] of scrapesOf(service).slice(1)) {
            if (t > GRID.start - GRID.stepMs && t <= GRID.end) expected += counts.reduce((a, b) => a + b, 0);
          }
        }
        expect(explanation.inside + explanation.baseline).toBe(expected);
      }),
    );
  });
  test('names the version that became slow, with whole counts', async () => {
    const services = named([
      { version: 'v1', observed: steady(fast) },
      { version: 'v1', observed: steady(fast) },
      { version: 'v2', observed: during },
    ]);
    const { explanation, metric, box: snapped } = await ask(new MemoryQueryable(services.flatMap(seriesOf)));
    expect(metric).toBe('x');
    expect(snapped).toEqual(box);
    // 6 scrapes of 8 slow requests; the rest: 3 instances × 21 scrapes of 10 requests each, from 30 s to 240 s.
    expect(explanation).toMatchObject({ inside: 48, baseline: 3 * 21 * 10 - 48, labelSets: 3 });
    expect(explanation.labels[0]).toMatchObject({ label: 'version', sameSplit: [] });
    expect(explanation.labels[0].values[0]).toMatchObject({
      value: 'v2',
      inside: 48,
      shareInside: 1,
      same: [{ label: 'instance', value: 'i2' }],
    });
    expect(explanation.labels.map(({ label }) => label)).toEqual(['version', 'instance']);
  });
  test('the box grows to slices and bounds', async () => {
    const queryable = new MemoryQueryable(named([{ version: 'v1', observed: steady(fast) }]).flatMap(seriesOf));
    const snapped = async (drawn: typeof box) => (await ask(queryable, { box: drawn })).box;
    expect(await snapped({ from: 125_000, to: 126_000, lower: 0.3, upper: 0.7 })).toEqual({
      from: 120_000,
      to: 150_000,
      lower: 0.1,
      upper: 1,
    });
    expect(await snapped({ from: 0, to: 999_000, lower: -Infinity, upper: 0.05 })).toEqual({
      from: 30_000,
      to: 240_000,
      lower: 0,
      upper: 0.1,
    });
  });
  test('compares with the same time, with earlier, and with another box', async () => {
    const services = named([
      { version: 'v1', observed: steady(fast) },
      { version: 'v2', observed: during },
    ]);
    const queryable = new MemoryQueryable(services.flatMap(seriesOf));
    const whole = { ...box, lower: -Infinity };
    const counts = async (baseline: ExplainRequest['baseline'], of = box) => {
      const { explanation } = await ask(queryable, { baseline, box: of });
      return [explanation.inside, explanation.baseline];
    };
    expect(await counts({ kind: 'sameTime' })).toEqual([48, 120 - 48]);
    expect(await counts({ kind: 'earlier', shiftMs: 60_000 }, whole)).toEqual([120, 120]);
    expect(await counts({ kind: 'box', box: { from: 30_000, to: 60_000, lower: 0, upper: 0.1 } })).toEqual([48, 54]);
  });
  test('compares with what was before a deploy, and with one version', async () => {
    const services = named([
      { version: 'v1', observed: during },
      { version: 'v2', observed: during },
      { version: 'v2', observed: during },
    ]);
    const queryable = new MemoryQueryable(services.flatMap(seriesOf));
    const whole = { ...box, lower: -Infinity };
    const told = async (baseline: ExplainRequest['baseline'], of = box) => {
      const { explanation, baselineBox } = await ask(queryable, { baseline, box: of });
      return [explanation.inside, explanation.baseline, baselineBox?.from, baselineBox?.to];
    };
    // A deploy within a slice: the slices that were over by then.
    expect(await told({ kind: 'before', moment: 130_000 }, whole)).toEqual([180, 270, 30_000, 120_000]);
    expect(await told({ kind: 'before', moment: 120_000 })).toEqual([144, 0, 30_000, 120_000]);
    expect(await told({ kind: 'value', label: 'version', value: 'v1' })).toEqual([96, 48, undefined, undefined]);
    expect(await told({ kind: 'value', label: 'version', value: '' })).toEqual([144, 0, undefined, undefined]);
    await expect(told({ kind: 'before', moment: 500_000 })).rejects.toThrow(/moment lies outside of start and end/);
  });
  test('series that began inside the box are told to be new', async () => {
    const services = named([
      { version: 'v1', observed: steady(fast) },
      { version: 'v2', observed: steady(slow), missing: 14 },
    ]);
    const { explanation } = await ask(new MemoryQueryable(services.flatMap(seriesOf)));
    expect(explanation.labels[0].values[0]).toMatchObject({ value: 'v2', isNew: true });
    expect(explanation.cautions.join()).toMatch(/one label set that began inside the box/);
  });
  test('a series that moved to another group goes on, and its samples count once', async () => {
    const [whole] = named([{ version: 'v1', observed: steady(fast) }]);
    const parts = seriesOf(whole).flatMap((series) => [
      { ...series, samples: series.samples.filter(([t]) => t <= 150_000), group: 'before' },
      { ...series, samples: series.samples.filter(([t]) => t >= 140_000), group: 'after' },
    ]);
    const [moved, stayed] = await Promise.all(
      [parts, seriesOf(whole)].map((series) => ask(new MemoryQueryable(series))),
    );
    expect(moved.explanation.baseline).toBe(stayed.explanation.baseline);
  });
  test('label sets with other buckets are left out and told', async () => {
    const other = seriesOf({ version: 'v9', instance: 'i9', observed: steady(slow) }).filter(
      ({ labels }) => labelValue(labels, 'le') !== '0.5',
    );
    const queryable = new MemoryQueryable([
      ...seriesOf({ version: 'v1', instance: 'i0', observed: steady(fast) }),
      ...other,
    ]);
    const { warnings, explanation } = await ask(queryable);
    expect(warnings.join()).toMatch(/one label set has no bucket that ends at 0.5/);
    expect(explanation.labelSets).toBe(1);
  });
  test('what is asked wrongly says what to change', async () => {
    const queryable = new MemoryQueryable(named([{ version: 'v1', observed: steady(fast) }]).flatMap(seriesOf));
    await expect(ask(queryable, { expr: 'sum(' })).rejects.toThrow(/./);
    await expect(ask(queryable, { expr: 'x_count' })).rejects.toThrow(/write x_bucket/);
    await expect(ask(queryable, { box: { ...box, from: 0, to: 30_000 } })).rejects.toThrow(/outside of start and end/);
    await expect(ask(queryable, { expr: 'y_bucket' })).rejects.toThrow(/no buckets of y in this time range/);
  });
});
