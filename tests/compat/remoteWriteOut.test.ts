/** Ours sends what it scrapes to real receivers: every sample arrives, through outages of the receiver and kills of the sender. */
import { spawn, spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { uncompress } from 'snappyjs';
import {
  besidePrometheus,
  freePort,
  installedVersion,
  runPrometheus,
  WRITE_MESSAGES,
  type PrometheusProcess,
} from '../support/prometheusProcess.ts';
import { PROTOBUF_TYPE, protobufPage } from '../support/metricFamilyWriter.ts';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

const VICTORIA = process.env.ISOTHERM_VICTORIA_METRICS ?? 'victoria-metrics';
const besideVictoria = spawnSync(VICTORIA, ['--version']).error === undefined ? describe : describe.skip;
const hasHistograms = (installedVersion?.[0] ?? 3) > 2;

async function serviceOf(page: () => { body: string | Uint8Array; type: string }): Promise<Server> {
  const server = createServer((_, answer) => {
    const { body, type } = page();
    answer.setHeader('content-type', type).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
const portOf = (server: Server) => (server.address() as { port: number }).port;

const configOf = (
  port: number,
  url: string,
  more = '',
) => `global: {scrape_interval: 200ms, scrape_timeout: 200ms, external_labels: {zone: eu}}
scrape_configs: [{job_name: app, scrape_native_histograms: true, static_configs: [{targets: ['127.0.0.1:${port}']}]}]
remote_write: [{url: '${url}', send_native_histograms: true, queue_config: {batch_send_deadline: 100ms, max_backoff: 200ms}${more}}]
`;

/** Of a selector: how many samples, by series. Both servers are asked at the same time about what lies behind the newest of both. */
async function counts(url: string, selector: string, at: number): Promise<Record<string, number>> {
  const query = `count_over_time(${selector}[1h])`;
  const answer = await api(url, `/query?query=${encodeURIComponent(query)}&time=${at}`);
  const rows = answer.data.result as { metric: Record<string, string>; value: [number, string] }[];
  return Object.fromEntries(
    rows.map(({ metric: { zone: _zone, ...rest }, value }) => [
      JSON.stringify(Object.entries(rest).sort()),
      Number(value[1]),
    ]),
  );
}

test('a receiver is told type and help of what it is sent, and its refusals are told', async () => {
  const bodies: Buffer[] = [];
  const receiver = createServer((request, answer) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      bodies.push(Buffer.from(uncompress(Buffer.concat(parts))));
      answer.writeHead(400).end('not today');
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const page = '# HELP c_total Things.\n# TYPE c_total counter\nc_total 1\n';
  const service = await serviceOf(() => ({ body: page, type: 'text/plain; version=0.0.4' }));
  const folder = tempFolder();
  writeConfig(
    folder,
    configOf(portOf(service), `http://127.0.0.1:${portOf(receiver)}/`, ', metadata_config: {send_interval: 300ms}'),
  );
  const ours = await startSidecar(folder);
  try {
    await until(() => bodies.some((body) => body.includes('Things.')));
    await until(() => /refused by the remote write receiver.*not today/.test(ours.stderr()));
    const failed = async () =>
      /samples_failed_total\{[^}]*\} [1-9]/.test(await (await fetch(`${ours.url}/metrics`)).text());
    await until(failed);
  } finally {
    await ours.stop();
    receiver.close();
    service.close();
  }
});

besidePrometheus('remote write to Prometheus', () => {
  let service: Server;
  let ours: Sidecar;
  let peer: PrometheusProcess;
  afterEach(async () => {
    await ours?.stop();
    await peer?.stop();
    service?.close();
  });

  test.each(WRITE_MESSAGES)('samples, stale marks, and native histograms arrive, by %s', async (message) => {
    const histogram = {
      count: 5,
      sum: 12.5,
      native: {
        schema: 1,
        zeroThreshold: 0.001,
        zeroCount: 1,
        spans: [
          [0, 2],
          [1, 1],
        ] as const,
        deltas: [1, 1, -1],
      },
    };
    let families: Parameters<typeof protobufPage>[0] = [
      { name: 'c_total', type: 'counter', help: 'Things.', metrics: [{ labels: { a: '"quoted" ü' }, v: 7 }] },
      { name: 'g', type: 'gauge', metrics: [{ v: -Infinity }] },
      { name: 'h', type: 'histogram', metrics: [{ histogram }] },
    ];
    service = await serviceOf(() => ({ body: protobufPage(families), type: PROTOBUF_TYPE }));
    const folder = tempFolder();
    const flags = [
      '--web.enable-remote-write-receiver',
      ...(hasHistograms ? [] : ['--enable-feature=native-histograms']),
    ];
    peer = await runPrometheus({ config: 'global: {scrape_interval: 1m}\n', folder, flags });
    writeConfig(folder, configOf(portOf(service), `${peer.url}/api/v1/write`, `, protobuf_message: ${message}`));
    ours = await startSidecar(folder);
    const valueOf = async (query: string) =>
      (await api(peer.url, `/query?query=${encodeURIComponent(query)}`)).data.result[0];
    await until(async () => Number((await valueOf('count_over_time(g{zone="eu"}[1m])'))?.value[1] ?? 0) >= 3);
    expect((await valueOf('c_total{zone="eu"}')).metric).toMatchObject({ a: '"quoted" ü', job: 'app' });
    expect((await valueOf('g')).value[1]).toBe('-Inf');
    expect((await valueOf('histogram_count(h)')).value[1]).toBe('5');

    families = families.slice(0, 1);
    await until(async () => (await valueOf('g')) === undefined);
    const metrics = await (await fetch(`${ours.url}/metrics`)).text();
    expect(metrics).toMatch(/prometheus_remote_storage_samples_total\{[^}]*\} [1-9]/);
    expect(metrics).toMatch(/prometheus_remote_storage_samples_failed_total\{[^}]*\} 0/);
  });
});

besideVictoria('remote write to VictoriaMetrics (needs victoria-metrics on PATH)', () => {
  const folder = tempFolder();
  let service: Server;
  let port: number;
  let ours: Sidecar | undefined;
  let stopPeer: (() => Promise<void>) | undefined;

  async function startPeer(): Promise<void> {
    const flags = [
      `-storageDataPath=${join(folder, 'vm')}`,
      `-httpListenAddr=127.0.0.1:${port}`,
      '-search.latencyOffset=0s',
    ];
    const child = spawn(VICTORIA, flags, { stdio: 'ignore' });
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    stopPeer = async () => {
      child.kill('SIGTERM');
      await exited;
    };
    await until(() =>
      fetch(`http://127.0.0.1:${port}/health`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
  }

  afterAll(async () => {
    await ours?.stop();
    await stopPeer?.();
    service?.close();
  });

  test('through an outage of the receiver and two kills of the sender no sample is lost', async () => {
    let scrapes = 0;
    const series = Array.from({ length: 20 }, (_, i) => `s{i="${i}"}`);
    service = await serviceOf(() => ({
      body: `${series.map((name) => `${name} ${++scrapes}`).join('\n')}\n`,
      type: 'text/plain; version=0.0.4',
    }));
    port = await freePort();
    writeConfig(folder, configOf(portOf(service), `http://127.0.0.1:${port}/api/v1/write`));
    const url = `http://127.0.0.1:${port}`;
    await startPeer();
    ours = await startSidecar(folder);
    await until(async () => Object.keys(await counts(url, 's', Date.now() / 1000)).length === 20);
    for (let kill = 0; kill < 2; kill++) {
      await stopPeer!();
      const before = scrapes;
      await until(() => scrapes >= before + 10 * series.length);
      ours!.process.kill('SIGKILL');
      await ours!.ended;
      ours = await startSidecar(folder);
      await startPeer();
    }
    const before = scrapes;
    await until(() => scrapes >= before + 5 * series.length);
    // What was scraped until now, on both sides.
    const at = Date.now() / 1000;
    const mine = await counts(ours!.url, 's', at);
    expect(Object.values(mine)[0]).toBeGreaterThan(20);
    const distinct = async () => {
      const rows = await exported(url);
      return Object.fromEntries(
        rows.map(({ metric, values, timestamps }) => [
          metric.i,
          new Set(timestamps.filter((t, i) => values[i] !== null && t <= at * 1000)).size,
        ]),
      );
    };
    const expected = Object.fromEntries(
      Object.entries(mine).map(([key, count]) => [Object.fromEntries(JSON.parse(key) as [string, string][]).i, count]),
    );
    await until(
      async () =>
        JSON.stringify(Object.entries(await distinct()).sort()) === JSON.stringify(Object.entries(expected).sort()),
      30_000,
    );
  }, 120_000);

  async function exported(
    url: string,
  ): Promise<{ metric: Record<string, string>; values: (number | null)[]; timestamps: number[] }[]> {
    const text = await (await fetch(`${url}/api/v1/export?match[]=s`)).text();
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map(
        (line) =>
          JSON.parse(line) as { metric: Record<string, string>; values: (number | null)[]; timestamps: number[] },
      );
  }
});
