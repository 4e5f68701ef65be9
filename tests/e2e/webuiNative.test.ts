/** A native histogram without buckets beside, scraped by the real sidecar and drawn by its pages. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import type { ApiExplanation } from '../../src/shared/api/explain.ts';
import { PROTOBUF_TYPE, protobufPage } from '../support/metricFamilyWriter.ts';
import { startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';
import { CHROMIUM, inChromium, ROOT, whyNot } from '../support/webuiRig.ts';

/** Counts that go on from page to page. */
function nativeService(): Promise<Server> {
  let pages = 0;
  const server = createServer((_request, response) => {
    const n = ++pages;
    const native = { schema: 2, zeroThreshold: 0.001, zeroCount: n, spans: [[0, 3]] as const, deltas: [n, n, 0] };
    const histogram = { count: 6 * n, sum: 5 * n, native };
    const metrics = ['v1', 'v2'].map((version) => ({ labels: { version }, histogram }));
    const family = { name: 'answer_seconds', type: 'histogram' as const, help: 'Time.', metrics };
    response.setHeader('content-type', PROTOBUF_TYPE).end(protobufPage([family]));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

inChromium(`native histograms on the pages${whyNot}`, () => {
  const folder = tempFolder();
  let service: Server;
  let sidecar: Sidecar;
  let browser: Browser;

  beforeAll(async () => {
    execFileSync(process.execPath, [join(ROOT, 'scripts/build.ts'), 'webui'], { cwd: ROOT });
    service = await nativeService();
    const { port } = service.address() as AddressInfo;
    const job = `{ job_name: n, scrape_native_histograms: true, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }`;
    writeConfig(folder, `global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:\n  - ${job}\n`);
    [sidecar, browser] = await Promise.all([
      startSidecar(folder, ['--enable-feature=promql-extended-range-selectors']),
      chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] }),
    ]);
    const count = `${sidecar.url}/api/v1/query?query=count_over_time(answer_seconds[1m])`;
    await until(async () => {
      const answer = (await (await fetch(count)).json()) as { data: { result: { value: [number, string] }[] } };
      return Number(answer.data.result[0]?.value[1] ?? 0) > 12;
    }, 60_000);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await sidecar?.stop();
    service?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the overview finds it and draws a map for each version, with its quantiles', async () => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const asked: URL[] = [];
    page.on('request', (request) => asked.push(new URL(request.url())));
    await page.goto(`${sidecar.url}/?range=5m&refresh=off`);
    await page.waitForSelector('.map canvas');
    expect(await page.locator('.map-title').allInnerTexts()).toEqual(['v1', 'v2']);
    const counted = asked.filter(({ pathname }) => pathname.endsWith('/distribution'));
    expect(counted.map(({ searchParams }) => searchParams.get('query'))).toEqual([
      expect.stringMatching(/^sum by \(version\) \(rate\(answer_seconds\[\d+s\]\)\)$/),
    ]);
    const [p50] = await page.locator('.map').first().locator('.reading dd').allInnerTexts();
    expect(p50).toMatch(/^\d/);
    await page.close();
  });

  test('a cell of its map is explained, with the counts that PromQL gives', async () => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(`${sidecar.url}/?range=5m&refresh=off`);
    await page.getByRole('button', { name: 'Explain' }).waitFor();
    const answered = page.waitForResponse((response) => new URL(response.url()).pathname === '/api/v1/explain');
    await page.getByRole('application').first().focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    const answer = await answered;
    expect(answer.status()).toBe(200);
    const { data } = (await answer.json()) as { data: ApiExplanation };
    await page.getByText('No label of this histogram sets the').waitFor();
    const { from, to, lower, upper, count } = data.box;
    const gained = 'increase(answer_seconds[W] anchored)'.replace('W', `${to - from}s`);
    const expr = `sum(histogram_fraction(${lower}, ${upper}, ${gained}) * histogram_count(${gained}))`;
    const url = `${sidecar.url}/api/v1/query?time=${to}&query=${encodeURIComponent(expr)}`;
    const told = (await (await fetch(url)).json()) as { data: { result: { value: [number, string] }[] } };
    expect(count).toBeCloseTo(Number(told.data.result[0].value[1]), 6);
    expect(count).toBeGreaterThan(0);
    expect(data.labels.map(({ label }) => label)).toEqual(['version']);
    await page.close();
  });

  test('the query page draws it from one distribution where a heatmap is asked for', async () => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    const expr = encodeURIComponent('sum by (version) (rate(answer_seconds[10s]))');
    await page.goto(`${sidecar.url}/query?range=5m&refresh=off&view=heatmap&expr=${expr}`);
    await page.waitForSelector('.map canvas');
    expect(asked.filter((path) => /\/(distribution|query_range)$/.test(path))).toEqual(['/api/v1/distribution']);
    await page.getByText('2 histograms in').waitFor();
    await page.close();
  });
});
