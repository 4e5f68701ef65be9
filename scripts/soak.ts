/**
 * A day of a store under churn, as fast as it goes: pods come and go, are scraped and queried, blocks are written, merged and removed by retention.
 * Memory and open files must stay level and the disk as small as retention says; exit code 1 where they do not.
 *
 *   npm run soak -- --hours=24 --pods=30 --retention=6
 */
import fs from 'node:fs';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { labelsFrom } from '../src/shared/model/labels.ts';
import { bitsOf, setStale } from '../src/shared/model/sampleBits.ts';
import { DEFAULT_LIMITS } from '../src/server/promql/engine.ts';
import type { GroupWriter } from '../src/server/storage/appender.ts';
import { openTsdb, type Tsdb } from '../src/server/tsdb/db.ts';
import { createQueryRunner, type QueryRunner } from '../src/server/workers/queryRunner.ts';
import { ServingService } from '../bench/data/mlServing.ts';
import { randomFrom } from '../bench/data/random.ts';
import { tempFolder } from '../bench/harness/leftovers.ts';
import { folderBytes } from '../bench/harness/measure.ts';

const HOUR = 3_600_000;
const MIB = 1024 * 1024;
const START = Date.UTC(2026, 0, 1);
/** How long pods live, on average. */
const LIFE_MS = HOUR;
/** Nothing is compared before this long after the retention: until then blocks have not been removed, and caches are not full yet. */
const WARM_UP_MS = 2 * HOUR;
const QUERIES = [
  'sum by (le) (rate(model_prediction_latency_seconds_bucket[5m]))',
  'histogram_quantile(0.99, sum by (le, model) (increase(model_prediction_latency_seconds_bucket[1h])))',
  'topk(5, sum by (pod) (rate(http_requests_total[5m])))',
  'max by (pod) (max_over_time(accelerator_utilization_ratio[1h]))',
  'count({job="soak"})',
];

/** Hours of a block. */
const BLOCK_HOURS = 2;
const BLOCK_WAIT_MS = 120_000;

interface Pod {
  readonly name: string;
  readonly group: GroupWriter;
  readonly service: ServingService;
  readonly until: number;
}

interface Reading {
  readonly hour: number;
  readonly rss: number;
  readonly heap: number;
  readonly buffers: number;
  readonly files: number;
  readonly disk: number;
  readonly blocks: number;
  readonly series: number;
  /** Hours from the oldest sample to the newest. */
  readonly span: number;
}

const COLUMNS: readonly (readonly [head: string, text: (r: Reading) => string])[] = [
  ['hour', (r) => String(r.hour)],
  ['RSS MiB', (r) => (r.rss / MIB).toFixed(0)],
  ['heap MiB', (r) => (r.heap / MIB).toFixed(1)],
  ['buffers MiB', (r) => (r.buffers / MIB).toFixed(1)],
  ['files', (r) => String(r.files)],
  ['disk MiB', (r) => (r.disk / MIB).toFixed(1)],
  ['blocks', (r) => String(r.blocks)],
  ['series', (r) => String(r.series)],
  ['hours kept', (r) => r.span.toFixed(1)],
];

/** Rubbish is collected before memory is read. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

interface Soak {
  readonly hours: number;
  readonly pods: number;
  readonly intervalMs: number;
  readonly retentionMs: number;
}

class Cluster {
  readonly #db: Tsdb;
  readonly #random = randomFrom(5);
  readonly #pods: (Pod | undefined)[];
  #started = 0;

  constructor(db: Tsdb, pods: number) {
    this.#db = db;
    this.#pods = new Array<Pod | undefined>(pods).fill(undefined);
  }

  get podsStarted(): number {
    return this.#started;
  }

  /** A scrape of every pod; what ended is marked, and another one comes in its place. */
  async scrape(t: number, intervalMs: number): Promise<void> {
    for (let i = 0; i < this.#pods.length; i++) {
      let pod = this.#pods[i];
      if (pod !== undefined && t > pod.until) {
        await this.#end(pod, t);
        pod = undefined;
      }
      pod = this.#pods[i] = pod ?? this.#start(t, intervalMs);
      pod.service.step();
      await this.#append(pod, t, pod.service.values);
    }
  }

  async #append({ group, name }: Pod, t: number, values: Float64Array): Promise<void> {
    const appender = this.#db.appender();
    const outcome = appender.appendRow(group, t, values);
    if (outcome !== 'ok') throw new Error(`the row of ${name} at ${t} was refused: ${outcome}`);
    await appender.commit();
  }

  async #end(pod: Pod, t: number): Promise<void> {
    const row = new Float64Array(pod.group.columnCount);
    for (let c = 0; c < row.length; c++) setStale(bitsOf(row), c);
    await this.#append(pod, t, row);
  }

  #start(t: number, intervalMs: number): Pod {
    const name = `server-${this.#started++}`;
    const service = new ServingService({
      seed: this.#started,
      histograms: 4,
      plain: 12,
      intervalSeconds: intervalMs / 1000,
    });
    const group = this.#db.group(`soak/${name}`);
    for (const labels of service.labels) group.column(labelsFrom([...labels, ['job', 'soak'], ['pod', name]]));
    return { name, group, service, until: t + LIFE_MS * (0.3 + 1.4 * this.#random()) };
  }
}

async function ask(runner: QueryRunner, db: Tsdb, now: number, retentionMs: number): Promise<void> {
  for (const expr of QUERIES) await runner.query({ expr, start: now - HOUR, end: now, stepMs: 60_000 });
  await runner.query({ expr: QUERIES[1], start: now - retentionMs, end: now, stepMs: HOUR / 4 });
  await db.labelValues('pod', [], { minTime: now - HOUR, maxTime: now });
}

