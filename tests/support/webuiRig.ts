/** The real sidecar scraping a real service, and a real browser: what tests of the web UI stand on. */
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from './sidecar.ts';

export const ROOT = join(__dirname, '..', '..');
export const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
export const METRIC = 'model_prediction_latency_seconds';
export const HOSTILE = '<img src=x onerror="document.title=`owned`">';
const GARBAGE = 'this is no page of metrics';

export const inChromium = CHROMIUM === undefined ? describe.skip : describe;
export const whyNot = CHROMIUM === undefined ? ' (skipped: no Chromium in /usr/bin)' : '';

interface Service {
  readonly server: Server;
  readonly port: number;
  stop(): void;
}

function listen(body: () => Promise<string>, type: string): Promise<Service> {
  return new Promise((resolve) => {
    const server = createServer((_request, response) => {
      void body().then((text) => response.setHeader('content-type', type).end(text));
    });
    server.listen(0, '127.0.0.1', () =>
      resolve({ server, port: (server.address() as AddressInfo).port, stop: () => server.close() }),
    );
  });
}

/** Two model versions whose latencies differ, requests of which some fail, and a data job. */
async function modelService(): Promise<Service> {
  const registry = new Registry();
  const latency = new Histogram({
    name: METRIC,
    help: 'Time of one prediction.',
    labelNames: ['model', 'version'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25],
    registers: [registry],
  });
  const requests = new Counter({
    name: 'http_requests_total',
    help: 'Requests.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  });
  const gauge = (name: string) =>
    new Gauge({ name, help: 'Of the last run.', labelNames: ['data_job'], registers: [registry] });
  const job = { data_job: 'features' };
  gauge('data_job_last_run_success').set(job, 0);
  gauge('data_job_last_run_timestamp_seconds').set(job, Date.now() / 1000 - 60);
  gauge('data_job_last_success_timestamp_seconds').set(job, Date.now() / 1000 - 600);
  gauge('data_job_last_run_duration_seconds').set(job, 12);
  let seed = 1;
  const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  const observe = () => {
    for (let i = 0; i < 12; i++) {
      latency.observe({ model: HOSTILE, version: 'v1' }, 0.002 * (0.4 + 3 * random() ** 3));
      latency.observe({ model: HOSTILE, version: 'v2' }, 0.02 * (0.4 + 6 * random() ** 3));
      requests.inc({ method: 'POST', route: '/predict', status: i % 6 === 0 ? '500' : '200' });
    }
  };
  const service = await listen(() => registry.metrics(), registry.contentType);
  const load = setInterval(observe, 100);
  return {
    ...service,
    stop: () => {
      clearInterval(load);
      service.stop();
    },
  };
}

/** Every page that needs no question. */
export const PAGES = [
  '/models',
  '/query',
  '/alerts',
  '/targets',
  '/targets?view=discovery',
  '/targets?view=pushed',
  '/status',
  '/status?view=store',
  '/status?view=queries',
  '/status?view=config',
  '/status?view=flags',
  '/status?view=api',
];

/** What a page said that it should not have said. */
interface Watched {
  readonly page: Page;
  readonly faults: string[];
}

/** One alert that fires, with hostile labels on the way; one rule that cannot be evaluated. */
const RULES = `groups:
  - name: quiet
    rules: [{ record: 'job:up:sum', expr: 'sum by (job) (up)' }]
  - name: loud
    rules:
      - alert: Broken
        expr: up{job="broken"} == 0
        labels: { note: '<img src=x>' }
        annotations: { summary: '{{ $labels.job }} <img src=x> does not answer' }
      - { record: 'bad', expr: 'up + on() group_left() up' }
`;

export interface WebuiRig {
  readonly sidecar: Sidecar;
  readonly browser: Browser;
  readonly model: Service;
  open(path: string, options?: Parameters<Browser['newPage']>[0], base?: string): Promise<Watched>;
}

/** Starts all of it before the tests of a `describe`, and stops it behind them. */
export function webuiRig(): WebuiRig {
  const folder = tempFolder();
  let browser: Browser;
  let sidecar: Sidecar;
  let model: Service;
  let garbage: Service;

  beforeAll(async () => {
    execFileSync(process.execPath, [join(ROOT, 'scripts/build.ts'), 'webui'], { cwd: ROOT });
    [model, garbage] = await Promise.all([modelService(), listen(() => Promise.resolve(GARBAGE), 'text/plain')]);
    writeConfig(
      folder,
      [
        'global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }',
        'rule_files: [rules.yml]',
        'scrape_configs:',
        `  - { job_name: model, static_configs: [{ targets: ['127.0.0.1:${model.port}'] }] }`,
        `  - { job_name: broken, static_configs: [{ targets: ['127.0.0.1:${garbage.port}'] }] }`,
        `  - { job_name: gone, static_configs: [{ targets: ['127.0.0.1:1'] }], relabel_configs: [{ source_labels: [job], regex: gone, action: drop }] }`,
        '',
      ].join('\n'),
    );
    writeConfig(folder, RULES, 'rules.yml');
    sidecar = await startSidecar(folder, ['--web.enable-push-receiver', '--web.enable-admin-api']);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    const observed = async () =>
      (await api(sidecar.url, `/query?query=count_over_time(${METRIC}_count%7Bversion="v1"%7D[1m])`)).data?.result?.[0]
        ?.value[1];
    // A second each: graphs are drawn at whole steps of 15 s, of which one must have passed.
    await until(async () => Number(await observed()) >= 16, 60_000);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await sidecar?.stop();
    model?.stop();
    garbage?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(
    path: string,
    options: Parameters<Browser['newPage']>[0] = {},
    base = sidecar.url,
  ): Promise<Watched> {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, ...options });
    const faults: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(String(error)));
    await page.addInitScript(() =>
      document.addEventListener('securitypolicyviolation', (event) => {
        console.error(`content policy: ${event.violatedDirective} ${event.blockedURI}`);
      }),
    );
    await page.goto(base + path);
    return { page, faults };
  }

  return {
    get sidecar() {
      return sidecar;
    },
    get browser() {
      return browser;
    },
    get model() {
      return model;
    },
    open,
  };
}

/** Of the map's lower canvas: how many colours there are, and the share of pixels that are not transparent. */
export function canvasPixels(page: Page, index: number) {
  return page.evaluate((at) => {
    const canvas = document.querySelectorAll('.map')[at].querySelector('canvas')!;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    const colors = new Set<number>();
    let inked = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] > 0) inked++;
      colors.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
    }
    return { colors: colors.size, inked: inked / (data.length / 4) };
  }, index);
}
