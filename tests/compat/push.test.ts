/** Pushes: the same requests to this program and to a real Pushgateway (the one on PATH), and the clients that people push with. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { Counter, Gauge, Histogram, Pushgateway, Registry, Summary } from 'prom-client';
import { createPageReader } from '../../src/server/textparse/pageReader.ts';
import { formatLabels } from '../../src/shared/model/labels.ts';
import { protobufPage, PROTOBUF_TYPE } from '../support/metricFamilyWriter.ts';
import { freePort } from '../support/prometheusProcess.ts';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

const GATEWAY = 'prometheus-pushgateway';
const hasGateway = spawnSync(GATEWAY, ['--version']).status === 0;
const PYTHON = process.env.ISOTHERM_PYTHON ?? 'python3';
const hasPython = spawnSync(PYTHON, ['-c', 'import prometheus_client']).status === 0;

jest.setTimeout(60_000);
let folder: string;
let sidecar: Sidecar;
const FLAGS = ['--web.enable-push-receiver', '--web.enable-admin-api'];

beforeAll(async () => {
  folder = tempFolder();
  writeConfig(folder, 'global: {scrape_interval: 300ms}\n');
  sidecar = await startSidecar(folder, FLAGS);
});
afterAll(async () => void (await sidecar?.stop()));

interface Step {
  readonly method: 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

const page = (lines: string) => ({ body: lines });
const gzip = { 'content-encoding': 'gzip' };
const histogram =
  '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 3\nh_count 2\n# TYPE s summary\ns{quantile="0.5"} 1\ns_sum 4\ns_count 2\n';
const families = protobufPage([
  { name: 'pb_total', type: 'counter', help: 'A counter.', metrics: [{ labels: { a: 'b' }, v: 3 }] },
  {
    name: 'pb_hist',
    type: 'histogram',
    metrics: [{ histogram: { count: 2, sum: 3, buckets: [{ le: 1, count: 1 }] } }],
  },
]);

/** In order: each starts from what those before it left. */
const STEPS: readonly Step[] = [
  { method: 'PUT', path: 'job/a', ...page('foo 1\n') },
  { method: 'PUT', path: 'job/a', ...page('foo 1') },
  { method: 'POST', path: 'job/a/b/c', ...page('foo{instance="x"} 1\n') },
  { method: 'POST', path: 'job/a', ...page('bar{x="1"} 2\nbar{x="2"} 3\n') },
  { method: 'POST', path: 'job/dup', ...page('foo 1\nfoo 1\n') },
  { method: 'POST', path: 'job/ts', ...page('foo 1 123\n') },
  { method: 'POST', path: 'job/type', ...page('# TYPE foo counter\nfoo 1\n') },
  { method: 'POST', path: 'job/garbage', ...page('garbage{ 1\n') },
  { method: 'POST', path: 'job/a/b', ...page('foo 1\n') },
  { method: 'POST', path: 'job/a/b/', ...page('foo 1\n') },
  { method: 'POST', path: 'job/a/b/c/', ...page('foo 1\n') },
  { method: 'POST', path: 'job/a/0b/c', ...page('foo 1\n') },
  { method: 'POST', path: 'job/a/__b/c', ...page('foo 1\n') },
  { method: 'POST', path: 'job/a/job/c', ...page('foo 7\n') },
  { method: 'POST', path: 'job/a/b/c/b/d', ...page('foo 1\n') },
  { method: 'POST', path: 'job@base64/L3g/p@base64/L3k=', ...page('foo 1\n') },
  { method: 'POST', path: 'job@base64/L3g/p@base64/=', ...page('foo 1\n') },
  // The last of its kind: after a fault of this kind, Pushgateway 1.5 answers no more of them.
  { method: 'POST', path: 'job@base64/!!/p@base64/L3k=', ...page('foo 1\n') },
  { method: 'POST', path: 'job/a/p/c%20d%C3%A9', ...page('foo 1\n') },
  { method: 'POST', path: 'job/empty', ...page('') },
  { method: 'POST', path: 'job/reserved', ...page('push_time_seconds 1\nbaz 2\n') },
  { method: 'POST', path: 'job/override', ...page('ov{job="zzz",instance="qq"} 1\n') },
  { method: 'DELETE', path: 'job/override' },
  { method: 'DELETE', path: 'job/nonexist' },
  { method: 'DELETE', path: 'job/a/b' },
  { method: 'POST', path: 'job/gz', ...page('foo 1\n'), headers: gzip },
  { method: 'POST', path: 'job/gz', body: gzipSync('gz 1\n'), headers: gzip },
  { method: 'POST', path: 'job/pb', ...page('foo 1\n'), headers: { 'content-type': PROTOBUF_TYPE } },
  { method: 'POST', path: 'job/pb', body: families, headers: { 'content-type': PROTOBUF_TYPE } },
  { method: 'POST', path: 'job/json', ...page('foo 1\n'), headers: { 'content-type': 'application/json' } },
  { method: 'POST', path: 'job/help', ...page('# HELP foo another\n# TYPE foo untyped\nfoo 1\n') },
  { method: 'POST', path: 'job/h', ...page(histogram) },
  { method: 'POST', path: 'job/h2', ...page('h_count 2\n') },
  { method: 'POST', path: 'job/c', ...page('# TYPE c counter\n# TYPE c gauge\nc 2\n') },
  { method: 'POST', path: 'job/c', ...page('c 2\nd 1\nc{x="1"} 2\n# TYPE c gauge\n') },
  { method: 'POST', path: 'job/c', ...page('c 2\nd 1\nc{x="1"} 2\n') },
  { method: 'POST', path: 'job/c4', ...page('c{__a="b"} 2\n') },
  { method: 'POST', path: 'job/c7', ...page('e NaN\nf +Inf\ng 1e100\n') },
  { method: 'PUT', path: 'job/a', ...page('foo 9\n') },
  { method: 'PUT', path: 'job/c', ...page('') },
];

