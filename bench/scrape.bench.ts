/**
 * The whole program as a sidecar: targets of 1,000 series scraped every second, every value moving as a service's would. Peers scrape the same
 * targets at the same time, so that what else the machine does meets all of them alike. Processor time is divided by the samples that each of
 * them really fetched: where the machine is too busy for a scrape a second, nobody is praised for the scrapes left out.
 *
 * `up` of each over the measured time is a line of its own, and marks the other figures where it is below 100 %.
 *
 * ISOTHERM_BENCH_SCENARIOS=hundred,gzip runs the named scenarios only, ISOTHERM_BENCH_SECONDS measures for longer,
 * ISOTHERM_BENCH_INTERVAL=5 scrapes every five seconds, which a busy machine can still do; ISOTHERM_BENCH_PEERS=none measures ours alone;
 * ISOTHERM_BENCH_WARM_UP=10 measures sooner after the start.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiQueryData, ApiSuccess } from '../src/shared/api/prometheus.ts';
import { inTempFolder } from './harness/leftovers.ts';
import { cpuMsOf, folderBytes, median, residentBytesOf } from './harness/measure.ts';
import { findPeer, type Peer, type PeerProgram } from './harness/peers.ts';
import { bench, type Comparison, type Line } from './harness/report.ts';
import {
  startIsotherm,
  startPrometheus,
  startVictoriaMetrics,
  type Server,
  type ServerFolders,
} from './harness/server.ts';
import { startFarm, type Farm, type Fetched } from './harness/targetFarm.ts';

/**
 * After the start: connections are made, the first log records name the series, and ours is compiled, which a hundred calls a second set off late: its
 * processor time falls for a minute. A server runs for weeks.
 */
const WARM_UP_SECONDS = Number(process.env.ISOTHERM_BENCH_WARM_UP ?? 60);
const SECONDS = Number(process.env.ISOTHERM_BENCH_SECONDS ?? 20);
const SCRAPE_SECONDS = Number(process.env.ISOTHERM_BENCH_INTERVAL ?? 1);
/** Queries are asked again and again for this long, to see when a page's samples are there. */
const WATCH_SECONDS = 6;
const WATCHED_TARGETS = 5;
const ASK_PAUSE_MS = 4;
const SPARE_SECONDS = 20;
const SHAPE = {
  ...{ histograms: 44, plain: 32, scrapeSeconds: SCRAPE_SECONDS },
  seconds: WARM_UP_SECONDS + SECONDS + 3 * WATCH_SECONDS + SPARE_SECONDS,
};

const SCENARIOS = {
  ten: { targets: 10, gzip: false, redeploy: false, what: '10 targets' },
  hundred: { targets: 100, gzip: false, redeploy: false, what: '100 targets' },
  gzip: { targets: 100, gzip: true, redeploy: false, what: '100 targets, gzipped' },
  redeploy: { targets: 100, gzip: true, redeploy: true, what: '100, gzipped, one redeployed a second' },
} as const;
type Scenario = (typeof SCENARIOS)[keyof typeof SCENARIOS];

interface Contestant {
  readonly name: string;
  /** Path of the pages that it fetches, and its log's folder within its data. */
  readonly path: string;
  readonly logFolder?: string;
  start(folders: ServerFolders): Promise<Server>;
}

interface Usage extends Fetched {
  readonly name: string;
  readonly upPercent: number;
  readonly cpuSecondsAMillion: number;
  readonly residentMegabytes: number;
  /** NaN where it has no log that grows with its samples. */
  readonly logBytes: number;
  /** From a page's serving to its first sight in a query, the slowest. */
  readonly visibleMs: number;
  /** NaN for those who do not tell. */
  readonly loopDelayMs: number;
}

function configText(farm: Farm, contestant: string, { targets }: Scenario): string {
  const jobs = Array.from({ length: targets }, (_, i) =>
    [
      `  - job_name: model-${i}`,
      `    metrics_path: /${contestant}/${i}`,
      `    static_configs: [{ targets: ['127.0.0.1:${farm.port}'] }]`,
    ].join('\n'),
  );
  return [
    `global: { scrape_interval: ${SCRAPE_SECONDS}s, scrape_timeout: ${SCRAPE_SECONDS}s }`,
    'scrape_configs:',
    ...jobs,
    '',
  ].join('\n');
}

