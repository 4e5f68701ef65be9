/** A real Prometheus forwards what it scrapes to our remote write receiver: every sample arrives, and is there after a restart. */
import { createServer, type Server } from 'node:http';
import { besidePrometheus, runPrometheus, type PrometheusProcess } from '../support/prometheusProcess.ts';
import { api, startSidecar, tempFolder, until, writeConfig } from '../support/sidecar.ts';

const PAGE = '# TYPE c counter\nc{a="x"} 1\nc{a="\\"quoted\\" ü"} 2.5\n# TYPE g gauge\ng -Inf\n';

besidePrometheus('remote write from Prometheus', () => {
  let service: Server;
  let peer: PrometheusProcess;
  afterEach(async () => {
    await peer?.stop();
    service?.close();
  });

  test('its samples, stale markers and labels arrive and stay', async () => {
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
      `remote_write:\n  - {url: '${ours.url}/api/v1/write', queue_config: {batch_send_deadline: 100ms}}\n`;
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
});
