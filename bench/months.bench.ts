/**
 * Queries over a month of buckets and gauges at 15 s, a step an hour: by what blocks know of each hour, against decoding every sample, in the same
 * engine. `ISOTHERM_BENCH_TARGETS=50` makes it 1,000 buckets; `ISOTHERM_BENCH_DATA` names a folder in which the month is kept from one run to the next.
 */
import fs from 'node:fs';
import path from 'node:path';
import { labelsOf, type Labels } from '../src/shared/model/labels.ts';
import { bitsOf } from '../src/shared/model/sampleBits.ts';
import { DEFAULT_LIMITS, evaluatePrepared, prepareQuery } from '../src/server/promql/engine.ts';
import { Budget } from '../src/server/promql/budget.ts';
import type { OpenGroup } from '../src/server/storage/queryable.ts';
import { openTsdb, type Tsdb } from '../src/server/tsdb/db.ts';
import { openSelect } from '../src/server/tsdb/openSelect.ts';
import { PackedChunkCache } from '../src/server/tsdb/partSource.ts';
import { randomFrom, type Random } from './data/random.ts';
import { inTempFolder } from './harness/leftovers.ts';
import { medianCpuMs } from './harness/measure.ts';
import { bench } from './harness/report.ts';

const TARGETS = Number(process.env.ISOTHERM_BENCH_TARGETS ?? 10);
const BUCKETS = 20;
const GAUGES = 5;
const HOUR = 3_600_000;
const DAYS = 30;
const STEP_MS = 15_000;
const BLOCK_MS = 72 * HOUR;
const END = Date.UTC(2026, 0, 31);
const START = END - DAYS * 24 * HOUR;
const ROUNDS = 7;
const KEEP_ALL = { ageMs: 0, bytes: 0, percentage: 0 };

const QUERIES = [
  [`heatmap of ${TARGETS * BUCKETS} buckets`, 'sum by (le) (increase(x_bucket[1h]))'],
  ['heatmap, windows of an hour and a scrape', 'sum by (le) (increase(x_bucket[3615s]))'],
  [`p99 of ${TARGETS * BUCKETS} buckets`, 'histogram_quantile(0.99, sum by (le) (rate(x_bucket[1h])))'],
  [`largest of ${TARGETS * GAUGES} gauges`, 'max(max_over_time(load_ratio[1h]))'],
  [`sum over time of ${TARGETS * GAUGES} gauges`, 'sum(sum_over_time(load_ratio[1h]))'],
  ['samples of all', 'sum(count_over_time({job="month"}[1h]))'],
] as const;

/** A target's buckets, of which all that are above an observation go up, and gauges of two decimals. */
class Target {
  readonly values = new Float64Array(BUCKETS + GAUGES);
  readonly labels: readonly Labels[];
  readonly #random: Random;

  constructor(number: number) {
    const own = { job: 'month', instance: `10.0.0.${number}:8000` };
    const le = (b: number) => (b === BUCKETS - 1 ? '+Inf' : String(2 ** b / 1024));
    this.labels = [
      ...Array.from({ length: BUCKETS }, (_, b) => labelsOf({ __name__: 'x_bucket', le: le(b), ...own })),
      ...Array.from({ length: GAUGES }, (_, g) => labelsOf({ __name__: 'load_ratio', device: String(g), ...own })),
    ];
    this.#random = randomFrom(7 + number);
  }

  step(): void {
    const { values } = this;
    const random = this.#random;
    for (let b = 0, more = 0; b < BUCKETS; b++) values[b] += more += Math.floor(5 * random() ** 3);
    for (let g = 0; g < GAUGES; g++) values[BUCKETS + g] = Math.round(100 * random()) / 100;
  }
}

/** Blocks as long as those that merging ends with, by the way in for old samples: no log, no head, no merging. */
async function writeMonth(folder: string): Promise<void> {
  const db = await openTsdb({ path: folder, retention: KEEP_ALL });
  const targets = Array.from({ length: TARGETS }, (_, i) => new Target(i));
  for (let start = START; start < END; start += BLOCK_MS) {
    const load = (await db.bulkLoad('month', String(start)))!;
    for (const target of targets) {
      const buffers = target.labels.map((labels) => load.series(labels));
      const bits = bitsOf(target.values);
      for (let t = start + STEP_MS; t <= start + BLOCK_MS; t += STEP_MS) {
        target.step();
        buffers.forEach((buffer, c) => buffer.float(t, bits[2 * c], bits[2 * c + 1]));
      }
      for (const buffer of buffers) await load.admit(buffer);
      await load.pack();
    }
    await load.finish();
  }
  await db.close();
}

/** @param decodes read every sample, whatever is known. */
async function answer(db: Tsdb, expr: string, chunks: PackedChunkCache, decodes: boolean): Promise<Float64Array> {
  const request = { expr, start: START + HOUR, end: END, stepMs: HOUR };
  const prepared = prepareQuery(request, DEFAULT_LIMITS);
  // The limit of a server that is not told another; what is decoded goes beyond it.
  const maxSamples = decodes ? Infinity : DEFAULT_LIMITS.maxSamples;
  const budget = new Budget({ timeoutMs: 600_000, maxSamples });
  const leases = prepared.plan.selects.map((spec) => db.pack!(spec));
  try {
    const opened: OpenGroup[][] = [];
    for (const { select, labels } of leases) {
      const sets = select.groups.map(({ refs }) => Array.from(refs, (ref) => labels(ref)));
      opened.push(await openSelect(select, sets, chunks, { maxSamples: Infinity }));
    }
    if (decodes) for (const group of opened.flat()) group.outline = undefined;
    const { value } = await evaluatePrepared(prepared, opened, budget, 0);
    if (value.kind !== 'matrix') throw new Error('a matrix was expected');
    return value.matrix.values;
  } finally {
    for (const lease of leases) lease.release();
  }
}

await bench('months', (add) =>
  inTempFolder(async (temp) => {
    const folder = process.env.ISOTHERM_BENCH_DATA ?? path.join(temp, 'month');
    if (!fs.existsSync(folder)) await writeMonth(folder);
    const db = await openTsdb({ path: folder, retention: KEEP_ALL });
    const [ours, theirs] = [new PackedChunkCache(), new PackedChunkCache()];
    try {
      for (const [what, expr] of QUERIES) {
        const [a, b] = [await answer(db, expr, ours, false), await answer(db, expr, theirs, true)];
        if (a.length !== b.length || a.some((v, i) => !Object.is(v, b[i])))
          throw new Error(`${expr}: the answers differ`);
        const cold = await medianCpuMs({ ours: () => answer(db, expr, new PackedChunkCache(), false) }, 1);
        const ms = await medianCpuMs(
          { ours: () => answer(db, expr, ours, false), theirs: () => answer(db, expr, theirs, true) },
          ROUNDS,
        );
        const common = { unit: 'CPU ms', against: 'decoding, warm', theirs: ms.theirs, better: 'less' } as const;
        add({ what, ours: ms.ours, ...common });
        add({ what: `${what}, cold`, ours: cold.ours, ...common });
      }
    } finally {
      await db.close();
    }
  }),
);
