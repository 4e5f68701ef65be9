/**
 * Remote write in trouble: a sidecar scrapes and sends to a VictoriaMetrics, while one or the other is ended. Afterwards both must have each sample, once.
 * Needs `victoria-metrics` (ISOTHERM_VICTORIA_METRICS, or on the PATH); exit code 1 where a sample is missing or memory was not bounded.
 *
 *   npm run drill -- restarts --minutes=10 --targets=100 --memory=800    the sender killed twice, the receiver restarted twice
 *   npm run drill -- outage --minutes=40 --targets=10       the receiver away for three quarters of the time, the sender killed twice meanwhile
 *   --series=1000 a target, scraped every second; --memory=400 MiB that the sender may hold
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { HISTOGRAM_SERIES } from '../bench/data/mlServing.ts';
import { tempFolder } from '../bench/harness/leftovers.ts';
import { findPeer } from '../bench/harness/peers.ts';
import { freePort } from '../bench/harness/server.ts';
import { startFarm } from '../bench/harness/targetFarm.ts';
import { Program } from './drill/program.ts';

const MIB = 1024 * 1024;
/** Pages that are made beforehand, a second each; the last one stays. */
const PAGES = 120;
/** What waits in the store goes out within this, once the last trouble is over. */
const DRAIN_MS_MAX = 900_000;
const ISOTHERM = fileURLToPath(new URL('../bin/isotherm', import.meta.url));

type Act = 'kill the sender' | 'restart the receiver' | 'stop the receiver' | 'start the receiver';
/** When in the drill, as a share of its time. */
const DRILLS: Readonly<Record<string, readonly (readonly [share: number, act: Act])[]>> = {
  restarts: [
    [0.2, 'kill the sender'],
    [0.4, 'restart the receiver'],
    [0.6, 'kill the sender'],
    [0.8, 'restart the receiver'],
  ],
  outage: [
    [0.1, 'stop the receiver'],
    [0.3, 'kill the sender'],
    [0.6, 'kill the sender'],
    [0.85, 'start the receiver'],
  ],
};

const { positionals, values: given } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '10' },
    targets: { type: 'string', default: '10' },
    series: { type: 'string', default: '1000' },
    memory: { type: 'string', default: '400' },
  },
});
const drill = DRILLS[positionals[0] ?? ''];
const [minutes, targets, series, memory] = [given.minutes, given.targets, given.series, given.memory].map(Number);
if (drill === undefined || [minutes, targets, series, memory].some((n) => !(n > 0))) {
  console.error(
    `npm run drill -- ${Object.keys(DRILLS).join('|')} --minutes=10 --targets=10 --series=1000 --memory=400`,
  );
  process.exit(2);
}
const peer = findPeer('victoria-metrics');
if (typeof peer === 'string') {
  console.error(`${peer}; on Debian: apt-get install victoria-metrics`);
  process.exit(2);
}

const folder = tempFolder();
const histograms = Math.floor((series * 0.88) / HISTOGRAM_SERIES);
const shape = { histograms, plain: series - histograms * HISTOGRAM_SERIES };
const farm = await startFarm({ ...shape, targets, seconds: PAGES, gzip: false, scrapeSeconds: 1, redeploy: false });
const [senderAddress, receiverAddress] = await Promise.all([address(), address()]);
const receiver = new Program('the receiver', `http://${receiverAddress}`, '/health', peer.command, [
  `-httpListenAddr=${receiverAddress}`,
  `-storageDataPath=${path.join(folder, 'receiver')}`,
  '-search.latencyOffset=0s',
  '-search.disableCache',
  // What is sent again after a kill counts once, if it is the same.
  '-dedup.minScrapeInterval=1ms',
  '-search.maxSamplesPerQuery=1000000000',
  '-search.maxSamplesPerSeries=1000000000',
]);
fs.writeFileSync(path.join(folder, 'prometheus.yml'), configOf(receiver.url));
const sender = new Program('the sender', `http://${senderAddress}`, '/-/ready', ISOTHERM, [
  'serve',
  `--config.file=${path.join(folder, 'prometheus.yml')}`,
  `--storage.tsdb.path=${path.join(folder, 'sender')}`,
  `--web.listen-address=${senderAddress}`,
  '--query.max-samples=1000000000',
  '--log.level=warn',
]);

const ACTS: Readonly<Record<Act, () => Promise<void>>> = {
  'kill the sender': async () => {
    await sender.end('SIGKILL');
    await sender.start();
  },
  'restart the receiver': async () => {
    await receiver.end('SIGTERM');
    await receiver.start();
  },
  'stop the receiver': () => receiver.end('SIGTERM'),
  'start the receiver': () => receiver.start(),
};

try {
  await Promise.all([receiver.start(), sender.start()]);
  const ok = await run();
  process.exitCode = ok ? 0 : 1;
} finally {
  farm.stop();
  await Promise.all([sender.end('SIGKILL'), receiver.end('SIGKILL')]);
}

