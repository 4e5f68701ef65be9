/**
 * Good targets among bad ones: ten good ones scraped every second while their neighbours hang, trickle, send a gigabyte, change the order of their lines, renew
 * their certificate, and more (`harness/hostileTargets.ts`). What counts is what the good ones notice of it, and that memory does not grow.
 * ISOTHERM_BENCH_SECONDS=600 is the run that a release has behind it, ISOTHERM_BENCH_PEERS=none leaves others out. Needs openssl.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiQueryData, ApiSuccess } from '../src/shared/api/prometheus.ts';
import { startHostileTargets, type HostileTargets } from './harness/hostileTargets.ts';
import { cpuMsOf, median, residentBytesOf } from './harness/measure.ts';
import { findPeer } from './harness/peers.ts';
import { bench } from './harness/report.ts';
import { inTempFolder, startIsotherm, startPrometheus, type Server, type ServerFolders } from './harness/server.ts';
import { startFarm, type Farm } from './harness/targetFarm.ts';

const SECONDS = Number(process.env.ISOTHERM_BENCH_SECONDS ?? 30);
const WARM_UP_SECONDS = 10;
const GOOD = 10;
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

/** Bad ones are down throughout, odd ones were up at times. */
async function check(name: string, server: Server): Promise<void> {
  const wrong = [
    ...(await ask(server, `max_over_time(up{kind="bad"}[${SECONDS}s]) == 1`)),
    ...(await ask(server, `max_over_time(up{kind="odd"}[${SECONDS}s]) == 0`)),
  ];
  if (wrong.length > 0) throw new Error(`${name} has it otherwise: ${wrong.map(({ job }) => job).join(', ')}`);
}

interface Contestant {
  readonly name: string;
  readonly path: string;
  start(folders: ServerFolders): Promise<Server>;
}

async function compete(contestants: readonly Contestant[], folder: string) {
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
    const outcomes = [];
    for (const [i, { contestant, server }] of running.entries()) {
      const cpuPercent = ((cpuMsOf(server.pid) - cpu[i]) / (to - from)) * 100;
      await check(contestant.name, server);
      const failed = await ask(server, `sum(count_over_time((up{kind="good"} == 0)[${SECONDS}s:1s]))`);
      const half = SECONDS >> 1;
      outcomes.push({
        name: contestant.name,
        ...(await farm.fetched(contestant.path, from, to)),
        failed: failed[0]?.v ?? 0,
        cpuPercent,
        residentMax: Math.max(...resident[i]),
        growth: median(resident[i].slice(half)) - median(resident[i].slice(0, half)),
      });
    }
    return outcomes;
  } finally {
    await Promise.all(running.map(({ server }) => server.stop()));
    farm.stop();
    hostile.stop();
  }
}

await bench('hostile', (add) =>
  inTempFolder(async (folder) => {
    const contestants: Contestant[] = [{ name: 'isotherm', path: 'isotherm', start: startIsotherm }];
    const peer = process.env.ISOTHERM_BENCH_PEERS === 'none' ? 'left out' : findPeer('prometheus');
    if (typeof peer === 'string') add({ what: 'against prometheus', skipped: peer });
    else contestants.push({ name: peer.name, path: 'prometheus', start: (folders) => startPrometheus(peer, folders) });
    const [ours, theirs] = await compete(contestants, folder);
    const measures: readonly [what: string, unit: string, of: (o: typeof ours) => number][] = [
      ['good scrapes', 'scrapes', ({ pages }) => pages],
      ['good scrapes missed', 'scrapes', ({ missed }) => missed],
      ['good scrapes failed', 'scrapes', ({ failed }) => failed],
      ['processor', '% of a core', ({ cpuPercent }) => cpuPercent],
      ['resident memory, most', 'MB', ({ residentMax }) => residentMax],
      ['resident memory, second half less first', 'MB', ({ growth }) => growth],
    ];
    for (const [what, unit, of] of measures) {
      if (theirs === undefined) add({ what, unit, ours: of(ours), skipped: 'no peer to compare with' });
      else {
        const better = what === 'good scrapes' ? 'more' : 'less';
        add({ what, unit, ours: of(ours), against: theirs.name, theirs: of(theirs), better });
      }
    }
  }),
);
