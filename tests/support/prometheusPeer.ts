/** A real Prometheus beside ours, filled with given series. */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatValue } from '../../src/shared/api/prometheus.ts';
import { labelValue, METRIC_NAME, quoted } from '../../src/shared/model/labels.ts';
import type { MemorySeries } from './memoryQueryable.ts';
import { installedVersion, PROMTOOL, runPrometheus } from './prometheusProcess.ts';
import { tempFolder } from './sidecar.ts';

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

/** Major and minor version; undefined where there is no Prometheus or no promtool to fill it with. */
export function prometheusVersion(): readonly [major: number, minor: number] | undefined {
  return spawnSync(PROMTOOL, ['--version']).status === 0 ? installedVersion : undefined;
}

/** Float samples only; a stale mark cannot be imported. @param features names for --enable-feature. */
export async function startPrometheus(
  series: readonly MemorySeries[],
  features: readonly string[] = [],
): Promise<PrometheusPeer> {
  const folder = tempFolder();
  const page = join(folder, 'page.txt');
  writeFileSync(page, openMetricsOf(series));
  const imported = spawnSync(PROMTOOL, ['tsdb', 'create-blocks-from', 'openmetrics', page, join(folder, 'peer')], {
    encoding: 'utf8',
  });
  if (imported.status !== 0) throw new Error(`promtool could not import the series: ${imported.stderr}`);
  const flags = ['--storage.tsdb.retention.time=100y', `--enable-feature=${features.join(',')}`];
  const { url, stop } = await runPrometheus({ config: 'global: {}\n', folder, flags });
  return {
    address: url.slice('http://'.length),
    async ask(path, params) {
      const response = await fetch(url + path, { method: 'POST', body: new URLSearchParams(params) });
      return (await response.json()) as Awaited<ReturnType<PrometheusPeer['ask']>>;
    },
    async close() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
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
