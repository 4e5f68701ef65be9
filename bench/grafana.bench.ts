/**
 * The data source's backend: processor time of a QueryData for 1,000 series of 1,000 points, beside what the sidecar itself takes to answer the same over
 * HTTP; and how long a heatmap of a million cells takes from the request to its frame.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';
import { createInterface } from 'node:readline';
import { buildBackend } from '../scripts/buildPlugin.ts';
import type { DataQuery, QueryDataResponse } from '../src/server/grafana/messages.ts';
import { dataService } from '../src/server/grafana/services.ts';
import { endsWithUs, inTempFolder } from './harness/leftovers.ts';
import { cpuMsOf, median, medianCpuMs } from './harness/measure.ts';
import { bench } from './harness/report.ts';
import { startIsotherm } from './harness/server.ts';

const SERIES = 1_000;
const POINTS = 1_000;
const BUCKETS = 200;
const SLICES = 5_000;
const ROUNDS = 7;
/** A frame after a request is felt as at once up to here. */
const HEATMAP_GOAL_MS = 300;
const GO_NAME = `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
/** Up to here that of Go's client grows. */
const WINDOW_BYTES = 16 * 2 ** 20;
/** Numbers with all their digits, another one at each step. */
const LINES = 'last_over_time(bench_value[1d]) / 3 * time()';
/** Each slice differs, none is empty. */
const HEATMAP = 'last_over_time(bench_bucket[1d]) + time() % 97';

const exposition = (): string => {
  const values = Array.from(
    { length: SERIES },
    (_, i) => `bench_value{instance="10.0.0.${i % 100}:8000",model="m${i}"} ${i * 1.7 + 0.1}`,
  );
  const buckets = Array.from(
    { length: BUCKETS },
    (_, i) => `bench_bucket{le="${i === BUCKETS - 1 ? '+Inf' : (1.04 ** i / 1000).toPrecision(6)}"} ${i * 10}`,
  );
  return `# TYPE bench_value gauge\n${values.join('\n')}\n# TYPE bench_bucket gauge\n${buckets.join('\n')}\n`;
};

/** The backend as Grafana starts it, and its one call. */
async function startBackend(executable: string, socketFolder: string) {
  const env = {
    grafana_plugin_type: 'datasource',
    PLUGIN_PROTOCOL_VERSIONS: '2',
    PLUGIN_UNIX_SOCKET_DIR: socketFolder,
  };
  const child = endsWithUs(spawn(executable, [], { env, stdio: ['ignore', 'pipe', 'ignore'] }));
  const line = await new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve));
  const client = new Client(`unix:${line.split('|')[3]}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    // Grafana's own client widens its window while a large answer comes; this one stays at what it begins with.
    'grpc-node.flow_control_window': WINDOW_BYTES,
  });
  const { path: route, requestSerialize } = dataService.queryData;
  return {
    // The launcher becomes the Node that runs it.
    pid: child.pid as number,
    query: (request: Parameters<typeof requestSerialize>[0]) =>
      new Promise<QueryDataResponse>((resolve, reject) =>
        client.makeUnaryRequest(
          route,
          requestSerialize,
          dataService.queryData.responseDeserialize,
          request,
          (error, answer) => (error === null ? resolve(answer as QueryDataResponse) : reject(error)),
        ),
      ),
    stop: () => {
      client.close();
      child.kill('SIGKILL');
    },
  };
}

await bench('grafana', (add) =>
  inTempFolder(async (folder) => {
    const page = createServer((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(exposition()),
    );
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    const { port } = page.address() as AddressInfo;
    const config = path.join(folder, 'prometheus.yml');
    fs.writeFileSync(
      config,
      `global: {scrape_interval: 1s}\nscrape_configs: [{job_name: bench, static_configs: [{targets: ['127.0.0.1:${port}']}]}]\n`,
    );
    const server = await startIsotherm({ config, data: path.join(folder, 'data') }, ['--query.lookback-delta=1d']);
    await buildBackend(path.join(folder, 'plugin'));
    const backend = await startBackend(path.join(folder, 'plugin', `gpx_isotherm_${GO_NAME}`), folder);
    try {
      await sleep(4_000);
      // No more scrapes: they would be measured too.
      page.closeAllConnections();
      page.close();
      const start = Math.floor(Date.now() / 1000);
      const context = {
        orgId: 1,
        pluginId: 'isotherm-metrics-datasource',
        dataSource: {
          id: 1,
          name: 'bench',
          url: server.url,
          user: '',
          database: '',
          basicAuthEnabled: false,
          basicAuthUser: '',
          jsonData: Buffer.from(JSON.stringify({ mode: 'beside', timeInterval: '1s', timeout: 600 })),
          secureJsonData: {},
          lastUpdatedMs: 1,
          uid: 'bench',
        },
      };
      const ask = (expr: string, points: number) => async (): Promise<number> => {
        const json = Buffer.from(JSON.stringify({ refId: 'A', expr }));
        const query: DataQuery = {
          refId: 'A',
          maxDataPoints: points,
          intervalMs: 1000,
          fromMs: start * 1000,
          toMs: (start + points - 1) * 1000,
          queryType: '',
          json,
        };
        const answer = (await backend.query({ context, headers: {}, queries: [query] })).get('A')!;
        if (answer.error !== '') throw new Error(`${expr}: ${answer.error}`);
        return answer.frames.length;
      };
      const direct = async (): Promise<void> => {
        const form = new URLSearchParams({
          query: LINES,
          start: String(start),
          end: String(start + POINTS - 1),
          step: '1',
        });
        const answer = await fetch(`${server.url}/api/v1/query_range`, {
          method: 'POST',
          body: form,
          // As the backend asks a server of its own machine.
          headers: { 'accept-encoding': 'identity' },
        });
        await answer.arrayBuffer();
      };
      if ((await ask(LINES, POINTS)()) !== SERIES) throw new Error('the backend answers with other series');
      const cpu = await medianCpuMs({ backend: ask(LINES, POINTS), sidecar: direct }, ROUNDS, {
        backend: () => cpuMsOf(backend.pid),
        sidecar: () => cpuMsOf(server.pid),
      });
      add({
        what: `QueryData, ${SERIES} series × ${POINTS} points`,
        unit: 'CPU ms',
        ours: cpu.backend,
        against: "the sidecar's HTTP answer",
        theirs: cpu.sidecar,
        better: 'less',
      });
      const heatmap = ask(HEATMAP, SLICES);
      await heatmap();
      const durations: number[] = [];
      const cpuMs = (): number => cpuMsOf(backend.pid) + cpuMsOf(server.pid);
      const cpuBefore = cpuMs();
      for (let i = 0; i < ROUNDS; i++) {
        const began = performance.now();
        await heatmap();
        durations.push(performance.now() - began);
      }
      add({
        what: 'a heatmap frame of a million cells, request to answer',
        unit: 'ms',
        ours: median(durations),
        against: 'the goal',
        theirs: HEATMAP_GOAL_MS,
        better: 'less',
      });
      add({
        what: 'the same, processor time of sidecar and backend together',
        unit: 'CPU ms',
        ours: (cpuMs() - cpuBefore) / ROUNDS,
        against: 'the goal',
        theirs: HEATMAP_GOAL_MS,
        better: 'less',
      });
    } finally {
      backend.stop();
      await server.stop();
    }
  }),
);
