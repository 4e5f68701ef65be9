/** A real Prometheus forwards what it scrapes to our remote write receiver: every sample arrives, and is there after a restart. */
import { createServer, type Server } from 'node:http';
import { PROTOBUF_TYPE, protobufPage } from '../support/metricFamilyWriter.ts';
import {
  besidePrometheus,
  installedVersion,
  runPrometheus,
  WRITE_MESSAGES,
  type PrometheusProcess,
} from '../support/prometheusProcess.ts';
import { api, startSidecar, tempFolder, until, writeConfig } from '../support/sidecar.ts';
import { postSince, type SeriesSince } from '../support/writtenSince.ts';

const PAGE = '# TYPE c counter\nc{a="x"} 1\nc{a="\\"quoted\\" ü"} 2.5\n# TYPE g gauge\ng -Inf\n';

besidePrometheus('remote write from Prometheus', () => {
  let service: Server;
  let peer: PrometheusProcess;
  afterEach(async () => {
    await peer?.stop();
    service?.close();
  });

  test.each(WRITE_MESSAGES)('its samples, stale markers and labels arrive and stay, by %s', async (message) => {
    let page = PAGE;
    service = createServer((_, answer) => answer.setHeader('content-type', 'text/plain; version=0.0.4').end(page));
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const { port } = service.address() as { port: number };
    const folder = tempFolder();
    writeConfig(folder, 'global: {scrape_interval: 1m}\n');
    const ours = await startSidecar(folder, ['--web.enable-remote-write-receiver']);
    const config =
      'global: {scrape_interval: 200ms, scrape_timeout: 200ms}\nscrape_configs:\n' +
      `  - {job_name: far, static_configs: [{targets: ['127.0.0.1:${port}']}]}\n` +
      `remote_write:\n  - {url: '${ours.url}/api/v1/write', queue_config: {batch_send_deadline: 100ms}` +
      `${message === WRITE_MESSAGES[0] ? '' : `, protobuf_message: ${message}`}}\n`;
    peer = await runPrometheus({ config, folder });
    const valuesOf = async (url: string, query: string) =>
      (await api(url, `/query?query=${encodeURIComponent(query)}`)).data.result.map(
        (row: { metric: Record<string, string>; value: [number, string] }) => [row.metric.a, row.value[1]],
      );
    await until(async () => Number((await valuesOf(ours.url, 'count_over_time(g[1m])'))[0]?.[1] ?? 0) >= 3);
    expect(await valuesOf(ours.url, 'sort(c)')).toEqual([
      ['x', '1'],
      ['"quoted" ü', '2.5'],
    ]);
    expect(await valuesOf(ours.url, 'g')).toEqual([[undefined, '-Inf']]);
    expect(await valuesOf(ours.url, 'up{job="far"}')).toEqual([[undefined, '1']]);

    page = 'c{a="x"} 3\n';
    await until(async () => (await valuesOf(ours.url, 'g')).length === 0);
    await peer.stop();
    expect(await ours.stop()).toEqual({ code: 0, signal: null });
    const again = await startSidecar(folder);
    expect(Number((await valuesOf(again.url, 'count_over_time(g[10m])'))[0][1])).toBeGreaterThanOrEqual(3);
    await again.stop();
  });

  const sinceVersion3 = (installedVersion?.[0] ?? 3) > 2 ? test : test.skip;
  sinceVersion3.each(WRITE_MESSAGES)(
    'native histograms and exemplars arrive as they are there, by %s',
    async (message) => {
      const histogram = {
        count: 5,
        sum: 12.5,
        native: {
          schema: 1,
          zeroThreshold: 0.001,
          zeroCount: 1,
          spans: [
            [0, 2],
            [1, 1],
          ] as const,
          deltas: [1, 1, -1],
        },
      };
      const families = [{ name: 'h', type: 'histogram' as const, metrics: [{ histogram }] }];
      const text = '# TYPE c counter\nc_total 7 # {trace_id="abc"} 1.5 1700000000\n# EOF\n';
      service = createServer((request, answer) =>
        request.url === '/text'
          ? answer.setHeader('content-type', 'application/openmetrics-text; version=1.0.0').end(text)
          : answer.setHeader('content-type', PROTOBUF_TYPE).end(protobufPage(families)),
      );
      await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
      const { port } = service.address() as { port: number };
      const folder = tempFolder();
      writeConfig(folder, 'global: {scrape_interval: 1m}\n');
      const ours = await startSidecar(folder, ['--web.enable-remote-write-receiver']);
      const targets = `static_configs: [{targets: ['127.0.0.1:${port}']}]`;
      const config =
        'global: {scrape_interval: 200ms, scrape_timeout: 200ms}\nscrape_configs:\n' +
        `  - {job_name: far, scrape_native_histograms: true, ${targets}}\n` +
        `  - {job_name: text, metrics_path: /text, ${targets}}\n` +
        `remote_write:\n  - {url: '${ours.url}/api/v1/write', queue_config: {batch_send_deadline: 100ms}, protobuf_message: ${message}, ` +
        'send_native_histograms: true, send_exemplars: true}\n';
      peer = await runPrometheus({ config, folder, flags: ['--enable-feature=exemplar-storage'] });
      const valueOf = async (url: string, query: string) =>
        (await api(url, `/query?query=${encodeURIComponent(query)}`)).data.result[0];
      await until(async () => (await valueOf(ours.url, 'h')) !== undefined);
      expect((await valueOf(ours.url, 'h')).histogram[1]).toEqual((await valueOf(peer.url, 'h')).histogram[1]);
      const exemplarsOf = async (url: string) =>
        (await api(url, '/query_exemplars?query=c_total&start=1690000000&end=1710000000')).data;
      await until(async () => (await exemplarsOf(ours.url)).length > 0);
      expect(await exemplarsOf(ours.url)).toEqual(await exemplarsOf(peer.url));
      // It tries to send what is left for as long as nobody takes it.
      await peer.stop();
      await ours.stop();
    },
  );

  sinceVersion3('series get zeros where samples of version 2 say that they began, as there', async () => {
    const folder = tempFolder();
    writeConfig(folder, 'global: {}\n');
    const flags = ['--web.enable-remote-write-receiver', '--enable-feature=created-timestamp-zero-ingestion'];
    const ours = await startSidecar(folder, flags);
    peer = await runPrometheus({ config: 'global: {}\n', folder, flags });
    const t = Date.now() - 120_000;
    const at = (after: number, start: number, v: number) => ({ t: t + after, start: start && t + start, v });
    // A start that is told again, one of a restart, none, one before the newest sample, one after its own sample, one of long ago.
    const requests: readonly (readonly SeriesSince['samples'][number][])[] = [
      [at(0, -30_000, 5)],
      [at(10_000, -30_000, 6), at(20_000, -30_000, 7)],
      [at(30_000, 25_000, 2), at(40_000, 0, 3)],
      [at(50_000, 35_000, 4), at(60_000, 65_000, 5), at(70_000, -86_400_000, 6)],
      [at(80_000, 80_000, 7), at(90_000, 85_000, 1)],
    ];
    for (const samples of requests)
      for (const url of [ours.url, peer.url]) {
        const all = [
          { name: 'c_total', samples },
          { name: 'h', samples, isHistogram: true },
        ];
        const { status } = await postSince(url, all);
        expect(status).toBe(204);
      }
    const seriesOf = async (url: string) =>
      (await api(url, `/query?query=${encodeURIComponent('{job="j"}[1h]')}&time=${t / 1000 + 100}`)).data.result;
    const theirs = await seriesOf(peer.url);
    expect(await seriesOf(ours.url)).toEqual(theirs);
    const times = theirs.flatMap(({ values, histograms }: { values?: [number][]; histograms?: [number][] }) =>
      [...(values ?? []), ...(histograms ?? [])].map(([at]) => Math.round(at - t / 1000)),
    );
    const own = [-30, 0, 10, 20, 25, 30, 40, 50, 60, 70, 80, 85, 90];
    expect(times).toEqual([...own, ...own]);
    await ours.stop();
  });
});
