/** A real Prometheus server beside ours: the one that ISOTHERM_PROMETHEUS names, else the one on PATH. */
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tempFolder, writeConfig } from './sidecar.ts';

export const PROMETHEUS = process.env.ISOTHERM_PROMETHEUS ?? 'prometheus';
/** Likewise, of its tools. */
export const PROMTOOL = process.env.ISOTHERM_PROMTOOL ?? 'promtool';
const READY_WITHIN_MS = 30_000;
const PORTS_TRIED = 3;

type Version = readonly [major: number, minor: number];
export const ANY_VERSION: Version = [0, 0];

/** Major and minor version; undefined where there is no such program. A build from source may tell none: it is taken for the newest. */
function versionOf(program: string): Version | undefined {
  const told = spawnSync(program, ['--version'], { encoding: 'utf8' });
  const version = /version (\d+)\.(\d+)/.exec(`${told.stdout ?? ''}${told.stderr ?? ''}`);
  if (version === null) return told.status === 0 ? [Infinity, 0] : undefined;
  return [Number(version[1]), Number(version[2])];
}

export const installedVersion = versionOf(PROMETHEUS);
/** Of promtool. */
export const promtoolVersion = versionOf(PROMTOOL);

/** What it speaks of remote write. */
export const WRITE_MESSAGES = [
  'prometheus.WriteRequest',
  ...((installedVersion?.[0] ?? 0) > 2 ? ['io.prometheus.write.v2.Request'] : []),
];

const PEERS = { prometheus: installedVersion, promtool: promtoolVersion };

/** `describe` where the programs are there, each in this version or a later one; elsewhere the suite is skipped, and its title says why. */
export function beside(
  needed: { readonly [program in keyof typeof PEERS]?: Version },
  title: string,
  suite: () => void,
): void {
  const missing = (['prometheus', 'promtool'] as const).flatMap((program) => {
    const from = needed[program];
    if (from === undefined || isFrom(PEERS[program], from)) return [];
    return `${program} ${from.join('.')} or later, which ISOTHERM_${program.toUpperCase()} may name`;
  });
  if (missing.length === 0) describe(title, suite);
  else describe.skip(`${title} (skipped: needs ${missing.join(', and ')})`, suite);
}

function isFrom(version: Version | undefined, [major, minor]: Version): boolean {
  if (version === undefined) return false;
  return version[0] > major || (version[0] === major && version[1] >= minor);
}

export const besidePrometheus = (title: string, suite: () => void): void =>
  beside({ prometheus: ANY_VERSION }, title, suite);

export interface PrometheusProcess {
  readonly url: string;
  /** SIGTERM if not told otherwise, then wait. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface PrometheusOptions {
  /** The text of prometheus.yml, given the host:port that the server will listen on. */
  readonly config: string | ((address: string) => string);
  /** Where prometheus.yml and `peer/` (the data) go; a new temp folder if not given. */
  readonly folder?: string;
  readonly flags?: readonly string[];
  /** What the flags put before all paths, such as `/p`. */
  readonly prefix?: string;
}

/** Starts it and resolves once it is ready. Stop it before the test ends. Where somebody else took its port in between, another is tried. */
export async function runPrometheus(options: PrometheusOptions): Promise<PrometheusProcess> {
  const folder = options.folder ?? tempFolder();
  for (let tried = 1; ; tried++) {
    const { isReady, stderr, ...started } = await startOnce({ ...options, folder }, await freePort());
    if (isReady) return started;
    await started.stop();
    const why = `${PROMETHEUS} was not ready:\n${stderr()}`;
    if (tried === PORTS_TRIED || !stderr().includes('address already in use')) throw new Error(why);
  }
}

async function startOnce(
  { config, folder, flags = [], prefix = '' }: PrometheusOptions & { folder: string },
  port: number,
) {
  const address = `127.0.0.1:${port}`;
  const url = `http://${address}`;
  const file = writeConfig(folder, typeof config === 'string' ? config : config(address), 'peer.yml');
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, 'peer')}`,
    `--web.listen-address=${address}`,
  ];
  const child = spawn(PROMETHEUS, [...args, ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  let ended = false;
  const exited = new Promise<void>((resolve) => {
    const end = () => {
      ended = true;
      resolve();
    };
    child.once('close', end);
    child.once('error', end);
  });
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    await exited;
  };
  const answers = () =>
    fetch(`${url}${prefix}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  let isReady = false;
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!ended && !(isReady = await answers()) && Date.now() < deadline) await sleep(20);
  return { url, stop, isReady: isReady && !ended, stderr: () => stderr };
}

/** A port of this machine that nobody listened on a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
