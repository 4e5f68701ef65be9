/** Servers under test, ours and the peers': started on a free port of loopback, asked, stopped. */
import { spawn } from 'node:child_process';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endsWithUs } from './leftovers.ts';
import type { Peer } from './peers.ts';

const ISOTHERM = fileURLToPath(new URL('../../bin/isotherm', import.meta.url));
const START_MS_MAX = 300_000;
const LOG_CHARS_MAX = 4_000;
/** Short, as the time until a server is ready is measured with it. */
const POLL_MS = 10;

export interface Server {
  readonly pid: number;
  readonly url: string;
  /** Resolves when the process has ended. */
  stop(): Promise<void>;
}

export interface ServerFolders {
  readonly config: string;
  readonly data: string;
}

export function startIsotherm({ config, data }: ServerFolders, more: readonly string[] = []): Promise<Server> {
  return startServer(ISOTHERM, '/-/ready', (address) => [
    'serve',
    `--config.file=${config}`,
    `--storage.tsdb.path=${data}`,
    `--web.listen-address=${address}`,
    ...more,
  ]);
}

/** With blocks that stay as they are, so that no compaction runs while queries are measured. */
export function startPrometheus(
  peer: Peer,
  { config, data }: ServerFolders,
  more: readonly string[] = [],
): Promise<Server> {
  return startServer(peer.command, '/-/ready', (address) => [
    `--config.file=${config}`,
    `--storage.tsdb.path=${data}`,
    '--storage.tsdb.retention.time=100y',
    '--storage.tsdb.min-block-duration=2h',
    '--storage.tsdb.max-block-duration=2h',
    `--web.listen-address=${address}`,
    ...more,
  ]);
}

/** Without a configuration it scrapes nothing. */
export function startVictoriaMetrics(
  peer: Peer,
  { config, data }: { readonly config: string | undefined; readonly data: string },
  flags: readonly string[] = [],
): Promise<Server> {
  return startServer(peer.command, '/health', (address) => [
    ...(config === undefined ? [] : [`-promscrape.config=${config}`]),
    ...flags,
    `-storageDataPath=${data}`,
    `-httpListenAddr=${address}`,
    // Newest samples are answered at once, as the others do.
    '-search.latencyOffset=1s',
  ]);
}

export async function startServer(
  command: string,
  readyPath: string,
  args: (address: string) => string[],
): Promise<Server> {
  const address = `127.0.0.1:${await freePort()}`;
  const child = endsWithUs(spawn(command, args(address), { stdio: ['ignore', 'ignore', 'pipe'] }));
  let log = '';
  child.stderr.on('data', (data: Buffer) => (log = (log + data.toString()).slice(-LOG_CHARS_MAX)));
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => (log += String(error)));
    child.once('close', () => resolve());
  }).then(() => void (hasEnded = true));
  const stop = () => {
    child.kill('SIGTERM');
    return ended;
  };
  const url = `http://${address}`;
  for (const deadline = Date.now() + START_MS_MAX; Date.now() < deadline && !hasEnded; await sleep(POLL_MS)) {
    if ((await isReady(url + readyPath)) && child.pid !== undefined) return { pid: child.pid, url, stop };
  }
  await stop();
  throw new Error(`${command} did not become ready; its log ends:\n${log}`);
}

/** On a connection of its own: what comes on one connection may decide how it is read from then on, and who writes samples asks for nothing else. */
function isReady(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = http.get(url, { agent: false }, (answer) => resolve(answer.resume().statusCode === 200));
    asked.on('error', () => resolve(false));
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
