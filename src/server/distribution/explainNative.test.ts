/** Boxes over native histograms: what is counted is what PromQL says of the same times and values. */
import fs from 'node:fs';
import fc from 'fast-check';
import { labelsOf, labelValue } from '../../shared/model/labels.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { ALL_SYNTAX } from '../../shared/promql/features.ts';
import { explained } from '../../../tests/support/explaining.ts';
import { MemoryQueryable, type MemorySeries } from '../../../tests/support/memoryQueryable.ts';
import { customOf, exponentialOf } from '../../../tests/support/observedHistograms.ts';
import { makeFolder } from '../../../tests/support/tsdbSamples.ts';
import { createEngine, DEFAULT_LIMITS } from '../promql/engine.ts';
import { packedColumns } from '../storage/leases.ts';
import type { Queryable } from '../storage/queryable.ts';
import { openTsdb } from '../tsdb/db.ts';
import type { ExplainRequest } from './explainBox.ts';

const SECOND = 1000;
const SCRAPE = 10 * SECOND;
const GRID = { start: 60 * SECOND, end: 240 * SECOND, stepMs: 30 * SECOND };
const RANGE = { from: 30 * SECOND, to: 240 * SECOND };
const BOX = { from: 120 * SECOND, to: 180 * SECOND, lower: 0.3, upper: 2 };

type Form = (observations: readonly number[], scrape: number) => NativeHistogram;

/** What buckets there are may change while it counts, as at a store's or a client's limit of buckets. */
const FORMS: Readonly<Record<string, Form>> = {
  'exponential buckets': (seen) => exponentialOf(seen, 1, 0.02),
  'exponential buckets that become coarser and then finer': (seen, i) =>
    exponentialOf(seen, i < 8 || i > 20 ? 2 : 0, 0.02),
  'exponential buckets around a zero bucket that widens': (seen, i) => exponentialOf(seen, 3, i < 14 ? 0 : 0.2),
  'custom buckets': (seen) => customOf(seen, Float64Array.of(0.1, 0.5, 1)),
  'custom buckets that change': (seen, i) => customOf(seen, Float64Array.of(0.1, i < 14 ? 0.5 : 0.25, 1, 4)),
};

interface Service {
  readonly version: string;
  /** By scrape: observations since the scrape before; undefined is a missed scrape. */
  readonly observed: readonly (readonly number[] | undefined)[];
  /** The process starts anew before this scrape. */
  readonly resetAt?: number;
  /** Scrapes before its first one. */
  readonly missing?: number;
}

function seriesOf({ version, observed, resetAt, missing = 0 }: Service, instance: number, form: Form): MemorySeries {
  let seen: number[] = [];
  const samples = observed.flatMap((values, i): [number, NativeHistogram][] => {
    if (i === resetAt) seen = [];
    if (values === undefined) return [];
    seen = [...seen, ...values];
    return [[(missing + i) * SCRAPE, form(seen, i)]];
  });
  return {
    labels: labelsOf({ __name__: 'x_seconds', version, instance: `i${instance}`, job: 'model' }),
    samples,
    group: `i${instance}`,
  };
}

const storeOf = (services: readonly Service[], form: Form) =>
  new MemoryQueryable(services.map((service, i) => seriesOf(service, i, form)));
const REQUEST: ExplainRequest = {
  expr: 'sum by (version) (rate(x_seconds[30s]))',
  ...GRID,
  box: BOX,
  baseline: { kind: 'rest' },
};
/** What is told, or why nothing is. */
const outcome = (asked: Promise<unknown>) => asked.catch((fault: Error) => fault.message);
const ask = (queryable: Queryable, changes: Partial<ExplainRequest> = {}) =>
  explained(queryable, { ...REQUEST, ...changes });

type Box = ExplainRequest['box'];

