/**
 * A box on the heatmap of 100,000 bucket series explained, beside the one range query that draws the heatmap; the goal for an explanation is a second. And the
 * same of as many buckets in 5,000 native histograms.
 */
import { DISTRIBUTION_ROUTES } from '../src/server/http/distributionRoutes.ts';
import { DEFAULT_LIMITS } from '../src/server/promql/engine.ts';
import { openTsdb, type Tsdb } from '../src/server/tsdb/db.ts';
import { createQueryRunner } from '../src/server/workers/queryRunner.ts';
import type { NativeHistogram } from '../src/shared/histogram/native.ts';
import { labelsOf } from '../src/shared/model/labels.ts';
import { randomFrom, type Random } from './data/random.ts';
import { inTempFolder } from './harness/leftovers.ts';
import { medianCpuMs } from './harness/measure.ts';
import { bench, type Line } from './harness/report.ts';
import { askingRoute } from './harness/routes.ts';

const TARGETS = 250;
const LABEL_SETS = 20;
const BUCKETS = 20;
const ROWS = 60;
const STEP_MS = 30_000;
const END = Date.UTC(2026, 0, 31);
const START = END - ROWS * STEP_MS;
const ROUNDS = 3;
/** One version is slow in the last third. */
const SLOW_FROM = START + (ROWS * STEP_MS * 2) / 3;

async function fill(db: Tsdb): Promise<void> {
  const random = randomFrom(3);
  const targets = Array.from({ length: TARGETS }, (_, target) => {
    const group = db.group(`target ${target}`);
    for (let set = 0; set < LABEL_SETS; set++) {
      for (let b = 0; b < BUCKETS; b++) {
        const le = b === BUCKETS - 1 ? '+Inf' : String(2 ** b / 1024);
        group.column(labelsOf({ __name__: 'x_bucket', le, ...ownLabels(target, set) }));
      }
    }
    return { group, values: new Float64Array(LABEL_SETS * BUCKETS) };
  });
  for (let t = START + STEP_MS; t <= END; t += STEP_MS) {
    const appender = db.appender();
    for (const { group, values } of targets) {
      observe(values, t, random);
      if (appender.appendRow(group, t, values) !== 'ok') throw new Error('a row was refused');
    }
    await appender.commit();
  }
}

const ownLabels = (target: number, set: number) => ({
  job: 'bench',
  instance: `10.0.0.${target}:8000`,
  route: `/r${set % 5}`,
  version: `v${set % 4}`,
  model: `m${set}`,
});

/** The same observations as native histograms: series with the buckets of a label set each. */
async function fillNative(db: Tsdb): Promise<void> {
  const random = randomFrom(3);
  const labels = Array.from({ length: TARGETS * LABEL_SETS }, (_, i) =>
    labelsOf({ __name__: 'x', ...ownLabels(Math.floor(i / LABEL_SETS), i % LABEL_SETS) }),
  );
  const values = Array.from({ length: TARGETS }, () => new Float64Array(LABEL_SETS * BUCKETS));
  for (let t = START + STEP_MS; t <= END; t += STEP_MS) {
    const appender = db.appender();
    values.forEach((counts, target) => {
      observe(counts, t, random);
      for (let set = 0; set < LABEL_SETS; set++) {
        const cumulative = counts.subarray(set * BUCKETS, (set + 1) * BUCKETS);
        appender.appendHistogram(labels[target * LABEL_SETS + set], t, nativeOf(cumulative));
      }
    });
    await appender.commit();
  }
}

/** Powers of two, as the bounds of the classic buckets are. */
function nativeOf(cumulative: Float64Array): NativeHistogram {
  const count = cumulative[BUCKETS - 1];
  return {
    ...{ schema: 0, zeroThreshold: 1e-6, zeroCount: 0, count, sum: count },
    ...{ negativeSpans: [], negativeBuckets: new Float64Array(0) },
    positiveSpans: [{ offset: -10, length: BUCKETS }],
    positiveBuckets: cumulative.map((n, b) => n - (b > 0 ? cumulative[b - 1] : 0)),
    counterReset: 'unknown',
  };
}

/** Three requests of each label set. */
function observe(values: Float64Array, t: number, random: Random): void {
  for (let set = 0; set < LABEL_SETS; set++) {
    const middle = set % 4 === 3 && t > SLOW_FROM ? 15 : 6;
    for (let n = 0; n < 3; n++) {
      const bucket = Math.min(BUCKETS - 1, Math.floor(middle + 4 * random()));
      for (let b = bucket; b < BUCKETS; b++) values[set * BUCKETS + b]++;
    }
  }
}

const QUERY = 'sum by (le) (increase(x_bucket[1m]))';
const NATIVE_QUERY = 'sum(increase(x[1m]))';
const GRID = { query: QUERY, start: String(START / 1000 + 60), end: String(END / 1000), step: '60' };
const BOX = { from: String(SLOW_FROM / 1000 + 60), to: String(END / 1000), lower: '4' };

const KEEP_ALL = { ageMs: 0, bytes: 0, percentage: 0 };

type Add = (line: Line) => void;
const EXPLAIN = DISTRIBUTION_ROUTES[1];

/** Every answer is evaluated anew, in this thread. */
const runnerOf = (queryable: Tsdb) =>
  createQueryRunner({ queryable, workers: 0, limits: DEFAULT_LIMITS, keepsAnswers: false });

async function benchExplain(db: Tsdb, add: Add): Promise<void> {
  await fill(db);
  const engine = runnerOf(db);
  const ask = askingRoute(EXPLAIN, engine, db);
  const told = JSON.parse((await ask({ ...GRID, ...BOX })).toString()) as { data: { labels: { label: string }[] } };
  if (told.data.labels[0].label !== 'version') throw new Error('the label that differs is not the first');
  const timed = async (what: string, changes: Readonly<Record<string, string>>) => {
    const { ours } = await medianCpuMs({ ours: () => ask({ ...GRID, ...BOX, ...changes }) }, ROUNDS);
    add({ what, unit: 'CPU ms', ours, against: 'the goal', theirs: 1000, better: 'less' });
  };
  for (const baseline of ['rest', 'sameTime'])
    await timed(`explain among 100,000 series, against ${baseline}`, { baseline });
  await fillNative(db);
  await timed('explain among 5,000 native histograms of 20 buckets', { query: NATIVE_QUERY });
  const heatmap = () => engine.query({ expr: QUERY, start: Number(GRID.start) * 1000, end: END, stepMs: 60_000 });
  const ms = await medianCpuMs({ ours: () => ask({ ...GRID, ...BOX }), theirs: heatmap }, ROUNDS);
  add({ what: 'explain', unit: 'CPU ms', ...ms, against: 'the heatmap query', better: 'less' });
  await engine.close();
}

await bench('explain', (add) =>
  inTempFolder(async (folder) => {
    const db = await openTsdb({ path: folder, syncIntervalMs: 60_000, retention: KEEP_ALL });
    try {
      await benchExplain(db, add);
    } finally {
      await db.close();
    }
  }),
);
