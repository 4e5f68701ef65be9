/**
 * `npm run fleet`: two agents that share the targets, one VictoriaMetrics that holds the samples; both agents answer from it. All on loopback, with
 * `victoria-metrics` from the PATH (Debian has it). Ctrl-C stops all of it. docs/scale.md tells what it shows.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildWebui } from './buildWebui.ts';
import { ROOT, allReady, needFree, start, stopWithParent } from './foreground.ts';

const ENGINE = 'victoria-metrics';
const AGENT_PORTS = [9090, 9091];
const DEMO_PORTS = [8000, 8001];
const ENGINE_PORT = 8428;

stopWithParent();
if (spawnSync(ENGINE, ['--version']).error !== undefined) {
  console.error(`${ENGINE} is not on the PATH; on Debian: apt-get install victoria-metrics`);
  process.exit(1);
}
const ports = [...AGENT_PORTS, ...DEMO_PORTS, ENGINE_PORT];
await needFree(
  ports.map((port) => `127.0.0.1:${port}`),
  'npm run fleet',
);
await buildWebui();
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
if (
  await allReady([
    ...AGENT_PORTS.map((port) => `http://127.0.0.1:${port}/-/ready`),
    `http://127.0.0.1:${ENGINE_PORT}/health`,
  ])
) {
  for (const port of AGENT_PORTS)
    console.log(`Isotherm   http://127.0.0.1:${port}/   an agent; its pages show what the whole fleet scraped`);
  console.log(`The engine http://127.0.0.1:${ENGINE_PORT}/   holds the samples in data-fleet/`);
  console.log('Ctrl-C     stops all of it');
}