/** The clock of the pods goes some thousand times as fast as that of the thread that writes blocks. */
async function blocksWritten(db: Tsdb, hour: number): Promise<void> {
  const due = Math.floor(hour / BLOCK_HOURS) - 1;
  for (let end = performance.now() + BLOCK_WAIT_MS; db.stats().blocksWritten < due; await sleep(50))
    if (performance.now() > end) throw new Error(`no block of hour ${hour - BLOCK_HOURS} was written`);
}

function read(db: Tsdb, folder: string, hour: number, collect: () => void): Reading {
  collect();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const { blocks, series, minTime = 0, maxTime = 0 } = db.stats();
  const files = fs.readdirSync('/proc/self/fd').length;
  const span = (maxTime - minTime) / HOUR;
  return { hour, rss, heap: heapUsed, buffers: arrayBuffers, files, disk: folderBytes(folder), blocks, series, span };
}

/**
 * What may grow, from the mean of the first third of the readings to that of the last: the noise of a mean of several readings, as seen in runs of 24
 * hours that were level (heap 20 to 24 MiB, buffers 5 to 8, files 29 to 38, disk 0.6 to 2.8). A leak of a kilobyte a pod is above it after a day.
 */
const GROWTH: readonly (readonly [what: string, of: (r: Reading) => number, share: number, slack: number])[] = [
  // The allocator's free pages; and the caches of the query thread go on filling for long.
  ['RSS', (r) => r.rss, 0.05, 32 * MIB],
  ['heap', (r) => r.heap, 0.05, 1 * MIB],
  // Another saw: rows and chunks of the head, from one block to the next.
  ['buffers', (r) => r.buffers, 0.05, 4 * MIB],
  ['open files', (r) => r.files, 0.05, 2],
  // A saw: blocks come every two hours, and go as wholes.
  ['disk', (r) => r.disk, 0.1, 0.5 * MIB],
  // Series are forgotten with the blocks that had them last.
  ['series', (r) => r.series, 0.15, 100],
];
/** A mean of fewer says nothing. */
const READINGS_MIN = 9;

/** What is not as it should be. */
function faults(readings: readonly Reading[], { retentionMs }: Soak): string[] {
  const warm = readings.filter(({ hour }) => hour * HOUR > retentionMs + WARM_UP_MS);
  if (warm.length < READINGS_MIN)
    return [`only ${warm.length} hours follow the first ${(retentionMs + WARM_UP_MS) / HOUR}: run it longer`];
  const third = Math.floor(warm.length / 3);
  const [before, after] = [warm.slice(0, third), warm.slice(-third)];
  const mean = (of: (r: Reading) => number, list: readonly Reading[]) =>
    list.reduce((sum, r) => sum + of(r), 0) / list.length;
  const found: string[] = [];
  for (const [what, of, share, slack] of GROWTH) {
    const [a, b] = [mean(of, before), mean(of, after)];
    if (b > a * (1 + share) + slack) found.push(`${what} grew from ${a.toFixed(0)} to ${b.toFixed(0)}`);
  }
  // Blocks go as wholes, two hours or a fifth of the retention long; and are looked at when the next one is written, which may take an hour of this clock.
  const retention = retentionMs / HOUR;
  const spanMax = retention + Math.max(BLOCK_HOURS, 0.2 * retention) + 1.1;
  for (const { hour, span } of readings)
    if (span > spanMax) found.push(`${span.toFixed(1)} hours were kept at hour ${hour}`);
  return found;
}

async function soak(options: Soak): Promise<string[]> {
  const { hours, pods, intervalMs, retentionMs } = options;
  const folder = tempFolder();
  const collect = garbageCollector();
  let now = START;
  const retention = { ageMs: retentionMs, bytes: 0, percentage: 0 };
  const log = (level: string, message: string, fields: object) => {
    if (level === 'error') console.error(message, fields);
  };
  const db = await openTsdb({ path: folder, retention, compactionThread: true, now: () => now, log });
  const runner = createQueryRunner({ queryable: db, workers: 1, limits: DEFAULT_LIMITS });
  const cluster = new Cluster(db, pods);
  const readings: Reading[] = [];
  const heads = COLUMNS.map(([head]) => head);
  console.log(heads.join('  '));
  try {
    for (let row = 1; row * intervalMs <= hours * HOUR; row++) {
      now = START + row * intervalMs;
      await cluster.scrape(now, intervalMs);
      if (row % 4 === 0) await setImmediate();
      if (row % 40 === 0) await ask(runner, db, now, retentionMs);
      if ((row * intervalMs) % HOUR !== 0) continue;
      await blocksWritten(db, (row * intervalMs) / HOUR);
      readings.push(read(db, folder, (row * intervalMs) / HOUR, collect));
      console.log(COLUMNS.map(([head, text]) => text(readings.at(-1)!).padStart(head.length)).join('  '));
    }
    const { samplesAppended, flushFailures, compactions, blocksRemoved } = db.stats();
    console.log(
      `${cluster.podsStarted} pods, ${samplesAppended} samples, ${compactions} merges, ${blocksRemoved} blocks past their retention`,
    );
    return flushFailures > 0 ? [`${flushFailures} blocks could not be written`] : faults(readings, options);
  } finally {
    await runner.close();
    await db.close();
  }
}

const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '24' },
    pods: { type: 'string', default: '30' },
    interval: { type: 'string', default: '15' },
    retention: { type: 'string', default: '6' },
  },
});
const found = await soak({
  hours: Number(values.hours),
  pods: Number(values.pods),
  intervalMs: Number(values.interval) * 1000,
  retentionMs: Number(values.retention) * HOUR,
});
for (const fault of found) console.error(fault);
if (found.length === 0) console.log('memory, files and disk stayed level');
process.exitCode = found.length > 0 ? 1 : 0;