const send = async (url: string, { method, path, body, headers = {} }: Step) => {
  const response = await fetch(`${url}/metrics/${path}`, { method, headers, body: body && Buffer.from(body) });
  return { status: response.status, text: await response.text() };
};

/** Series and values of a text page; of the groups' own times only whether they are 0. */
function seriesOf(text: string): Record<string, number | string> {
  const reader = createPageReader();
  const { count, slots, values } = reader.read(Buffer.from(text), 'text');
  const own = /^(go|process|promhttp|pushgateway)_/;
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [formatLabels(reader.labels(slots[i])), values[i]] as const)
      .filter(([name]) => !own.test(name))
      .map(([name, v]) => [name, name.startsWith('push_') ? String(v > 0) : v]),
  );
}

(hasGateway ? describe : describe.skip)(`the same pushes (needs ${GATEWAY} on PATH)`, () => {
  let gateway: ChildProcess;
  let url: string;
  beforeAll(async () => {
    const address = `127.0.0.1:${await freePort()}`;
    url = `http://${address}`;
    gateway = spawn(GATEWAY, [`--web.listen-address=${address}`, '--web.enable-admin-api', '--persistence.file='], {
      stdio: 'ignore',
    });
    await until(() =>
      fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    for (const target of [url, sidecar.url]) await fetch(`${target}/api/v1/admin/wipe`, { method: 'PUT' });
  });
  afterAll(() => void gateway?.kill());

  test.each(STEPS.map((step, i) => [`${i} ${step.method} ${step.path}`, step] as const))('%s', async (_, step) => {
    const [theirs, ours] = [await send(url, step), await send(sidecar.url, step)];
    expect(ours.status).toBe(theirs.status);
    const upTo =
      /^(?:text format parsing error in line|pushed metrics are invalid or inconsistent with existing metrics:|improper|odd|invalid base64)?/;
    expect(upTo.exec(ours.text)?.[0]).toBe(upTo.exec(theirs.text)?.[0]);
    const [a, b] = await Promise.all([`${sidecar.url}/pushed`, `${url}/metrics`].map((at) => fetch(at)));
    expect(seriesOf(await a.text())).toEqual(seriesOf(await b.text()));
  });

  test('give the same list of groups', async () => {
    const [a, b] = await Promise.all([api(sidecar.url, '/metrics'), api(url, '/metrics')]);
    const comparable = (list: { data: Record<string, unknown>[] }) =>
      list.data.map((group) => JSON.parse(JSON.stringify(group, (key, value) => (key === 'time_stamp' ? 0 : value))));
    const byLabels = (groups: Record<string, unknown>[]) =>
      new Map(
        groups.map(({ push_time_seconds: _, push_failure_time_seconds: __, ...group }) => [
          JSON.stringify(group.labels),
          group,
        ]),
      );
    expect(byLabels(comparable(a))).toEqual(byLabels(comparable(b)));
  });

  test('are wiped with the same status', async () => {
    const wipe = (at: string) => fetch(`${at}/api/v1/admin/wipe`, { method: 'PUT' }).then(({ status }) => status);
    expect(await wipe(sidecar.url)).toBe(await wipe(url));
    expect((await api(sidecar.url, '/metrics')).data).toEqual([]);
  });
});

const value = async (expr: string) => {
  const { data } = await api(sidecar.url, `/query?query=${encodeURIComponent(expr)}`);
  return data.result.map((r: { metric: Record<string, string>; value: [number, string] }) => [r.metric, r.value[1]]);
};

describe('what a client pushes can be asked for', () => {
  test('prom-client', async () => {
    const registry = new Registry();
    const registers = [registry];
    new Gauge({ name: 'js_last_success', help: 'h', registers }).set(123);
    new Counter({ name: 'js_rows_total', help: 'h', labelNames: ['table'], registers }).inc({ table: 'a "b"' }, 5);
    new Histogram({ name: 'js_seconds', help: 'h', buckets: [1, 2], registers }).observe(1.5);
    new Summary({ name: 'js_summary', help: 'h', percentiles: [0.5], registers }).observe(2);
    const gateway = new Pushgateway(sidecar.url, {}, registry);
    await gateway.pushAdd({ jobName: 'nightly', groupings: { model: 'churn' } });
    const grouping = { job: 'nightly', model: 'churn' };
    await until(async () => (await value('js_last_success')).length > 0);
    expect(await value('js_last_success')).toEqual([[{ __name__: 'js_last_success', ...grouping }, '123']]);
    expect(await value('js_rows_total')).toEqual([[{ __name__: 'js_rows_total', ...grouping, table: 'a "b"' }, '5']]);
    expect(await value('histogram_quantile(0.5, js_seconds_bucket)')).toEqual([[grouping, '1.5']]);
    expect(await value('up{job="pushgateway"}')).toEqual([[expect.objectContaining({ job: 'pushgateway' }), '1']]);
    expect((await value('push_time_seconds{model="churn"}'))[0][1]).not.toBe('0');
    await gateway.delete({ jobName: 'nightly', groupings: { model: 'churn' } });
    await until(async () => (await value('js_last_success')).length === 0);
  });

  (hasPython ? test : test.skip)(`Python's push_to_gateway (needs ${PYTHON} with prometheus_client)`, async () => {
    const script = `
import sys
from prometheus_client import CollectorRegistry, Gauge, Counter, Histogram, push_to_gateway, pushadd_to_gateway, delete_from_gateway
registry = CollectorRegistry()
Gauge('py_last_success', 'h', registry=registry).set(42)
Counter('py_rows', 'h', ['table'], registry=registry).labels('a/b').inc(2)
Histogram('py_seconds', 'h', buckets=[1, 2], registry=registry).observe(1.5)
grouping = {'path': '/data/x', 'empty': ''}
if sys.argv[2] == 'push':
    push_to_gateway(sys.argv[1], job='batch', registry=registry, grouping_key=grouping)
    pushadd_to_gateway(sys.argv[1], job='batch', registry=registry, grouping_key=grouping)
else:
    delete_from_gateway(sys.argv[1], job='batch', grouping_key=grouping)
`;
    const python = (verb: string) => spawnSync(PYTHON, ['-c', script, sidecar.url, verb], { encoding: 'utf8' });
    expect(python('push')).toMatchObject({ status: 0 });
    await until(async () => (await value('py_last_success')).length > 0);
    const grouping = { job: 'batch', path: '/data/x' };
    expect(await value('py_rows_total')).toEqual([[{ __name__: 'py_rows_total', ...grouping, table: 'a/b' }, '2']]);
    expect(await value('py_seconds_sum')).toEqual([[{ __name__: 'py_seconds_sum', ...grouping }, '1.5']]);
    expect(python('delete')).toMatchObject({ status: 0 });
    await until(async () => (await value('py_last_success')).length === 0);
  });

  test('a time to live ends a group, and the rest outlives a restart', async () => {
    const gateway = { method: 'POST', ...page('kept 1\n') } as const;
    expect((await send(sidecar.url, { ...gateway, path: 'job/short?ttl=1s' })).status).toBe(200);
    expect((await send(sidecar.url, { ...gateway, path: 'job/long/__ttl__/1h' })).status).toBe(200);
    await until(async () => (await value('kept')).length === 2);
    await until(async () => (await value('kept')).length === 1);
    await sidecar.stop();
    sidecar = await startSidecar(folder, FLAGS);
    expect((await api(sidecar.url, '/metrics')).data).toEqual([
      expect.objectContaining({ labels: { job: 'long' }, last_push_successful: true }),
    ]);
    const { data } = await api(sidecar.url, '/targets');
    expect(data.activeTargets).toEqual([
      expect.objectContaining({ scrapePool: 'pushgateway', scrapeUrl: expect.stringMatching(/\/pushed$/) }),
    ]);
  });
});

test('without the flag nothing is taken, and the answer names it', async () => {
  const other = tempFolder();
  writeConfig(other, 'global: {}\n');
  const off = await startSidecar(other);
  try {
    const answer = await send(off.url, { method: 'POST', path: 'job/a', body: 'x 1\n' });
    expect(answer).toEqual({ status: 404, text: expect.stringContaining('--web.enable-push-receiver') });
  } finally {
    await off.stop();
  }
});
