import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { labelsKey, labelsOf } from '../../shared/model/labels.ts';
import { DEFAULT_LIMITS } from '../promql/engine.ts';
import type { Kept } from '../storage/engine.ts';
import { openTsdb } from '../tsdb/db.ts';
import type { Tsdb } from '../tsdb/options.ts';
import { createQueryRunner, type QueryRunner } from './queryRunner.ts';

const STEP = 15_000;
const HOUR = 3_600_000;
const NAMES = ['a', 'b', 'c'];
const labels = (a: string) => labelsOf({ __name__: 'x_total', a });

const EXPRESSIONS = [
  'x_total',
  'sum by (a) (rate(x_total[1m]))',
  'sum(x_total) / count(x_total)',
  'topk(1, x_total)',
  'topk(1, sum by (a) (x_total))',
  'avg(sum by (a) (rate(x_total[2m])))',
  'x_total offset -1m',
  'max_over_time(x_total[1m:20s] offset -30s)',
  'absent(x_total{a="c"})',
  'x_total > 5 or x_total{a="a"} * 2',
  'quantile_over_time(0.5, x_total[2m])',
  'time() + scalar(x_total{a="b"})',
  'x_total @ end()',
];

async function textOf(runner: QueryRunner, expr: string, end: number, steps = 20): Promise<string> {
  const request = { expr, start: end - steps * STEP, end, stepMs: STEP };
  const all: Uint8Array[] = [];
  try {
    for await (const piece of await runner.answer(request, { limit: Infinity, stats: false })) all.push(piece);
  } catch (fault) {
    return String(fault);
  }
  return Buffer.concat(all).toString();
}

type Rows = ReadonlyMap<string, readonly (number | undefined)[]>;

/** The same as rows that who asks keeps, by their labels. */
async function rowsOf(runner: QueryRunner, expr: string, end: number, steps = 20): Promise<unknown> {
  try {
    const { value, kept } = await runner.query({
      expr,
      start: end - steps * STEP,
      end,
      stepMs: STEP,
      keepsAs: 'rows',
    });
    if (value.kind !== 'matrix') throw new Error(value.kind);
    const { labels, values, present, presentStride } = value.matrix;
    const { count } = value.grid;
    const isThere = (s: number, i: number) => ((present[s * presentStride + (i >> 3)] >> (i & 7)) & 1) === 1;
    const tail: Rows = new Map(
      labels.map((set, s) => [
        labelsKey(set),
        Array.from({ length: count }, (_, i) => (isThere(s, i) ? values[s * count + i] : undefined)),
      ]),
    );
    const rows = kept?.standing === undefined ? tail : joinedRows(kept.standing, tail, count);
    kept?.keep(rows, 0);
    return [...rows].filter(([, row]) => row.some((v) => v !== undefined)).sort(([a], [b]) => (a < b ? -1 : 1));
  } catch (fault) {
    return String(fault);
  }
}

function joinedRows({ made, from, count }: NonNullable<Kept['standing']>, tail: Rows, rest: number): Rows {
  const before = made as Rows;
  const keys = new Set([...before.keys(), ...tail.keys()]);
  const none = (length: number) => Array.from({ length }, () => undefined);
  return new Map(
    Array.from(keys, (key) => [
      key,
      [...(before.get(key)?.slice(from, from + count) ?? none(count)), ...(tail.get(key) ?? none(rest))],
    ]),
  );
}

const ranked = (group: string, a: string) => labelsOf({ __name__: 'y', group, a });

/** Equal samples of two groups, from step `from` after `start` on. */
async function appendGroups(db: Tsdb, start: number, from: number): Promise<void> {
  for (let i = from; i < 300; i++) {
    const appender = db.appender();
    appender.append(ranked('second', 'b'), start + i * STEP, 1);
    appender.append(ranked('first', 'c'), start + i * STEP, 1);
    await appender.commit();
  }
}

