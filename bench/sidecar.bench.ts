/**
 * The whole program as a sidecar: ten targets of 1,000 series, every second, twenty seconds, every value moving as a service's would. Peers scrape the
 * same targets at the same time, so that what else the machine does meets all of them alike. Processor time is divided by the samples that each of
 * them really fetched: where the machine is too busy for a scrape a second, nobody is praised for the scrapes left out.
 */
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiQueryData, ApiSuccess } from '../src/shared/api/prometheus.ts';
import { ServingService } from './data/mlServing.ts';
import { pageWriter } from './data/page.ts';
import { cpuMsOf, folderBytes, median, residentBytesOf } from './harness/measure.ts';
import { findPeer, type Peer, type PeerProgram } from './harness/peers.ts';
import { bench } from './harness/report.ts';
import {
  inTempFolder,
  startIsotherm,
  startPrometheus,
  startVictoriaMetrics,
  type Server,
  type ServerFolders,
} from './harness/server.ts';

const TARGETS = 10;
const SHAPE = { histograms: 44, plain: 32, intervalSeconds: 1 };
/** After the start: connections are made, code is compiled, the first log records name the series. */
const WARM_UP_SECONDS = 8;
const SECONDS = 20;
/** Pages of each target; more than there are seconds, so that counters only rise. */
const PAGES = WARM_UP_SECONDS + SECONDS + 20;

interface Contestant {
  readonly name: string;
  /** Path of the pages that it fetches, and its log's folder within its data. */
  readonly path: string;
  readonly logFolder?: string;
  start(folders: ServerFolders): Promise<Server>;
}

interface Usage {
  readonly name: string;
  /** Of one core, for each 10,000 samples a second. */
  readonly corePercent: number;
  readonly residentMegabytes: number;
  /** NaN where it has no log that grows with its samples. */
  readonly logBytes: number;
}

/** Targets on one port; `served` counts pages by path. */
async function startTargets(): Promise<{
  port: number;
  served: Map<string, number>;
  pageSeries: number;
  close(): void;
}> {
  const services = Array.from({ length: TARGETS }, (_, i) => new ServingService({ seed: i + 1, ...SHAPE }));
  const pages = services.map((service) => {
    const write = pageWriter(service);
    return Array.from({ length: PAGES }, () => {
      service.step();
      return write();
    });
  });
  const startedAt = performance.now();
  const served = new Map<string, number>();
  const server = http.createServer((request, response) => {
    const [, contestant, target] = (request.url ?? '').split('/');
    const second = Math.min(PAGES - 1, Math.floor((performance.now() - startedAt) / 1000));
    served.set(contestant, (served.get(contestant) ?? 0) + 1);
    response.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
    response.end(pages[Number(target)][second]);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, served, pageSeries: services[0].labels.length, close };
}

function configText(port: number, contestant: string): string {
  const jobs = Array.from({ length: TARGETS }, (_, i) =>
    [
      `  - job_name: model-${i}`,
      `    metrics_path: /${contestant}/${i}`,
      `    static_configs: [{ targets: ['127.0.0.1:${port}'] }]`,
    ].join('\n'),
  );
  return ['global: { scrape_interval: 1s, scrape_timeout: 1s }', 'scrape_configs:', ...jobs, ''].join('\n');
}

/** A contestant that refuses its pages would look quick. */
async function checkAllUp({ name }: Contestant, { url }: Server): Promise<void> {
  const answer = (await (await fetch(`${url}/api/v1/query?query=sum(up)`)).json()) as ApiSuccess<ApiQueryData>;
  const [up] = answer.data.resultType === 'vector' ? answer.data.result : [];
  if (Number(up?.value?.[1]) !== TARGETS)
    throw new Error(`${name} has ${up?.value?.[1] ?? 0} of ${TARGETS} targets up`);
}

async function compete(contestants: readonly Contestant[], folder: string): Promise<Usage[]> {
  const targets = await startTargets();
  const running: { contestant: Contestant; server: Server; data: string }[] = [];
  try {
    for (const contestant of contestants) {
      const data = path.join(folder, contestant.path);
      const config = `${data}.yml`;
      fs.writeFileSync(config, configText(targets.port, contestant.path));
      running.push({ contestant, data, server: await contestant.start({ config, data }) });
    }
    await sleep(WARM_UP_SECONDS * 1000);
    const look = () =>
      running.map(({ contestant, server, data }) => ({
        samples: (targets.served.get(contestant.path) ?? 0) * targets.pageSeries,
        cpuMs: cpuMsOf(server.pid),
        logBytes: contestant.logFolder === undefined ? NaN : folderBytes(path.join(data, contestant.logFolder)),
      }));
    const before = look();
    const resident: number[][] = running.map(() => []);
    for (let second = 0; second < SECONDS; second++) {
      await sleep(1000);
      running.forEach(({ server }, i) => resident[i].push(residentBytesOf(server.pid)));
    }
    const after = look();
    for (const { contestant, server } of running) await checkAllUp(contestant, server);
    return running.map(({ contestant }, i) => {
      const samples = after[i].samples - before[i].samples;
      return {
        name: contestant.name,
        // Seconds of processor time for 10,000 samples are cores at 10,000 samples a second.
        corePercent: ((after[i].cpuMs - before[i].cpuMs) / 1000 / (samples / 10_000)) * 100,
        residentMegabytes: median(resident[i]) / 1e6,
        logBytes: (after[i].logBytes - before[i].logBytes) / samples,
      };
    });
  } finally {
    await Promise.all(running.map(({ server }) => server.stop()));
    targets.close();
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

await bench('sidecar', (add) =>
  inTempFolder(async (folder) => {
    const contestants = [ISOTHERM];
    for (const [program, contestant] of PEERS) {
      const peer = findPeer(program);
      if (typeof peer === 'string') add({ what: `against ${program}`, skipped: peer });
      else contestants.push(contestant(peer));
    }
    const [ours, ...others] = await compete(contestants, folder);
    const measures: readonly [what: string, unit: string, of: (usage: Usage) => number][] = [
      ['processor, 10,000 samples/s', '% of a core', ({ corePercent }) => corePercent],
      ['resident memory', 'MB', ({ residentMegabytes }) => residentMegabytes],
      ['log', 'bytes/sample', ({ logBytes }) => logBytes],
    ];
    for (const [what, unit, of] of measures) {
      if (others.length === 0) add({ what, unit, ours: of(ours), skipped: 'no peer to compare with' });
      for (const other of others) {
        if (Number.isNaN(of(other))) continue;
        add({ what, unit, ours: of(ours), against: other.name, theirs: of(other), better: 'less' });
      }
    }
  }),
);
