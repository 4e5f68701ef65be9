/** The same OTLP requests to us and to a real Prometheus: both have the same series afterwards. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import {
  attributes,
  deltaRequests,
  kindRequest,
  labelRequest,
  nameRequest,
  resourceRequest,
  type Json,
} from '../support/otlpRequests.ts';
import { beside, runPrometheus, type PrometheusProcess } from '../support/prometheusProcess.ts';
import { api, startSidecar, tempFolder, writeConfig, type Sidecar } from '../support/sidecar.ts';

const RECEIVES = '--web.enable-otlp-receiver';
const PATH = '/api/v1/otlp/v1/metrics';

/** Of these requests nothing is refused; that labels collide is told. */
const TOLD =
  /^\{("partialSuccess":\{"rejectedDataPoints":"0","errorMessage":"several attributes become the label.*)?\}$/;

interface Pair {
  readonly ours: Sidecar;
  readonly peer: PrometheusProcess;
}

async function startPair(config: string, features: readonly string[] = []): Promise<Pair> {
  const folder = tempFolder();
  writeConfig(folder, config);
  const flags = [RECEIVES, ...(features.length > 0 ? [`--enable-feature=${features.join(',')}`] : [])];
  const [ours, peer] = await Promise.all([
    startSidecar(folder, flags),
    runPrometheus({
      config,
      folder,
      flags: [...flags, ...(features.length > 0 ? [] : ['--enable-feature=exemplar-storage'])],
    }),
  ]);
  return { ours, peer };
}

const stopPair = ({ ours, peer }: Pair) => Promise.all([ours.stop(), peer.stop()]);

const post = (url: string, request: Json) =>
  fetch(url + PATH, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request) });

/** Raw samples of all series, in an order of ours. */
async function allSeries(url: string, t: number): Promise<string[]> {
  const query = encodeURIComponent('{__name__=~".+"}[1h]');
  const { data } = await api(url, `/query?query=${query}&time=${t / 1000 + 60}`);
  return data.result
    .map((series: { metric: Record<string, string> }) => {
      const metric = Object.entries(series.metric).sort(([a], [b]) => (a < b ? -1 : 1));
      return JSON.stringify({ ...series, metric });
    })
    .sort();
}

const exemplarsOf = async (url: string, t: number) =>
  (
    await api(
      url,
      `/query_exemplars?query=${encodeURIComponent('{__name__=~".+"}')}&start=${t / 1000 - 600}&end=${t / 1000 + 60}`,
    )
  ).data
    .map((series: unknown) => JSON.stringify(series))
    .sort();

async function sendToBoth({ ours, peer }: Pair, requests: readonly Json[]): Promise<void> {
  for (const request of requests) {
    const answers = await Promise.all([ours.url, peer.url].map((url) => post(url, request)));
    const told = await Promise.all(answers.map(async (answer) => [answer.status, await answer.text()]));
    expect(told).toEqual([
      [200, expect.stringMatching(TOLD)],
      [200, ''],
    ]);
  }
}

async function expectSame({ ours, peer }: Pair, t: number, seriesMin: number): Promise<void> {
  const theirs = await allSeries(peer.url, t);
  expect(theirs.length).toBeGreaterThanOrEqual(seriesMin);
  expect(await allSeries(ours.url, t)).toEqual(theirs);
}

const VARIANTS: Readonly<Record<string, string>> = {
  'as upstream is set': 'global: {}\n',
  'without suffixes': 'otlp: {translation_strategy: UnderscoreEscapingWithoutSuffixes}\n',
  'names as they are, with suffixes':
    'otlp: {translation_strategy: NoUTF8EscapingWithSuffixes, promote_resource_attributes: [host.name, process.pid]}\n',
  'names as they are': 'otlp: {translation_strategy: NoTranslation, promote_scope_metadata: true}\n',
  'promoted attributes and scopes, custom buckets':
    'otlp: {promote_resource_attributes: [k8s.pod.name, host.name, zone.], promote_scope_metadata: true, convert_histograms_to_nhcb: true, keep_identifying_resource_attributes: true}\n',
  'all attributes but some, single underscores':
    'otlp: {promote_all_resource_attributes: true, ignore_resource_attributes: [process.pid], label_name_preserve_multiple_underscores: false, label_name_underscore_sanitization: false}\n',
};

beside({ prometheus: [3, 0] }, 'OTLP beside Prometheus', () => {
  let pair: Pair | undefined;
  afterEach(async () => {
    if (pair !== undefined) await stopPair(pair);
    pair = undefined;
  });

  test.each(Object.entries(VARIANTS))(
    '%s: names, labels, kinds and resources become the same series',
    async (_, config) => {
      pair = await startPair(config);
      const t = Date.now() - 30_000;
      const makers = [nameRequest, labelRequest, kindRequest, resourceRequest];
      // One after the other: their target_info is the same series.
      const requests = makers.map((make, i) => make(t - 60_000 * (makers.length - 1 - i)));
      await sendToBoth(pair, requests);
      await expectSame(pair, t, 60);
      const exemplars = await exemplarsOf(pair.peer.url, t);
      expect(exemplars.length).toBeGreaterThan(1);
      expect(await exemplarsOf(pair.ours.url, t)).toEqual(exemplars);
    },
  );

  test.each([
    ['otlp-deltatocumulative'],
    ['otlp-native-delta-ingestion'],
    ['otlp-deltatocumulative,type-and-unit-labels'],
  ])('delta temporality, by --enable-feature=%s', async (features) => {
    pair = await startPair('global: {}\n', features.split(','));
    const t = Date.now() - 60_000;
    await sendToBoth(pair, [...deltaRequests(t), kindRequest(t + 30_000)]);
    await expectSame(pair, t + 30_000, 20);
  });

  test.each([
    ['classic', 'global: {}\n'],
    ['custom buckets', 'otlp: {convert_histograms_to_nhcb: true}\n'],
  ])('series get zeros where their points say that they began: %s histograms', async (_, config) => {
    pair = await startPair(config, ['created-timestamp-zero-ingestion']);
    const t = Date.now() - 120_000;
    // Each begins a minute before its time: the second and third tell of starts that are covered, the last one of a restart.
    await sendToBoth(pair, [
      kindRequest(t),
      kindRequest(t + 20_000),
      kindRequest(t + 50_000),
      kindRequest(t + 115_000),
    ]);
    await expectSame(pair, t + 115_000, 15);
    const { data } = await api(pair.ours.url, `/query?query=exponential_seconds[1h]&time=${t / 1000 + 120}`);
    const times = data.result[0].histograms.map(([at]: [number]) => Math.round(at * 1000 - t) / 1000);
    expect(times).toEqual([-60, 0, 20, 50, 55, 115]);
  });

  test.each([
    ['otlp-deltatocumulative,created-timestamp-zero-ingestion'],
    ['otlp-native-delta-ingestion,created-timestamp-zero-ingestion'],
  ])('starts of delta temporality, by --enable-feature=%s', async (features) => {
    pair = await startPair('global: {}\n', features.split(','));
    const t = Date.now() - 60_000;
    await sendToBoth(pair, deltaRequests(t));
    await expectSame(pair, t + 30_000, 5);
  });

  test.each(['json', 'protobuf'])('what the OpenTelemetry SDK sends in %s', async (format) => {
    pair = await startPair('otlp: {promote_resource_attributes: [deployment.environment]}\n');
    const urls = [pair.ours.url, pair.peer.url].map((url) => url + PATH);
    const sender = join(__dirname, '..', 'support', 'otlpSender.ts');
    const { status, stderr } = spawnSync(process.execPath, [sender, format, ...urls], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    await expectSame(pair, Date.now(), 11);
  });

  test('a point that cannot be stored is told, and the others are kept', async () => {
    pair = await startPair('global: {}\n');
    const t = Date.now() - 30_000;
    const { url } = pair.ours;
    const points = (...times: number[]) => ({
      resourceMetrics: [
        {
          resource: { attributes: attributes({ 'service.name': 's' }) },
          scopeMetrics: [
            {
              metrics: times.map((at, i) => ({
                name: `m${i}`,
                gauge: { dataPoints: [{ timeUnixNano: `${at}000000`, asInt: 1 }] },
              })),
            },
          ],
        },
      ],
    });
    expect(await (await post(url, points(t, t))).json()).toEqual({});
    const partly = await post(url, points(t + 1_000, t - 1_000, t + 3_600_000));
    expect([partly.status, await partly.json()]).toEqual([
      200,
      {
        partialSuccess: {
          rejectedDataPoints: '2',
          errorMessage: '1 samples refused: older than the newest of their series; 1 samples refused: too far from now',
        },
      },
    ]);
    const none = await post(url, points(t - 5_000));
    expect([none.status, await none.json()]).toEqual([
      400,
      { code: 3, message: '1 samples refused: older than the newest of their series' },
    ]);
    const { data } = await api(
      url,
      `/query?query=${encodeURIComponent('{__name__=~"m."}')}&time=${(t + 2_000) / 1000}`,
    );
    expect(data.result.map((row: { metric: { __name__: string } }) => row.metric.__name__).sort()).toEqual([
      'm0',
      'm1',
    ]);
  });

  test('what is no request is refused with the reason', async () => {
    pair = await startPair('global: {}\n');
    const { url } = pair.ours;
    const send = async (body: string | Buffer, headers: Record<string, string>) => {
      const answer = await fetch(url + PATH, { method: 'POST', headers, body: new Uint8Array(Buffer.from(body)) });
      return [answer.status, await answer.text()] as const;
    };
    const json = { 'content-type': 'application/json' };
    expect(await send('{', json)).toEqual([400, expect.stringMatching(/the request is no JSON/)]);
    expect(await send('{"resourceMetrics": 3}', json)).toEqual([
      400,
      expect.stringMatching(/resourceMetrics is to be a list, and is number/),
    ]);
    expect(await send('{}', { ...json, 'content-encoding': 'br' })).toEqual([
      400,
      expect.stringMatching(/send gzip, zstd or none/),
    ]);
    expect(await send('x', { 'content-type': 'text/plain' })).toEqual([
      415,
      expect.stringMatching(/content type text\/plain is not taken/),
    ]);
    expect(await send(Buffer.of(10, 200), { 'content-type': 'application/x-protobuf' })).toEqual([
      400,
      expect.stringMatching(/not an ExportMetricsServiceRequest/),
    ]);
    expect(await send(gzipSync('{}'), { ...json, 'content-encoding': 'gzip' })).toEqual([200, '{}']);
  });
});
