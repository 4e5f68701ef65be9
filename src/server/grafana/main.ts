/**
 * The data source's backend process, started by Grafana as a go-plugin: listens on a private socket, says so in one line on stdout, answers until its
 * host leaves.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
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
    // The answer to Shutdown still has to go out.
    setTimeout(() => finish(backend, socketFolder), 20);
    setTimeout(() => process.exit(0), LEAVE_MS_MAX).unref();
  };
  const backend = createBackend({ log, now: Date.now, metrics: createBackendMetrics(), leave });

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

void main();
