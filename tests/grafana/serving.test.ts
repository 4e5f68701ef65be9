/** Pages in the names of seven serving systems: scraped by a real sidecar, asked through the real backend, and drawn by the built panel. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { arch, platform, tmpdir } from 'node:os';
import path from 'node:path';
import type { DataFrameJSON } from '@grafana/data';
import type { Browser, Page } from 'playwright-core';
import { SERVING_SYSTEMS, serveServingPages } from '../../examples/servingPages.ts';
import { buildBackend } from '../../scripts/buildPlugin.ts';
import { PRESETS } from '../../src/shared/serving/presets.ts';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';
import { asJson } from './arrowFrames.ts';
import { coloursOf, hasChromium, openChromium } from './chromium.ts';
import type { Host } from './host/page.tsx';
import { serveHost, type ServedHost } from './hostPage.ts';
import { startPlugin, type PluginHost } from './pluginHost.ts';

const WAIT_MS_MAX = 60_000;
jest.setTimeout(3 * WAIT_MS_MAX);
const inChromium = hasChromium ? describe : describe.skip;
/** Enough columns to see a map. */
const SECONDS = 20;

inChromium('metrics of serving systems', () => {
  let pages: Server;
  let sidecar: Sidecar;
  let plugin: PluginHost;
  let served: ServedHost;
  let browser: Browser;
  let page: Page;
  const folders: string[] = [];

  beforeAll(async () => {
    pages = await serveServingPages(0);
    const { port } = pages.address() as AddressInfo;
    const folder = tempFolder();
    const backendFolder = mkdtempSync(path.join(tmpdir(), 'isotherm-serving-'));
    folders.push(folder, backendFolder);
    const jobs = SERVING_SYSTEMS.map(
      ({ path: name }) =>
        `  - {job_name: ${name}, metrics_path: /${name}, static_configs: [{targets: ['127.0.0.1:${port}']}]}`,
    );
    writeConfig(folder, `global: {scrape_interval: 1s}\nscrape_configs:\n${jobs.join('\n')}\n`);
    sidecar = await startSidecar(folder);
    await buildBackend(backendFolder);
    plugin = await startPlugin(
      path.join(backendFolder, `gpx_isotherm_${platform()}_${arch() === 'x64' ? 'amd64' : arch()}`),
    );
    [served, browser] = await Promise.all([serveHost(process.env.ISOTHERM_GRAFANA_PACKAGES), openChromium()]);
    page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
    page.setDefaultTimeout(WAIT_MS_MAX);
    await page.goto(served.url);
    await page.waitForFunction(() => 'host' in window);
    await until(async () => {
      const answer = await api(sidecar.url, `/query?query=${encodeURIComponent('min(count_over_time(up[1m]))')}`);
      return Number(answer.data.result[0]?.value[1] ?? 0) >= SECONDS;
    }, WAIT_MS_MAX);
  }, 5 * WAIT_MS_MAX);
  afterAll(async () => {
    await browser?.close();
    served?.close();
    plugin?.kill();
    await sidecar?.stop();
    pages?.closeAllConnections();
    pages?.close();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  async function framesOf(expr: string, format = 'auto'): Promise<DataFrameJSON[]> {
    const toMs = Date.now();
    const context = {
      orgId: 1,
      pluginId: 'isotherm-metrics-datasource',
      dataSource: {
        id: 1,
        name: 'isotherm',
        url: sidecar.url,
        user: '',
        database: '',
        basicAuthEnabled: false,
        basicAuthUser: '',
        jsonData: Buffer.from(JSON.stringify({ mode: 'beside', timeInterval: '1s' })),
        secureJsonData: {},
        lastUpdatedMs: 1,
        uid: 'isotherm',
      },
    };
    const json = Buffer.from(JSON.stringify({ refId: 'A', expr, format }));
    const query = {
      refId: 'A',
      maxDataPoints: 500,
      intervalMs: 1000,
      fromMs: toMs - 60_000,
      toMs,
      queryType: '',
      json,
    };
    const answer = (await plugin.query(context, [query])).get('A')!;
    expect(answer.error).toBe('');
    return asJson(answer.frames);
  }

  async function draw(frames: DataFrameJSON[]): Promise<string> {
    await page.evaluate((shown) => (window as unknown as { host: Host }).host.panel(shown, {}, true), frames);
    await page.waitForSelector('#panel canvas');
    const colours = coloursOf(await page.locator('#panel').screenshot());
    expect(colours.distinct).toBeGreaterThan(20);
    expect(colours.painted).toBeGreaterThan(3_000);
    return page.locator('#panel').innerText();
  }

  const histograms = PRESETS.filter(
    ({ metric, query }) => metric.endsWith('_bucket') && query.latency?.show === 'heatmap',
  );
  const scraped = (system: string, metric: string) =>
    histograms.find((preset) => preset.system === system && preset.metric === `${metric}_bucket`)!.query.expr;
  for (const [name, expr, maps] of [
    ['vLLM, time to first token', scraped('vLLM', 'vllm:time_to_first_token_seconds'), 2],
    ['vLLM, between tokens', scraped('vLLM', 'vllm:inter_token_latency_seconds'), 2],
    ['vLLM, whole requests', scraped('vLLM', 'vllm:e2e_request_latency_seconds'), 2],
    ['SGLang, between tokens', scraped('SGLang', 'sglang:inter_token_latency_seconds'), 1],
    ['SGLang, queue with a bucket for 0', 'sum by (le) (increase(sglang:queue_time_seconds_bucket[2s]))', 1],
    ['TGI, requests, with 35 bounds of float noise', scraped('TGI', 'tgi_request_duration'), 1],
  ] as const) {
    test(`${name}: a map for each model, with all that was observed`, async () => {
      const frames = await framesOf(expr);
      expect(frames.map(({ schema }) => schema?.meta?.type)).toEqual(Array(maps).fill('heatmap-rows'));
      const count = expr.replace(/_bucket/, '_count').replace(/\ble(, )?/, '');
      const [total] = await framesOf(`sum(${count})`, 'time_series');
      const rows = new Map<number, number>();
      for (const { data } of frames) {
        const [times, ...buckets] = data!.values as number[][];
        times.forEach((time, i) =>
          rows.set(time, (rows.get(time) ?? 0) + buckets.reduce((sum, bucket) => sum + (bucket[i] ?? 0), 0)),
        );
      }
      const [times, values] = total.data!.values as number[][];
      expect(values.some((value) => value > 0)).toBe(true);
      times.forEach((time, i) => rows.has(time) && expect(rows.get(time)).toBeCloseTo(values[i], 6));
      const words = await draw(frames);
      if (maps > 1) expect(words).toMatch(/mistral-24b[\s\S]*qwen-32b|qwen-32b[\s\S]*mistral-24b/);
    });
  }

  for (const [name, expr, words] of [
    [
      'Triton',
      'rate(nv_inference_request_duration_us[4s]) / rate(nv_inference_request_success[4s])',
      /Means, not requests/,
    ],
    [
      'TorchServe',
      'rate(ts_inference_latency_microseconds[4s]) / rate(ts_inference_requests_total[4s])',
      /Means, not requests/,
    ],
    [
      'llama.cpp',
      'rate(llamacpp:tokens_predicted_seconds_total[4s]) / rate(llamacpp:tokens_predicted_total[4s])',
      /Means, not requests/,
    ],
    ['DCGM', 'DCGM_FI_DEV_GPU_UTIL', /how the values of 8 series are distributed/],
  ] as const) {
    test(`${name}, which has no histograms: what is drawn is said`, async () => {
      expect(await draw(await framesOf(expr))).toMatch(words);
    });
  }
});
