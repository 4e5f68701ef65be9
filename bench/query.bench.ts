/**
 * Processor time of queries over a day at 15 s, warm: the whole program over HTTP beside a Prometheus and a VictoriaMetrics that hold the same
 * samples, in turns. Prometheus' answers must agree, or the numbers would mean nothing; VictoriaMetrics counts rates in a way of its own.
 * Answers kept from earlier ones are of use in the refresh alone: everywhere else each is worked out anew. Instant queries are asked at the same time again
 * and again, and at others.
 * `ISOTHERM_BENCH_SERVICES=50` makes it 10,000 series (2,000 without); `ISOTHERM_BENCH_DATA` names a folder in which the day is kept from one run
 * to the next: it takes minutes to make. `ISOTHERM_BENCH_WORKS=refresh,regex` asks only what has one of these words in its name.
 */
import fs from 'node:fs';
import path from 'node:path';
import { openTsdb } from '../src/server/tsdb/db.ts';
import { appendHistory, JOB, makeHistory, START, type History } from './data/history.ts';
import { LATENCY } from './data/mlServing.ts';
import { difference } from './harness/answers.ts';
import { writePrometheusBlocks } from './harness/blocks.ts';
import { inTempFolder } from './harness/leftovers.ts';
import { cpuMsOf, medianCpuMs } from './harness/measure.ts';
import { findPeer } from './harness/peers.ts';
import { bench, type Line } from './harness/report.ts';
import { startIsotherm, startPrometheus, startVictoriaMetrics, type Server } from './harness/server.ts';
import { importInto } from './harness/victoriaMetrics.ts';

const SERVICES = Number(process.env.ISOTHERM_BENCH_SERVICES ?? 10);
const SHAPE = { services: SERVICES, histograms: 8, plain: 24, rows: 5760, intervalMs: 15_000 };
const MINUTE_MS = 60_000;
const WINDOW_MS = 300_000;
/** Steps fall between samples, as those of a real dashboard do. */
const OFF_SAMPLES_MS = 7_000;
const ROUNDS = 3;

const HEATMAP = `sum by (le) (rate(${LATENCY}_bucket[5m]))`;
const P95_BY_MODEL = `histogram_quantile(0.95, sum by (le, model) (rate(${LATENCY}_bucket[5m])))`;
const SUM_OVER_ALL = `sum({job="${JOB}"})`;
const ONE_SERIES = `process_cpu_seconds_total{instance="10.0.0.0:8000",worker="worker-0"}`;
const BY_REGEX = `sum by (instance) (rate({__name__=~"http_requests_.+|process_cpu_.*",instance=~"10.0.0.[0-4]:8000"}[5m]))`;

/** Twelve panels of a dashboard of a model server. */
const DASHBOARD: readonly string[] = [
  HEATMAP,
  P95_BY_MODEL,
  `histogram_quantile(0.5, sum by (le) (rate(${LATENCY}_bucket[5m])))`,
  `histogram_quantile(0.99, sum by (le, version) (rate(${LATENCY}_bucket[5m])))`,
  `sum by (model) (rate(${LATENCY}_count[5m]))`,
  `sum by (model) (rate(${LATENCY}_sum[5m])) / sum by (model) (rate(${LATENCY}_count[5m]))`,
  `sum(rate(http_requests_total[5m]))`,
  `topk(5, sum by (instance) (rate(http_requests_total[5m])))`,
  `avg by (device) (accelerator_utilization_ratio)`,
  `max by (instance) (accelerator_temperature_celsius)`,
  `sum by (instance) (process_resident_memory_bytes)`,
  `max_over_time(requests_in_queue[5m])`,
];

interface Question {
  readonly expr: string;
  /** Milliseconds; 0 asks at the end alone. */
  readonly stepMs: number;
}

