/**
 * Development: builds the web UI at every change and runs the sidecar from source beside it, restarted when a file of the server changes.
 * Arguments go to the sidecar; without any it serves monitoring/prometheus.yml.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { watchWebui } from './buildWebui.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const given = process.argv.slice(2);
const flags =
  given.length > 0
    ? given
    : ['--config.file=monitoring/prometheus.yml', '--slo.config.file=monitoring/slo.yml', '--collector.machine'];

const stopWatching = await watchWebui(({ firstLoadBytes }) =>
  console.log(
    `webui: built, first load ${Math.round(firstLoadBytes / 1000)} kB gzipped before minifying; reload the page`,
  ),
);
const sidecar: ChildProcess = spawn(
  process.execPath,
  ['--disable-warning=ExperimentalWarning', '--watch-preserve-output', '--watch', 'src/server/main.ts', ...flags],
  { cwd: ROOT, stdio: 'inherit' },
);
sidecar.on('exit', (code) => void end(code ?? 0));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => sidecar.kill(signal));

async function end(code: number): Promise<void> {
  await stopWatching();
  process.exit(code);
}