/** Asks for the higher one of equal groups, of a runner that keeps answers and one that does not. @param ends steps after `start`: the first, and that after the last. */
async function expectRankedAlike(db: Tsdb, start: number, ends: readonly [number, number], steps: number) {
  const options = { queryable: db, workers: 0, limits: DEFAULT_LIMITS };
  const [keeping, plain] = [createQueryRunner(options), createQueryRunner({ ...options, keepsAnswers: false })];
  const expr = 'topk(1, sum by (group) (y))';
  for (let end = start + ends[0] * STEP; end < start + ends[1] * STEP; end += STEP)
    expect(await textOf(keeping, expr, end, steps)).toBe(await textOf(plain, expr, end, steps));
  await keeping.close();
  await plain.close();
}

async function append(db: Tsdb, t: number, name: string, v: number | 'stale'): Promise<void> {
  const appender = db.appender();
  if (v === 'stale') appender.appendStale(labels(name), t);
  else appender.append(labels(name), t, v);
  await appender.commit();
}

type Happening =
  | { readonly what: 'scrape'; readonly values: readonly (number | 'stale' | undefined)[] }
  | { readonly what: 'late'; readonly name: string; readonly ago: number; readonly v: number }
  | { readonly what: 'delete'; readonly name: string; readonly ago: number; readonly length: number }
  | { readonly what: 'flush' }
  | { readonly what: 'ask'; readonly expr: string };

