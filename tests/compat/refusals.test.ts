/** Expressions that are mostly wrong: the same ones are refused as by a real Prometheus, with the same status and kind of error. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beside, runPrometheus, type PrometheusProcess } from '../support/prometheusProcess.ts';
import { startSidecar, tempFolder, writeConfig, type Sidecar } from '../support/sidecar.ts';

const EXPRESSIONS = readFileSync(join(__dirname, 'refusals.txt'), 'utf8').trimEnd().split('\n');

interface Refusal {
  readonly status: number;
  readonly errorType: string | undefined;
}

beside({ prometheus: [3, 14] }, 'refusals beside Prometheus', () => {
  const folder = tempFolder();
  let ours: Sidecar;
  let peer: PrometheusProcess;
  beforeAll(async () => {
    writeConfig(folder, 'global: {}\n');
    [ours, peer] = await Promise.all([startSidecar(folder), runPrometheus({ config: 'global: {}\n' })]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all([ours?.stop(), peer?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = async (url: string, path: string, params: Record<string, string>): Promise<Refusal> => {
    const response = await fetch(url + path, { method: 'POST', body: new URLSearchParams(params) });
    const { errorType } = (await response.json()) as { errorType?: string };
    return { status: response.status, errorType };
  };

  test.each([
    ['/api/v1/query', { time: '1700000000' }],
    ['/api/v1/query_range', { start: '1700000000', end: '1700000600', step: '60' }],
  ])(
    'of %s',
    async (path, at) => {
      for (const query of EXPRESSIONS) {
        const [mine, other] = await Promise.all([ours.url, peer.url].map((url) => ask(url, path, { query, ...at })));
        expect({ query, ...mine }).toEqual({ query, ...other });
      }
    },
    60_000,
  );
});
