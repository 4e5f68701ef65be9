/**
 * What an agent costs: a program that scrapes and sends everything on by remote write, to a VictoriaMetrics of its own. Processor time by samples that the
 * receiver took, of the agent and of the receiver. docs/scale.md rests on it.
 *
 * ISOTHERM_BENCH_TARGETS=20 (of 1,000 series), ISOTHERM_BENCH_INTERVAL=5, ISOTHERM_BENCH_WARM_UP=60, ISOTHERM_BENCH_SECONDS=60.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inTempFolder } from './harness/leftovers.ts';
import { cpuMsOf, residentBytesOf } from './harness/measure.ts';
import { findPeer, type Peer } from './harness/peers.ts';
import { bench } from './harness/report.ts';
import { startIsotherm, startServer, startVictoriaMetrics, type Server } from './harness/server.ts';
import { startFarm } from './harness/targetFarm.ts';

const TARGETS = Number(process.env.ISOTHERM_BENCH_TARGETS ?? 20);
const INTERVAL_SECONDS = Number(process.env.ISOTHERM_BENCH_INTERVAL ?? 5);
const WARM_UP_SECONDS = Number(process.env.ISOTHERM_BENCH_WARM_UP ?? 60);
const SECONDS = Number(process.env.ISOTHERM_BENCH_SECONDS ?? 60);
const SHAPE = { histograms: 44, plain: 32, gzip: false, redeploy: false };

interface Agent {
  readonly name: string;
  readonly agent: Server;
  readonly receiver: Server;
}

const configText = (name: string, port: number, receiver: string) =>
  [
    `global: { scrape_interval: ${INTERVAL_SECONDS}s, scrape_timeout: ${INTERVAL_SECONDS}s }`,
    `remote_write: [{ url: '${receiver}/api/v1/write' }]`,
    'scrape_configs:',
    ...Array.from(
      { length: TARGETS },
      (_, i) =>
        `  - { job_name: model-${i}, metrics_path: /${name}/${i}, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }`,
    ),
    '',
  ].join('\n');

/** Rows that a VictoriaMetrics took by remote write. */
async function rowsTaken({ url }: Server): Promise<number> {
  const page = await (await fetch(`${url}/metrics`)).text();
  return Number(/^vm_rows_inserted_total\{type="promremotewrite"\} (\S+)/m.exec(page)?.[1] ?? 0);
}

const look = async ({ agent, receiver }: Agent) => ({
  agentMs: cpuMsOf(agent.pid),
  receiverMs: cpuMsOf(receiver.pid),
  rows: await rowsTaken(receiver),
});

const startTheirs = (peer: Peer, config: string, data: string) =>
  startServer(peer.command, '/-/ready', (address) => [
    '--agent',
    `--config.file=${config}`,
    `--storage.agent.path=${data}`,
    `--web.listen-address=${address}`,
  ]);

await bench('agent', async (add) => {
  const [victoria, peer] = [findPeer('victoria-metrics'), findPeer('prometheus')];
  const what = `an agent that scrapes ${TARGETS} targets of 1,000 series every ${INTERVAL_SECONDS} s and sends them on`;
  if (typeof victoria === 'string') return add({ what, skipped: victoria });
  await inTempFolder(async (folder) => {
    const seconds = WARM_UP_SECONDS + SECONDS + 60;
    const farm = await startFarm({ ...SHAPE, targets: TARGETS, seconds, scrapeSeconds: INTERVAL_SECONDS });
    const running: Agent[] = [];
    try {
      const begin = async (name: string, start: (config: string, data: string) => Promise<Server>) => {
        const [config, data] = [path.join(folder, `${name}.yml`), path.join(folder, name)];
        const receiver = await startVictoriaMetrics(victoria, { config: undefined, data: `${data}-received` });
        fs.writeFileSync(config, configText(name, farm.port, receiver.url));
        running.push({ name, receiver, agent: await start(config, data) });
      };
      await begin('ours', (config, data) =>
        startIsotherm({ config, data }, ['--agent', `--storage.agent.path=${data}`, '--log.level=warn']),
      );
      if (typeof peer !== 'string') await begin('theirs', (config, data) => startTheirs(peer, config, data));
      await sleep(WARM_UP_SECONDS * 1000);
      const before = await Promise.all(running.map(look));
      await sleep(SECONDS * 1000);
      const after = await Promise.all(running.map(look));
      const wanted = (TARGETS * farm.series * SECONDS) / INTERVAL_SECONDS;
      const figures = running.map(({ name, agent, receiver }, i) => {
        const rows = after[i].rows - before[i].rows;
        const aMillion = (ms: number) => ms / 1000 / (rows / 1e6);
        const mib = ({ pid }: Server) => (residentBytesOf(pid) / 1024 / 1024).toFixed(0);
        const share = (100 * rows) / wanted;
        console.error(
          `${name}: ${(rows / SECONDS).toFixed(0)} samples/s taken (${share.toFixed(0)} % of what is to be scraped), agent ${mib(agent)} MiB, receiver ${mib(receiver)} MiB`,
        );
        return {
          share,
          agent: aMillion(after[i].agentMs - before[i].agentMs),
          receiver: aMillion(after[i].receiverMs - before[i].receiverMs),
        };
      });
      const late = figures.some(({ share }) => share < 95) ? ', some scrapes or requests late' : '';
      const [ours, theirs] = figures;
      const unit = 'CPU s / M samples';
      if (theirs === undefined || typeof peer === 'string') {
        add({ what: what + late, unit, ours: ours.agent, skipped: String(peer) });
      } else {
        const line = { unit, against: `${peer.name} as an agent`, better: 'less' } as const;
        add({ what: what + late, ...line, ours: ours.agent, theirs: theirs.agent });
        add({ what: `its receiver, ${victoria.name}${late}`, ...line, ours: ours.receiver, theirs: theirs.receiver });
      }
    } finally {
      for (const { agent, receiver } of running) {
        await agent.stop();
        await receiver.stop();
      }
      farm.stop();
    }
  });
});
