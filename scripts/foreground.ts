/** Programs that run together in the foreground: when one ends, all end; Ctrl-C, TERM, a closed terminal or a parent that is gone stop them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 5_000;
const PARENT_LOOK_MS = 500;

const children: ChildProcess[] = [];
let stopping = false;

/** Starts one of the programs in the project's folder; its errors go to this terminal. */
export function start(name: string, command: string, args: readonly string[]): void {
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  child.on('error', (error) => {
    console.error(`${name} could not be started: ${error.message}`);
    stop(1);
  });
  child.on('exit', (code, signal) => {
    if (stopping) return;
    console.error(`${name} ended ${signal === null ? `with code ${code}` : `by ${signal}`}; stopping the rest`);
    stop(code === 0 ? 0 : 1);
  });
}

/** Stops all that was started: TERM, and KILL for those that do not go. This process ends with `code` when they are gone. */
export function stop(code: number): void {
  if (stopping) return;
  stopping = true;
  process.exitCode = code;
  for (const child of children) if (!hasEnded(child)) child.kill('SIGTERM');
  const force = setTimeout(
    () => children.filter((child) => !hasEnded(child)).forEach((child) => child.kill('SIGKILL')),
    STOP_WITHIN_MS,
  );
  force.unref();
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

/** Ends this process where an address (`host:port`) is taken: another program's answers would look like ours being ready. `command` is what was run. */
export async function needFree(addresses: readonly string[], command: string): Promise<void> {
  for (const address of addresses) {
    if (await isFree(address)) continue;
    console.error(
      `${address} is taken by another program; is ${command} running already? Stop that program, and start again`,
    );
    process.exit(1);
  }
}

async function isFree(address: string): Promise<boolean> {
  const [host, port] = address.split(':');
  const probe = createServer();
  try {
    return await new Promise<boolean>((resolve) => {
      probe.on('error', () => resolve(false));
      probe.listen(Number(port), host, () => resolve(true));
    });
  } finally {
    probe.close();
  }
}

/** Whether every address answers its GET; says so and stops everything where one does not within a minute. */
export async function allReady(urls: readonly string[]): Promise<boolean> {
  const ready = await Promise.all(urls.map(untilReady));
  if (ready.every(Boolean)) return true;
  if (!stopping) {
    console.error(`${urls.filter((_, i) => !ready[i]).join(', ')} not ready within ${READY_WITHIN_MS / 1000} s`);
    stop(1);
  }
  return false;
}

async function untilReady(url: string): Promise<boolean> {
  for (const deadline = Date.now() + READY_WITHIN_MS; Date.now() < deadline && !stopping;) {
    const ready = await fetch(url).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

/** Stops everything when asked to by a signal, or when the parent is gone. */
export function stopWithParent(): void {
  // A terminal's Ctrl-C reaches the children by itself; a second TERM does them no harm.
  process.on('SIGINT', () => stop(0));
  process.on('SIGTERM', () => stop(0));
  // A terminal that closes says HUP, which the sidecar by itself takes for "read the configuration again".
  process.on('SIGHUP', () => stop(0));
  // npm starts scripts through a shell that keeps a TERM to itself: when it is gone, so are we.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && stop(0), PARENT_LOOK_MS).unref();
}
