/**
 * Good targets among bad ones: ten good ones scraped every second while their neighbours hang, trickle, send a gigabyte, change the order of their lines, renew
 * their certificate, and more (`harness/hostileTargets.ts`). What counts is what the good ones notice of it, and that memory does not grow: a verdict
 * says of each contestant whether it held, before the figures.
 * ISOTHERM_BENCH_SECONDS=600 is the run that a release has behind it, ISOTHERM_BENCH_PEERS=none leaves others out. Needs openssl.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiQueryData, ApiSuccess } from '../src/shared/api/prometheus.ts';
import { startHostileTargets, type HostileTargets } from './harness/hostileTargets.ts';
import { inTempFolder } from './harness/leftovers.ts';
import { cpuMsOf, median, residentBytesOf } from './harness/measure.ts';
import { findPeer } from './harness/peers.ts';
import { bench } from './harness/report.ts';
import { startIsotherm, startPrometheus, type Server, type ServerFolders } from './harness/server.ts';
import { LATE_MS, startFarm, type Farm, type Fetched } from './harness/targetFarm.ts';

const SECONDS = Number(process.env.ISOTHERM_BENCH_SECONDS ?? 30);
const WARM_UP_SECONDS = 10;
const GOOD = 10;
/** Memory is bounded if it stays below the one, and its median of the last third of the time is at most so much over that of the first. */
const RESIDENT_MAX_MB = 400;
const GROWTH_MAX = 1.1;
/** Good targets are on time if this share of their scrapes is, and gives a page. */
const ON_TIME_MIN = 0.99;
/** Targets that a scrape can read: the others are down. */
const READABLE = new Set(['changes the order', 'is all new each time', 'renewing', 'comes and goes']);

function configText(farm: Farm, { ports, authority }: HostileTargets, contestant: string): string {
  const good = Array.from({ length: GOOD }, (_, i) => [
    `  - job_name: good-${i}`,
    `    metrics_path: /${contestant}/${i}`,
    `    static_configs: [{ targets: ['127.0.0.1:${farm.port}'], labels: { kind: good } }]`,
  ]);
  const bad = Object.entries(ports).map(([name, port]) => [
    `  - job_name: ${name}`,
    `    static_configs: [{ targets: ['127.0.0.1:${port}'], labels: { kind: ${READABLE.has(name) ? 'odd' : 'bad'} } }]`,
    ...(name === 'renewing' ? ['    scheme: https', `    tls_config: { ca_file: ${authority} }`] : []),
  ]);
  // Without a limit, ours has a bound of its own; others take what they are given, gigabytes of it.
  const global = 'global: { scrape_interval: 1s, scrape_timeout: 1s, body_size_limit: 64MB }';
  return [global, 'scrape_configs:', ...[...good, ...bad].flat(), ''].join('\n');
}

