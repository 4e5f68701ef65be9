/** What is kept of requests that others send, besides their samples: type, help and unit, and when series began. */
import { api, startSidecar, tempFolder, writeConfig, type Sidecar } from '../support/sidecar.ts';
import { attributes, CUMULATIVE } from '../support/otlpRequests.ts';
import { postSince } from '../support/writtenSince.ts';

jest.setTimeout(60_000);
let ours: Sidecar;
afterEach(() => ours.stop());

async function start(...more: string[]): Promise<string> {
  const folder = tempFolder();
  writeConfig(folder, 'global: {}\n');
  ours = await startSidecar(folder, ['--web.enable-otlp-receiver', '--web.enable-remote-write-receiver', ...more]);
  return ours.url;
}

const sumsOf = (t: number, startedAt: number) => ({
  resourceMetrics: [
    {
      resource: { attributes: attributes({ 'service.name': 's', zone: 'z' }) },
      scopeMetrics: [
        {
          metrics: [
            {
              ...{ name: 'work.done', unit: 's', description: 'Time at work.' },
              sum: {
                ...{ isMonotonic: true, aggregationTemporality: CUMULATIVE },
                dataPoints: [{ startTimeUnixNano: `${startedAt}000000`, timeUnixNano: `${t}000000`, asInt: 5 }],
              },
            },
            {
              name: 'early',
              description: 'Not taken.',
              gauge: { dataPoints: [{ timeUnixNano: `${t + 3_600_000}000000`, asInt: 1 }] },
            },
          ],
        },
      ],
    },
  ],
});

async function sendAll(url: string, t: number): Promise<void> {
  const otlp = await fetch(`${url}/api/v1/otlp/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(sumsOf(t, t - 30_000)),
  });
  expect(otlp.status).toBe(200);
  const written = await postSince(url, [
    { name: 'c_total', metadata: [1, 'Things.', ''], samples: [{ t, start: t - 20_000, v: 7 }] },
    { name: 'h', metadata: [3, 'Times.', 'seconds'], isHistogram: true, samples: [{ t, start: t - 20_000, v: 3 }] },
  ]);
  expect([written.status, await written.text()]).toEqual([204, '']);
}

test('metadata of OTLP and of remote write is listed, that of metrics of which nothing was taken is not', async () => {
  const url = await start();
  await sendAll(url, Date.now() - 10_000);
  expect((await api(url, '/metadata')).data).toEqual({
    work_done_seconds_total: [{ type: 'counter', help: 'Time at work.', unit: 'seconds' }],
    target_info: [{ type: 'gauge', help: 'Target metadata', unit: '' }],
    c_total: [{ type: 'counter', help: 'Things.', unit: '' }],
    h: [{ type: 'histogram', help: 'Times.', unit: 'seconds' }],
  });
});

const increaseOf = async (url: string, metric: string, t: number) => {
  const query = encodeURIComponent(`sum(increase(${metric}[1m]))`);
  return (await api(url, `/query?query=${query}&time=${t / 1000}`)).data.result;
};

test.each([
  [['--enable-feature=created-timestamp-zero-ingestion'], 1],
  [[], 0],
])('the first count of a series is an increase where its start is kept: %j', async (flags, count) => {
  const url = await start(...flags);
  const t = Date.now() - 10_000;
  await sendAll(url, t);
  for (const metric of ['work_done_seconds_total', 'c_total', 'h'])
    expect([metric, (await increaseOf(url, metric, t)).length]).toEqual([metric, count]);
});
