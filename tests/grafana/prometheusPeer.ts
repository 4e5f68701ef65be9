/** A Prometheus of this machine, scraping itself every second: a server that is not ours to ask. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const hasPrometheus = spawnSync('prometheus', ['--version']).status === 0;

export interface Peer {
  readonly url: string;
  stop(): Promise<void>;
}

const READY_MS_MAX = 30_000;

/** Ready when it has scraped itself at least four times, so that rates over buckets have values. */
export async function startPrometheus(): Promise<Peer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'isotherm-peer-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = path.join(folder, 'prometheus.yml');
  writeFileSync(
    config,
    `global: { scrape_interval: 1s }\nscrape_configs:\n  - job_name: self\n    static_configs: [{ targets: ['127.0.0.1:${port}'] }]\n`,
  );
  const child = spawn(
    'prometheus',
    [`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`],
    { stdio: 'ignore' },
  );
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const until = Date.now() + READY_MS_MAX;
  const enough = 'count_over_time(prometheus_http_request_duration_seconds_count{handler="/metrics"}[1m])';
  for (;;) {
    const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(enough)}`)
      .then(async (response) => (await response.json()) as { data?: { result: { value: [number, string] }[] } })
      .catch(() => undefined);
    if (Number(answer?.data?.result[0]?.value[1] ?? 0) >= 4) return { url, stop };
    if (Date.now() > until) {
      await stop();
      throw new Error(`prometheus on ${url} did not scrape itself within ${READY_MS_MAX / 1000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
