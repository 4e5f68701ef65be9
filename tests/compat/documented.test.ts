/**
 * What the documentation of Prometheus 3.14 says of functions and operators (docs/querying), statement by statement, asked of ours and of a
 * Prometheus that were written the same samples. Where a statement tells an answer, that is looked at too.
 */
import { rmSync } from 'node:fs';
import http from 'node:http';
import type { Answer } from '../../scripts/compare/answers.ts';
import { differenceOf } from '../../scripts/compare/answers.ts';
import { labelsOf } from '../../src/shared/model/labels.ts';
import type { MemorySeries } from '../support/memoryQueryable.ts';
import { customOf, exponentialOf } from '../support/observedHistograms.ts';
import { beside, runPrometheus, type PrometheusProcess } from '../support/prometheusProcess.ts';
import { writeByTime } from '../support/remoteWritten.ts';
import { startSidecar, tempFolder, writeConfig, type Sidecar } from '../support/sidecar.ts';
import { DOCUMENTED, type Expected } from './documented.ts';

const FEATURES = ['promql-experimental-functions', 'promql-extended-range-selectors', 'promql-binop-fill-modifiers'];
const FLAGS = ['--web.enable-remote-write-receiver', `--enable-feature=${FEATURES.join(',')}`];
const STEP_MS = 15_000;
const COUNT = 80;
const START = Math.floor((Date.now() - 3_000_000) / 60_000) * 60_000;
/** A minute before the last sample. */
const NOW = START + (COUNT - 5) * STEP_MS + 3_000;

type Samples = MemorySeries['samples'];
const samples = (of: (i: number) => Samples[number][1]): Samples =>
  Array.from({ length: COUNT }, (_, i) => [START + i * STEP_MS, of(i)] as const);
const series = (name: string, labels: Readonly<Record<string, string>>, of: (i: number) => Samples[number][1]) => ({
  labels: labelsOf({ __name__: name, ...labels }),
  samples: samples(of),
  group: `${name}${JSON.stringify(labels)}`,
});
/** What a histogram has observed after i intervals. */
const observed = (i: number, shift: number) =>
  Array.from({ length: 3 * (i + 1) }, (_, k) => ((k * 37 + shift * 11) % 50) / 10 - shift);
const BOUNDS = Float64Array.of(0.5, 1, 2.5, 4);
const LE = ['0.5', '1', '2.5', '4', '+Inf'];

const DATA: readonly MemorySeries[] = [
  ...[
    (i: number) => Math.sin(i) * 10,
    () => -5.5,
    () => NaN,
    () => Infinity,
    () => -Infinity,
    (i: number) => i,
    () => 0,
    () => -0,
  ].map((of, k) => series('g', { a: String(k) }, of)),
  series('c_total', { a: '1', job: 'api' }, (i) => (i < 40 ? 7 * i : 3 * (i - 40))),
  series('c_total', { a: '2', job: 'api' }, (i) => 11 * i),
  series('slow_total', { a: '1' }, () => 1),
  ...LE.flatMap((le, k) => [
    series('lat_bucket', { le, job: 'api' }, (i) => (k + 1) * i),
    // Not all of them rise.
    series('lat_bucket', { le, job: 'odd' }, (i) => (k === 2 ? i : (k + 1) * i)),
    ...(le === '+Inf' ? [] : [series('lat_bucket', { le, job: 'open' }, (i) => (k + 1) * i)]),
  ]),
  series('lat_count', { job: 'api' }, (i) => 5 * i),
  series('nh', { a: '1' }, (i) => exponentialOf(observed(i, 0), 3, 0.001)),
  series('nh', { a: '2' }, (i) => exponentialOf(observed(i % 40, 1), 2, 0.001)),
  series('nh_gauge', { a: '1' }, (i) => ({ ...exponentialOf(observed(i, 1), 3, 0.001), counterReset: 'gauge' })),
  series('custom', { a: '1' }, (i) => customOf(observed(i, 0), BOUNDS)),
  series('custom', { a: '2' }, (i) => customOf(observed(i, 0), BOUNDS.slice(1))),
  series('mixed', { a: '1' }, (i) => (i % 2 === 0 ? i : exponentialOf(observed(i, 0), 3, 0.001))),
  series('mixed', { a: '2' }, (i) => i),
  series('target_info', { instance: 'i1', job: 'api', version: '1.2' }, () => 1),
  series('req_total', { instance: 'i1', job: 'api' }, (i) => i),
  ...['a10', 'a2', 'a1', 'b'].map((v, k) => series('lv', { v }, () => k % 3)),
  ...[0, 951_782_400, 1_078_012_799, 1_709_164_800, -86_400, 1e10].map((t, k) =>
    series('ts', { k: String(k) }, () => t),
  ),
  series('http_errors', { method: 'get', code: '500' }, () => 24),
  series('http_errors', { method: 'get', code: '404' }, () => 30),
  series('http_errors', { method: 'post', code: '500' }, () => 6),
  series('http_errors', { method: 'put', code: '501' }, () => 3),
  series('http_requests', { method: 'get' }, () => 600),
  series('http_requests', { method: 'post' }, () => 120),
  series('http_requests', { method: 'del' }, () => 34),
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
  test.each(DOCUMENTED.map(([statement, expr, expected]) => [`${statement}: ${expr}`, expr, expected] as const))(
    '%s',
    async (_, expr, expected) => {
      for (const [path, grid] of Object.entries(GRIDS)) {
        const params = { query: expr, ...grid };
        const [mine, theirs] = [await post(ours.url + path, params), await post(peer.url + path, params)];
        const isOrdered = path === '/api/v1/query' && /^(sort|topk|bottomk)/.test(expr);
        expect([path, differenceOf(mine, theirs, isOrdered)]).toEqual([path, undefined]);
        if (path === '/api/v1/query' && expected !== undefined) expectDocumented(mine, expected);
      }
    },
  );
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
