/**
 * Killed with the log full, and started again: 100 targets of 1,000 series at 15 s. Processor time until the server is ready, and until it answers of
 * one metric and of all series; the time by the clock until the first answer, which needs a quiet machine; and how many samples of those that it had
 * taken are gone. `ISOTHERM_BENCH_ROWS=480` for two hours, after which a Prometheus' log is fullest too (a quarter of an hour without);
 * `ISOTHERM_BENCH_PEERS=none` for ours alone. All take the samples by remote write; ours is also started on the log of scraped pages.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiQueryData, ApiSuccess } from '../src/shared/api/prometheus.ts';
import { labelsFrom, labelValue, type Labels } from '../src/shared/model/labels.ts';
import { openTsdb } from '../src/server/tsdb/db.ts';
import { LATENCY, ServingService } from './data/mlServing.ts';
import { RequestWriter, sendRequest } from './data/writeRequests.ts';
import { inTempFolder } from './harness/leftovers.ts';
import { cpuMsOf } from './harness/measure.ts';
import { findPeer } from './harness/peers.ts';
import { bench, type Line } from './harness/report.ts';
import { startIsotherm, startPrometheus, startVictoriaMetrics, type Server } from './harness/server.ts';

const TARGETS = 100;
const SERVICES = 10;
const SHAPE = { histograms: 44, plain: 32, intervalSeconds: 15 };
const ROWS = Number(process.env.ISOTHERM_BENCH_ROWS ?? 60);
const STEP_MS = SHAPE.intervalSeconds * 1000;
const KEEP_ALL = { ageMs: 0, bytes: 0, percentage: 0 };
/** A peer that answers before it has read its log is asked again. */
const PATIENCE_MS = 300_000;

/** Rows of all targets in turn; some show the same numbers. */
class Fleet {
  readonly labels: readonly (readonly Labels[])[];
  readonly first = Date.now() - ROWS * STEP_MS;
  readonly #services = Array.from({ length: SERVICES }, (_, i) => new ServingService({ seed: i + 1, ...SHAPE }));

  constructor() {
    this.labels = Array.from({ length: TARGETS }, (_, i) =>
      this.#services[i % SERVICES].labels.map((own) =>
        labelsFrom([...own, ['instance', `10.0.0.${i}:8000`], ['job', 'model']]),
      ),
    );
  }

  get series(): number {
    return this.labels.reduce((sum, { length }) => sum + length, 0);
  }

  get last(): number {
    return this.first + (ROWS - 1) * STEP_MS;
  }

  async forEachRow(take: (target: number, values: Float64Array, t: number) => Promise<void>): Promise<void> {
    for (let row = 0; row < ROWS; row++) {
      for (const service of this.#services) service.step();
      for (let i = 0; i < TARGETS; i++) await take(i, this.#services[i % SERVICES].values, this.first + row * STEP_MS);
    }
  }
}

interface Contestant {
  readonly name: string;
  start(folder: string): Promise<Server>;
}

interface Restart {
  readonly readyMs: number;
  readonly oneMetricMs: number;
  /** From the start of the process on, by the clock. */
  readonly clockMs: number;
  readonly allMs: number;
  readonly lost: number;
}

async function numberOf({ url }: Server, expr: string, t: number): Promise<number> {
  const answer = await fetch(`${url}/api/v1/query?time=${t / 1000}&query=${encodeURIComponent(expr)}`);
  // A server that still starts; another fault comes again and is told.
  if (answer.status === 503) return NaN;
  if (!answer.ok) throw new Error(`${url} answered ${expr} with ${answer.status}: ${await answer.text()}`);
  const { data } = (await answer.json()) as ApiSuccess<ApiQueryData>;
  return data.resultType === 'vector' ? Number(data.result[0]?.value?.[1] ?? 0) : NaN;
}

/** Waits for an answer that does not change any more, as a peer may read its log while it answers. */
async function restarted(contestant: Contestant, folder: string, fleet: Fleet): Promise<Restart> {
  const started = performance.now();
  const server = await contestant.start(folder);
  try {
    const cpu = () => cpuMsOf(server.pid);
    const readyMs = cpu();
    const untilRight = async (expr: string, expected: number) => {
      let found = NaN;
      for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(20)) {
        const before = found;
        found = await numberOf(server, expr, fleet.last + 1000);
        if (found === expected || (found === before && found > 0)) break;
      }
      return found;
    };
    await untilRight(`count(${LATENCY}_count)`, TARGETS * SHAPE.histograms);
    const [oneMetricMs, clockMs] = [cpu(), performance.now() - started];
    await untilRight('count({job="model"})', fleet.series);
    const allMs = cpu();
    const range = `${Math.ceil((ROWS * STEP_MS) / 1000) + 60}s`;
    // Of the largest metric: most of all samples, and no query of one is refused by anybody.
    const kept = await numberOf(server, `sum(count_over_time(${LATENCY}_bucket[${range}]))`, fleet.last + 1000);
    const { length } = fleet.labels.flat().filter((labels) => labelValue(labels, '__name__') === `${LATENCY}_bucket`);
    return { readyMs, oneMetricMs, clockMs, allMs, lost: ROWS * length - kept };
  } finally {
    await server.stop();
  }
}

