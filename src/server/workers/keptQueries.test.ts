/** Kept queries against the ordinary evaluation: the same numbers, bit for bit, whatever came to the store and went from it in between. */
import fc from 'fast-check';
import fs from 'node:fs';
import { SMALL_NATIVE } from '../../../tests/support/histogramSeries.ts';
import { makeFolder } from '../../../tests/support/tsdbSamples.ts';
import { labelsKey, labelsOf } from '../../shared/model/labels.ts';
import { bitsOf, fillGaps, setStale } from '../../shared/model/sampleBits.ts';
import { withoutParens } from '../../shared/promql/ast.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { DEFAULT_LIMITS } from '../promql/engine.ts';
import { QueryError, type KeptQuery } from '../storage/engine.ts';
import { openTsdb, type Tsdb } from '../tsdb/db.ts';
import { createQueryRunner, type QueryRunner } from './queryRunner.ts';

const STEP = 15_000;
const START = 1_700_000_000_000;

const EXPRESSIONS = [
  'x_total',
  'x_total offset 1m',
  'rate(x_total[1m])',
  'increase(x_total{n!="3"}[2m] offset 30s)',
  'delta(x_total[90s])',
  'irate(x_total[1m]) + 1',
  'max_over_time(x_total[1m])',
  'avg_over_time(x_total[3m])',
  'predict_linear(x_total[2m], 60)',
  'last_over_time({__name__=~"x_total|y"}[1m])',
  'rate({__name__=~"x_total|y"}[1m])',
  'sum(rate(x_total[1m]))',
  'sum by (kind) (rate(x_total[1m]))',
  'sum without (n, target) (increase(x_total[10m]))',
  'avg by (target) (x_total)',
  'stddev(x_total)',
  'count by (kind) (x_total > 5)',
  'max(min by (target) (x_total))',
  'sum(avg by (kind) (x_total * 0.1))',
  'stddev(avg by (n) (x_total))',
  'histogram_quantile(0.9, sum by (le) (rate(b_bucket[1m])))',
  'histogram_quantile(0.5, rate(b_bucket[2m]))',
  'sum(histogram_quantile(0.5, rate(b_bucket[2m])))',
  'sum by (target) (rate(b_bucket{le="1"}[1m])) / sum by (target) (rate(b_bucket{le="+Inf"}[1m]))',
  'x_total / on(target) group_left y',
  'x_total > bool 3',
  '3 < x_total',
  'y - y offset 1m',
  'y == y offset 15s',
  'x_total and on(target) (y > 4)',
  'x_total unless on(target) y',
  'y or x_total',
  'sum(y) or vector(0)',
  'absent(y{target="7"})',
  'absent(sum(late))',
  '-y',
  'abs(y - 10) / 3 ^ 2',
  'clamp(y, 2, 7)',
  'clamp_min(y, 5) * clamp_max(y, 4)',
  'round(y / 3, 0.5)',
  'y > scalar(sum(y)) / 2',
  'label_replace(y, "host", "$1", "target", "(.*)")',
  'label_replace(y, "target", "same", "target", ".*")',
  'label_join(y, "both", "-", "target", "__name__")',
  'y * time() - 1 * (2 - 3)',
  'late',
  'sum(rate(late[5m]))',
  'nothing',
  // Not kept, or not always.
  'topk(1, y)',
  'y @ 1700000100',
  'sum_over_time(y[1m:15s])',
  'x_total / y',
  'h',
  'rate(h[1m])',
] as const;

/** What happens to the store. */
const event = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('rows' as const), count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rows' as const), count: fc.constantFrom(14, 50, 120) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('single' as const), lateBy: fc.constantFrom(0, 0, 20_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('histogram' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('target' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('ends' as const), n: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pause' as const), rows: fc.constantFrom(3, 30, 300) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), n: fc.nat(5), clean: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('flush' as const) }) },
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

const BOUNDS = ['0.5', '1', '+Inf'];

/** Targets of counters, buckets and a gauge each, and series that come one by one. */
class Written {
  readonly #db: Tsdb;
  readonly #random: () => number;
  /** By target: values of its columns; undefined once it is gone. */
  readonly #targets: (Float64Array | undefined)[] = [];
  #ended = -1;
  row = 0;

  constructor(db: Tsdb, seed: number) {
    this.#db = db;
    let state = seed;
    this.#random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  }

  get now(): number {
    return START + this.row * STEP;
  }

  async happen(event: Event): Promise<void> {
    if (event.kind === 'rows') for (let i = 0; i < event.count; i++) await this.#rows();
    else if (event.kind === 'single') await this.#single(event.lateBy);
    else if (event.kind === 'histogram') await this.#histogram();
    else if (event.kind === 'target') this.#targets.push(new Float64Array(10).fill(3));
    else if (event.kind === 'leave') await this.#leave();
    else if (event.kind === 'ends') this.#ended = event.n;
    else if (event.kind === 'pause') this.row += event.rows;
    else if (event.kind === 'flush') await this.#db.flush();
    else {
      const range = { minTime: this.now - 4 * STEP, maxTime: this.now - 2 * STEP };
      await this.#db.deleteSeries([[{ name: 'n', op: '=', value: String(event.n) }]], range);
      if (event.clean) await this.#db.cleanTombstones();
    }
  }

  /** The oldest target goes, and is out of sight when the next rows come. */
  async #leave(): Promise<void> {
    this.#targets[this.#targets.findIndex((target) => target !== undefined)] = undefined;
    this.row += 30;
    for (let i = 0; i < 6; i++) await this.#rows();
  }

