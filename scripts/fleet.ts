/**
 * `npm run fleet`: two agents that share the targets, one VictoriaMetrics that holds the samples; both agents answer from it. All on loopback, with
 * `victoria-metrics` from the PATH (Debian has it). Ctrl-C stops all of it. docs/scale.md tells what it shows.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const ENGINE = 'victoria-metrics';
const AGENT_PORTS = [9090, 9091];
const DEMO_PORTS = [8000, 8001];
const ENGINE_PORT = 8428;

const children: ChildProcess[] = [];
let stopping = false;

function start(name: string, command: string, args: readonly string[]): void {
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  children.push(child);
  child.on('error', (error) => {
    console.error(`${name} could not be started: ${error.message}`);
    stop(1);
  });
  child.on('exit', () => {
    if (stopping) return;
    console.error(`${name} ended; stopping the rest`);
    stop(1);
  });
}

function stop(code: number): void {
  if (stopping) return;
  stopping = true;
  process.exitCode = code;
  for (const child of children) child.kill('SIGTERM');
}

process.on('SIGINT', () => stop(0));
process.on('SIGTERM', () => stop(0));

if (spawnSync(ENGINE, ['--version']).error !== undefined) {
  console.error(`${ENGINE} is not on the PATH; on Debian: apt-get install victoria-metrics`);
  process.exit(1);
}
start('the engine', ENGINE, [
  `-httpListenAddr=127.0.0.1:${ENGINE_PORT}`,
  '-storageDataPath=data-fleet/engine',
  '-search.latencyOffset=0s', // Else the newest 30 seconds are not answered.
  '-dedup.minScrapeInterval=1ms', // After a kill an agent sends its last seconds again.
  '-loggerLevel=ERROR',
]);
for (const port of DEMO_PORTS)
  start(`the demo on ${port}`, process.execPath, [join(ROOT, 'examples/demo.ts'), `--port=${port}`]);
AGENT_PORTS.forEach((port, i) =>
  start(`agent ${i}`, join(ROOT, 'bin/isotherm'), [
    'serve',
    '--agent',
    `--config.file=examples/fleet/agent-${i}.yml`,
    '--fleet.config.file=examples/fleet/engine.yml',
    // Rules are evaluated once: their series would come twice.
    ...(i === 0 ? ['--slo.config.file=monitoring/slo.yml'] : []),
    `--storage.agent.path=data-fleet/agent-${i}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
  ]),
);
for (const port of AGENT_PORTS)
  console.log(`Isotherm   http://127.0.0.1:${port}/   an agent; its pages show what the whole fleet scraped`);
console.log(`The engine http://127.0.0.1:${ENGINE_PORT}/   holds the samples in data-fleet/`);
console.log('Ctrl-C     stops all of it');
