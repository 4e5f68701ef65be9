/**
 * What a measurement makes and starts goes with it: when it is done; and where an error, Ctrl-C or TERM ends this process before, then. A KILL leaves it.
 */
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const folders = new Set<string>();
const children = new Set<ChildProcess>();
let isWatching = false;

/** A temp folder until this process ends. */
export function tempFolder(): string {
  clearAtExit();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'isotherm-bench-'));
  folders.add(folder);
  return folder;
}

/** A temp folder for the time of `work`; if that fails, until this process ends, as servers may yet be at work in it. */
export async function inTempFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = tempFolder();
  const result = await work(folder);
  remove(folder);
  return result;
}

/** A process that is killed if it is there yet when this one ends. */
export function endsWithUs<C extends ChildProcess>(child: C): C {
  clearAtExit();
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

function remove(folder: string): void {
  folders.delete(folder);
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

function clearAtExit(): void {
  if (isWatching) return;
  isWatching = true;
  process.once('exit', () => {
    for (const child of children) child.kill('SIGKILL');
    for (const folder of folders) remove(folder);
  });
  for (const signal of SIGNALS) process.once(signal, () => process.exit(128 + os.constants.signals[signal]));
}