const value = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: 9 }) },
  fc.constant('stale' as const),
  fc.constant(undefined),
);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('scrape' as const),
      values: fc.array(value, { minLength: 3, maxLength: 3 }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ what: fc.constant('ask' as const), expr: fc.constantFrom(...EXPRESSIONS) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('late' as const),
      name: fc.constantFrom(...NAMES),
      ago: fc.integer({ min: 1, max: 400_000 }),
      v: fc.integer({ min: 0, max: 99 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('delete' as const),
      name: fc.constantFrom(...NAMES),
      ago: fc.integer({ min: 1, max: 400_000 }),
      length: fc.integer({ min: 1, max: 200_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ what: 'flush' } as const) },
);

describe('answers that are kept', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'result-cache-'));
  afterAll(() => fs.rmSync(folder, { recursive: true }));
  let stores = 0;
  const open = () => openTsdb({ path: path.join(folder, String(++stores)), outOfOrderWindowMs: HOUR });

  test('are what an evaluation of all steps gives, whatever came, came late or was deleted in between', async () => {
    let hits = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 10, maxLength: 80 }), async (happenings) => {
        const db = await open();
        const options = { queryable: db, workers: 0, limits: DEFAULT_LIMITS };
        const [keeping, plain] = [createQueryRunner(options), createQueryRunner({ ...options, keepsAnswers: false })];
        let t = Math.floor(Date.now() / STEP) * STEP - HOUR;
        for (let i = 0; i < 25; i++, t += STEP) for (const name of NAMES) await append(db, t, name, i % 7);
        for (const one of happenings) {
          if (one.what === 'flush') await db.flush();
          else if (one.what === 'late') await append(db, t - one.ago, one.name, one.v);
          else if (one.what === 'delete') {
            const matchers = [{ name: 'a', op: '=' as const, value: one.name }];
            await db.deleteSeries([matchers], { minTime: t - one.ago, maxTime: t - one.ago + one.length });
          } else if (one.what === 'ask') {
            expect(await textOf(keeping, one.expr, t)).toBe(await textOf(plain, one.expr, t));
            expect(await rowsOf(keeping, one.expr, t)).toEqual(await rowsOf(plain, one.expr, t));
          } else {
            t += STEP;
            for (const [i, v] of one.values.entries()) if (v !== undefined) await append(db, t, NAMES[i], v);
          }
        }
        hits += keeping.cache!.hits;
        await keeping.close();
        await plain.close();
        await db.close();
      }),
      { numRuns: 40 },
    );
    expect(hits).toBeGreaterThan(40);
  });

  test('are continued on a worker too, and evaluated as a whole where there is something to tell', async () => {
    const db = await open();
    const options = { queryable: db, limits: DEFAULT_LIMITS, inlineWorkMax: -1 };
    const keeping = createQueryRunner({ ...options, workers: 1 });
    const plain = createQueryRunner({ ...options, workers: 0, keepsAnswers: false });
    let t = Math.floor(Date.now() / STEP) * STEP - HOUR;
    const scrape = async () => {
      t += STEP;
      for (const name of NAMES) await append(db, t, name, (t / STEP) % 11);
    };
    for (let i = 0; i < 40; i++) await scrape();
    const told = 'quantile(scalar(x_total{a="a"}), x_total)';
    for (const expr of [...EXPRESSIONS, told]) {
      for (let i = 0; i < 12; i++) {
        expect(await textOf(keeping, expr, t)).toBe(await textOf(plain, expr, t));
        expect(await rowsOf(keeping, expr, t)).toEqual(await rowsOf(plain, expr, t));
        await scrape();
      }
    }
    expect(keeping.cache!.hits).toBeGreaterThan(EXPRESSIONS.length * 10);
    expect(keeping.cache!.bytes).toBeGreaterThan(0);
    await keeping.close();
    await plain.close();
    await db.close();
  });

  test('are what an evaluation of all steps gives where equal groups are ranked and a series of one of them has ended', async () => {
    const db = await open();
    const start = Math.floor(Date.now() / STEP) * STEP - 3 * HOUR;
    // The first group is met by a series that ends, and later by one that comes after the second group's.
    const ending = db.appender();
    for (let i = 0; i < 5; i++) ending.append(ranked('first', 'a'), start + i * STEP - 1, 1);
    await ending.commit();
    await appendGroups(db, start, 0);
    await db.flush();
    await expectRankedAlike(db, start, [285, 295], 290);
    await db.close();
  });

  test('are not continued where the last steps select other series, by which equal groups would be ranked otherwise', async () => {
    const db = await open();
    // The series by which the first group comes first has ended before the block begins in which the last steps find all they need.
    const start = Math.floor(Date.now() / STEP) * STEP - 3 * HOUR;
    const ending = db.appender();
    for (let i = 0; i < 5; i++) ending.append(ranked('first', 'a'), start + i * STEP, 1);
    await ending.commit();
    await db.flush();
    await appendGroups(db, start, 5);
    await db.flush();
    await expectRankedAlike(db, start, [285, 290], 285);
    await db.close();
  });

  test('leave those alone that look at their range as a whole', async () => {
    const db = await open();
    const runner = createQueryRunner({ queryable: db, workers: 0, limits: DEFAULT_LIMITS });
    const t = Math.floor(Date.now() / STEP) * STEP - HOUR;
    for (let i = 0; i < 40; i++) await append(db, t + i * STEP, 'a', i);
    const apart = [
      'x_total @ start()',
      'start() + x_total',
      'x_total[range():]',
      'sum(label_replace(x_total, "b", "$1", "a", "(.*)"))',
      'sum({a="a"} + 1)',
    ];
    for (const expr of apart.map((text) => (text.endsWith(']') ? `rate(${text})` : text)))
      for (const end of [t + 35 * STEP, t + 36 * STEP]) await textOf(runner, expr, end);
    expect(runner.cache!.hits).toBe(0);
    await textOf(runner, 'sum(x_total)', t + 35 * STEP);
    await textOf(runner, 'sum(x_total)', t + 36 * STEP);
    expect(runner.cache!.hits).toBe(1);
    // Columns are kept for those who ask for them so.
    for (const end of [35, 36]) await rowsOf(runner, 'sum(x_total)', t + end * STEP);
    expect(runner.cache!.hits).toBe(2);
    await runner.query({ expr: 'sum(x_total)', start: t, end: t + 37 * STEP, stepMs: STEP });
    expect(runner.cache!.hits).toBe(2);
    await runner.close();
    await db.close();
  });
});