/** Observations in a box, by version, as PromQL tells them. */
async function countsIn(queryable: Queryable, { from, to, lower, upper }: Box): Promise<Map<string, number>> {
  const engine = createEngine(queryable, { ...DEFAULT_LIMITS, ...ALL_SYNTAX });
  const number = (v: number) => (Number.isFinite(v) ? String(v) : `${v < 0 ? '-' : '+'}Inf`);
  const gained = `increase(x_seconds[${(to - from) / SECOND}s] anchored)`;
  const inside = `histogram_fraction(${number(lower)}, ${number(upper)}, ${gained}) * histogram_count(${gained})`;
  // Where nothing was observed there is no fraction.
  const expr = `sum by (version) (${inside} and histogram_count(${gained}) > 0)`;
  const { value } = await engine.query({ expr, start: to, end: to, stepMs: SECOND });
  if (value.kind !== 'matrix') throw new Error(value.kind);
  return new Map(value.matrix.labels.map((labels, s) => [labelValue(labels, 'version'), value.matrix.values[s]]));
}

/** The same of what several boxes hold together. */
async function countsInAll(queryable: Queryable, boxes: readonly Box[]): Promise<Map<string, number>> {
  const all = new Map<string, number>();
  for (const box of boxes) {
    for (const [version, n] of await countsIn(queryable, box)) all.set(version, (all.get(version) ?? 0) + n);
  }
  return all;
}

const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0);
const open = { lower: -Infinity, upper: Infinity };

const observedArb = fc.array(
  fc.option(fc.array(fc.double({ min: -0.5, max: 6, noNaN: true }), { maxLength: 12 }), { nil: undefined, freq: 8 }),
  { minLength: 14, maxLength: 30 },
);
const servicesArb = fc.array(
  fc.record({
    version: fc.constantFrom('v1', 'v2'),
    observed: observedArb,
    resetAt: fc.option(fc.nat({ max: 20 }), { nil: undefined }),
    missing: fc.nat({ max: 4 }),
  }),
  { minLength: 1, maxLength: 4 },
);
const boundArb = fc.constantFrom(-Infinity, -0.3, 0, 0.1, 0.3, 0.5, 2, Infinity);
const valuesArb = fc.tuple(boundArb, boundArb).filter(([lower, upper]) => lower < upper);

describe.each(Object.keys(FORMS))('a box over %s', (name) => {
  const form = FORMS[name];

  test('holds the share of the increase that histogram_fraction tells, and so do the others and an earlier box', async () => {
    await fc.assert(
      fc.asyncProperty(servicesArb, valuesArb, async (services, [lower, upper]) => {
        const queryable = storeOf(services, form);
        const box = { ...BOX, lower, upper };
        const inside = await countsIn(queryable, box);
        const others = await countsInAll(
          queryable,
          [
            { from: RANGE.from, to: box.from, ...open },
            { from: box.to, to: RANGE.to, ...open },
            { ...box, lower: -Infinity, upper: lower },
            { ...box, lower: upper, upper: Infinity },
          ].filter((one) => one.lower < one.upper),
        );
        const rest = await ask(queryable, { box });
        expect(rest.box).toEqual(box);
        expect(rest.explanation.inside).toBeCloseTo(total(inside), 8);
        expect(rest.explanation.baseline).toBeCloseTo(total(others), 8);
        for (const { value, inside: own, baseline } of rest.explanation.labels.find(({ label }) => label === 'version')
          ?.values ?? []) {
          expect(own).toBeCloseTo(inside.get(value) ?? 0, 8);
          expect(baseline).toBeCloseTo(others.get(value) ?? 0, 8);
        }
        const earlierBox = { ...box, from: box.from - 60 * SECOND, to: box.to - 60 * SECOND };
        const earlier = await ask(queryable, { box, baseline: { kind: 'earlier', shiftMs: 60 * SECOND } });
        expect(earlier.explanation.baseline).toBeCloseTo(total(await countsIn(queryable, earlierBox)), 8);
      }),
      { numRuns: 25 },
    );
  });

  test('is compared with the same time, with before a deploy, with another box and with one version', async () => {
    const observed = Array.from({ length: 30 }, (_, i) => [0.05, 0.2, 0.4, i % 3, 1.5, 5]);
    const queryable = storeOf(
      [
        { version: 'v1', observed },
        { version: 'v2', observed, resetAt: 15 },
      ],
      form,
    );
    const baseline = async (asked: ExplainRequest['baseline']) =>
      (await ask(queryable, { baseline: asked })).explanation;
    const counts = async (...boxes: Box[]) => total(await countsInAll(queryable, boxes));
    expect((await baseline({ kind: 'sameTime' })).baseline).toBeCloseTo(
      await counts({ ...BOX, ...open, upper: BOX.lower }, { ...BOX, ...open, lower: BOX.upper }),
    );
    // A deploy within a slice: the slices that were over by then.
    expect((await baseline({ kind: 'before', moment: 130 * SECOND })).baseline).toBeCloseTo(
      await counts({ ...BOX, from: RANGE.from, to: 120 * SECOND }),
    );
    const other = { from: 180 * SECOND, to: 240 * SECOND, lower: 0.07, upper: 0.35 };
    expect((await baseline({ kind: 'box', box: other })).baseline).toBeCloseTo(await counts(other));
    const own = await countsIn(queryable, BOX);
    const value = await baseline({ kind: 'value', label: 'version', value: 'v1' });
    expect(value.inside).toBeCloseTo(own.get('v2')!);
    expect(value.baseline).toBeCloseTo(own.get('v1')!);
    expect(value.words.baseline).toMatch(/requests with version="v1"/);
  });
});