async function run(): Promise<boolean> {
  const started = Date.now();
  const atShare = (share: number) => started + share * minutes * 60_000;
  say(`${targets} targets of ${farm.series} series a second for ${minutes} min`);
  for (const [share, act] of drill) {
    await lookUntil(atShare(share));
    say(act);
    await ACTS[act]();
  }
  await lookUntil(atShare(1));
  // Scraping ends, so that both have an end.
  fs.writeFileSync(path.join(folder, 'prometheus.yml'), configOf(receiver.url, 'scrape_configs: []\n'));
  await sender.end('SIGTERM');
  await sender.start();
  const drained = await drain();
  say(`drained in ${Math.round(drained / 1000)} s`);
  return compare();
}

/** Waits, and looks at the memory of both every second. */
async function lookUntil(time: number): Promise<void> {
  for (; Date.now() < time; await sleep(Math.min(1_000, Math.max(0, time - Date.now())))) {
    sender.look();
    receiver.look();
  }
}

/** @returns how long it took, milliseconds. */
async function drain(): Promise<number> {
  const started = Date.now();
  for (;;) {
    await lookUntil(Date.now() + 1_000);
    const page = await (await fetch(`${sender.url}/metrics`)).text();
    const valueOf = (name: string) => Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)`, 'm').exec(page)?.[1]);
    if (
      valueOf('prometheus_remote_storage_samples_pending') === 0 &&
      valueOf('isotherm_remote_behind_since_seconds') === 0
    )
      break;
    if (Date.now() - started > DRAIN_MS_MAX) throw new Error('samples still wait; was the receiver too slow?');
  }
  await fetch(`${receiver.url}/internal/force_flush`);
  return Date.now() - started;
}

async function compare(): Promise<boolean> {
  const end = Date.now();
  const span = `${Math.ceil(minutes + 20)}m`;
  let [ours, theirs, unlike] = [0, 0, 0];
  const names = await namesOf(sender.url);
  if (names.join() !== (await namesOf(receiver.url)).join()) unlike++;
  for (const [name, target] of names.flatMap((name) => Array.from({ length: targets }, (_, i) => [name, i] as const))) {
    const query = `count_over_time(${name}{pod="${target}"}[${span}])`;
    const [here, there] = await Promise.all([sender.url, receiver.url].map((url) => counts(url, query, end)));
    for (const [labels, count] of here) {
      ours += count;
      theirs += there.get(labels) ?? 0;
      if (there.get(labels) !== count) unlike++;
    }
    if (there.size !== here.size) unlike += Math.abs(there.size - here.size);
  }
  const rate = ours / (minutes * 60);
  say(`scraped ${ours.toLocaleString('en')} samples, ${Math.round(rate).toLocaleString('en')} a second`);
  say(`received ${theirs.toLocaleString('en')}; series with another count: ${unlike}`);
  const resident = sender.residentMax / MIB;
  say(
    `memory: the sender ${resident.toFixed(0)} MiB at most, the receiver ${(receiver.residentMax / MIB).toFixed(0)} MiB`,
  );
  const isBounded = resident <= memory;
  if (!isBounded) say(`that is more than --memory=${memory}`);
  const isWhole = ours > 0 && ours === theirs && unlike === 0;
  say(isWhole ? 'nothing lost, nothing twice' : 'SAMPLES ARE MISSING OR TWICE');
  return isWhole && isBounded;
}

async function namesOf(url: string): Promise<string[]> {
  const matching = encodeURIComponent('{pod=~".+"}');
  const answer = await fetch(`${url}/api/v1/label/__name__/values?match[]=${matching}`);
  return ((await answer.json()) as { data: string[] }).data.sort();
}

/** Samples by series. */
async function counts(url: string, query: string, at: number): Promise<Map<string, number>> {
  const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}&time=${at / 1000}`);
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${await answer.text()}`);
  const { data } = (await answer.json()) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  return new Map(
    data.result.map(({ metric, value }) => [JSON.stringify(Object.entries(metric).sort()), Number(value[1])]),
  );
}

function configOf(url: string, jobs = jobsText()): string {
  return `global: {scrape_interval: 1s, scrape_timeout: 1s}
remote_write:
  - url: ${url}/api/v1/write
    queue_config: {max_samples_per_send: 10000, batch_send_deadline: 1s, max_shards: 8, capacity: 50000, max_backoff: 2s}
${jobs}`;
}

/** Each target under a name that stays when its address does not. */
function jobsText(): string {
  const pages = Array.from(
    { length: targets },
    (_, i) =>
      `  - {job_name: t${i}, metrics_path: /drill/${i}, static_configs: [{targets: ['127.0.0.1:${farm.port}'], labels: {pod: '${i}'}}]}\n`,
  );
  return `scrape_configs:\n${pages.join('')}`;
}

async function address(): Promise<string> {
  return `127.0.0.1:${await freePort()}`;
}

function say(text: string): void {
  console.log(`${new Date().toISOString().slice(11, 19)}  ${text}`);
}