interface Work {
  readonly what: string;
  /** Asked at once, round by round: rounds follow each other so that the time is long beside the 10 ms in which it is counted. */
  readonly rounds: readonly (readonly Question[])[];
  /** Equal values may stand in other series. */
  readonly hasTies?: boolean;
  /** How often all rounds are asked before those that count: a server that has run for an hour, of each contestant. 1 if not told. */
  readonly warmUps?: number;
  /** How much later each round looks than the one before, milliseconds; else all ask for the same. */
  readonly laterMs?: number;
  /** What was answered before may be kept. */
  readonly isKept?: boolean;
}

const repeated = (times: number, question: Question) => Array.from({ length: times }, () => [question]);
const range = (what: string, expr: string, stepMs = MINUTE_MS, times = 3): Work => ({
  what,
  rounds: repeated(times, { expr, stepMs }),
});
const instant = (what: string, expr: string, times = 40): Work => ({
  what,
  rounds: repeated(times, { expr, stepMs: 0 }),
});
const PANELS: readonly Question[] = DASHBOARD.map((expr) => ({ expr, stepMs: MINUTE_MS }));

/** As dashboards and rules ask. */
const moving = (work: Work): Work => ({ ...work, what: `${work.what}, a minute later each time`, laterMs: MINUTE_MS });
/** Nothing of what one looks at is seen by the next. */
const jumping = (work: Work): Work => ({ ...work, what: `${work.what}, far from the time before`, laterMs: FAR_MS });
const FAR_MS = 16 * MINUTE_MS;

const REFRESHES = 10;

const WORKS: readonly Work[] = [
  range('heatmap, steps of 60 s', HEATMAP),
  range('heatmap, steps of 15 s', HEATMAP, 15_000),
  range('p95 by model', P95_BY_MODEL),
  { ...range('topk of rates', `topk(10, rate(${LATENCY}_bucket[5m]))`), hasTies: true },
  range('sum over all', SUM_OVER_ALL),
  { ...range('regex selector', BY_REGEX, MINUTE_MS, 100), warmUps: 10 },
  { what: 'dashboard of 12 panels at once', rounds: [PANELS] },
  instant('instant p95 by model', P95_BY_MODEL),
  moving(instant('instant p95 by model', P95_BY_MODEL)),
  jumping(instant('instant p95 by model', P95_BY_MODEL, 20)),
  instant('instant sum over all', SUM_OVER_ALL),
  moving(instant('instant sum over all', SUM_OVER_ALL)),
  jumping(instant('instant sum over all', SUM_OVER_ALL, 20)),
  instant('instant, one series', ONE_SERIES, 2000),
  moving(instant('instant, one series', ONE_SERIES, 300)),
  {
    what: 'a refresh of 12 panels, answers kept',
    rounds: Array.from({ length: REFRESHES }, () => PANELS),
    laterMs: MINUTE_MS,
    isKept: true,
  },
];

const WORDS = (process.env.ISOTHERM_BENCH_WORKS ?? '').split(',');
const isAsked = ({ what }: Work) => WORDS.some((word) => what.includes(word));

interface Contestant {
  readonly name: string;
  readonly server: Server;
  /** Whether it means the same by every query. */
  readonly isComparable: boolean;
}