describe('explaining native histograms', () => {
  const form = FORMS['exponential buckets'];
  const fast = Array.from({ length: 30 }, () => [0.05, 0.06, 0.07, 0.08, 0.05]);
  /** Slow in the scrapes whose increases lie in (120 s, 180 s]. */
  const during = fast.map((values, i) => (i > 12 && i <= 18 ? [0.5, 0.6, 0.7, 0.8, 1.5] : values));
  const box = { ...BOX, lower: 0.25, upper: Infinity };

  test('names the version that became slow, in the words of classic ones', async () => {
    const queryable = storeOf(
      [
        { version: 'v1', observed: fast },
        { version: 'v1', observed: fast },
        { version: 'v2', observed: during },
      ],
      form,
    );
    const { explanation, metric, warnings } = await ask(queryable, { box });
    expect([metric, warnings]).toEqual(['x_seconds', []]);
    expect(explanation).toMatchObject({ labelSets: 3, words: { inside: 'slow requests', baseline: 'others' } });
    expect(explanation.inside).toBeCloseTo(30);
    expect(explanation.baseline).toBeCloseTo(3 * 21 * 5 - 30);
    expect(explanation.labels[0].values[0]).toMatchObject({ value: 'v2', shareInside: 1 });
    expect(explanation.headline).toMatch(/^version="v2" holds 100 % of the slow requests and 2[0-9] % of the others$/);
  });

  test('few observations are cautioned about, and label sets that began inside the box', async () => {
    const queryable = storeOf(
      [
        { version: 'v1', observed: fast },
        { version: 'v2', observed: Array.from({ length: 12 }, () => [0.7]), missing: 14 },
      ],
      form,
    );
    const { explanation } = await ask(queryable, { box });
    expect(explanation.labels[0].values[0]).toMatchObject({ value: 'v2', isNew: true });
    expect(explanation.cautions).toEqual([
      'Only 4 slow requests: shares of so few say little.',
      '100 % of the slow requests come from one label set that began inside the box: new, not changed.',
    ]);
  });

  test('observations that were no numbers are on neither side', async () => {
    const odd = fast.map((values, i) => [...values, ...(i === 14 ? [NaN, NaN] : [])]);
    const { explanation } = await ask(storeOf([{ version: 'v1', observed: odd }], form));
    expect(explanation.inside + explanation.baseline).toBeCloseTo(21 * 5);
  });

  test('a series that becomes one of another kind is counted in both', async () => {
    const changing: Form = (seen, i) => (i < 15 ? FORMS['exponential buckets'] : FORMS['custom buckets'])(seen, i);
    const { explanation } = await ask(storeOf([{ version: 'v1', observed: fast, resetAt: 15 }], changing));
    expect(explanation.inside + explanation.baseline).toBeCloseTo(21 * 5);
  });

  test('a series that moved to another group goes on, and its samples count once', async () => {
    const whole = seriesOf({ version: 'v1', observed: during }, 0, form);
    const moved = new MemoryQueryable([
      { ...whole, samples: whole.samples.filter(([t]) => t <= 150 * SECOND), group: 'before' },
      { ...whole, samples: whole.samples.filter(([t]) => t >= 140 * SECOND), group: 'after' },
    ]);
    expect((await ask(moved)).explanation).toEqual((await ask(new MemoryQueryable([whole]))).explanation);
  });

  test('series that are read one by one from a block and the head are told of as those that are held', async () => {
    await fc.assert(
      fc.asyncProperty(servicesArb, fc.nat({ max: 24 }), async (services, flushAt) => {
        const held = services.map((service, i) => seriesOf(service, i, form));
        const folder = makeFolder();
        const db = await openTsdb({ path: folder });
        try {
          for (let t = 0; t <= RANGE.to + 100 * SECOND; t += SCRAPE) {
            if (t === flushAt * SCRAPE) await db.flush();
            const appender = db.appender();
            for (const { labels, samples } of held) {
              for (const [at, h] of samples) if (at === t) appender.appendHistogram(labels, t, h as NativeHistogram);
            }
            await appender.commit();
          }
          expect(await outcome(explained(db, REQUEST))).toEqual(await outcome(ask(new MemoryQueryable(held))));
        } finally {
          await db.close();
          fs.rmSync(folder, { recursive: true });
        }
      }),
      { numRuns: 12 },
    );
  });

  test('more samples than may be held are looked at, one series at a time, until the time is over', async () => {
    const rows = 1_000;
    const times = Float64Array.from({ length: rows }, (_, i) => RANGE.from + (i + 1) * 200);
    const counted = Array.from({ length: 10 }, (_, i) => form(Array<number>(i + 1).fill(1), 0));
    const histograms = new Map(Array.from({ length: rows }, (_, i) => [i, counted[Math.floor((i * 10) / rows)]]));
    const columns = Array.from({ length: 60 }, (_, ref) => {
      const labels = labelsOf({ __name__: 'x_seconds', version: 'v1', instance: `i${ref}` });
      return { ref: ref as never, labels, values: new Float64Array(rows), histograms };
    });
    const store = new MemoryQueryable([]);
    const queryable: Queryable = Object.assign(store, { pack: () => packedColumns([{ times, columns }]) });
    const { explanation } = await explained(queryable, REQUEST, { maxSamples: 2 * rows });
    expect(explanation.labelSets).toBe(60);
    expect(explanation.inside + explanation.baseline).toBeCloseTo(60 * 9);
    await expect(explained(queryable, REQUEST, { timeoutMs: -1 })).rejects.toThrow(/timed out .*--query.timeout/);
    await expect(explained(queryable, REQUEST, { signal: AbortSignal.abort() })).rejects.toThrow(/canceled/);
  });

  test('what is held is bounded by the limits of queries', async () => {
    const services = Array.from({ length: 8 }, () => ({ version: 'v1', observed: during }));
    const queryable = storeOf(services, form);
    const bounded = (limits: Parameters<typeof explained>[2]) => explained(queryable, REQUEST, limits);
    await expect(bounded({ maxSamples: 20 })).rejects.toThrow(/over --query.max-samples=20; .*raise the flag/);
    await expect(bounded({ maxBytes: 200 })).rejects.toThrow(/over 200 bytes of memory, --query.max-memory/);
    expect((await bounded({ maxSamples: 1_000 })).explanation.labelSets).toBe(8);
  });

  test('what is asked wrongly says what to change', async () => {
    const classic = { labels: labelsOf({ __name__: 'y', job: 'model' }), samples: [[100 * SECOND, 1]] } as const;
    const queryable = new MemoryQueryable([seriesOf({ version: 'v1', observed: fast }, 0, form), classic]);
    await expect(ask(queryable, { expr: 'x_seconds_bucket' })).rejects.toThrow(
      /has no series with le here; write x_seconds/,
    );
    await expect(ask(queryable, { expr: 'y' })).rejects.toThrow(/y has no native histograms here; write y_bucket/);
    await expect(ask(queryable, { expr: 'z' })).rejects.toThrow(/no native histograms of z in this time range/);
    await expect(ask(queryable, { expr: 'avg(x_seconds)' })).rejects.toThrow(/use sum/);
  });
});
