/**
 * What the documentation of Prometheus 3.14 says of functions and operators (docs/querying), statement by statement, asked of ours and of a
 * Prometheus that were written the same samples. Where a statement tells an answer, that is looked at too.
 */
import { rmSync } from 'node:fs';
import http from 'node:http';
import type { Answer } from '../../scripts/compare/answers.ts';
import { differenceOf } from '../../scripts/compare/answers.ts';
import { beside, runPrometheus, type PrometheusProcess } from '../support/prometheusProcess.ts';
import { writeByTime } from '../support/remoteWritten.ts';
import { startSidecar, tempFolder, writeConfig, type Sidecar } from '../support/sidecar.ts';
import { CORNERS } from './corners.ts';
import { DOCUMENTED, type Expected } from './documented.ts';
import { COUNT, documentedSeries, STEP_MS } from './documentedSeries.ts';

const FEATURES = ['promql-experimental-functions', 'promql-extended-range-selectors', 'promql-binop-fill-modifiers'];
const START = Math.floor((Date.now() - 3_000_000) / 60_000) * 60_000;
const FLAGS = ['--web.enable-remote-write-receiver', `--enable-feature=${FEATURES.join(',')}`];
/** A minute before the last sample. */
const NOW = START + (COUNT - 5) * STEP_MS + 3_000;
const DATA = documentedSeries(START);
const ASKED = [
  ...DOCUMENTED.map(([statement, expr, expected]) => [`${statement}: ${expr}`, expr, expected] as const),
  ...Object.entries(CORNERS).flatMap(([topic, exprs]) => exprs.map((expr) => [`${topic}: ${expr}`, expr] as const)),
];

beside({ prometheus: [3, 0] }, 'what is documented, beside a Prometheus', () => {
  const [folder, theirFolder] = [tempFolder(), tempFolder()];
  let ours: Sidecar;
  let peer: PrometheusProcess;
  beforeAll(async () => {
    writeConfig(folder, 'global: {}\n');
    ours = await startSidecar(folder, FLAGS);
    await writeByTime(ours.url, DATA);
    peer = await runPrometheus({ config: 'global: {}\n', folder: theirFolder, flags: FLAGS });
    await writeByTime(peer.url, DATA);
  });
  afterAll(async () => {
    await ours?.stop();
    await peer?.stop();
    for (const one of [folder, theirFolder]) rmSync(one, { recursive: true, force: true });
  });

  const seconds = (ms: number) => String(ms / 1000);
  const GRIDS = {
    '/api/v1/query': { time: seconds(NOW) },
    '/api/v1/query_range': { start: seconds(START + 1_000), end: seconds(NOW), step: '37' },
  };

  // All rows have three parts: what stands behind the last one would be a callback of the test.
  test.each(ASKED.map(([name, expr, expected]) => [name, expr, expected] as const))('%s', async (_, expr, expected) => {
    for (const [path, grid] of Object.entries(GRIDS)) {
      const params = { query: expr, ...grid };
      const [mine, theirs] = [await post(ours.url + path, params), await post(peer.url + path, params)];
      const isOrdered = path === '/api/v1/query' && /^(sort|topk|bottomk)/.test(expr);
      expect([path, differenceOf(mine, theirs, isOrdered)]).toEqual([path, undefined]);
      if (path === '/api/v1/query' && expected !== undefined) expectDocumented(mine, expected);
    }
  });
});

/** On a connection of its own. */
function post(url: string, params: Readonly<Record<string, string>>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const request = http.request(url, { method: 'POST', agent: false, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => resolve(JSON.parse(text) as Answer)).once('error', reject);
    });
    request.once('error', reject).end(String(new URLSearchParams(params)));
  });
}

function expectDocumented(answer: Answer, expected: Expected): void {
  if (expected instanceof RegExp) {
    const told = answer.status === 'error' ? [answer.error] : [...(answer.warnings ?? []), ...(answer.infos ?? [])];
    expect(told.join('\n')).toMatch(expected);
    return;
  }
  if (answer.status === 'error') throw new Error(answer.error);
  const { data } = answer;
  const values =
    data.resultType === 'vector'
      ? data.result.map(({ value }) => value?.[1] ?? 'histogram')
      : data.resultType === 'scalar'
        ? [data.result[1]]
        : [];
  expect(values).toEqual(expected);
}
