/** Queries over what blocks know of their strides, beside the same queries over every sample: the same bits. */
import fc from 'fast-check';
import fs from 'node:fs';
import { PlainEvaluator } from '../../../tests/support/plainEvaluator.ts';
import type { MemorySeries, SampleValue } from '../../../tests/support/memoryQueryable.ts';
import { makeFolder } from '../../../tests/support/tsdbSamples.ts';
import { labelsKey, labelsOf } from '../../shared/model/labels.ts';
import { bitsOf, fillGaps, setStale } from '../../shared/model/sampleBits.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { Budget } from '../promql/budget.ts';
import { DEFAULT_LIMITS, evaluatePrepared, prepareQuery } from '../promql/engine.ts';
import type { OpenGroup } from '../storage/queryable.ts';
import { openTsdb, type Tsdb } from '../tsdb/db.ts';
import { openSelect } from '../tsdb/openSelect.ts';
import { PackedChunkCache } from '../tsdb/partSource.ts';

const STEP = 15_000;
const HOUR = 3_600_000;
/** An hour begins here. */
const START = Math.floor(1_700_000_000_000 / HOUR) * HOUR;

/** Columns that are encoded each in another way, and fall in other ways. */
const COLUMNS: Record<string, (i: number, random: () => number, before: number) => number> = {
  counter_total: (_i, random, v) => v + Math.floor(random() * 9),
  falls_total: (_i, random, v) => (random() < 0.004 ? Math.floor(random() * 5) : v + Math.floor(random() * 9)),
  floats_total: (_i, random, v) => (random() < 0.003 ? random() : v + random()),
  seconds_total: (_i, random, v) => Math.round((v + random()) * 100) / 100,
  steady_total: (i) => 15 * i,
  constant: () => 2.5,
  whole: (_i, random) => Math.floor(40 * random()) - 20,
  large: (_i, random) => Math.floor(random() * 2 ** 50),
  decimals: (_i, random) => Math.round(random() * 1000) / 100,
  noise: (_i, random) => random() - 0.5,
  zeros: (_i, random, v) => (random() < 0.01 ? -v : v === 0 ? v : 0),
  rises_to_zero: (i) => (i % 300 < 299 ? -0.5 : -0),
  odd: (_i, random) => (random() < 0.01 ? NaN : random() < 0.005 ? Infinity : random() * 1e300),
};
const NAMES = Object.keys(COLUMNS);

const history = fc.record({
  seed: fc.nat(),
  rows: fc.constantFrom<number>(400, 700, 1100),
  /** Rows, after which the head becomes a block. */
  flushes: fc.array(fc.nat(1100), { maxLength: 2 }),
  /** Rows that have a gap or a mark in all columns, or in one. */
  marks: fc.array(fc.record({ row: fc.nat(1100), length: fc.nat(40), column: fc.nat(20), stale: fc.boolean() }), {
    maxLength: 4,
  }),
  lateBy: fc.constantFrom<number>(0, 1, 7_000, 14_999),
});
const FUNCTIONS = [
  ...[
    'rate',
    'increase',
    'delta',
    'resets',
    'first_over_time',
    'last_over_time',
    'count_over_time',
    'present_over_time',
  ],
  ...[
    'ts_of_first_over_time',
    'ts_of_last_over_time',
    'min_over_time',
    'max_over_time',
    'sum_over_time',
    'avg_over_time',
  ],
];
const question = fc.record({
  func: fc.constantFrom(...FUNCTIONS),
  rangeMs: fc.oneof(
    fc.constantFrom(HOUR, 2 * HOUR, HOUR + STEP, HOUR - STEP, 900_000, 3 * HOUR, 5000),
    fc.integer({ min: 1, max: 4 * HOUR }),
  ),
  stepMs: fc.oneof(fc.constantFrom(HOUR, 900_000, HOUR / 2), fc.integer({ min: 30_000, max: HOUR })),
  shiftMs: fc.oneof(fc.constant(0), fc.constantFrom(STEP, HOUR / 2, 7), fc.nat(HOUR)),
});

type History = typeof history extends fc.Arbitrary<infer T> ? T : never;
type Question = typeof question extends fc.Arbitrary<infer T> ? T : never;

interface Written {
  readonly db: Tsdb;
  readonly series: readonly MemorySeries[];
  remove(): Promise<void>;
}

