/** A native histogram without buckets beside, scraped by the real sidecar and drawn by its pages. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import type { ApiExplanation } from '../../src/shared/api/explain.ts';
import {
  PROTOBUF_TYPE,
  protobufPage,
  type WrittenFamily,
  type WrittenHistogram,
} from '../support/metricFamilyWriter.ts';
import { exponentialOf } from '../support/observedHistograms.ts';
import { startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';
import { CHROMIUM, inChromium, ROOT, whyNot } from '../support/webuiRig.ts';

const PER_PAGE = 40;

/** Seconds: round a middle, evenly in the logarithm as three dice fall; one in ten answers is out of a cache, in next to no time. */
function answerTimes(middle: number, random: () => number): number[] {
  const dice = () => random() + random() + random() - 1.5;
  return Array.from({ length: PER_PAGE }, (_, i) => (i % 10 === 0 ? 1e-6 : middle * 2 ** (2 * dice())));
}

function written(observations: readonly number[]): WrittenHistogram {
  const { count, sum, zeroCount, positiveSpans, positiveBuckets } = exponentialOf(observations, 3, ZERO_THRESHOLD);
  const spans = positiveSpans.map(({ offset, length }) => [offset, length] as const);
  const deltas = Array.from(positiveBuckets, (own, i) => own - (i === 0 ? 0 : positiveBuckets[i - 1]));
  return { count, sum, native: { schema: 3, zeroThreshold: ZERO_THRESHOLD, zeroCount, spans, deltas } };
}

const ZERO_THRESHOLD = 1e-5;

/** Two versions of which the second is slower, and every third time by much; and a counter whose name does not tell. */
function nativeService(): Promise<Server> {
  let seed = 1;
  const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  const seen = { v1: [] as number[], v2: [] as number[] };
  let pages = 0;
  const server = createServer((_request, response) => {
    pages++;
    seen.v1.push(...answerTimes(0.03, random));
    seen.v2.push(...answerTimes(pages % 3 === 0 ? 0.9 : 0.06, random));
    const metrics = Object.entries(seen).map(([version, all]) => ({ labels: { version }, histogram: written(all) }));
    const families: WrittenFamily[] = [
      { name: 'answer_seconds', type: 'histogram', help: 'Time.', metrics },
      { name: 'answers', type: 'counter', help: 'Answers.', metrics: [{ v: 2 * PER_PAGE * pages }] },
    ];
    response.setHeader('content-type', PROTOBUF_TYPE).end(protobufPage(families));
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

  const EXPR = 'sum by (version) (rate(answer_seconds[10s]))';

  /** Opens the query page, and notes what of the API it asks about names and their samples. */
  async function openQuery(own: Record<string, string>) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const asked: string[] = [];
    page.on('request', (request) => {
      const { pathname, searchParams } = new URL(request.url());
      const what = /\/(distribution|query_range|metadata)$/.exec(pathname)?.[1];
      // The editor's own question is about all names.
      if (what !== undefined && (what !== 'metadata' || searchParams.has('metric'))) asked.push(what);
    });
    const params = new URLSearchParams({ range: '5m', refresh: 'off', step: '5s', ...own });
    await page.goto(`${sidecar.url}/query?${params}`);
    return { page, asked };
  }

  test('the query page draws it from one distribution, unasked, and asks for its type once', async () => {
    const { page, asked } = await openQuery({ expr: EXPR, refresh: '5s' });
    await page.waitForSelector('.map canvas');
    await page.getByText('2 histograms in').waitFor();
    expect(await page.getByRole('group', { name: 'Show as' }).locator('[aria-pressed=true]').innerText()).toBe(
      'Heatmap',
    );
    await until(async () => asked.length >= 3, 20_000);
    expect(asked.slice(0, 3)).toEqual(['metadata', 'distribution', 'distribution']);
    await page.close();
  });

  test('where a heatmap is chosen its type is not asked; chosen as lines it is asked as series', async () => {
    const { page, asked } = await openQuery({ expr: EXPR, view: 'heatmap' });
    await page.waitForSelector('.map canvas');
    expect(asked).toEqual(['distribution']);
    // Shares under a limit come in the same answer as all else.
    const withLimit = page.waitForRequest((request) => new URL(request.url()).searchParams.get('limits') === '0.05');
    await page.getByRole('textbox', { name: 'Limits' }).fill('50ms');
    await page.keyboard.press('Enter');
    await withLimit;
    expect(asked).toEqual(['distribution', 'distribution']);
    await page.getByRole('button', { name: 'Graph' }).click();
    await page.getByText('2 series in').waitFor();
    expect(asked).toEqual(['distribution', 'distribution', 'query_range']);
    await page.close();
  });

  test('a counter whose name does not tell is drawn as lines', async () => {
    const { page, asked } = await openQuery({ expr: 'rate(answers[10s])' });
    await page.getByText('1 series in').waitFor();
    expect(asked).toEqual(['metadata', 'query_range']);
    await page.close();
  });
});
