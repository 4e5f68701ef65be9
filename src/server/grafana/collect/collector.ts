/** One collector: the server as a child process with a folder of its own, started again when it ends, until it is closed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import type { Log, LogLevel } from '../log.ts';
import { RELOAD, type CollectorNews } from './channel.ts';
import type { CollectSettings } from './collectSettings.ts';
import { draftConfig } from './configText.ts';

/** How the server is started as a child. */
export interface CollectorCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface CollectorDeps {
  /** Of this collector alone. */
  readonly folder: string;
  readonly command: CollectorCommand;
  readonly log: Log;
}

export interface Collector {
  /** `host:port` as this machine reaches it; '' before the first start. */
  readonly address: string;
  readonly folder: string;
  /** What is wrong; '' while all is well. Queries may be answered all the same, by what was good before. */
  readonly fault: string;
  /** Resolves when queries are answered, rejects with the fault where that is known to take longer than a moment. */
  whenReady(signal?: AbortSignal): Promise<void>;
  /** Takes other settings; the same again are no others. */
  apply(settings: CollectSettings): void;
  /** Lets go of the process, which then closes its store. Resolves when it is gone. */
  close(): Promise<void>;
}

export type KeptSettings = Omit<CollectSettings, 'secrets'>;

/** What is kept in the folder, so that collecting goes on when Grafana starts, before anybody asks. */
export interface KeptCollector {
  readonly orgId: number;
  readonly uid: string;
  readonly active: boolean;
  /** Of the last run: pages keep their address over restarts. */
  readonly address: string;
  readonly settings: KeptSettings;
}

export const KEPT_FILE = 'collector.json';
const CONFIG_FILE = 'prometheus.yml';
const RESTART_MS_MIN = 250;
const RESTART_MS_MAX = 10_000;
/** A run of this length was a good one: the next restart is quick again. */
const GOOD_RUN_MS = 30_000;
const READY_MS_MAX = 15_000;
const ONLY_OWNER = 0o600;