  async #rows(): Promise<void> {
    this.row++;
    const appender = this.#db.appender();
    for (const [t, values] of this.#targets.entries()) {
      if (values === undefined) continue;
      const target = String(t);
      const group = this.#db.group(`target ${target}`);
      // Not in the same order in all of them.
      for (let i = 0; i < 6; i++) {
        const n = t % 2 === 0 ? i : 5 - i;
        group.column(labelsOf({ __name__: 'x_total', n: String(n), kind: String(n % 2), target }));
      }
      for (const le of BOUNDS) group.column(labelsOf({ __name__: 'b_bucket', le, target }));
      group.column(labelsOf({ __name__: 'y', target }));
      const row = new Float64Array(10);
      fillGaps(row);
      for (let c = 0; c < 10; c++) {
        const r = this.#random();
        const fraction = c === 1 ? this.#random() : 0;
        values[c] = c === 9 ? 10 * r : r < 0.02 ? 0 : values[c] + Math.floor(5 * r) + fraction;
        if (c === 7 || c === 8) values[c] = Math.max(values[c], values[c - 1]);
        if (this.#random() > 0.03) row[c] = this.#random() < 0.01 ? NaN : values[c];
      }
      if (this.#ended >= 0) setStale(bitsOf(row), this.#ended);
      appender.appendRow(group, this.now + 37 * t, row);
    }
    this.#ended = -1;
    await appender.commit();
  }

  async #single(lateBy: number): Promise<void> {
    const late = labelsOf({ __name__: 'late', n: String(Math.floor(3 * this.#random())) });
    for (const t of [this.now, ...(lateBy > 0 ? [this.now - lateBy] : [])]) {
      const appender = this.#db.appender();
      appender.append(late, t, this.row + lateBy);
      // The same series as a target's.
      if (this.#random() < 0.2) appender.append(labelsOf({ __name__: 'y', target: '1' }), t + 1, 5);
      await appender.commit();
    }
  }

  async #histogram(): Promise<void> {
    const appender = this.#db.appender();
    appender.appendHistogram(labelsOf({ __name__: this.#random() < 0.5 ? 'h' : 'late' }), this.now, SMALL_NATIVE);
    await appender.commit();
  }
}

type Rows = Record<string, string>;
const bitsText = (v: number) => new BigUint64Array(Float64Array.of(v).buffer)[0].toString(16);

async function ordinary(runner: QueryRunner, expr: string, t: number): Promise<Rows | 'refused' | 'histograms'> {
  try {
    const { value } = await runner.query({ expr, start: t, end: t, stepMs: 0 });
    if (value.kind !== 'vector') throw new Error(`${expr} is no vector`);
    const { labels, values, histograms } = value.matrix;
    if (histograms !== undefined) return 'histograms';
    return Object.fromEntries(labels.map((set, i) => [labelsKey(set), bitsText(values[i])]));
  } catch (fault) {
    if (fault instanceof QueryError) return 'refused';
    throw fault;
  }
}

function rowsOf(kept: KeptQuery, t: number): Rows | undefined {
  const answer = kept.at(t);
  if (answer === undefined) return undefined;
  const { labels, values, present } = answer;
  const there = [...labels.keys()].filter((i) => present[i] === 1);
  return Object.fromEntries(there.map((i) => [labelsKey(labels[i]), bitsText(values[i])]));
}

let answered = 0;
let asked = 0;

test('kept queries give what the ordinary evaluation gives, or leave it to that', async () => {
  const history = fc.record({
    seed: fc.integer({ min: 1, max: 2 ** 31 - 2 }),
    events: fc.array(event, { minLength: 4, maxLength: 14 }),
    back: fc.array(fc.constantFrom(0, 0, 0, 7_000, 61_000), { minLength: 14, maxLength: 14 }),
  });
  await fc.assert(
    fc.asyncProperty(history, async ({ seed, events, back }) => {
      const folder = makeFolder();
      const db = await openTsdb({
        path: folder,
        outOfOrderWindowMs: 600_000,
        compactionThread: false,
        retention: { ageMs: 0, bytes: 0, percentage: 0 },
      });
      const runner = createQueryRunner({ queryable: db, workers: 0, limits: DEFAULT_LIMITS });
      try {
        const written = new Written(db, seed);
        const kept = EXPRESSIONS.map((expr) => runner.keep!(withoutParens(parseExpr(expr))));
        for (const first of ['target', 'target'] as const) await written.happen({ kind: first });
        for (const [e, one] of events.entries()) {
          await written.happen(one);
          const t = written.now - back[e];
          for (const [i, expr] of EXPRESSIONS.entries()) {
            const rows = kept[i] === undefined ? undefined : rowsOf(kept[i], t);
            asked++;
            if (rows === undefined) continue;
            answered++;
            expect({ expr, rows }).toEqual({ expr, rows: await ordinary(runner, expr, t) });
          }
        }
      } finally {
        await runner.close();
        await db.close();
        fs.rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 15 },
  );
  // Most of it is answered so, or nothing was tested.
  expect(answered / asked).toBeGreaterThan(0.5);
});
