/**
 * The distribution of six hours of ten services, as JSON and as columns, whole and by labels, beside the heatmap query that it replaces (rates by bucket, as
 * JSON), and beside all that it answers asked one by one; and what a refresh costs of either, a step later.
 */
import { DISTRIBUTION_ROUTES } from '../src/server/http/distributionRoutes.ts';
import { DEFAULT_LIMITS } from '../src/server/promql/engine.ts';
import { openTsdb, type Tsdb } from '../src/server/tsdb/db.ts';
import { createQueryRunner } from '../src/server/workers/queryRunner.ts';
import { readDistribution } from '../src/shared/api/distributionColumns.ts';
import { appendHistory, makeHistory, START, timeOf } from './data/history.ts';
import { LATENCY } from './data/mlServing.ts';
import { inTempFolder } from './harness/leftovers.ts';
import { medianCpuMs } from './harness/measure.ts';
import { bench, type Line } from './harness/report.ts';
import { askingRoute, bytesOf } from './harness/routes.ts';

const SERVICES = Number(process.env.ISOTHERM_BENCH_SERVICES ?? 10);
const HISTORY = { services: SERVICES, histograms: 10, plain: 0, rows: 1440, intervalMs: 15_000 };
/** The first ones are when V8 compiles. */
const ROUNDS = Number(process.env.ISOTHERM_BENCH_ROUNDS ?? 40);
const STEP_MS = 60_000;
const END = timeOf(HISTORY, HISTORY.rows - 1);
const QUANTILES = [0.5, 0.95, 0.99];
const LIMIT = 0.25;
const KEEP_ALL = { ageMs: 0, bytes: 0, percentage: 0 };

type Add = (line: Line) => void;

const rangeOf = (expr: string, end = END) => ({ expr, start: end - END + START + STEP_MS, end, stepMs: STEP_MS });
const FORMAT = { limit: Infinity, stats: false };

/** @param window of the rates. */
async function benchAnswers(db: Tsdb, add: Add, by: string, window: string): Promise<void> {
  const engine = createQueryRunner({ queryable: db, workers: 0, limits: DEFAULT_LIMITS, keepsAnswers: false });
  const ask = askingRoute(DISTRIBUTION_ROUTES[0], engine, db);
  const summed = (suffix: string, func: string, names: string) =>
    `sum by (${names}) (${func}(${LATENCY}${suffix}[${window}]))`;
  const query = summed('_bucket', 'rate', `le${by}`);
  const { start, end } = rangeOf(query);
  const plain = { query, start: String(start / 1000), end: String(end / 1000), step: String(STEP_MS / 1000) };
  const full = { ...plain, quantiles: QUANTILES.join(), limits: String(LIMIT) };
  const others = [
    ...QUANTILES.map((q) => `histogram_quantile(${q}, ${query})`),
    `histogram_fraction(-Inf, ${LIMIT}, ${query})`,
    `${summed('_sum', 'rate', by.slice(2))} / ${summed('_count', 'rate', by.slice(2))}`,
    summed('_count', 'resets', by.slice(2)),
  ];
  const answer = async (expr: string) => bytesOf(await engine.answer(rangeOf(expr), FORMAT));
  const ms = await medianCpuMs(
    {
      heatmap: () => answer(query),
      all: async () => {
        for (const expr of [query, ...others]) await answer(expr);
      },
      asked: () => ask({ ...plain, quantiles: full.quantiles, omit: 'mean', format: 'binary' }),
      json: () => ask(full),
      columns: () => ask({ ...full, format: 'binary' }),
    },
    ROUNDS,
  );
  const what = `distribution by le${by}, ${window}`;
  const lesser = (detail: string, unit: string, ours: number, against: string, theirs: number) =>
    add({ what: `${what}: ${detail}`, unit, ours, against, theirs, better: 'less' });
  lesser('counts, quantiles, resets as columns', 'CPU ms', ms.asked, 'the heatmap query', ms.heatmap);
  lesser('with means and shares too', 'CPU ms', ms.columns, 'the heatmap query', ms.heatmap);
  lesser('the same as JSON', 'CPU ms', ms.json, 'the heatmap query', ms.heatmap);
  lesser('as columns', 'CPU ms', ms.columns, 'its parts one by one', ms.all);
  const heatmap = await answer(query);
  const json = await ask(full);
  const columns = await ask({ ...full, format: 'binary' });
  lesser('as columns', 'bytes', columns.length, 'the heatmap query', heatmap.length);
  lesser('as JSON', 'bytes', json.length, 'the heatmap query', heatmap.length);
  const reads = await medianCpuMs(
    {
      columns: () => readDistribution(columns, (text) => Buffer.from(text).toString()),
      heatmap: () => JSON.parse(heatmap.toString()) as unknown,
    },
    ROUNDS,
  );
  lesser('reading columns', 'CPU ms', reads.columns, 'the heatmap query', reads.heatmap);
  await engine.close();
}

/** A dashboard asks again, a step later: samples come in between, so that the newest steps are evaluated. */
async function benchRefresh(db: Tsdb, add: Add): Promise<void> {
  const engine = createQueryRunner({ queryable: db, workers: 0, limits: DEFAULT_LIMITS });
  const ask = askingRoute(DISTRIBUTION_ROUTES[0], engine, db);
  const query = `sum by (le, model) (rate(${LATENCY}_bucket[5m]))`;
  const ends = { heatmap: END - 100 * STEP_MS, columns: END - 100 * STEP_MS };
  const ms = await medianCpuMs(
    {
      heatmap: async () => bytesOf(await engine.answer(rangeOf(query, (ends.heatmap += STEP_MS)), FORMAT)),
      columns: () => {
        const { start, end } = rangeOf(query, (ends.columns += STEP_MS));
        const grid = { start: String(start / 1000), end: String(end / 1000), step: String(STEP_MS / 1000) };
        return ask({ query, ...grid, quantiles: QUANTILES.join(), omit: 'mean', format: 'binary' });
      },
    },
    ROUNDS,
  );
  const what = 'distribution by le, model, 5m, a step later: counts, quantiles, resets as columns';
  add({ what, unit: 'CPU ms', ours: ms.columns, against: 'the heatmap query', theirs: ms.heatmap, better: 'less' });
  await engine.close();
}

await bench('distribution', (add) =>
  inTempFolder(async (folder) => {
    const db = await openTsdb({ path: folder, syncIntervalMs: 60_000, retention: KEEP_ALL });
    try {
      await appendHistory(makeHistory(HISTORY), db, 0, HISTORY.rows);
      await db.flush();
      for (const by of ['', ', model', ', model, version']) await benchAnswers(db, add, by, '5m');
      await benchAnswers(db, add, '', '1m');
      await benchRefresh(db, add);
    } finally {
      await db.close();
    }
  }),
);
