/** `isotherm tsdb bench`: how fast and how small the store is on this machine, with made-up model services, in a folder that is removed. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openTsdb, type Tsdb } from '../../tsdb/db.ts';
import { createQueryRunner } from '../../workers/queryRunner.ts';
import { LATENCY, ModelService, REQUESTS, SERVICE_SERIES } from './modelServices.ts';
import type { ProgressBar } from './progressBar.ts';
import { ratio, sizeText, table } from './textTable.ts';
import { KEEP_ALL } from './openStore.ts';

const INTERVAL_MS = 15_000;
const STEP_MS = 60_000;
const START = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;
const QUERIES = [
  `sum(rate(${REQUESTS}[5m]))`,
  `histogram_quantile(0.99, sum by (le) (rate(${LATENCY}_bucket[5m])))`,
  `topk(5, avg_over_time(device_load[10m]))`,
];
const LIMITS = {
  lookbackDeltaMs: 5 * MINUTE_MS,
  timeoutMs: 10 * MINUTE_MS,
  maxSamples: Infinity,
  maxConcurrency: 1,
  subqueryStepMs: MINUTE_MS,
  experimental: false,
};

type Row = readonly [what: string, result: string, samples: string];

/** @param series rounded up to whole services. */
export async function benchStore(series: number, hours: number, bar: ProgressBar): Promise<number> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'isotherm-store-bench-'));
  try {
    const services = Array.from({ length: Math.ceil(series / SERVICE_SERIES) }, (_, i) => new ModelService(i));
    const rows = Math.round((hours * 3_600_000) / INTERVAL_MS);
    const results = await measure(path.join(folder, 'store'), services, rows, bar);
    const samples = services.length * SERVICE_SERIES * rows;
    const what = `${services.length * SERVICE_SERIES} series of ${services.length} services, ${hours} h at 15 s, ${samples} samples`;
    process.stdout.write([what, '', ...table(['', 'result', 'samples/s'], results), ''].join('\n'));
    return 0;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  folder: string,
  services: readonly ModelService[],
  rows: number,
  bar: ProgressBar,
): Promise<Row[]> {
  const samples = services.length * SERVICE_SERIES * rows;
  const results: Row[] = [];
  const timed = (what: string, ms: number, of = samples) =>
    void results.push([what, `${(ms / 1000).toFixed(3)} s`, speed(of, ms)]);
  // One block only, so that each step is measured apart.
  const options = { retention: KEEP_ALL, blockRangeMs: 1e12 };
  const store = await openTsdb({ path: folder, ...options });
  timed('append, log and pack', await append(store, services, rows, bar));
  const { logBytes, headChunkBytes } = store.stats();
  results.push(['log', sizeText(logBytes), `${ratio(logBytes, samples)} bytes/sample`]);
  results.push(['packed chunks in memory', sizeText(headChunkBytes), `${ratio(headChunkBytes, samples)} bytes/sample`]);
  const copy = `${folder}-copy`;
  fs.cpSync(folder, copy, { recursive: true, filter: (file) => path.basename(file) !== 'lock' });
  const killed = await elapsed(() => openTsdb({ path: copy, ...options }));
  timed('open after a kill, all in the log', killed.ms);
  await killed.value.close();
  timed('write a block', (await elapsed(() => store.flush())).ms);
  const { blockBytes } = store.stats();
  results.push(['block, index included', sizeText(blockBytes), `${ratio(blockBytes, samples)} bytes/sample`]);
  await store.close();
  const opened = await elapsed(() => openTsdb({ path: folder, ...options }));
  timed('open, all in a block', opened.ms);
  await ask(opened.value, rows, timed);
  await opened.value.close();
  return results;
}

/** Gives the milliseconds without those in which the samples were made up. */
async function append(store: Tsdb, services: readonly ModelService[], rows: number, bar: ProgressBar): Promise<number> {
  const groups = services.map(({ labels }, i) => {
    const group = store.group(`bench ${i}`);
    for (const of of labels) group.column(of);
    return group;
  });
  let ms = 0;
  for (let row = 0; row < rows; row++) {
    for (const service of services) service.step();
    const started = performance.now();
    for (const [i, { values }] of services.entries()) {
      const appender = store.appender();
      const outcome = appender.appendRow(groups[i], START + row * INTERVAL_MS, values);
      if (outcome !== 'ok') throw new Error(`a row was refused: ${outcome}`);
      await appender.commit();
    }
    ms += performance.now() - started;
    bar.tell((row + 1) / rows, 'appending');
  }
  bar.end();
  return ms;
}

async function ask(
  store: Tsdb,
  rows: number,
  timed: (what: string, ms: number, samples?: number) => void,
): Promise<void> {
  const end = START + rows * INTERVAL_MS;
  const named = { name: '__name__', op: '=', value: `${LATENCY}_bucket` } as const;
  const selected = await elapsed(() => store.select({ matchers: [named], minTime: START, maxTime: end }));
  const cells = selected.value.reduce((sum, { times, columns }) => sum + times.length * columns.length, 0);
  timed('select all buckets', selected.ms, cells);
  const engine = createQueryRunner({ queryable: store, workers: 0, limits: LIMITS });
  for (const expr of QUERIES) {
    const count = Math.floor((end - START) / STEP_MS) + 1;
    const request = { expr, start: START, end: START + (count - 1) * STEP_MS, stepMs: STEP_MS };
    const { ms, value } = await elapsed(() => engine.query(request));
    timed(expr, ms, value.stats.samplesRead);
  }
  await engine.close();
}

async function elapsed<T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly value: T }> {
  const started = performance.now();
  const value = await work();
  return { ms: performance.now() - started, value };
}

function speed(samples: number, ms: number): string {
  return `${(samples / ms / 1000).toFixed(1)} M`;
}