async function write({ seed, rows, flushes, marks, lateBy }: History): Promise<Written> {
  const folder = makeFolder();
  const db = await openTsdb({ path: folder, blockRangeMs: Infinity, retention: { ageMs: 0, bytes: 0, percentage: 0 } });
  const group = db.group('g');
  const labels = NAMES.map((name) => labelsOf({ __name__: 'x_total', kind: name }));
  labels.forEach((set) => group.column(set));
  const random = randomNumbers(seed);
  const appender = db.appender();
  const before = NAMES.map(() => 0);
  const samples = NAMES.map((): [number, SampleValue][] => []);
  for (let i = 0; i < rows; i++) {
    const t = START + STEP + i * STEP + lateBy;
    const row = new Float64Array(NAMES.length);
    fillGaps(row);
    NAMES.forEach((name, c) => {
      before[c] = COLUMNS[name](i, random, before[c]);
      // A column of all: the last numbers of `column` mean none in particular.
      const mark = marks.find(
        (m) => i >= m.row && i < m.row + m.length && (m.column >= NAMES.length || m.column === c),
      );
      if (mark !== undefined && !mark.stale) return;
      if (mark !== undefined) setStale(bitsOf(row), c);
      else row[c] = before[c];
      samples[c].push([t, mark === undefined ? before[c] : 'stale']);
    });
    if (appender.appendRow(group, t, row) !== 'ok') throw new Error(`row ${i} was refused`);
    if (i % 50 === 0 || flushes.includes(i)) await appender.commit();
    if (flushes.includes(i)) await db.flush();
  }
  await appender.commit();
  return {
    db,
    series: labels.map((set, c) => ({ labels: set, samples: samples[c] })),
    async remove() {
      await db.close();
      fs.rmSync(folder, { recursive: true });
    },
  };
}

function randomNumbers(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
    state = Math.imul(state ^ (state >>> 12), 0x297a2d39) + 0x9e3779b9;
    return ((state ^ (state >>> 15)) >>> 0) / 2 ** 32;
  };
}

const grid = ({ stepMs, shiftMs }: Question, rows: number) => ({
  start: START + shiftMs,
  end: START + shiftMs + (rows + 200) * STEP,
  stepMs,
});
const textOf = ({ func, rangeMs }: Question) => `${func}(x_total[${rangeMs}ms])`;

/** By series: values at steps, undefined where there is none. */
async function answers(
  db: Tsdb,
  expr: string,
  range: ReturnType<typeof grid>,
  byOutlines: boolean,
  chunks: PackedChunkCache,
) {
  const prepared = prepareQuery({ expr, ...range }, { ...DEFAULT_LIMITS, experimental: true });
  const [lease] = prepared.plan.selects.map((spec) => db.pack!(spec));
  try {
    const sets = lease.select.groups.map(({ refs }) => Array.from(refs, (ref) => lease.labels(ref)));
    const open: OpenGroup[] = await openSelect(lease.select, sets, chunks, { maxSamples: Infinity });
    if (!byOutlines) for (const group of open) group.outline = undefined;
    const { value } = await evaluatePrepared(prepared, [open], new Budget({ timeoutMs: 1e6, maxSamples: 1e9 }), 0);
    if (value.kind !== 'matrix') throw new Error('a matrix was expected');
    const { matrix, grid: steps } = value;
    return new Map(
      matrix.labels.map((labels, s) => [
        labelsKey(labels),
        Array.from({ length: steps.count }, (_, i) =>
          (matrix.present[s * matrix.presentStride + (i >> 3)] & (1 << (i & 7))) === 0
            ? undefined
            : matrix.values[s * steps.count + i],
        ),
      ]),
    );
  } finally {
    lease.release();
  }
}

test('windows over strides give the same bits as windows over samples', async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.array(question, { minLength: 3, maxLength: 6 }), async (past, questions) => {
      const { db, remove } = await write(past);
      const chunks = new PackedChunkCache();
      try {
        for (const asked of questions) {
          const range = grid(asked, past.rows);
          const expected = await answers(db, textOf(asked), range, false, chunks);
          const found = await answers(db, textOf(asked), range, true, chunks);
          expect([...found.keys()]).toEqual([...expected.keys()]);
          for (const [key, values] of expected) {
            const other = found.get(key)!.findIndex((v, i) => !Object.is(v, values[i]));
            if (other >= 0)
              throw new Error(
                `${textOf(asked)} ${key} at step ${other}: ${found.get(key)![other]} for ${values[other]}`,
              );
          }
        }
      } finally {
        await remove();
      }
    }),
    { numRuns: 12 },
  );
}, 300_000);

test('windows over strides give what the definitions, sample by sample, say', async () => {
  const { db, series, remove } = await write({
    ...{ seed: 11, rows: 1500, flushes: [1450], lateBy: 7_000 },
    marks: [{ row: 700, length: 3, column: 20, stale: true }],
  });
  try {
    for (const func of FUNCTIONS.filter((name) => !name.startsWith('ts_of'))) {
      for (const rangeMs of [HOUR, HOUR + STEP]) {
        const asked = { func, rangeMs, stepMs: HOUR, shiftMs: HOUR };
        const range = grid(asked, 1500);
        const found = await answers(db, textOf(asked), range, true, new PackedChunkCache());
        const plain = new PlainEvaluator(series, range);
        let compared = 0;
        for (let i = 0; range.start + i * HOUR <= range.end; i++) {
          for (const { labels, value } of plain.vector(parseExpr(textOf(asked)), range.start + i * HOUR)) {
            const got = found.get(labelsKey(labels))![i]!;
            const isClose = Object.is(got, value) || Math.abs(got - value) <= 1e-9 * Math.abs(value);
            if (!isClose && !labels.some(([, v]) => v === 'odd'))
              throw new Error(`${textOf(asked)} ${labelsKey(labels)}: ${got} for ${value}`);
            compared++;
          }
        }
        expect(compared).toBeGreaterThan(50);
      }
    }
  } finally {
    await remove();
  }
});
