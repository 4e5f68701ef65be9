/**
 * Processor time of warm range queries over 2,000 series and a day at 15 s, in steps of a minute: the engine alone on an open store, and the whole
 * program over HTTP beside a Prometheus and a VictoriaMetrics (its cache off) that hold the same samples. Prometheus' answers must agree, or the
 * numbers would mean nothing; VictoriaMetrics counts rates in a way of its own.
 */
import fs from 'node:fs';
import path from 'node:path';
import { DEFAULT_LIMITS } from '../src/server/promql/engine.ts';
import { openTsdb } from '../src/server/tsdb/db.ts';
import { createQueryRunner } from '../src/server/workers/queryRunner.ts';
import { appendHistory, JOB, makeHistory, START, type History } from './data/history.ts';
import { LATENCY } from './data/mlServing.ts';
import { difference } from './harness/answers.ts';
import { writePrometheusBlocks } from './harness/blocks.ts';
import { cpuMsOf, medianCpuMs } from './harness/measure.ts';
import { findPeer, type Peer } from './harness/peers.ts';
import { bench, type Line } from './harness/report.ts';
import { inTempFolder, startIsotherm, startPrometheus, startVictoriaMetrics, type Server } from './harness/server.ts';
import { importInto } from './harness/victoriaMetrics.ts';

const SHAPE = { services: 10, histograms: 8, plain: 24, rows: 5760, intervalMs: 15_000 };
const STEP_MS = 60_000;
const WINDOW_MS = 300_000;
/** Steps fall between samples: Prometheus 2 counts a sample at a window's very start, Prometheus 3 and we do not. */
const OFF_SAMPLES_MS = 7_000;
const ROUNDS = 3;
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
  const engine = createQueryRunner({ queryable: tsdb, workers: 0, limits: DEFAULT_LIMITS });
  const times = new Map<string, number>();
  try {
    for (const [what, expr] of QUERIES) {
      const ask = () => repeated(() => engine.query({ expr, ...grid }));
      times.set(what, (await medianCpuMs({ ask }, ROUNDS)).ask / REPEATS);
    }
  } finally {
    await engine.close();
    await tsdb.close();
  }
  return times;
}

interface Beside {
  readonly peer: Peer;
  readonly server: Server;
  /** Whether it means the same by every query. */
  readonly isComparable: boolean;
}

/** @param alone the engine's own times, by query. */
async function overHttp(
  ours: Server,
  peers: readonly Beside[],
  grid: Grid,
  alone: ReadonlyMap<string, number>,
  add: Add,
): Promise<void> {
  for (const [what, expr] of QUERIES) {
    const ourAnswer = await askRange(ours, expr, grid);
    for (const { peer, server, isComparable } of peers) {
      const theirAnswer = await askRange(server, expr, grid);
      const fault = isComparable ? difference(ourAnswer, theirAnswer, expr.startsWith('topk')) : undefined;
      if (fault !== undefined) {
        add({ what, skipped: `the answers differ: ${fault}` });
        continue;
      }
      const ms = await medianCpuMs(
        {
          ours: () => repeated(() => askRange(ours, expr, grid)),
          theirs: () => repeated(() => askRange(server, expr, grid)),
        },
        ROUNDS,
        { ours: () => cpuMsOf(ours.pid), theirs: () => cpuMsOf(server.pid) },
      );
      const common = {
        unit: 'CPU ms',
        against: `${peer.name} over HTTP`,
        theirs: ms.theirs / REPEATS,
        better: 'less',
      } as const;
      add({ what: `${what}, over HTTP`, ours: ms.ours / REPEATS, ...common });
      if (isComparable) add({ what: `${what}, engine alone`, ours: alone.get(what) ?? NaN, ...common });
    }
  }
}

async function repeated(ask: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < REPEATS; i++) await ask();
}

async function askRange(server: Server, query: string, { start, end, stepMs }: Grid): Promise<string> {
  const params = {
    query,
    start: String(start / 1000),
    end: String(end / 1000),
    step: String(stepMs / 1000),
    nocache: '1',
  };
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
    const config = path.join(folder, 'prometheus.yml');
    fs.writeFileSync(config, 'global: {}\n');
    const started: Server[] = [];
    const kept = async (starting: Promise<Server>) => {
      const server = await starting;
      started.push(server);
      return server;
    };
    try {
      const ours = await kept(startIsotherm({ config, data: ourData }));
      const peers: Beside[] = [];
      const [prometheus, promtool] = [findPeer('prometheus'), findPeer('promtool')];
      if (typeof prometheus === 'string' || typeof promtool === 'string') {
        const skipped = typeof prometheus === 'string' ? prometheus : String(promtool);
        for (const [what, ms] of alone) add({ what: `${what}, engine alone`, unit: 'CPU ms', ours: ms, skipped });
      } else {
        const data = path.join(folder, 'prometheus', 'data');
        fs.mkdirSync(data, { recursive: true });
        writePrometheusBlocks(promtool, history, data);
        const server = await kept(startPrometheus(prometheus, { config, data }));
        peers.push({ peer: prometheus, server, isComparable: true });
      }
      const victoria = findPeer('victoria-metrics');
      if (typeof victoria === 'string') {
        add({ what: 'beside VictoriaMetrics', skipped: victoria });
      } else {
        const data = path.join(folder, 'victoriaMetrics');
        const flags = ['-retentionPeriod=100y', '-search.disableCache'];
        const server = await kept(startVictoriaMetrics(victoria, { data, config: undefined }, flags));
        await importInto(server, history);
        peers.push({ peer: victoria, server, isComparable: false });
      }
      await overHttp(ours, peers, grid, alone, add);
    } finally {
      for (const server of started.reverse()) await server.stop();
    }
  }),
);
