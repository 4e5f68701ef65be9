/**
 * Processor time of warm range queries over 2,000 series and four hours at 15 s, in steps of 30 s: the engine alone on an open store, and the whole
 * program over HTTP beside a Prometheus that holds the same samples. The answers must agree, or the numbers would mean nothing.
 */
import fs from 'node:fs';
import path from 'node:path';
import { createEngine, DEFAULT_LIMITS } from '../src/server/promql/engine.ts';
import { openTsdb } from '../src/server/tsdb/db.ts';
import { appendHistory, JOB, makeHistory, START, type History } from './data/history.ts';
import { LATENCY } from './data/mlServing.ts';
import { difference } from './harness/answers.ts';
import { writePrometheusBlocks } from './harness/blocks.ts';
import { cpuMsOf, medianCpuMs } from './harness/measure.ts';
import { findPeer, type Peer } from './harness/peers.ts';
import { bench, type Line } from './harness/report.ts';
import { inTempFolder, startIsotherm, startPrometheus, type Server } from './harness/server.ts';

const SHAPE = { services: 10, histograms: 8, plain: 24, rows: 960, intervalMs: 15_000 };
const STEP_MS = 30_000;
const WINDOW_MS = 300_000;
/** Steps fall between samples: Prometheus 2 counts a sample at a window's very start, Prometheus 3 and we do not. */
const OFF_SAMPLES_MS = 7_000;
const ROUNDS = 5;
/** Queries of a round, so that it is long beside the 10 ms in which processor time is counted. */
const REPEATS = 3;

const QUERIES: readonly [what: string, expr: string][] = [
  ['sum by (le) (rate)', `sum by (le) (rate(${LATENCY}_bucket[5m]))`],
  ['quantile by version', `histogram_quantile(0.95, sum by (le, version) (rate(${LATENCY}_bucket[5m])))`],
  ['sum over all', `sum({job="${JOB}"})`],
  ['topk of rates', `topk(10, rate(${LATENCY}_bucket[5m]))`],
];

type Add = (line: Line) => void;
type Grid = { readonly start: number; readonly end: number; readonly stepMs: number };

async function engineAlone(history: History, folder: string, grid: Grid): Promise<ReadonlyMap<string, number>> {
  // Filled, closed and opened again: what is read comes from a block, as after a restart.
  const filling = await openTsdb({ path: folder });
  await appendHistory(history, filling, 0, SHAPE.rows);
  await filling.flush();
  await filling.close();
  const tsdb = await openTsdb({ path: folder });
  const engine = createEngine(tsdb, DEFAULT_LIMITS);
  const times = new Map<string, number>();
  try {
    for (const [what, expr] of QUERIES) {
      const ask = () => repeated(() => engine.query({ expr, ...grid }));
      times.set(what, (await medianCpuMs({ ask }, ROUNDS)).ask / REPEATS);
    }
  } finally {
    await tsdb.close();
  }
  return times;
}

/** @param alone the engine's own times, by query. */
async function overHttp(
  { ours, theirs }: Record<'ours' | 'theirs', Server>,
  peer: Peer,
  grid: Grid,
  alone: ReadonlyMap<string, number>,
  add: Add,
): Promise<void> {
  for (const [what, expr] of QUERIES) {
    const [ourAnswer, theirAnswer] = [await askRange(ours, expr, grid), await askRange(theirs, expr, grid)];
    const fault = difference(ourAnswer, theirAnswer, expr.startsWith('topk'));
    if (fault !== undefined) {
      add({ what, skipped: `the answers differ: ${fault}` });
      continue;
    }
    const ms = await medianCpuMs(
      {
        ours: () => repeated(() => askRange(ours, expr, grid)),
        theirs: () => repeated(() => askRange(theirs, expr, grid)),
      },
      ROUNDS,
      { ours: () => cpuMsOf(ours.pid), theirs: () => cpuMsOf(theirs.pid) },
    );
    const common = {
      unit: 'CPU ms',
      against: `${peer.name} over HTTP`,
      theirs: ms.theirs / REPEATS,
      better: 'less',
    } as const;
    add({ what: `${what}, over HTTP`, ours: ms.ours / REPEATS, ...common });
    add({ what: `${what}, engine alone`, ours: alone.get(what) ?? NaN, ...common });
  }
}

async function repeated(ask: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < REPEATS; i++) await ask();
}

async function askRange(server: Server, query: string, { start, end, stepMs }: Grid): Promise<string> {
  const params = { query, start: String(start / 1000), end: String(end / 1000), step: String(stepMs / 1000) };
  const response = await fetch(`${server.url}/api/v1/query_range`, {
    method: 'POST',
    body: new URLSearchParams(params),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${server.url} refused ${query}: ${text}`);
  return text;
}

await bench('query', (add) =>
  inTempFolder(async (folder) => {
    const history = makeHistory(SHAPE);
    const grid = { start: START + WINDOW_MS + OFF_SAMPLES_MS, end: history.end, stepMs: STEP_MS };
    const ourData = path.join(folder, 'ours');
    const alone = await engineAlone(history, ourData, grid);
    const [prometheus, promtool] = [findPeer('prometheus'), findPeer('promtool')];
    if (typeof prometheus === 'string' || typeof promtool === 'string') {
      const skipped = typeof prometheus === 'string' ? prometheus : String(promtool);
      for (const [what, ours] of alone) add({ what: `${what}, engine alone`, unit: 'CPU ms', ours, skipped });
      return;
    }
    const theirData = path.join(folder, 'prometheus', 'data');
    fs.mkdirSync(theirData, { recursive: true });
    writePrometheusBlocks(promtool, history, theirData);
    const config = path.join(folder, 'prometheus.yml');
    fs.writeFileSync(config, 'global: {}\n');
    const ours = await startIsotherm({ config, data: ourData });
    try {
      const theirs = await startPrometheus(prometheus, { config, data: theirData });
      try {
        await overHttp({ ours, theirs }, prometheus, grid, alone, add);
      } finally {
        await theirs.stop();
      }
    } finally {
      await ours.stop();
    }
  }),
);
