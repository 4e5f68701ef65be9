/**
 * The data source's backend process, started by Grafana as a go-plugin: listens on a private socket, says so in one line on stdout, answers until its
 * host leaves.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createCollectors } from './collect/collectors.ts';
import type { CollectorCommand } from './collect/collector.ts';
import { dataFolderOf } from './collect/dataFolder.ts';
import { createLog } from './log.ts';
import { createBackendMetrics } from './metrics.ts';
import { createBackend, type Backend } from './server.ts';

const CORE_PROTOCOL = 1;
const APP_PROTOCOL = 2;
const PARENT_CHECK_MS = 1_000;
/** Unix socket paths may have this many bytes. */
const SOCKET_PATH_MAX = 107;
/** The host kills what is still there two seconds after it asked. */
const LEAVE_MS_MAX = 1_500;
const NOT_A_PLUGIN_EXIT = 1;
const COLLECTOR_FILE = 'server/collector.mjs';
const AS_COLLECTOR = 'ISOTHERM_COLLECTOR';
/** As `bin/isotherm` starts it, and why: a server that allocates little needs no large young heap, and glibc gives pages back only if told. */
const COLLECTOR_NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4'];
const COLLECTOR_MEMORY = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
  MALLOC_MMAP_THRESHOLD_: '131072',
  // Of the V8 in Node 24; another one may not know them.
  ...(/^v24\./.test(process.version)
    ? { ISOTHERM_HEAP_SETTINGS: '--heap-growing-percent=50 --invocation-count-for-turbofan=300' }
    : {}),
};

async function main(): Promise<void> {
  if (process.env.grafana_plugin_type !== 'datasource') {
    process.stderr.write(
      'This is the backend of the Isotherm data source. Grafana starts it by itself; it does nothing when started by hand.\n' +
        'To run the monitoring server, use the isotherm command.\n',
    );
    process.exitCode = NOT_A_PLUGIN_EXIT;
    return;
  }
  const log = createLog(
    (line) => process.stderr.write(line),
    () => new Date(),
  );
  const socketFolder = process.platform === 'win32' ? undefined : makeSocketFolder();
  let leaving = false;
  const leave = (why: string) => {
    if (leaving) return;
    leaving = true;
    log('debug', `leaving: ${why}`);
    // Collectors that need longer close their stores by themselves: their channel ends with us.
    const closed = Promise.race([collectors.close(), new Promise((resolve) => setTimeout(resolve, LEAVE_MS_MAX))]);
    // The answer to Shutdown still has to go out.
    setTimeout(() => void closed.then(() => finish(backend, socketFolder)), 20);
  };
  const dataFolder = dataFolderOf(process.env, codeFolder());
  const collectors = createCollectors({ dataFolder, command: collectorCommand(), log });
  const backend = createBackend({ collectors, log, now: Date.now, metrics: createBackendMetrics(), leave });

  process.on('SIGTERM', () => leave('SIGTERM'));
  // Ctrl-C in a terminal reaches the whole process group; the host decides when we go.
  process.on('SIGINT', () => undefined);
  process.on('uncaughtException', (error) => {
    log('error', `the backend ends: ${error.message}`, { stack: error.stack ?? '' });
    finish(backend, socketFolder, 1);
  });
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', () => undefined);

  process.stdout.write(handshake(await listen(backend, socketFolder)));
  leaveWithParent(leave);
  collectors.resume();
}

/** Where the executable lies, and with it the server's code. */
function codeFolder(): string {
  return path.dirname(isSingleExecutable() ? process.execPath : (process.argv[1] ?? process.execPath));
}

/** In releases this code is inside its Node. */
function isSingleExecutable(): boolean {
  // Nodes before 20.16 have no such question, and are no single executables of ours.
  return (
    (process as { getBuiltinModule?: typeof process.getBuiltinModule }).getBuiltinModule?.('node:sea').isSea() ?? false
  );
}

/** The same Node runs the server beside this file. Grafana's environment is as good as empty, and the server needs none. */
function collectorCommand(): CollectorCommand {
  const env = { ...COLLECTOR_MEMORY, ...(process.env.TZ === undefined ? {} : { TZ: process.env.TZ }) };
  if (isSingleExecutable())
    return {
      command: process.execPath,
      args: [],
      env: { ...env, [AS_COLLECTOR]: '1', NODE_OPTIONS: COLLECTOR_NODE_FLAGS.join(' ') },
    };
  return { command: process.execPath, args: [...COLLECTOR_NODE_FLAGS, path.join(codeFolder(), COLLECTOR_FILE)], env };
}

/** A single executable becomes the collector when its environment says so: there is no other Node that could. */
function becomeCollector(): void {
  createRequire(process.execPath)(path.join(codeFolder(), COLLECTOR_FILE));
}

/** A folder that only we can enter; go-plugin names the place where it wants one. */
function makeSocketFolder(): string {
  const place = process.env.PLUGIN_UNIX_SOCKET_DIR || tmpdir();
  const inPlace = path.join(place, 'isotherm-XXXXXX', 'grpc.sock');
  return mkdtempSync(path.join(Buffer.byteLength(inPlace) <= SOCKET_PATH_MAX ? place : '/tmp', 'isotherm-'));
}

async function listen(backend: Backend, socketFolder: string | undefined): Promise<string> {
  if (socketFolder === undefined) return `tcp|127.0.0.1:${await backend.listen('127.0.0.1:0')}`;
  const socket = path.join(socketFolder, 'grpc.sock');
  await backend.listen(`unix:${socket}`);
  return `unix|${socket}`;
}

/** The one line that the host reads. Listen first, say it second. */
function handshake(address: string): string {
  return `${CORE_PROTOCOL}|${APP_PROTOCOL}|${address}|grpc|\n`;
}

/** A host that was killed tells nobody; its children get another parent. */
function leaveWithParent(leave: (why: string) => void): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) leave('the host is gone');
  }, PARENT_CHECK_MS).unref();
}

function finish(backend: Backend, socketFolder: string | undefined, code = 0): void {
  backend.close();
  if (socketFolder !== undefined) rmSync(socketFolder, { recursive: true, force: true });
  process.exit(code);
}

if (process.env[AS_COLLECTOR] === '1' && isSingleExecutable()) becomeCollector();
else void main();