async function ask({ url }: Server, expr: string): Promise<readonly { job: string; v: number }[]> {
  const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`);
  const { data } = (await answer.json()) as ApiSuccess<ApiQueryData>;
  if (data.resultType !== 'vector') throw new Error(`${expr} gave a ${data.resultType}`);
  return data.result.map(({ metric, value }) => ({ job: metric.job ?? '', v: Number(value?.[1]) }));
}

/** Targets that are not as they should be: bad ones are down throughout, odd ones were up at times. */
async function astray(server: Server): Promise<string[]> {
  const wrong = [
    ...(await ask(server, `max_over_time(up{kind="bad"}[${SECONDS}s]) == 1`)),
    ...(await ask(server, `max_over_time(up{kind="odd"}[${SECONDS}s]) == 0`)),
  ];
  return wrong.map(({ job }) => job);
}

interface Contestant {
  readonly name: string;
  readonly path: string;
  start(folders: ServerFolders): Promise<Server>;
}

interface Outcome extends Fetched {
  readonly name: string;
  /** Scrapes of good targets whose page was not taken. */
  readonly failed: number;
  readonly astray: readonly string[];
  readonly cpuPercent: number;
  /** Megabytes, of the first and the last third of the time: the median; of all of it: the most. */
  readonly residentFirst: number;
  readonly residentLast: number;
  readonly residentMax: number;
}

async function compete(contestants: readonly Contestant[], folder: string): Promise<Outcome[]> {
  const shape = { targets: GOOD, histograms: 4, plain: 16, seconds: WARM_UP_SECONDS + SECONDS + 30 };
  const farm = await startFarm({ ...shape, scrapeSeconds: 1, gzip: false, redeploy: false });
  const hostile = await startHostileTargets(folder);
  const running: { contestant: Contestant; server: Server }[] = [];
  try {
    for (const contestant of contestants) {
      const data = path.join(folder, contestant.path);
      fs.writeFileSync(`${data}.yml`, configText(farm, hostile, contestant.path));
      running.push({ contestant, server: await contestant.start({ config: `${data}.yml`, data }) });
    }
    await sleep(WARM_UP_SECONDS * 1000);
    const from = Date.now();
    const cpu = running.map(({ server }) => cpuMsOf(server.pid));
    const resident: number[][] = running.map(() => []);
    for (let second = 0; second < SECONDS; second++) {
      await sleep(1000);
      running.forEach(({ server }, i) => resident[i].push(residentBytesOf(server.pid) / 1e6));
    }
    const to = Date.now();
    const outcomes: Outcome[] = [];
    for (const [i, { contestant, server }] of running.entries()) {
      const cpuPercent = ((cpuMsOf(server.pid) - cpu[i]) / (to - from)) * 100;
      const failed = await ask(server, `sum(count_over_time((up{kind="good"} == 0)[${SECONDS}s:1s]))`);
      const third = Math.ceil(SECONDS / 3);
      outcomes.push({
        name: contestant.name,
        ...(await farm.fetched(contestant.path, from, to)),
        failed: failed[0]?.v ?? 0,
        astray: await astray(server),
        cpuPercent,
        residentMax: Math.max(...resident[i]),
        residentFirst: median(resident[i].slice(0, third)),
        residentLast: median(resident[i].slice(-third)),
      });
    }
    return outcomes;
  } finally {
    await Promise.all(running.map(({ server }) => server.stop()));
    farm.stop();
    hostile.stop();
  }
}

function verdict(outcome: Outcome): string {
  const { name, pages, missed, late, failed, astray, residentMax, residentFirst, residentLast } = outcome;
  const due = pages + missed;
  const lateShare = (missed + late + failed) / due;
  const isBounded = residentMax <= RESIDENT_MAX_MB && residentLast <= residentFirst * GROWTH_MAX;
  const yes = (holds: boolean) => (holds ? 'yes' : 'NO');
  const megabytes = (mb: number) => `${mb.toFixed(0)} MB`;
  return [
    `${name}: bounded memory: ${yes(isBounded)} (${megabytes(residentMax)} at most; ${megabytes(residentFirst)} in the first third, ${megabytes(residentLast)} in the last);`,
    `good targets on time: ${yes(lateShare <= 1 - ON_TIME_MIN)} (of ${due} scrapes ${late} over ${LATE_MS} ms late, ${missed} left out, ${failed} failed: ${(100 * lateShare).toFixed(2)} %);`,
    `bad ones down, odd ones up at times: ${yes(astray.length === 0)}${astray.length === 0 ? '' : ` (but for: ${astray.join(', ')})`}`,
  ].join(' ');
}

await bench('hostile', (add) =>
  inTempFolder(async (folder) => {
    const contestants: Contestant[] = [{ name: 'isotherm', path: 'isotherm', start: startIsotherm }];
    const peer = process.env.ISOTHERM_BENCH_PEERS === 'none' ? 'left out' : findPeer('prometheus');
    if (typeof peer === 'string') add({ what: 'against prometheus', skipped: peer });
    else contestants.push({ name: peer.name, path: 'prometheus', start: (folders) => startPrometheus(peer, folders) });
    const outcomes = await compete(contestants, folder);
    for (const outcome of outcomes) console.log(verdict(outcome));
    const [ours, theirs] = outcomes;
    const measures: readonly [what: string, unit: string, of: (o: Outcome) => number][] = [
      ['good scrapes', 'scrapes', ({ pages }) => pages],
      ['good scrapes missed', 'scrapes', ({ missed }) => missed],
      [`good scrapes over ${LATE_MS} ms late`, 'scrapes', ({ late }) => late],
      ['good scrapes failed', 'scrapes', ({ failed }) => failed],
      ['processor', '% of a core', ({ cpuPercent }) => cpuPercent],
      ['resident memory, most', 'MB', ({ residentMax }) => residentMax],
      [
        'resident memory, last third less first',
        'MB',
        ({ residentFirst, residentLast }) => residentLast - residentFirst,
      ],
    ];
    for (const [what, unit, of] of measures) {
      if (outcomes.length === 1) add({ what, unit, ours: of(ours), skipped: 'no peer to compare with' });
      else {
        const better = what === 'good scrapes' ? 'more' : 'less';
        add({ what, unit, ours: of(ours), against: theirs.name, theirs: of(theirs), better });
      }
    }
  }),
);
