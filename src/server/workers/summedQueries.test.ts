/** Sums of rates over counters of several targets: the same bits whatever is decoded already, and what adding up rate by rate gives. */
import fc from 'fast-check';
import fs from 'node:fs';
import { makeFolder } from '../../../tests/support/tsdbSamples.ts';
import { labelsKey, labelsOf } from '../../shared/model/labels.ts';
import { fillGaps } from '../../shared/model/sampleBits.ts';
import { Budget } from '../promql/budget.ts';
import { DEFAULT_LIMITS, evaluatePrepared, prepareQuery } from '../promql/engine.ts';
import { openTsdb, type Tsdb } from '../tsdb/db.ts';
import { openSelect } from '../tsdb/openSelect.ts';
import { PackedChunkCache } from '../tsdb/partSource.ts';

const LIMITS = { ...DEFAULT_LIMITS, experimental: true };
const STEP = 15_000;
const START = 1_700_000_000_000;

/** What a counter does from one row to the next. */
const COUNTERS: readonly ((v: number, random: () => number) => number)[] = [
  (v, random) => v + Math.floor(4 * random()),
  (v, random) => v + Math.floor(300 * random()),
  (v, random) => (random() < 0.02 ? v + 40_000 : v),
  (v, random) => (random() < 0.01 ? 0 : v + Math.floor(9 * random())),
  (v, random) => Math.round((v + random()) * 100) / 100,
  (v) => v,
];

const history = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 31 }),
  targets: fc.integer({ min: 1, max: 3 }),
  rows: fc.constantFrom(30, 120, 500),
  /** Rows after which the head becomes a block. */
  flushes: fc.array(fc.nat(500), { maxLength: 3 }),
  first: fc.constantFrom(0, 3, 1e6),
  /** Of a thousand rows, those in which a counter has no sample. */
  gaps: fc.constantFrom(0, 0, 4),
  lateBy: fc.constantFrom(0, 137),
});
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

const question = fc.record({
  func: fc.constantFrom('rate', 'increase', 'resets'),
  /** Of how many of its series the sum is. */
  share: fc.constantFrom(1, 1, 0.6, -0.3),
  by: fc.constantFrom('', ' by (kind)', ' by (nothing)', ' without (n)'),
  rangeMs: fc.constantFrom(20_000, 60_000, 300_000, 3_600_000),
  stepMs: fc.constantFrom(STEP, 60_000, 17_000, 900_000),
  shiftMs: fc.constantFrom(0, 7_000),
});
type Question = typeof question extends fc.Arbitrary<infer T> ? T : never;

function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

async function write(db: Tsdb, { seed, targets, rows, flushes, first, gaps, lateBy }: History): Promise<void> {
  const random = randomNumbers(seed);
  const appender = db.appender();
  const groups = Array.from({ length: targets }, (_, target) => {
    const group = db.group(`target ${target}`);
    const counters = Array.from({ length: 12 }, () => COUNTERS[Math.floor(random() * COUNTERS.length)]);
    counters.forEach((_, n) =>
      group.column(labelsOf({ __name__: 'x_total', kind: String(n % 2), n: String(n), target: String(target) })),
    );
    return { group, counters, values: new Float64Array(counters.length).fill(first) };
  });
  for (let i = 0; i < rows; i++) {
    for (const [target, { group, counters, values }] of groups.entries()) {
      const row = new Float64Array(values.length);
      fillGaps(row);
      counters.forEach((move, n) => {
        values[n] = move(values[n], random);
        if (1000 * random() >= gaps) row[n] = values[n];
      });
      const t = START + i * STEP + target * lateBy;
      if (appender.appendRow(group, t, row) !== 'ok') throw new Error(`row ${i} was refused`);
    }
    await appender.commit();
    if (flushes.includes(i)) await db.flush();
  }
}

/** By series of the answer: values at steps, undefined where there is none. */
async function answer(
  db: Tsdb,
  { func, share, by, rangeMs, stepMs, shiftMs }: Question,
  rows: number,
  chunks: PackedChunkCache,
  isRowByRow = false,
): Promise<Map<string, (number | undefined)[]>> {
  const of = `${func}(x_total[${rangeMs}ms])`;
  const expr = `sum${by} (${share === 1 ? of : `limit_ratio(${share}, ${of})`})`;
  const grid = { start: START + shiftMs, end: START + shiftMs + (rows + 20) * STEP, stepMs };
  const prepared = prepareQuery({ expr, ...grid, explain: isRowByRow }, LIMITS);
  const [lease] = prepared.plan.selects.map((spec) => db.pack!(spec));
  try {
    const sets = lease.select.groups.map(({ refs }) => Array.from(refs, (ref) => lease.labels(ref)));
    const open = await openSelect(lease.select, sets, chunks, { maxSamples: Infinity });
    const { value } = await evaluatePrepared(prepared, [open], new Budget({ timeoutMs: 1e6, maxSamples: 1e9 }), 0);
    if (value.kind !== 'matrix') throw new Error('a matrix was expected');
    const { labels, present, presentStride, values } = value.matrix;
    const steps = value.grid.count;
    const cell = (s: number, i: number) =>
      (present[s * presentStride + (i >> 3)] & (1 << (i & 7))) === 0 ? undefined : values[s * steps + i];
    return new Map(
      labels.map((set, s) => [labelsKey(set), Array.from({ length: steps }, (_, i) => cell(s, i))] as const),
    );
  } finally {
    lease.release();
  }
}

const isClose = (a: number | undefined, b: number | undefined) =>
  a === b || (a !== undefined && b !== undefined && Math.abs(a - b) <= 1e-12 * Math.abs(b));

test('sums of rates are what rates add up to, to the bit whether columns are kept decoded or not', async () => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(history, fc.array(question, { minLength: 3, maxLength: 6 }), async (past, questions) => {
      const folder = makeFolder();
      const db = await openTsdb({ path: folder, retention: { ageMs: 0, bytes: 0, percentage: 0 } });
      try {
        await write(db, past);
        const [keeping, forgetting] = [new PackedChunkCache(), new PackedChunkCache(1e9, 0)];
        for (const asked of questions) {
          const found = await answer(db, asked, past.rows, keeping);
          expect(await answer(db, asked, past.rows, forgetting)).toEqual(found);
          expect(await answer(db, asked, past.rows, keeping)).toEqual(found);
          const plain = await answer(db, asked, past.rows, keeping, true);
          expect([...found.keys()]).toEqual([...plain.keys()]);
          for (const [key, values] of plain) {
            const other = values.findIndex((v, i) => !isClose(found.get(key)![i], v));
            if (other >= 0) throw new Error(`${key} at step ${other}: ${found.get(key)![other]} for ${values[other]}`);
            compared += values.length;
          }
        }
      } finally {
        await db.close();
        fs.rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 25 },
  );
  expect(compared).toBeGreaterThan(5000);
}, 300_000);
