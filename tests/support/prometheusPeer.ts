/** A real Prometheus beside ours, filled with given series: the one named by ISOTHERM_PROMETHEUS, else the one on PATH. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { formatValue } from '../../src/shared/api/prometheus.ts';
import { labelValue, METRIC_NAME, quoted } from '../../src/shared/model/labels.ts';
import type { MemorySeries } from './memoryQueryable.ts';

const PROMETHEUS = process.env.ISOTHERM_PROMETHEUS ?? 'prometheus';
const PROMTOOL = process.env.ISOTHERM_PROMTOOL ?? 'promtool';
const START_MS_MAX = 30_000;

export interface PrometheusPeer {
  /** host:port. */
  readonly address: string;
  /** The JSON of an API answer, failures included. */
  ask(
    path: string,
    params: Readonly<Record<string, string>>,
  ): Promise<{ status: string; data?: unknown; error?: string; errorType?: string }>;
  close(): Promise<void>;
}

/** Major and minor version; undefined where there is no Prometheus or no promtool. */
export function prometheusVersion(): readonly [major: number, minor: number] | undefined {
  if (spawnSync(PROMTOOL, ['--version']).status !== 0) return undefined;
  const told = spawnSync(PROMETHEUS, ['--version'], { encoding: 'utf8' });
  const version = /version (\d+)\.(\d+)/.exec(`${told.stdout ?? ''}${told.stderr ?? ''}`);
  return version === null ? undefined : [Number(version[1]), Number(version[2])];
}

/** Float samples only; a stale mark cannot be imported. */
export async function startPrometheus(series: readonly MemorySeries[]): Promise<PrometheusPeer> {
  const folder = mkdtempSync(join(tmpdir(), 'isotherm-peer-'));
  const page = join(folder, 'page.txt');
  writeFileSync(page, openMetricsOf(series));
  const imported = spawnSync(PROMTOOL, ['tsdb', 'create-blocks-from', 'openmetrics', page, join(folder, 'data')], {
    encoding: 'utf8',
  });
  if (imported.status !== 0) throw new Error(`promtool could not import the series: ${imported.stderr}`);
  writeFileSync(join(folder, 'prometheus.yml'), 'global: {}\n');
  const child = spawn(PROMETHEUS, [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    '--storage.tsdb.retention.time=100y',
    '--web.listen-address=127.0.0.1:0',
  ]);
  const close = async () => {
    const ended = child.exitCode !== null ? undefined : new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const address = await listeningAddress(child);
    const ask: PrometheusPeer['ask'] = async (path, params) => {
      const response = await fetch(`http://${address}${path}`, { method: 'POST', body: new URLSearchParams(params) });
      return (await response.json()) as Awaited<ReturnType<PrometheusPeer['ask']>>;
    };
    await untilReady(address);
    return { address, ask, close };
  } catch (fault) {
    await close();
    throw fault;
  }
}

function openMetricsOf(series: readonly MemorySeries[]): string {
  const lines = series.flatMap(({ labels, samples }) => {
    const pairs = labels.filter(([name]) => name !== METRIC_NAME).map(([name, value]) => `${name}=${quoted(value)}`);
    const id = `${labelValue(labels, METRIC_NAME)}{${pairs.join(',')}}`;
    return samples.map(([t, v]) => {
      if (typeof v !== 'number') throw new Error('only numbers can be imported');
      return `${id} ${formatValue(v)} ${(t / 1000).toFixed(3)}`;
    });
  });
  return [...lines, '# EOF', ''].join('\n');
}

function listeningAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('Prometheus did not say where it listens')), START_MS_MAX);
    child.once('exit', (code) => reject(new Error(`Prometheus ended with ${code}`)));
    createInterface({ input: child.stderr! }).on('line', (line) => {
      const address = /msg="Listening on".* address=(\S+)/.exec(line);
      if (address === null) return;
      clearTimeout(timer);
      resolve(address[1]);
    });
  });
}

async function untilReady(address: string): Promise<void> {
  const end = Date.now() + START_MS_MAX;
  while (Date.now() < end) {
    const response = await fetch(`http://${address}/-/ready`);
    if (response.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('Prometheus did not become ready');
}