/** Undefined for a folder that is none of a collector. */
export function readKept(folder: string): KeptCollector | undefined {
  try {
    return JSON.parse(readFileSync(path.join(folder, KEPT_FILE), 'utf8')) as KeptCollector;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

type State =
  | { readonly kind: 'starting' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'waiting'; readonly why: string }
  | { readonly kind: 'closed' };

/** @param kept of an earlier run; its configuration lies in the folder already. */
export function openCollector(
  { orgId, uid }: { readonly orgId: number; readonly uid: string },
  first: CollectSettings | KeptCollector,
  { folder, command, log }: CollectorDeps,
): Collector {
  const isKept = 'settings' in first;
  const kept = isKept ? first : readKept(folder);
  let state: State = { kind: 'starting' };
  let address = kept?.address ?? '';
  /** What runs, or is to run; undefined before the first settings without a fault. */
  let settings: KeptSettings | undefined = kept?.settings;
  /** Settings whose configuration is not in the folder yet. */
  let draft: CollectSettings | undefined;
  let lastSeen = isKept ? undefined : first;
  /** Of settings that were not taken. */
  let configFault = '';
  let child: ChildProcess | undefined;
  let restartMs = RESTART_MS_MIN;
  let restartTimer: NodeJS.Timeout | undefined;
  const listeners = new Set<() => void>();

  const become = (next: State) => {
    if (state.kind === 'closed') return;
    state = next;
    for (const listener of [...listeners]) listener();
  };
  const file = (name: string) => path.join(folder, name);
  /** Takes settings without a fault; of others only the fault is taken, and what runs goes on. */
  const take = (next: CollectSettings): boolean => {
    const { faults } = draftConfig(next.options, contextOf(next));
    configFault = faults
      .map(({ line, column, why }) => (line === 0 ? why : `line ${line}, column ${column}: ${why}`))
      .join('\n');
    if (faults.length > 0) return false;
    draft = next;
    settings = withoutSecrets(next);
    return true;
  };
  const contextOf = ({ secrets, scrapeInterval, options }: CollectSettings) => ({
    secrets,
    scrapeInterval,
    ownAddress: options.machine === false ? '' : address,
  });
  /** The folder holds what a later start needs, readable for nobody else: secrets are filled in. */
  const writeFiles = (running: KeptSettings) => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const kept: KeptCollector = { orgId, uid, active: true, address, settings: running };
    writeFileSync(file(KEPT_FILE), JSON.stringify(kept), { mode: ONLY_OWNER });
    if (draft === undefined) return;
    rmSync(file(CONFIG_FILE), { force: true });
    writeFileSync(file(CONFIG_FILE), draftConfig(draft.options, contextOf(draft)).text, { mode: ONLY_OWNER });
  };

  const start = async () => {
    if (settings === undefined) return become({ kind: 'waiting', why: configFault });
    become({ kind: 'starting' });
    try {
      address = await addressFor(settings.listen, address);
      if (state.kind === 'closed') return undefined;
      writeFiles(settings);
      run(settings);
    } catch (error) {
      again(`the collector cannot be started in ${folder}: ${(error as Error).message}`);
    }
    return undefined;
  };
  const run = (settings: KeptSettings) => {
    const startedAt = Date.now();
    let fault = '';
    const process_ = spawn(command.command, [...command.args, ...flagsOf(settings, address, folder)], {
      cwd: folder,
      env: { ...command.env },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    child = process_;
    createInterface({ input: process_.stderr! }).on('line', (line) => passOn(line, uid, log));
    process_.on('message', (news: CollectorNews) => {
      if (news.kind === 'ready') become({ kind: 'ready' });
      else if (news.kind === 'reloaded') configFault = news.error;
      else fault = news.error;
    });
    process_.on('error', (error) => {
      fault = error.message;
      if (process_.pid === undefined) again(fault); // It never was a process, and has no exit.
    });
    // Not `close`: that one waits for a channel that we may have let go of ourselves.
    process_.on('exit', (code, signal) => {
      if (child === process_) child = undefined;
      if (Date.now() - startedAt > GOOD_RUN_MS) restartMs = RESTART_MS_MIN;
      again(fault === '' ? `the collector ended by ${signal ?? `code ${code}`}` : fault);
    });
  };
  const again = (why: string) => {
    if (state.kind === 'closed') return;
    become({ kind: 'waiting', why });
    log('warn', `${why}; starting again`, { uid, waitMs: restartMs });
    restartTimer = setTimeout(() => void start(), restartMs);
    restartMs = Math.min(restartMs * 2, RESTART_MS_MAX);
  };
  const stopChild = async () => {
    clearTimeout(restartTimer);
    const running = child;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => running.once('exit', () => resolve()));
    if (running.connected) running.disconnect();
    await gone;
  };

  if (!isKept) take(first);
  void start();
  return {
    get address() {
      return address;
    },
    folder,
    get fault() {
      return state.kind === 'waiting' ? state.why : configFault;
    },
    whenReady(signal) {
      return new Promise((resolve, reject) => {
        const settle = (done: () => void) => {
          clearTimeout(timer);
          listeners.delete(look);
          signal?.removeEventListener('abort', look);
          done();
        };
        const look = () => {
          if (state.kind === 'ready') settle(resolve);
          else if (signal?.aborted === true) settle(() => reject(new Error('the request was canceled')));
          else if (state.kind === 'closed') settle(() => reject(new Error('the data source is being closed')));
          else if (settings === undefined) settle(() => reject(new Error(configFault)));
        };
        const timer = setTimeout(() => {
          const why = state.kind === 'waiting' ? state.why : 'it is still opening its store';
          settle(() => reject(new Error(`the collector does not answer yet: ${why}`)));
        }, READY_MS_MAX);
        listeners.add(look);
        signal?.addEventListener('abort', look);
        look();
      });
    },
    apply(next) {
      if (isDeepStrictEqual(next, lastSeen)) return;
      lastSeen = next;
      const before = settings;
      if (!take(next)) return;
      if (state.kind === 'ready' && before !== undefined && sameFlags(before, next)) {
        writeFiles(withoutSecrets(next));
        child?.send(RELOAD);
        return;
      }
      restartMs = RESTART_MS_MIN;
      if (child?.connected === true) {
        // It closes, and is started again with the new flags: until then nobody is to ask it.
        become({ kind: 'starting' });
        child.disconnect();
      } else if (child === undefined) {
        clearTimeout(restartTimer);
        void start();
      }
    },
    async close() {
      if (state.kind === 'closed') return;
      become({ kind: 'closed' });
      await stopChild();
    },
  };
}

/** Stopped for good: not started again with Grafana. Its samples stay. */
export function retire(folder: string): void {
  const kept = readKept(folder);
  if (kept?.active !== true) return;
  writeFileSync(path.join(folder, KEPT_FILE), JSON.stringify({ ...kept, active: false }), { mode: ONLY_OWNER });
}

function withoutSecrets(settings: CollectSettings): KeptSettings {
  const { secrets: _, ...rest } = settings;
  return rest;
}

function sameFlags(a: KeptSettings, b: KeptSettings): boolean {
  return JSON.stringify(flagsOf(a, '', '')) === JSON.stringify(flagsOf(b, '', ''));
}

function flagsOf(settings: KeptSettings, address: string, folder: string): string[] {
  return [
    `--config.file=${path.join(folder, CONFIG_FILE)}`,
    `--storage.tsdb.path=${path.join(folder, 'samples')}`,
    `--storage.tsdb.retention.time=${settings.retention}`,
    `--web.listen-address=${settings.listen === '' ? address : settings.listen}`,
    `--log.format=json`,
    ...(settings.options.machine === false ? [] : ['--collector.machine']),
  ];
}

/** The address that was set, as this machine reaches it; else the one of the last run if it is free, else a free port. */
async function addressFor(listen: string, last: string): Promise<string> {
  if (listen !== '') return listen.replace(/^(0\.0\.0\.0)?(?=:)/, '127.0.0.1');
  const lastPort = Number(/^127\.0\.0\.1:(\d+)$/.exec(last)?.[1] ?? 0);
  const port = (lastPort > 0 ? await bindable(lastPort) : undefined) ?? (await bindable(0));
  if (port === undefined) throw new Error('no port is free on 127.0.0.1');
  return `127.0.0.1:${port}`;
}

function bindable(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(undefined));
    probe.listen(port, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}

const LEVELS: Readonly<Record<string, LogLevel>> = { DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' };

/** A line of the server's own log as one of Grafana's. */
function passOn(line: string, uid: string, log: Log): void {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(line) as Record<string, unknown>;
  } catch {
    log('warn', line, { uid });
    return;
  }
  const { level, msg, time: _, ...rest } = record;
  const fields = Object.entries(rest).map(([key, value]) => [
    key,
    typeof value === 'object' ? JSON.stringify(value) : value,
  ]);
  log(LEVELS[String(level)] ?? 'info', String(msg), { uid, ...(Object.fromEntries(fields) as Record<string, string>) });
}
