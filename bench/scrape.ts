/**
 * What scraping costs: reading pages alone (in full, and by comparison with the page before), then the whole path over HTTP into the store.
 * Run: node bench/scrape.ts [targets] [series each]
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '../src/server/config/load.ts';
import { createScrapeManager } from '../src/server/scrape/manager.ts';
import { systemClock } from '../src/server/telemetry/clock.ts';
import { createPageReader } from '../src/server/textparse/pageReader.ts';
import { openTsdb } from '../src/server/tsdb/db.ts';

const SERVE = 'serve';
const BUCKETS = 18;
const READS = 200;
const WARM_MS = 10_000;
const MEASURE_MS = 15_000;

/** A page of latency histograms whose numbers move with `tick`. */
function pageOf(series: number, tick: number): Uint8Array {
  let text = '';
  for (let h = 0; h < series / (BUCKETS + 2); h++) {
    text += `# HELP m${h}_seconds Latency of step ${h}.\n# TYPE m${h}_seconds histogram\n`;
    for (let b = 0; b < BUCKETS; b++) {
      const le = b < BUCKETS - 1 ? 0.001 * 2 ** b : '+Inf';
      text += `m${h}_seconds_bucket{model="bench",version="v${h}",le="${le}"} ${Math.floor(((tick * 7 + h) * (b + 1)) / 3)}\n`;
    }
    text += `m${h}_seconds_sum{model="bench",version="v${h}"} ${tick * 1.2345678 + h}\n`;
    text += `m${h}_seconds_count{model="bench",version="v${h}"} ${tick * 7 + h}\n`;
  }
  return new TextEncoder().encode(text);
}

/** The target, in a process of its own, so that its work is not counted. */
function serve(series: number): void {
  let page = pageOf(series, 0);
  let tick = 0;
  setInterval(() => (page = pageOf(series, ++tick)), 1000);
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4').end(page);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}

function readPages(series: number): void {
  const pages = Array.from({ length: READS }, (_, tick) => pageOf(series, tick));
  for (const compare of [false, true]) {
    const reader = createPageReader({ compare });
    for (const page of pages) reader.read(page, 'text');
    const began = process.cpuUsage();
    let samples = 0;
    for (const page of pages) samples += reader.read(page, 'text').count;
    const seconds = cpuSeconds(began);
    const name = compare ? 'by comparison' : 'in full';
    console.log(`reading ${name.padEnd(14)} ${(samples / seconds / 1e6).toFixed(1)} million samples a second`);
  }
}

function cpuSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

async function wholePath(targets: number, series: number): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), [SERVE, String(series)]);
  const port = await new Promise((done) => child.once('message', done));
  const dir = mkdtempSync(join(tmpdir(), 'isotherm-bench-'));
  const tsdb = await openTsdb({ path: dir });
  let samples = 0;
  let missed = 0;
  const manager = createScrapeManager({
    storage: tsdb,
    clock: systemClock,
    log: () => undefined,
    onScrape: ({ up, kept }) => {
      samples += kept;
      if (!up) missed++;
    },
  });
  const groups = Array.from({ length: targets }, (_, i) => `{targets: ["127.0.0.1:${port}"], labels: {n: "${i}"}}`);
  const text = `global: {scrape_interval: 1s}\nscrape_configs: [{job_name: bench, static_configs: [${groups.join(', ')}]}]`;
  manager.apply(parseConfig(text, { dir, path: 'bench.yml' }));
  await new Promise((done) => setTimeout(done, WARM_MS));
  samples = missed = 0;
  const began = process.cpuUsage();
  await new Promise((done) => setTimeout(done, MEASURE_MS));
  const seconds = cpuSeconds(began);
  const share = (seconds / MEASURE_MS) * 1e5;
  console.log(`whole path, ${targets} targets × ${series} series × 1 s`);
  console.log(
    `  ${((seconds / samples) * 1e6).toFixed(2)} CPU-seconds a million samples, ${share.toFixed(1)} % of a core`,
  );
  console.log(
    `  ${samples} samples, ${missed} scrapes failed, ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB resident`,
  );
  await manager.stop();
  await tsdb.close();
  child.kill();
  rmSync(dir, { recursive: true });
}

const [first = '100', second = '1000'] = process.argv.slice(2);
if (first === SERVE) {
  serve(Number(second));
} else {
  readPages(Number(second));
  await wholePath(Number(first), Number(second));
}
