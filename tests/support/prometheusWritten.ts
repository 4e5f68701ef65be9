/** A real Prometheus that is given any samples, histograms and the ends of series too. */
import { rmSync } from 'node:fs';
import type { MemorySeries } from './memoryQueryable.ts';
import type { PrometheusPeer } from './prometheusPeer.ts';
import { runPrometheus } from './prometheusProcess.ts';
import { remoteWriteBody } from './remoteWritten.ts';
import { tempFolder } from './sidecar.ts';

/** @param series whose samples lie neither far behind nor ahead of now. */
export async function startPrometheusWritten(
  series: readonly MemorySeries[],
): Promise<Pick<PrometheusPeer, 'ask' | 'close'>> {
  const folder = tempFolder();
  const flags = ['--web.enable-remote-write-receiver', '--enable-feature=promql-experimental-functions'];
  const { url, stop } = await runPrometheus({ config: 'global: {}\n', folder, flags });
  const close = async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const slice of byTime(series)) await write(url, slice);
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

/** The same samples, those of one time together: a receiver takes a series' floats before its histograms, and none that comes late. */
function byTime(series: readonly MemorySeries[]): MemorySeries[][] {
  const slices = new Map<number, MemorySeries[]>();
  for (const one of series) {
    for (const sample of one.samples) {
      const slice = slices.get(sample[0]);
      if (slice === undefined) slices.set(sample[0], [{ ...one, samples: [sample] }]);
      else slice.push({ ...one, samples: [sample] });
    }
  }
  return [...slices].sort(([a], [b]) => a - b).map(([, slice]) => slice);
}

async function write(url: string, series: readonly MemorySeries[]): Promise<void> {
  const written = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
    body: remoteWriteBody(series),
  });
  if (!written.ok) throw new Error(`Prometheus refused samples: ${written.status} ${await written.text()}`);
}
