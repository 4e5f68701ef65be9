/**
 * A box on the heatmap of 100,000 bucket series explained, beside the one range query that draws the heatmap; the goal for an explanation is a second. And the
 * distribution of some hours of ten services, as JSON and as columns, whole and by labels, beside the query that it replaces, which is written as JSON too.
 */
import { DISTRIBUTION_ROUTES } from '../src/server/http/distributionRoutes.ts';
import { Params } from '../src/server/http/params.ts';
import type { ApiAnswer, ApiCall } from '../src/server/http/route.ts';
import { DEFAULT_LIMITS } from '../src/server/promql/engine.ts';
import { openTsdb, type Tsdb } from '../src/server/tsdb/db.ts';
import { createQueryRunner, type QueryRunner } from '../src/server/workers/queryRunner.ts';
import { readDistribution } from '../src/shared/api/distributionColumns.ts';
import { labelsOf } from '../src/shared/model/labels.ts';
import { appendHistory, makeHistory, START as HISTORY_START, timeOf } from './data/history.ts';
import { LATENCY } from './data/mlServing.ts';
import { randomFrom, type Random } from './data/random.ts';
import { medianCpuMs } from './harness/measure.ts';
import { bench, type Line } from './harness/report.ts';
import { inTempFolder } from './harness/server.ts';

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
      const own = { job: 'bench', instance: `10.0.0.${target}:8000`, route: `/r${set % 5}`, version: `v${set % 4}` };
      for (let b = 0; b < BUCKETS; b++) {
        const le = b === BUCKETS - 1 ? '+Inf' : String(2 ** b / 1024);
        group.column(labelsOf({ __name__: 'x_bucket', le, model: `m${set}`, ...own }));
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
const GRID = { query: QUERY, start: String(START / 1000 + 60), end: String(END / 1000), step: '60' };
const BOX = { from: String(SLOW_FROM / 1000 + 60), to: String(END / 1000), lower: '4' };

const HISTORY = { services: 10, histograms: 10, plain: 0, rows: 1440, intervalMs: 15_000 };
const HISTORY_ROUNDS = 9;
const KEEP_ALL = { ageMs: 0, bytes: 0, percentage: 0 };

type Add = (line: Line) => void;
type Ask = (params: Record<string, string>) => Promise<Buffer>;

const [DISTRIBUTION, EXPLAIN] = DISTRIBUTION_ROUTES;

/** Asks a route as the server does. */
function asking(route: typeof DISTRIBUTION, engine: QueryRunner, queryable: Tsdb): Ask {
  return async (params) => {
    const call = {
      params: new Params(new URLSearchParams(params)),
      deps: { options: { queryTimeoutMs: 120_000 } },
      rooms: { engine, queryable },
      signal: new AbortController().signal,
    };
    const answer = await route.answer(call as unknown as ApiCall);
    return bytesOf('pieces' in answer ? answer.pieces : answer);
  };
}

/** Every answer is evaluated anew, in this thread. */
const runnerOf = (queryable: Tsdb) =>
  createQueryRunner({ queryable, workers: 0, limits: DEFAULT_LIMITS, keepsAnswers: false });

async function benchExplain(db: Tsdb, add: Add): Promise<void> {
  await fill(db);
  const engine = runnerOf(db);
  const ask = asking(EXPLAIN, engine, db);
  const told = JSON.parse((await ask({ ...GRID, ...BOX })).toString()) as { data: { labels: { label: string }[] } };
  if (told.data.labels[0].label !== 'version') throw new Error('the label that differs is not the first');
  for (const baseline of ['rest', 'sameTime']) {
    const { ours } = await medianCpuMs({ ours: () => ask({ ...GRID, ...BOX, baseline }) }, ROUNDS);
    const goal = { against: 'the goal', theirs: 1000, better: 'less' } as const;
    add({ what: `explain among 100,000 series, against ${baseline}`, unit: 'CPU ms', ours, ...goal });
  }
  const heatmap = () => engine.query({ expr: QUERY, start: Number(GRID.start) * 1000, end: END, stepMs: 60_000 });
  const ms = await medianCpuMs({ ours: () => ask({ ...GRID, ...BOX }), theirs: heatmap }, ROUNDS);
  add({ what: 'explain', unit: 'CPU ms', ...ms, against: 'the heatmap query', better: 'less' });
  await engine.close();
}

async function benchDistribution(db: Tsdb, add: Add): Promise<void> {
  await appendHistory(makeHistory(HISTORY), db, 0, HISTORY.rows);
  await db.flush();
  const engine = runnerOf(db);
  const ask = asking(DISTRIBUTION, engine, db);
  const end = timeOf(HISTORY, HISTORY.rows - 1);
  for (const by of ['', ', model', ', model, version']) {
    const query = `sum by (le${by}) (increase(${LATENCY}_bucket[1m]))`;
    const plain = { query, start: String(HISTORY_START / 1000 + 60), end: String(end / 1000), step: '60' };
    const full = { ...plain, quantiles: '0.5,0.9,0.99', limits: '0.25' };
    const range = { expr: query, start: HISTORY_START + 60_000, end, stepMs: 60_000 };
    const format = { limit: Infinity, stats: false };
    const ms = await medianCpuMs(
      {
        heatmap: async () => bytesOf(await engine.answer(range, format)),
        plain: () => ask(plain),
        json: () => ask(full),
        columns: () => ask({ ...full, format: 'binary' }),
      },
      HISTORY_ROUNDS,
    );
    const lesser = (what: string, unit: string, ours: number, against: string, theirs: number) =>
      add({ what: `distribution by le${by}: ${what}`, unit, ours, against, theirs, better: 'less' });
    lesser('counts and mean', 'CPU ms', ms.plain, 'the heatmap query', ms.heatmap);
    lesser('with quantiles and shares', 'CPU ms', ms.json, 'the heatmap query', ms.heatmap);
    lesser('the same as columns', 'CPU ms', ms.columns, 'JSON', ms.json);
    const json = await ask(full);
    const columns = await ask({ ...full, format: 'binary' });
    lesser('as columns', 'bytes', columns.length, 'JSON', json.length);
    const reads = await medianCpuMs(
      {
        columns: () => readDistribution(columns, (text) => Buffer.from(text).toString()),
        json: () => JSON.parse(json.toString()) as unknown,
      },
      HISTORY_ROUNDS,
    );
    lesser('reading columns', 'CPU ms', reads.columns, 'JSON', reads.json);
  }
  await engine.close();
}

await bench('explain', async (add) => {
  for (const work of [benchExplain, benchDistribution]) {
    await inTempFolder(async (folder) => {
      const db = await openTsdb({ path: folder, syncIntervalMs: 60_000, retention: KEEP_ALL });
      try {
        await work(db, add);
      } finally {
        await db.close();
      }
    });
  }
});

async function bytesOf(pieces: ApiAnswer): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece));
  return Buffer.concat(all);
}
