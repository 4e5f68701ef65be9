/** The web UI as people meet it: the real sidecar scrapes a real service, and a real browser draws the pages. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium, type Browser, type Page } from 'playwright-core';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

const ROOT = join(__dirname, '..', '..');
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const FIRST_LOAD_BYTES_MAX = 300_000;
const METRIC = 'model_prediction_latency_seconds';
const HOSTILE = '<img src=x onerror="document.title=`owned`">';
const GARBAGE = 'this is no page of metrics';

const inChromium = CHROMIUM === undefined ? describe.skip : describe;
const why = CHROMIUM === undefined ? ' (skipped: no Chromium in /usr/bin)' : '';

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
const PAGES = [
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

interface AxeViolation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

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

inChromium(`the web UI in a browser${why}`, () => {
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
    await until(async () => Number(await observed()) >= 8, 60_000);
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

  /** Of the map's lower canvas: how many colours there are, and the share of pixels that are not transparent. */
  function canvasPixels(page: Page, index: number) {
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

  test('the first load is small, and holds neither inline script nor inline style', async () => {
    const page = await browser.newPage();
    const sizes: Promise<number>[] = [];
    page.on('response', (response) => {
      if (/\/(assets\/[^/]+)?$/.test(new URL(response.url()).pathname)) {
        sizes.push(response.body().then((body) => gzipSync(body).length));
      }
    });
    await page.goto(sidecar.url, { waitUntil: 'networkidle' });
    const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    expect(sizes.length).toBeGreaterThanOrEqual(3);
    expect(total).toBeLessThanOrEqual(FIRST_LOAD_BYTES_MAX);
    const html = readFileSync(join(ROOT, 'dist/webui/index.html'), 'utf8');
    expect(html).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son\w+=/);
    await page.close();
  });

  test('the content policy allows scripts and styles from the sidecar only', async () => {
    const policy = (await fetch(sidecar.url)).headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/script-src 'self'(;|$)/);
    expect(policy).toMatch(/style-src 'self'(;|$)/);
    expect(policy).toMatch(/default-src 'none'/);
    expect(policy).not.toMatch(/unsafe-eval|\*/);
  });

  for (const theme of ['light', 'dark']) {
    test(`the overview draws a map for each version, ${theme}, without a complaint of the browser`, async () => {
      const { page, faults } = await open(`/?range=5m&refresh=off&theme=${theme}`);
      await page.waitForSelector('.map canvas');
      await page.waitForSelector('.card-requests .u-over');
      await page.waitForSelector('.run-strip rect');
      expect(await page.locator('.map').count()).toBe(2);
      for (const at of [0, 1]) {
        const pixels = await canvasPixels(page, at);
        expect(pixels.colors).toBeGreaterThan(12);
        expect(pixels.inked).toBeGreaterThan(0.05);
      }
      const ground = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      const [red] = /\d+/.exec(ground)!.map(Number);
      expect(theme === 'dark' ? red < 60 : red > 200).toBe(true);
      expect(await page.locator('.badge-bad').innerText()).toBe('Failed');
      expect(await page.locator('.card-requests .figure-bad dd').innerText()).toMatch(/^\d+ %$/);
      expect(await page.title()).toBe('Overview · Isotherm');
      expect(faults).toEqual([]);
      await page.close();
    });
  }

  test('everything fits on the screen at 1440 × 900, and nothing is wider than a telephone', async () => {
    const overflow = (page: Page) =>
      page.evaluate(() => {
        const { scrollWidth, scrollHeight } = document.documentElement;
        return { right: scrollWidth - innerWidth, bottom: scrollHeight - innerHeight };
      });
    const wide = await open('/?refresh=off');
    await wide.page.waitForSelector('.map canvas');
    expect(await overflow(wide.page)).toEqual({ right: 0, bottom: 0 });
    await wide.page.close();
    for (const path of ['/?refresh=off', '/query?expr=up&tree=open', ...PAGES]) {
      const narrow = await open(path, { viewport: { width: 360, height: 740 } });
      await narrow.page.waitForSelector('.card, .notice-empty');
      expect({ path, ...(await overflow(narrow.page)) }).toMatchObject({ path, right: 0 });
      await narrow.page.close();
    }
  });

  test('quantiles beside the maps are those of histogram_quantile', async () => {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const asked: URL[] = [];
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.pathname.endsWith('/query_range') && url.searchParams.get('query')!.includes(`${METRIC}_bucket`))
        asked.push(url);
    });
    await page.goto(`${sidecar.url}/?range=5m&refresh=off`);
    await page.waitForSelector('.map canvas');
    const url = asked[0];
    const expr = url.searchParams.get('query')!;
    for (const [i, q] of [0.5, 0.95, 0.99].entries()) {
      url.searchParams.set('query', `histogram_quantile(${q}, ${expr})`);
      const answer = (await (await fetch(url)).json()) as {
        data: { result: { metric: { version: string }; values: [number, string][] }[] };
      };
      for (const [at, version] of ['v1', 'v2'].entries()) {
        const { values } = answer.data.result.find(({ metric }) => metric.version === version)!;
        const expected = Number(values.filter(([, value]) => value !== 'NaN').at(-1)![1]);
        const shown = await page.locator('.map').nth(at).locator('.reading dd').nth(i).getAttribute('title');
        expect(Math.abs(parseFloat(shown!) / expected - 1)).toBeLessThan(1e-9);
      }
    }
    await page.close();
  });

  test('a drag on a map is a range in the address, and can be taken back', async () => {
    const { page } = await open('/?range=5m&refresh=off');
    await page.waitForSelector('.map canvas');
    const box = (await page.locator('.map-space').first().boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.4, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL(/start=\d+&end=\d+/);
    await page.getByTitle('Back to the present').click();
    expect(new URL(page.url()).search).toBe('?range=5m&refresh=off');
    await page.close();
  });

  test('labels that hold markup are text, on every page', async () => {
    for (const path of [
      '/?refresh=off',
      `/query?expr=${METRIC}_count`,
      `/query?view=table&expr=${METRIC}_count`,
      ...PAGES,
    ]) {
      const { page } = await open(path);
      await page.waitForLoadState('networkidle');
      // The editor puts empty ones of its own beside its placeholder.
      expect(await page.locator('img:not(.cm-widgetBuffer)').count()).toBe(0);
      expect(await page.title()).toMatch(/ · Isotherm$/);
      await page.close();
    }
  }, 240_000);

  test('the targets page shows the error of a broken target in full, and puts it first', async () => {
    const { data } = await api(sidecar.url, '/targets');
    const { lastError } = data.activeTargets.find(({ scrapePool }: { scrapePool: string }) => scrapePool === 'broken');
    expect(lastError).not.toBe('');
    const { page, faults } = await open('/targets');
    await page.waitForSelector('.target');
    expect(await page.locator('.card h2').allInnerTexts()).toEqual(['broken', 'model', 'pushgateway']);
    expect(await page.locator('.target-error').innerText()).toBe(lastError);
    // An address stands on one line where there is room.
    const cells = await page.locator('.targets td.endpoint').evaluateAll((all) => all.map((cell) => cell.clientWidth));
    expect(Math.min(...cells)).toBeGreaterThan(150);
    await page.getByRole('searchbox').fill('nothing is like this');
    await page.getByText('No target is like that').waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });

  test('the alerts page shows what fires and why a rule fails, and leads to its expression', async () => {
    await until(async () => (await api(sidecar.url, '/alerts')).data.alerts.length === 1);
    const { page, faults } = await open('/alerts');
    await page.getByText('broken <img src=x> does not answer').waitFor();
    expect(await page.locator('.card h2').allInnerTexts()).toEqual(['loud', 'quiet']);
    expect(await page.locator('.target-error').innerText()).toMatch(
      /many-to-many matching not allowed|duplicate series/,
    );
    await page.getByRole('button', { name: 'Recording 1' }).click();
    expect(await page.locator('.card h2').allInnerTexts()).toEqual(['quiet']);
    await page.getByRole('link', { name: 'Query sum by (job) (up)' }).click();
    await page.waitForURL(/query\?.*expr=sum/);
    expect(faults).toEqual([]);
    await page.close();
  });

  test('a rule is back-tested on what is stored, and so is one that is not there yet', async () => {
    const { page, faults } = await open('/alerts?refresh=off');
    await page.getByRole('button', { name: 'Back-test Broken' }).click();
    await page.getByText(/^It would have fired once, .* altogether, in 6h/).waitFor();
    expect(await page.locator('.lane-firing.lane-span').getAttribute('aria-label')).toMatch(
      /fired at .*, goes on; value 0$/,
    );
    await page.getByRole('button', { name: 'Back-test a rule' }).click();
    await page.getByLabel('Expression of the alert').fill('up{job="model"} == 0');
    await page.getByRole('button', { name: 'Test', exact: true }).click();
    await page.getByText(/^It would not have fired in 6h/).waitFor();
    await page.getByLabel('Expression of the alert').fill('up ==');
    await page.getByRole('button', { name: 'Test', exact: true }).click();
    await page.locator('.backtest .notice-error').waitFor();
    // The browser tells of answers that refuse.
    expect(faults.filter((fault) => !/status of 400/.test(fault))).toEqual([]);
    await page.close();
  });

  test('a map is compared with what was before a moment, and one version with the other', async () => {
    const expr = (by: string) => encodeURIComponent(`sum by (${by}) (rate(${METRIC}_bucket[10s]))`);
    const { page, faults } = await open(`/query?range=5m&step=1&refresh=off&expr=${expr('le,version')}`);
    await page.locator('.map').nth(1).waitFor();
    await page.getByLabel('What colours tell').selectOption('columnShare');
    await page.waitForURL(/color=columnShare/);
    await page.getByText('%', { exact: false }).first().waitFor();
    await page.getByLabel('Compare with').selectOption('first');
    await page.locator('.map-title', { hasText: 'against' }).waitFor();
    expect(await page.locator('.map').count()).toBe(1);
    await page
      .getByText(/\+\d.* pp/)
      .first()
      .waitFor();
    expect((await canvasPixels(page, 0)).colors).toBeGreaterThan(5);
    await page.getByLabel('Compare with').selectOption('1d');
    await page.getByText('Nothing was observed in an earlier one').waitFor();
    await page.getByLabel('Compare with').selectOption('before');
    await page.getByLabel('Moment to compare with what was before').waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });

  test('a link from an alert leads to its expression', async () => {
    const { page } = await open('/graph?g0.expr=up%20%3E%200&g0.tab=1');
    await page.locator('.cm-content', { hasText: 'up > 0' }).waitFor();
    await page.locator('table').waitFor();
    await page.close();
  });

  test('the overview tells of alerts that fire', async () => {
    const { page } = await open('/?refresh=off');
    await page.getByRole('link', { name: 'Alerts: 1 firing' }).waitFor();
    await page.close();
  });

  test('the status page shows configuration, flags and the store', async () => {
    const { page, faults } = await open('/status');
    await page.getByText('Keeps samples for').waitFor();
    await page.getByRole('link', { name: 'Configuration' }).click();
    await page.locator('.code-block', { hasText: 'job_name: broken' }).waitFor();
    await page.getByRole('link', { name: 'Flags' }).click();
    await page.getByText('--storage.tsdb.path', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Store' }).click();
    await page.locator('.ranking li').first().waitFor();
    await page.getByText('No block yet').waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });

  test('the models board has a row for each model and version, with its figures', async () => {
    const { page, faults } = await open('/models?range=5m');
    await page.locator('.models tbody tr').nth(1).waitFor();
    const rows = await page.locator('.model-title').allTextContents();
    expect(rows.sort()).toEqual([`${HOSTILE} · v1`, `${HOSTILE} · v2`]);
    expect(await page.locator('.models thead th').allInnerTexts()).toEqual(['Model', 'Requests', 'p50', 'p99']);
    expect(await page.locator('.measure-value').first().innerText()).toMatch(/\d.*\/s$/);
    expect(faults).toEqual([]);
    await page.close();
  });

  test('a target is scraped when one presses the button, and shows what its labels were made of', async () => {
    const { page, faults } = await open('/targets?refresh=off');
    const row = page.locator('.target', { hasText: `:${model.port}` });
    const asked = page.waitForResponse((response) => response.url().endsWith('/targets/scrape'));
    await row.getByRole('button', { name: /^Scrape now: http/ }).click();
    expect((await asked).status()).toBe(200);
    await row.getByRole('button', { name: /rule by rule/ }).click();
    await row.getByText('The job has no relabel_configs.').waitFor();
    await row.getByText('__metrics_path__=').waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });

  test('discovery says which rule dropped a target', async () => {
    const { page, faults } = await open('/targets?view=discovery');
    await page.getByRole('button', { name: 'Dropped 1' }).click();
    await page.getByRole('button', { name: /^Why\? 127/ }).click();
    await page.getByText('dropped here').waitFor();
    await page.getByText('drop where job matching gone').waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });

  test('pushed metrics are listed, and a group is deleted', async () => {
    const body = 'rows_total 42\n';
    expect((await fetch(`${sidecar.url}/metrics/job/nightly/part/a%2Fb`, { method: 'POST', body })).status).toBe(200);
    const { page, faults } = await open('/targets?view=pushed');
    await page.locator('td', { hasText: 'rows_total' }).waitFor();
    await page.getByRole('button', { name: 'Delete group nightly' }).click();
    await page.getByText('Nothing was pushed yet').waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });

  test('a running query is cancelled from the page', async () => {
    // Long by computation alone: it reads nothing, and holds few samples at a time.
    const slow = 'max_over_time(quantile_over_time(0.9, vector(time())[1m:1ms])[1h:100ms])';
    const asked = fetch(`${sidecar.url}/api/v1/query?query=${encodeURIComponent(slow)}`).then((answer) =>
      answer.json(),
    );
    const { page } = await open('/status?view=queries&refresh=5s');
    await page.getByRole('button', { name: `Cancel ${slow}` }).click();
    expect(await asked).toMatchObject({ status: 'error', errorType: 'canceled' });
    await page.getByText('No query is running').waitFor();
    await page.locator('.query-fault').first().waitFor();
    await page.close();
  });

  test('series are seen before they are deleted', async () => {
    const { page, faults } = await open('/status?view=store&refresh=off');
    await page.getByLabel('Selector of the series to delete').fill('scrape_series_added{job="broken"}');
    await page.getByRole('button', { name: 'Look' }).click();
    await page.getByRole('button', { name: 'Delete 1 series' }).click();
    await page.getByText(/^Deleted 1 series/).waitFor();
    expect(faults).toEqual([]);
    await page.close();
  });

  test('several queries stand on one page, one of them as a tree with its figures, and one can be saved', async () => {
    const { page, faults } = await open(`/query?range=5m&expr=sum(${METRIC}_count)&tree=open&expr.1=up`);
    await page.locator('.plan-numbers').nth(1).waitFor();
    expect(await page.locator('.plan-label').allInnerTexts()).toEqual(['sum', `${METRIC}_count`]);
    expect(await page.locator('.plan-numbers > :first-child').allInnerTexts()).toEqual(['1 series', '2 series']);
    expect(await page.locator('.card-result h2').allInnerTexts()).toEqual(['Result', 'Result 2']);
    await page.getByRole('button', { name: 'Save' }).first().click();
    await page.getByLabel('Name of the saved query').fill('all predictions');
    await page.keyboard.press('Enter');
    await page.getByText('Saved', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Remove query 1' }).click();
    await page.waitForURL(/expr=up$/);
    const picture = page.waitForEvent('download');
    await page.getByRole('button', { name: 'PNG' }).click();
    const png = readFileSync(await (await picture).path());
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    await page.goto(`${sidecar.url}/query`);
    await page.getByRole('button', { name: /^all predictions/ }).click();
    await page.waitForURL(/expr=sum/);
    expect(faults).toEqual([]);
    await page.close();
  });

  test('axe finds nothing on any page, light or dark', async () => {
    const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
    const faults: string[] = [];
    for (const path of ['/?range=5m&refresh=off', `/query?range=5m&tree=open&expr=sum(${METRIC}_count)`, ...PAGES]) {
      for (const theme of ['light', 'dark']) {
        const { page } = await open(`${path}${path.includes('?') ? '&' : '?'}theme=${theme}`, { bypassCSP: true });
        await page.locator('main h1').waitFor({ state: 'attached' });
        await page.waitForLoadState('networkidle');
        await page.evaluate(axe);
        const found = await page.evaluate(async () => {
          const { axe: run } = window as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } };
          const { violations } = await run.run();
          return violations.map(
            ({ id, nodes }) =>
              `${id}: ${nodes
                .map(({ html }) => html)
                .join(' ')
                .slice(0, 300)}`,
          );
        });
        if (found.length > 0) faults.push(`${path} ${theme}: ${found.join('; ')}`);
        await page.close();
      }
    }
    expect(faults).toEqual([]);
  }, 240_000);

  test('every page is reached and left by keyboard alone, and the focus is never lost', async () => {
    const { page } = await open('/?refresh=off');
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    await page.getByRole('heading', { name: 'Overview' }).waitFor({ state: 'attached' });
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Overview');
    for (const name of ['Models', 'Query', 'Alerts', 'Targets', 'Status']) {
      await page.keyboard.press('Tab');
      expect(await focused()).toBe(name);
      await page.keyboard.press('Enter');
      await page.waitForFunction((title) => document.title.startsWith(title), name);
      await page.getByRole('heading', { level: 1, name }).waitFor({ state: 'attached' });
      // The link that was followed is still there, and the next one is a Tab away.
      expect(await focused()).toBe(name);
    }
    await page.close();
  });

  test('a link in a page that goes away hands the focus to the page that comes', async () => {
    const { page } = await open('/alerts');
    await page.getByRole('link', { name: 'Query sum by (job) (up)' }).press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Query' }).waitFor({ state: 'attached' });
    await page.waitForFunction(() => document.activeElement?.id === 'main');
    await page.close();
  });

  test('an expression is completed, run with Enter, and buckets are drawn as a heatmap unasked', async () => {
    const { page, faults } = await open('/query?range=5m');
    await page.locator('.promql-editor').click();
    await page.keyboard.type('sum by (le) (rate(model_pre');
    await page
      .locator('.cm-tooltip-autocomplete li', { hasText: `${METRIC}_bucket` })
      .first()
      .click();
    await page.keyboard.type('[10s]');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.heatmap-view canvas');
    expect(new URL(page.url()).searchParams.get('expr')).toBe(`sum by (le) (rate(${METRIC}_bucket[10s]))`);
    expect((await canvasPixels(page, 0)).colors).toBeGreaterThan(12);
    expect(faults).toEqual([]);
    await page.close();
  });

  test('the field follows the address: Back brings the former expression', async () => {
    const { page } = await open('/query?expr=up');
    const field = page.locator('.promql-editor .cm-content');
    await field.click();
    await page.keyboard.press('End');
    await page.keyboard.type(' == 1');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Enter');
    await page.waitForURL(/expr=up\+%3D%3D\+1$/);
    expect(await field.innerText()).toBe('up == 1');
    await page.goBack();
    await page.waitForURL(/expr=up$/);
    await until(async () => (await field.innerText()) === 'up');
    await page.close();
  });

  test('a table shows values as the API writes them', async () => {
    const { page } = await open('/query?view=table&expr=vector(0.1)%2B0.2');
    await page.waitForSelector('.table tbody td');
    expect(await page.locator('.table tbody td').last().innerText()).toBe('0.30000000000000004');
    await page.close();
  });

  test('a fault in an expression is shown at its place', async () => {
    const { page } = await open(`/query?expr=${encodeURIComponent('sum(up) by )')}`);
    const fault = page.locator('.notice-error');
    await fault.waitFor();
    const said = await fault.innerText();
    const column = Number(/1:(\d+): parse error/.exec(said)![1]);
    expect(await fault.locator('pre').textContent()).toBe(`sum(up) by )\n${' '.repeat(column - 1)}▲`);
    await page.close();
  });

  test('every control has a name for those who do not see it', async () => {
    for (const path of ['/', '/query?expr=up', ...PAGES]) {
      const { page } = await open(path);
      await page.waitForLoadState('networkidle');
      const nameless = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>('button, select, input, a[href]')]
          .filter((element) => {
            const labelled = element.closest('label') ?? element;
            return !(element.getAttribute('aria-label') ?? labelled.textContent)?.trim();
          })
          .map((element) => element.outerHTML),
      );
      expect(nameless).toEqual([]);
      await page.close();
    }
  }, 240_000);

  test('a sidecar that scrapes nothing says what to configure', async () => {
    const empty = tempFolder();
    writeConfig(empty, 'scrape_configs: []\n');
    const lonely = await startSidecar(empty);
    try {
      const { page, faults } = await open('/', {}, lonely.url);
      await page.getByText('No histogram yet').waitFor();
      expect(await page.locator('.notice-empty').count()).toBe(4);
      await page.getByText('no targets').waitFor();
      expect(faults).toEqual([]);
      await page.close();
    } finally {
      await lonely.stop();
      rmSync(empty, { recursive: true, force: true });
    }
  });
});
