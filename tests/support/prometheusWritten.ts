/** A real Prometheus that is given any samples, histograms and the ends of series too. */
import { rmSync } from 'node:fs';
import type { MemorySeries } from './memoryQueryable.ts';
import type { PrometheusPeer } from './prometheusPeer.ts';
import { runPrometheus } from './prometheusProcess.ts';
import { writeByTime } from './remoteWritten.ts';
import { tempFolder } from './sidecar.ts';

/** @param series whose samples lie neither far behind nor ahead of now. @param features names for --enable-feature. */
export async function startPrometheusWritten(
  series: readonly MemorySeries[],
  features: readonly string[] = ['promql-experimental-functions'],
): Promise<Pick<PrometheusPeer, 'ask' | 'close'>> {
  const folder = tempFolder();
  const flags = ['--web.enable-remote-write-receiver', `--enable-feature=${features.join(',')}`];
  const { url, stop } = await runPrometheus({ config: 'global: {}\n', folder, flags });
  const close = async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await writeByTime(url, series);
  } catch (fault) {
    await close();
    throw fault;
  }
  return {
    async ask(path, params) {
      const response = await fetch(url + path, { method: 'POST', body: new URLSearchParams(params) });
      return (await response.json()) as Awaited<ReturnType<PrometheusPeer['ask']>>;
    },
    close,
  };
}
