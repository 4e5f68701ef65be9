/**
 * `npm start`: the sidecar with `monitoring/prometheus.yml`, and the demo model service under load. Ctrl-C stops all of it; the data
 * stays, and the next start goes on with it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { buildWebui } from './buildWebui.ts';

const ROOT = join(import.meta.dirname, '..');
const WEB = '127.0.0.1:9090';
const DEMO = '127.0.0.1:8000';
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 5_000;
const PARENT_LOOK_MS = 500;

const children: ChildProcess[] = [];
let stopping = false;

/** Starts a part in the foreground group; when one part ends, all of it ends. */
function start(name: string, command: string, args: readonly string[]): void {
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

const hasEnded = (child: ChildProcess) =>
  child.exitCode !== null || child.signalCode !== null || child.pid === undefined;

function stop(code: number): void {
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

/** Another program's answer would look like ours being ready. */
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

// A terminal's Ctrl-C reaches the children by itself; a second TERM does them no harm.
process.on('SIGINT', () => stop(0));
process.on('SIGTERM', () => stop(0));
// A terminal that closes says HUP, which the sidecar by itself takes for "read the configuration again".
process.on('SIGHUP', () => stop(0));
// npm starts scripts through a shell that keeps a TERM to itself: when it is gone, so are we.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && stop(0), PARENT_LOOK_MS).unref();

for (const address of [WEB, DEMO]) {
  if (await isFree(address)) continue;
  console.error(
    `${address} is taken by another program; is npm start running already? Stop that program, and start again`,
  );
  process.exit(1);
}
await buildWebui();
start('the sidecar', join(ROOT, 'bin/isotherm'), [
  'serve',
  '--config.file=monitoring/prometheus.yml',
  '--storage.tsdb.path=data',
  `--web.listen-address=${WEB}`,
  '--slo.config.file=monitoring/slo.yml',
  '--notify.config.file=monitoring/notify.yml',
  '--collector.machine',
  '--log.level=warn',
  ...process.argv.slice(2),
]);
start('the demo service', process.execPath, [join(ROOT, 'examples/demo.ts'), `--port=${DEMO.split(':')[1]}`]);

const ready = await Promise.all([untilReady(`http://${WEB}/-/ready`), untilReady(`http://${DEMO}/metrics`)]);
if (ready.every(Boolean)) {
  console.log(
    `Isotherm   http://${WEB}/         prediction latency by model version, requests, data jobs, CPU and memory`,
  );
  console.log(`The demo   http://${DEMO}/metrics  two versions of a model, under load; scraped every 15 s`);
  console.log('Ctrl-C     stops all of it; the history stays in data/');
} else if (!stopping) {
  console.error(`not ready within ${READY_WITHIN_MS / 1000} s`);
  stop(1);
}
