/** The real program as its user starts it, in a temp folder, on a port that is free. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const ISOTHERM = join(__dirname, '..', '..', 'bin', 'isotherm');
const READY_WITHIN_MS = 30_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Sidecar {
  readonly process: ChildProcess;
  /** `http://127.0.0.1:port`, as the log told it. */
  readonly url: string;
  readonly stderr: () => string;
  readonly ended: Promise<Ended>;
  /** SIGTERM, then wait. */
  stop(): Promise<Ended>;
}

export function tempFolder(): string {
  return mkdtempSync(join(tmpdir(), 'isotherm-'));
}

/** Writes a configuration and gives its path. */
export function writeConfig(folder: string, text: string, name = 'prometheus.yml'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Runs the command to its end. */
export async function runIsotherm(args: readonly string[]): Promise<Ended & { stdout: string; stderr: string }> {
  const child = spawn(ISOTHERM, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (text.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (text.stderr += data.toString()));
  return { ...(await endOf(child)), ...text };
}

/** Starts `isotherm serve` and resolves once it is ready; rejects with its log if it ends before. */
export async function startSidecar(
  folder: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Sidecar> {
  const child = spawn(
    ISOTHERM,
    [
      'serve',
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
      ...args,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } },
  );
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const ended = endOf(child);
  let over = false;
  void ended.then(() => (over = true));
  await until(() => over || /Server is ready/.test(stderr), READY_WITHIN_MS);
  const address = /address=(\S+)/.exec(stderr)?.[1];
  if (over || address === undefined) throw new Error(`the sidecar did not start:\n${stderr}`);
  return {
    process: child,
    url: `http://${address}`,
    stderr: () => stderr,
    ended,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

const running = new Set<ChildProcess>();
/** A test that fails may leave some. */
afterAll(() => running.forEach((child) => child.kill('SIGTERM')));

function endOf(child: ChildProcess): Promise<Ended> {
  running.add(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal });
    });
  });
}

/** Looks every 20 ms until `done` says so; throws when that takes longer than `withinMs`. */
export async function until(done: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> {
  for (const deadline = Date.now() + withinMs; !(await done());) {
    if (Date.now() > deadline) throw new Error(`not so within ${withinMs} ms: ${done}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The JSON of an API path of a server, to be looked into freely. */
export async function api(url: string, path: string): Promise<ReturnType<typeof JSON.parse>> {
  return (await fetch(`${url}/api/v1${path}`)).json();
}
