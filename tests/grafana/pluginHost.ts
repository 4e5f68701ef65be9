/** The host's side of the plugin protocol: starts an executable as Grafana does and calls it over gRPC. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Client, credentials, type ClientReadableStream, type MethodDefinition } from '@grpc/grpc-js';
import {
  controllerService,
  dataService,
  diagnosticsService,
  healthService,
  resourceService,
  stdioService,
  streamService,
} from '../../src/server/grafana/services.ts';
import type {
  CheckHealthResponse,
  DataQuery,
  PluginContext,
  QueryDataResponse,
} from '../../src/server/grafana/messages.ts';

const HANDSHAKE_MS_MAX = 20_000;

export interface PluginHost {
  readonly handshake: string;
  readonly pid: number;
  /** Lines of stderr so far. */
  readonly log: readonly string[];
  query(
    context: PluginContext,
    queries: readonly DataQuery[],
    headers?: Record<string, string>,
  ): Promise<QueryDataResponse>;
  health(context: PluginContext): Promise<CheckHealthResponse>;
  ping(): Promise<number>;
  metrics(): Promise<string>;
  resource(
    context: PluginContext,
    method: string,
    url: string,
    body?: string,
  ): Promise<{ code: number; headers: Record<string, readonly string[]>; body: string }>;
  /** Whether a live channel may be entered: 0 yes, 1 there is none. */
  subscribe(context: PluginContext, path: string, data: unknown): Promise<number>;
  /** What is pushed through it, parsed; leaving the loop leaves the channel. */
  live(context: PluginContext, path: string, data: unknown): AsyncGenerator<unknown>;
  publish(context: PluginContext, path: string, data: unknown): Promise<number>;
  /** Breaks the connection off without a word, as a host that dies. */
  vanish(): void;
  /** Asks it to stop, as Grafana does. */
  shutdown(): Promise<void>;
  /** Resolves with the exit code. */
  readonly exited: Promise<number | null>;
  kill(): void;
}

const asJson = (data: unknown): Buffer => Buffer.from(JSON.stringify(data));

/** @param env all that the process gets, as Grafana 12 passes neither PATH nor HOME. */
export async function startPlugin(executable: string, env: Record<string, string> = {}): Promise<PluginHost> {
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(executable, [], {
    env: {
      grafana_plugin_type: 'datasource',
      PLUGIN_PROTOCOL_VERSIONS: '2',
      PLUGIN_MIN_PORT: '10000',
      PLUGIN_MAX_PORT: '25000',
      GF_VERSION: '12.4.0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  const exited = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
  const handshake = await Promise.race([
    new Promise<string>((resolve) => createInterface({ input: child.stdout }).once('line', resolve)),
    exited.then((code) => Promise.reject(new Error(`left with ${code} before the handshake: ${log.join('\n')}`))),
    new Promise<never>((_, reject) =>
      setTimeout(() => reject(new Error(`no handshake: ${log.join('\n')}`)), HANDSHAKE_MS_MAX).unref(),
    ),
  ]);
  const [, , network, address] = handshake.split('|');
  const client = new Client(network === 'unix' ? `unix:${address}` : address, credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
  });
  const call = <Q, A>(method: MethodDefinition<Q, A>, request: Q) =>
    new Promise<A>((resolve, reject) =>
      client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        (error, answer) => (error !== null ? reject(error) : resolve(answer as A)),
      ),
    );
  const stream = <Q, A>(method: MethodDefinition<Q, A>, request: Q): ClientReadableStream<A> =>
    client.makeServerStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, request);
  // As go-plugin does at connect.
  const stdio = stream(stdioService.streamStdio, {});
  stdio.on('error', () => undefined);

  return {
    handshake,
    pid: child.pid as number,
    log,
    exited,
    query: (context, queries, headers = {}) => call(dataService.queryData, { context, headers, queries }),
    health: (context) => call(diagnosticsService.checkHealth, { context, headers: {} }),
    ping: async () => (await call(healthService.check, {})).status,
    metrics: async () => Buffer.from((await call(diagnosticsService.collectMetrics, {})).prometheus).toString(),
    resource: async (context, method, url, body = '') => {
      const parts = stream(resourceService.callResource, {
        context,
        method,
        url,
        path: url.split('?')[0],
        headers: {},
        body: Buffer.from(body),
      });
      let code = 0;
      let headers: Record<string, readonly string[]> = {};
      const chunks: Uint8Array[] = [];
      for await (const part of parts) {
        if (code === 0) ({ code, headers } = part);
        chunks.push(part.body);
      }
      return { code, headers, body: Buffer.concat(chunks).toString() };
    },
    subscribe: async (context, path, data) =>
      (await call(streamService.subscribeStream, { context, path, data: asJson(data) })).status,
    publish: async (context, path, data) =>
      (await call(streamService.publishStream, { context, path, data: asJson(data) })).status,
    async *live(context, path, data) {
      const packets = stream(streamService.runStream, { context, path, data: asJson(data) });
      packets.on('error', () => undefined);
      try {
        for await (const packet of packets) yield JSON.parse(Buffer.from(packet.data).toString()) as unknown;
      } finally {
        packets.cancel();
      }
    },
    vanish: () => {
      stdio.cancel();
      client.close();
    },
    shutdown: async () => {
      await call(controllerService.shutdown, {});
      client.close();
    },
    kill: () => {
      client.close();
      child.kill('SIGKILL');
    },
  };
}
