/**
 * kill -9 of the whole program under load, ten times. Scraped samples count as acknowledged once a query has shown them, remote-written
 * ones once their request was answered; after each restart every one of them is there, with its value, once.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { compress } from 'snappyjs';
import { WireWriter } from '../../src/shared/bytes/protobufWire.ts';
import { api, startSidecar, tempFolder, writeConfig } from '../support/sidecar.ts';

const KILLS = 10;
const TARGETS = 4;
const SERIES_PER_TARGET = 50;
const LOAD_MS = 1_500;

/** A target whose counters move with each scrape. */
async function startTarget(): Promise<Server> {
  let scrapes = 0;
  const server = createServer((_, answer) => {
    scrapes++;
    const lines = Array.from({ length: SERIES_PER_TARGET }, (_, i) => `work_total{part="${i}"} ${scrapes * (i + 1)}`);
    answer
      .setHeader('content-type', 'text/plain; version=0.0.4')
      .end(`# TYPE work_total counter\n${lines.join('\n')}\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function writeRequest(sender: string, t: number, v: number): Uint8Array {
  const label = (series: WireWriter, name: string, value: string) =>
    series.message(1, (pair) => void pair.string(1, name).string(2, value));
  const request = new WireWriter().message(1, (series) => {
    label(series, '__name__', 'pushed');
    label(series, 'sender', sender);
    series.message(2, (sample) => void sample.double(1, v).int(2, t));
  });
  return compress(request.finish());
}

type Samples = Map<string, string>;

/** Every sample of a metric in the last hour, by series and time; fails where a series has a time twice. */
async function samplesOf(url: string, metric: string): Promise<Samples> {
  const answer = await api(url, `/query?query=${metric}[1h]`);
  expect(answer.status).toBe('success');
  const samples: Samples = new Map();
  for (const { metric: labels, values } of answer.data.result) {
    let last = -Infinity;
    for (const [t, v] of values as [number, string][]) {
      expect(t).toBeGreaterThan(last);
      last = t;
      samples.set(`${JSON.stringify(labels)}@${t}`, v);
    }
  }
  return samples;
}

const missing = (wanted: Samples, have: Samples) => [...wanted].filter(([key, v]) => have.get(key) !== v);

test(`what was acknowledged outlives kill -9, ${KILLS} times`, async () => {
  const targets = await Promise.all(Array.from({ length: TARGETS }, startTarget));
  const addresses = targets.map((target) => `127.0.0.1:${(target.address() as AddressInfo).port}`);
  const folder = tempFolder();
  writeConfig(
    folder,
    `global: {scrape_interval: 100ms, scrape_timeout: 100ms}\nscrape_configs:\n` +
      `  - job_name: load\n    static_configs: [{targets: ${JSON.stringify(addresses)}}]\n`,
  );
  let scraped: Samples = new Map();
  const pushed = new Map<number, number>();

  const checkAll = async (url: string) => {
    expect(missing(scraped, await samplesOf(url, 'work_total'))).toEqual([]);
    const written = [...(await samplesOf(url, 'pushed'))].map(([key, v]) => `${key.split('@')[1]} ${v}`);
    expect([...pushed].map(([t, v]) => `${t / 1000} ${v}`).filter((sample) => !written.includes(sample))).toEqual([]);
  };

  for (let round = 0; round <= KILLS; round++) {
    const sidecar = await startSidecar(folder, ['--web.enable-remote-write-receiver']);
    await checkAll(sidecar.url);
    if (round === KILLS) {
      await sidecar.stop();
      break;
    }
    let killed = false;
    const push = async () => {
      for (let v = 0; !killed; v++) {
        const t = Date.now();
        if (pushed.has(t)) continue;
        const answer = await fetch(`${sidecar.url}/api/v1/write`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
          body: Buffer.from(writeRequest('one', t, v)),
        });
        if (answer.status === 204) pushed.set(t, v);
      }
    };
    // The kill cuts the connection of the request under way; that one was never acknowledged.
    const pushing = push().catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, LOAD_MS + round * 37));
    scraped = await samplesOf(sidecar.url, 'work_total');
    sidecar.process.kill('SIGKILL');
    killed = true;
    await Promise.all([sidecar.ended, pushing]);
  }

  expect(scraped.size).toBeGreaterThan(KILLS * TARGETS * SERIES_PER_TARGET);
  expect(pushed.size).toBeGreaterThan(KILLS);
  for (const target of targets) {
    target.closeAllConnections();
    target.close();
  }
}, 600_000);