/** Who is killed has run before: compiled code is kept from one process to the next. */
async function hasRun(contestant: Contestant, folder: string): Promise<void> {
  const server = await contestant.start(folder);
  await numberOf(server, 'up', Date.now());
  await server.stop();
}

async function killed(server: Server): Promise<void> {
  process.kill(server.pid, 'SIGKILL');
  await server.stop();
}

async function filledByRemoteWrite(contestant: Contestant, folder: string): Promise<Fleet> {
  const fleet = new Fleet();
  const server = await contestant.start(folder);
  const writers = fleet.labels.map((own) => new RequestWriter(own));
  await fleet.forEachRow((i, values, t) => sendRequest(server.url, writers[i].request(values, [t])));
  await killed(server);
  return fleet;
}

/** What a process that scraped the targets and is killed leaves behind. */
async function filledByRows(folder: string): Promise<Fleet> {
  const fleet = new Fleet();
  const open = `${folder}-open`;
  const db = await openTsdb({ path: open, blockRangeMs: 1e12, retention: KEEP_ALL });
  const groups = fleet.labels.map((labels, i) => {
    const group = db.group(`target ${i}`);
    for (const own of labels) group.column(own);
    return group;
  });
  await fleet.forEachRow(async (i, values, t) => {
    const appender = db.appender();
    if (appender.appendRow(groups[i], t, values) !== 'ok') throw new Error(`the row of ${t} was refused`);
    await appender.commit();
  });
  fs.cpSync(open, folder, { recursive: true, filter: (file) => path.basename(file) !== 'lock' });
  await db.close();
  return fleet;
}

function linesOf(
  ours: Restart,
  of: string,
  other: { readonly name: string; readonly restart: Restart } | string,
): Line[] {
  const measures = [
    [`${of}: until ready, processor`, 's', ({ readyMs }: Restart) => readyMs / 1000],
    [`${of}: until the first answer of one metric`, 's', ({ oneMetricMs }: Restart) => oneMetricMs / 1000],
    [`${of}: until the first right answer, by the clock`, 's', ({ clockMs }: Restart) => clockMs / 1000],
    [`${of}: until the answer over all series`, 's', ({ allMs }: Restart) => allMs / 1000],
    [`${of}: samples of buckets lost`, 'samples', ({ lost }: Restart) => lost],
  ] as const;
  return measures.map(([what, unit, value]) =>
    typeof other === 'string'
      ? { what, unit, ours: value(ours), skipped: other }
      : { what, unit, ours: value(ours), against: other.name, theirs: value(other.restart), better: 'less' },
  );
}

await bench('restart', (add) =>
  inTempFolder(async (temp) => {
    const config = path.join(temp, 'none.yml');
    fs.writeFileSync(config, 'global: {}\n');
    const receiver = '--web.enable-remote-write-receiver';
    const isotherm: Contestant = {
      name: 'isotherm',
      start: (data) => startIsotherm({ config, data }, [receiver, '--storage.tsdb.retention.time=100y']),
    };
    await hasRun(isotherm, path.join(temp, 'first'));
    const rowsFolder = path.join(temp, 'rows');
    const rows = await restarted(isotherm, rowsFolder, await filledByRows(rowsFolder));
    linesOf(rows, 'scraped', 'the peers were written to').forEach(add);
    if (process.env.ISOTHERM_BENCH_PEERS === 'none') return;
    const [victoria, prometheus] = [findPeer('victoria-metrics'), findPeer('prometheus')];
    const contestants: Contestant[] = [isotherm];
    if (typeof victoria === 'string') add({ what: 'against victoria-metrics', skipped: victoria });
    else contestants.push({ name: victoria.name, start: (data) => startVictoriaMetrics(victoria, { config, data }) });
    if (typeof prometheus === 'string') add({ what: 'against prometheus', skipped: prometheus });
    else
      contestants.push({
        name: prometheus.name,
        start: (data) => startPrometheus(prometheus, { config, data }, [receiver]),
      });
    const restarts: { name: string; restart: Restart }[] = [];
    for (const [i, contestant] of contestants.entries()) {
      const folder = path.join(temp, `written ${i}`);
      const fleet = await filledByRemoteWrite(contestant, folder);
      restarts.push({ name: contestant.name, restart: await restarted(contestant, folder, fleet) });
    }
    const [ours, ...others] = restarts;
    for (const other of others) linesOf(ours.restart, 'written', other).forEach(add);
  }),
);
