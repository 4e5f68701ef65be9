/** A server that a drill starts, ends and starts again, on the same address and folder. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { endsWithUs } from '../../bench/harness/leftovers.ts';
import { residentBytesOf } from '../../bench/harness/measure.ts';

const START_MS_MAX = 120_000;

export class Program {
  readonly url: string;
  /** The most that any of its processes held, bytes, as far as anybody looked. */
  residentMax = 0;
  readonly #name: string;
  readonly #command: string;
  readonly #args: readonly string[];
  readonly #readyPath: string;
  #child: ChildProcess | undefined;

  constructor(name: string, url: string, readyPath: string, command: string, args: readonly string[]) {
    this.#name = name;
    this.url = url;
    this.#readyPath = readyPath;
    this.#command = command;
    this.#args = args;
  }

  async start(): Promise<void> {
    const child = endsWithUs(spawn(this.#command, this.#args, { stdio: ['ignore', 'ignore', 'pipe'] }));
    this.#child = child;
    let log = '';
    child.stderr!.on('data', (data: Buffer) => (log = (log + data.toString()).slice(-4_000)));
    for (const until = Date.now() + START_MS_MAX; Date.now() < until && child.exitCode === null; await sleep(100))
      if (await this.#isReady()) return;
    throw new Error(`${this.#name} did not become ready; its log ends:\n${log}`);
  }

  /** Resolves once the process has ended; at once where there is none. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  /** Looks at the memory of the running process. */
  look(): number {
    try {
      const resident = this.#child?.pid === undefined ? 0 : residentBytesOf(this.#child.pid);
      this.residentMax = Math.max(this.residentMax, resident);
      return resident;
    } catch {
      return 0; // It is ending.
    }
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await fetch(this.url + this.#readyPath)).ok;
    } catch {
      return false;
    }
  }
}