/** Milliseconds. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly isKept?: boolean;
}

async function ask({ url }: Server, { expr, stepMs }: Question, { start, end, isKept }: Span): Promise<string> {
  const seconds = (ms: number) => String(ms / 1000);
  const grid: Record<string, string> =
    stepMs === 0 ? { time: seconds(end) } : { start: seconds(start), end: seconds(end), step: seconds(stepMs) };
  const body = new URLSearchParams({ query: expr, ...grid, ...(isKept === true ? {} : { nocache: '1' }) });
  const response = await fetch(`${url}/api/v1/${stepMs === 0 ? 'query' : 'query_range'}`, { method: 'POST', body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} refused ${expr}: ${text}`);
  return text;
}

async function measure(
  { what, rounds, hasTies = false, warmUps = 1, laterMs = 0, isKept }: Work,
  contestants: readonly Contestant[],
  whole: Span,
  add: (line: Line) => void,
): Promise<void> {
  const [ours, ...peers] = contestants;
  for (const { server } of peers.filter(({ isComparable }) => isComparable)) {
    for (const question of rounds[0].filter(({ stepMs }) => stepMs > 0)) {
      const [a, b] = [await ask(ours.server, question, whole), await ask(server, question, whole)];
      const fault = difference(a, b, hasTies || question.expr.startsWith('topk'));
      if (fault !== undefined) return add({ what, skipped: `the answers differ: ${fault}` });
    }
  }
  const work = ({ server }: Contestant) => {
    // The last one ends where the day does.
    const first: Span = { ...whole, end: whole.end - (ROUNDS + warmUps) * rounds.length * laterMs };
    let shift = 0;
    const spanOf = (): Span => ({ start: first.start + shift, end: first.end + (shift += laterMs), isKept });
    return async () => {
      for (const questions of rounds) {
        const span = spanOf();
        await Promise.all(questions.map((question) => ask(server, question, span)));
      }
    };
  };
  const byName = <T>(of: (contestant: Contestant) => T) =>
    Object.fromEntries(contestants.map((one) => [one.name, of(one)]));
  const cpuMs = byName(
    ({ server }) =>
      () =>
        cpuMsOf(server.pid),
  );
  const ms = await medianCpuMs(byName(work), ROUNDS, cpuMs, warmUps);
  const each = (name: string) => ms[name] / rounds.length;
  if (peers.length === 0) add({ what, unit: 'CPU ms', ours: each(ours.name), skipped: 'no peer found' });
  for (const { name } of peers)
    add({ what, unit: 'CPU ms', ours: each(ours.name), against: name, theirs: each(name), better: 'less' });
}

/** Filled, closed and opened again by the server: what is read comes from blocks, as after a restart. */
async function fill(history: History, folder: string): Promise<void> {
  if (fs.existsSync(folder)) return;
  const filling = await openTsdb({ path: folder });
  await appendHistory(history, filling, 0, SHAPE.rows);
  await filling.flush();
  await filling.close();
}

await bench('query', (add) =>
  inTempFolder(async (temp) => {
    const history = makeHistory(SHAPE);
    const folder = process.env.ISOTHERM_BENCH_DATA ?? temp;
    const ourData = path.join(folder, 'ours');
    await fill(history, ourData);
    const config = path.join(temp, 'prometheus.yml');
    fs.writeFileSync(config, 'global: {}\n');
    const contestants: Contestant[] = [];
    try {
      const ours = await startIsotherm({ config, data: ourData }, ['--query.timeout=20m']);
      contestants.push({ name: 'isotherm', server: ours, isComparable: true });
      const [prometheus, promtool] = [findPeer('prometheus'), findPeer('promtool')];
      if (typeof prometheus === 'string' || typeof promtool === 'string') {
        add({ what: 'beside Prometheus', skipped: typeof prometheus === 'string' ? prometheus : String(promtool) });
      } else {
        const data = path.join(folder, 'prometheus', 'data');
        if (!fs.existsSync(data)) {
          fs.mkdirSync(data, { recursive: true });
          writePrometheusBlocks(promtool, history, data);
        }
        const server = await startPrometheus(prometheus, { config, data }, ['--query.timeout=20m']);
        contestants.push({ name: prometheus.name, server, isComparable: true });
      }
      const victoria = findPeer('victoria-metrics');
      if (typeof victoria === 'string') {
        add({ what: 'beside VictoriaMetrics', skipped: victoria });
      } else {
        const data = path.join(folder, 'victoriaMetrics');
        const isFilled = fs.existsSync(data);
        const server = await startVictoriaMetrics(victoria, { data, config: undefined }, [
          '-retentionPeriod=100y',
          '-search.maxQueryDuration=20m',
          '-search.maxUniqueTimeseries=1000000',
        ]);
        contestants.push({ name: victoria.name, server, isComparable: false });
        if (!isFilled) await importInto(server, history);
      }
      const whole: Span = { start: START + WINDOW_MS + OFF_SAMPLES_MS, end: history.end - 1_000 };
      for (const work of WORKS.filter(isAsked)) await measure(work, contestants, whole, add);
    } finally {
      for (const { server } of contestants.reverse()) await server.stop();
    }
  }),
);