async function query({ url }: Server, expr: string): Promise<readonly { job: string; v: number }[]> {
  const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`);
  if (!answer.ok) throw new Error(`${url} answered ${expr} with ${answer.status}: ${await answer.text()}`);
  const { data } = (await answer.json()) as ApiSuccess<ApiQueryData>;
  if (data.resultType !== 'vector') throw new Error(`${expr} gave a ${data.resultType}`);
  return data.result.map(({ metric, value }) => ({ job: metric.job ?? '', v: Number(value?.[1]) }));
}

/**
 * Percentage of the scrapes in the measured time that gave a page, by the contestant's own `up`; a target it never heard of counts as down. A contestant
 * that refuses its pages would look quick, and on a busy machine some scrapes are always late: so the figures are marked, not thrown away.
 */
async function upPercent(server: Server, { targets }: Scenario): Promise<number> {
  const [up] = await query(server, `sum(avg_over_time(up[${SECONDS}s]))`);
  return (100 * (up?.v ?? 0)) / targets;
}

/** Asks a server again and again; gives the slowest sight of a page, milliseconds; NaN of no sight. */
async function watch({ server, contestant }: Running, farm: Farm): Promise<number> {
  const expr = `bench_page{job=~"model-[0-${WATCHED_TARGETS - 1}]"}`;
  const sights = new Map<string, number>();
  for (const end = Date.now() + WATCH_SECONDS * 1000; Date.now() < end; await sleep(ASK_PAUSE_MS)) {
    for (const { job, v } of await query(server, expr)) {
      const sight = `${job.slice('model-'.length)} ${v}`;
      if (!sights.has(sight)) sights.set(sight, Date.now());
    }
  }
  let slowest = NaN;
  // What was there at the first look was there before.
  for (const [sight, at] of [...sights].slice(WATCHED_TARGETS)) {
    const [target, page] = sight.split(' ').map(Number);
    const served = await farm.servedAt(contestant.path, target, page);
    if (served !== undefined) slowest = Math.max(slowest || 0, at - served);
  }
  return slowest;
}

/** The histogram behind it counts the time between two looks, of which so much is meant. */
const LOOP_SAMPLE_MS = 100;

/** Since it was last asked. */
async function loopDelayMs({ url }: Server): Promise<number> {
  const page = await (await fetch(`${url}/metrics`)).text();
  return 1000 * Number(/^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(page)?.[1] ?? NaN) - LOOP_SAMPLE_MS;
}

interface Running {
  readonly contestant: Contestant;
  readonly server: Server;
  readonly data: string;
}

async function compete(contestants: readonly Contestant[], scenario: Scenario, folder: string): Promise<Usage[]> {
  const farm = await startFarm({ ...SHAPE, ...scenario });
  const running: Running[] = [];
  try {
    for (const contestant of contestants) {
      const data = path.join(folder, contestant.path);
      const config = `${data}.yml`;
      fs.writeFileSync(config, configText(farm, contestant.path, scenario));
      running.push({ contestant, data, server: await contestant.start({ config, data }) });
    }
    await sleep(WARM_UP_SECONDS * 1000);
    const look = () =>
      running.map(({ contestant, server, data }) => ({
        cpuMs: cpuMsOf(server.pid),
        logBytes: contestant.logFolder === undefined ? NaN : folderBytes(path.join(data, contestant.logFolder)),
      }));
    await Promise.all(running.map(({ server }) => loopDelayMs(server)));
    const from = Date.now();
    const before = look();
    const resident: number[][] = running.map(() => []);
    for (let second = 0; second < SECONDS; second++) {
      await sleep(1000);
      running.forEach(({ server }, i) => resident[i].push(residentBytesOf(server.pid)));
    }
    const after = look();
    const to = Date.now();
    const loopDelays = await Promise.all(running.map(({ server }) => loopDelayMs(server)));
    const up = await Promise.all(running.map(({ server }) => upPercent(server, scenario)));
    // One after the other: a server that answers late is not to keep the look at another waiting.
    const visible: number[] = [];
    for (const one of running) visible.push(await watch(one, farm));
    const usages: Usage[] = [];
    for (const [i, { contestant }] of running.entries()) {
      const fetched = await farm.fetched(contestant.path, from, to);
      const samples = fetched.pages * farm.series;
      usages.push({
        ...fetched,
        name: contestant.name,
        upPercent: up[i],
        cpuSecondsAMillion: (after[i].cpuMs - before[i].cpuMs) / 1000 / (samples / 1e6),
        residentMegabytes: median(resident[i]) / 1e6,
        logBytes: (after[i].logBytes - before[i].logBytes) / samples,
        visibleMs: visible[i],
        loopDelayMs: loopDelays[i],
      });
    }
    return usages;
  } finally {
    await Promise.all(running.map(({ server }) => server.stop()));
    farm.stop();
  }
}

const ISOTHERM: Contestant = { name: 'isotherm', path: 'isotherm', logFolder: 'wal', start: startIsotherm };
const PEERS: readonly [PeerProgram, (peer: Peer) => Contestant][] = [
  [
    'prometheus',
    (peer) => ({
      name: peer.name,
      path: 'prometheus',
      logFolder: 'wal',
      start: (folders) => startPrometheus(peer, folders),
    }),
  ],
  [
    'victoria-metrics',
    (peer) => ({ name: peer.name, path: 'victoria', start: (folders) => startVictoriaMetrics(peer, folders) }),
  ],
];

const MEASURES: readonly [what: string, unit: string, of: (usage: Usage) => number, better?: Comparison['better']][] = [
  ['targets up', '%', ({ upPercent }) => upPercent, 'more'],
  ['processor', 's/M samples', ({ cpuSecondsAMillion }) => cpuSecondsAMillion],
  ['resident memory', 'MB', ({ residentMegabytes }) => residentMegabytes],
  ['log', 'bytes/sample', ({ logBytes }) => logBytes],
  ['scrapes missed', 'scrapes', ({ missed }) => missed],
  ['until a query sees it, slowest', 'ms', ({ visibleMs }) => visibleMs],
  ['event loop delay, p99', 'ms', ({ loopDelayMs }) => loopDelayMs],
];

/** Says of figures that were taken while targets were down that they were. */
const upMark = ({ upPercent }: Usage) => (upPercent < 100 ? ` (up ${upPercent.toFixed(1)} %)` : '');

function linesOf(scenario: Scenario, [ours, ...others]: readonly Usage[]): Line[] {
  return MEASURES.flatMap(([name, unit, of, better = 'less']): Line[] => {
    const what = `${scenario.what}: ${name}${upMark(ours)}`;
    if (Number.isNaN(of(ours)))
      return [{ what, skipped: 'not measured: no page was sighted in time; lengthen the run' }];
    const comparable = others.filter((other) => !Number.isNaN(of(other)));
    if (comparable.length === 0) return [{ what, unit, ours: of(ours), skipped: 'nobody to compare with' }];
    return comparable.map((other): Comparison => ({
      ...{ what, unit, better },
      ours: of(ours),
      against: other.name + upMark(other),
      theirs: of(other),
    }));
  });
}

await bench('scrape', async (add) => {
  const contestants = [ISOTHERM];
  for (const [program, contestant] of process.env.ISOTHERM_BENCH_PEERS === 'none' ? [] : PEERS) {
    const peer = findPeer(program);
    if (typeof peer === 'string') add({ what: `against ${program}`, skipped: peer });
    else contestants.push(contestant(peer));
  }
  const asked = process.env.ISOTHERM_BENCH_SCENARIOS?.split(',') ?? Object.keys(SCENARIOS);
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    if (!asked.includes(name)) continue;
    const usages = await inTempFolder((folder) => compete(contestants, scenario, folder));
    linesOf(scenario, usages).forEach(add);
  }
});
