/** The built bundle on a page with Grafana's real packages, in a real Chromium: what every supported Grafana has to pass. */
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import type { DataFrameJSON } from '@grafana/data';
import type { Host } from './host/page.tsx';
import { coloursOf, openChromium } from './chromium.ts';
import { serveHost, type ServedHost } from './hostPage.ts';

type HostWindow = { host: Host };
const WAIT_MS_MAX = 60_000;

/** Four buckets over twelve steps: a band that climbs, none above 1 s. */
const STEPS = 12;
const T0 = Date.now() - STEPS * 60_000;
function heatmapRows(version: string): DataFrameJSON {
  const bounds = ['0.01', '0.1', '1', '+Inf'];
  return {
    schema: {
      refId: 'A',
      meta: { type: 'heatmap-rows' as never, executedQueryString: 'Expr: sum by (le) (rate(x_seconds_bucket[1m]))' },
      fields: [
        { name: 'Time', type: 'time' as never, config: { interval: 60_000 } },
        ...bounds.map((le) => ({
          name: le,
          type: 'number' as never,
          labels: { version, le },
          config: { displayNameFromDS: le },
        })),
      ],
    },
    data: {
      values: [
        Array.from({ length: STEPS }, (_, i) => T0 + i * 60_000),
        ...bounds.map((_, b) => Array.from({ length: STEPS }, (_, i) => (b === Math.floor(i / 4) ? 50 + i : 0))),
      ],
    },
  };
}

/** All series of the histogram, by instance: only b is ever over 100 ms. */
function instanceSeries(): DataFrameJSON[] {
  return ['a', 'b', 'c'].flatMap((instance) =>
    ['0.01', '0.1', '1', '+Inf'].map((le) => ({
      schema: {
        refId: 'explain',
        fields: [
          { name: 'Time', type: 'time' as never, config: { interval: 60_000 } },
          { name: 'Value', type: 'number' as never, labels: { instance, le } },
        ],
      },
      data: {
        values: [
          Array.from({ length: STEPS }, (_, i) => T0 + i * 60_000),
          Array.from({ length: STEPS }, () => (Number(le) < 1 && instance === 'b' ? 0 : 100)),
        ],
      },
    })),
  );
}

/**
 * @param packages a folder whose `node_modules` has Grafana's packages; this repository's own if undefined. Or why there is none: all is skipped then.
 */
export function testHost(title: string, packages: { readonly folder?: string } | { readonly why: string }): void {
  if ('why' in packages) describe.skip(`${title} (${packages.why})`, () => hostTests(undefined));
  else describe(title, () => hostTests(packages.folder));
}

function hostTests(packages: string | undefined): void {
  jest.setTimeout(3 * WAIT_MS_MAX);
  let served: ServedHost;
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];

  // The page holds all of Grafana's packages, which takes a busy machine a while; each test renders a part of its own on it.
  beforeAll(async () => {
    [served, browser] = await Promise.all([serveHost(packages), openChromium()]);
    page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
    page.setDefaultTimeout(WAIT_MS_MAX);
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      // The fonts that the host answers with are none.
      if (message.type() === 'error' && !/font/i.test(message.text())) faults.push(message.text());
    });
    await page.goto(served.url);
    await page.waitForFunction(() => 'host' in window);
  }, 4 * WAIT_MS_MAX);
  afterAll(async () => {
    await browser?.close();
    served?.close();
  });
  beforeEach(() => {
    faults.length = 0;
  });
  afterEach(() => expect(served.missing).toEqual([]));

  test('each module exports its plugin and asks only for what Grafana 10.1 shares', async () => {
    for (const path of ['module.js', 'datasource/module.js', 'panel/module.js']) {
      const names = await page.evaluate(
        (name) => (window as unknown as HostWindow).host.exportsOf(`plugin/${name}`),
        path,
      );
      expect(names).toContain('plugin');
    }
    expect(faults).toEqual([]);
  });

  test.each([true, false])('the panel draws a map for each version (dark: %s)', async (isDark) => {
    await page.evaluate(([frames, dark]) => (window as unknown as HostWindow).host.panel(frames, {}, dark), [
      [heatmapRows('v1'), heatmapRows('v2')],
      isDark,
    ] as [DataFrameJSON[], boolean]);
    await page.waitForSelector('#panel canvas');
    expect(await page.locator('#panel').innerText()).toMatch(/v1[\s\S]*v2/);
    const colours = coloursOf(await page.locator('#panel').screenshot());
    expect(colours.distinct).toBeGreaterThan(20);
    expect(colours.painted).toBeGreaterThan(10_000);
    expect(faults).toEqual([]);
  });

  test('the panel’s code takes at most 120 kB on the wire', () => {
    const panel = served.bundle.files.find(({ name }) => name === 'panel/module.js')!;
    expect(panel.zippedBytes).toBeLessThan(120_000);
  });

  /** At its words: the button itself lies below them in older hosts, and above them in newer ones, which is why the click is forced. */
  const clickRadio = (name: string) =>
    page
      .locator('input[type=radio] + label')
      .filter({ hasText: new RegExp(`^\\s*${name.replace('.', '\\.')}\\s*$`) })
      .first()
      .click({ force: true });

  async function drawBox(): Promise<void> {
    const map = (await page.getByRole('application').boundingBox())!;
    await page.keyboard.down('Shift');
    await page.mouse.move(map.x + map.width * 0.8, map.y + 30);
    await page.mouse.down();
    await page.mouse.move(map.x + map.width * 0.99, map.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.keyboard.up('Shift');
  }

  test('a box is explained from the series of any Prometheus data source, and narrows the panel’s own query', async () => {
    await page.evaluate(([frames, answer]) => (window as unknown as HostWindow).host.panel(frames, {}, true, answer), [
      [heatmapRows('v1')],
      instanceSeries(),
    ] as [DataFrameJSON[], DataFrameJSON[]]);
    await drawBox();
    const card = page.getByRole('dialog', { name: 'In this box' });
    await card.getByText(/instance="b" holds 100 % of the slow requests/).waitFor();
    await card.getByRole('button', { name: 'Only instance="b"' }).click();
    await page.getByText('instance = b').waitFor();
    const { exprs } = await page.evaluate(() => (window as unknown as HostWindow).host.calls);
    expect(exprs).toContainEqual(expect.stringMatching(/^increase\(x_seconds_bucket\[\d+ms\]\)$/));
    expect(exprs).toContain('sum by (le) (rate(x_seconds_bucket{instance="b"}[1m]))');
    await page.getByRole('button', { name: 'Remove: instance = b' }).click();
    await page.getByText('instance = b').waitFor({ state: 'detached' });
    expect(faults).toEqual([]);
  });

  test('the cells are saved as CSV: every observation that is drawn', async () => {
    await page.evaluate((frames) => (window as unknown as HostWindow).host.panel(frames, {}, false), [
      heatmapRows('v1'),
    ] as DataFrameJSON[]);
    await page.getByRole('button', { name: 'More' }).click();
    const saved = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: 'Save cells as CSV' }).click();
    const lines = (await readFile(await (await saved).path(), 'utf8')).trim().split('\r\n').slice(1);
    const drawn = lines.map((line) => Number(line.split(',').at(-1))).reduce((sum, count) => sum + count, 0);
    expect(drawn).toBe(Array.from({ length: STEPS }, (_, i) => 50 + i).reduce((sum, count) => sum + count, 0));
  });

  test('a panel without data says so in words', async () => {
    await page.evaluate(() => (window as unknown as HostWindow).host.panel([], {}, true));
    await page.waitForFunction(() => (document.querySelector('#panel')?.textContent ?? '').trim() !== '');
    expect(await page.locator('#panel').innerText()).toMatch(/no histogram/i);
    expect(await page.locator('#panel canvas').count()).toBe(0);
  });

  test('the settings page keeps what is typed where Grafana looks for it, secrets apart', async () => {
    await page.evaluate(() => (window as unknown as HostWindow).host.config(true));
    await page.getByRole('radio', { name: 'Beside Grafana' }).click();
    await page.getByLabel('URL', { exact: true }).fill('http://localhost:9090');
    await clickRadio('User and password');
    await page.getByRole('textbox', { name: 'User' }).fill('ada');
    // A password that is set shows nothing of itself.
    expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe('configured');
    await page.getByRole('button', { name: 'Reset' }).click();
    await page.getByLabel('Password', { exact: true }).fill('secret');
    await page.getByRole('button', { name: 'Add header' }).click();
    await page.getByLabel('Header 1').fill('X-Scope-OrgID');
    await page.getByLabel('Value', { exact: true }).fill('team-a');
    const kept = await page.evaluate(() => (window as unknown as HostWindow).host.calls.changes.at(-1));
    expect(kept).toMatchObject({
      url: 'http://localhost:9090',
      basicAuth: true,
      basicAuthUser: 'ada',
      jsonData: { authMethod: 'basic', httpHeaderName1: 'X-Scope-OrgID' },
      secureJsonData: { basicAuthPassword: 'secret', httpHeaderValue1: 'team-a' },
    });
    expect(JSON.stringify((kept as { jsonData: unknown }).jsonData)).not.toMatch(/secret|team-a/);
    expect(faults).toEqual([]);
  });

  test('the query editor completes metric names, keeps the text and runs on Enter', async () => {
    await page.evaluate(
      (answers) => (window as unknown as HostWindow).host.query({ refId: 'A', expr: '' }, answers, true),
      {
        'label/__name__/values': { status: 'success', data: ['model_prediction_latency_seconds_bucket', 'up'] },
        metadata: { status: 'success', data: {} },
      },
    );
    // The code editor comes in a file of its own.
    const editor = page.locator('.cm-content');
    await editor.waitFor();
    await editor.click();
    await page.keyboard.type('model_pred', { delay: 30 });
    await page.locator('.cm-completionLabel', { hasText: 'model_prediction_latency_seconds_bucket' }).waitFor();
    // The list takes no key in the moment that it opens, so that it does not take one meant for the text.
    await page.waitForTimeout(300);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    const runsBefore = await page.evaluate(() => (window as unknown as HostWindow).host.calls.runs);
    await page.keyboard.press('Enter');
    const { changes, runs } = await page.evaluate(() => (window as unknown as HostWindow).host.calls);
    expect(changes.at(-1)).toEqual({ refId: 'A', expr: 'model_prediction_latency_seconds_bucket' });
    expect(runs).toBeGreaterThan(runsBefore);
    expect(faults).toEqual([]);
  });

  test('a new data source collects by itself: its targets are checked as they are typed, and a fault leads to its place', async () => {
    const why = '"nowhere" has no port';
    await page.evaluate(
      (fault) =>
        (window as unknown as HostWindow).host.config(true, {
          'collect/check': { status: 'success', data: { faults: [{ line: 2, column: 7, why: fault }], summary: '' } },
        }),
      why,
    );
    await page.getByRole('radio', { name: 'Collect here', checked: true }).waitFor();
    const targets = page.getByRole('textbox', { name: 'Targets' });
    await targets.fill('a:1\nsvc = nowhere');
    await page.getByRole('button', { name: `line 2, column 7: ${why}` }).click();
    expect(await targets.evaluate((field) => (field as HTMLTextAreaElement).selectionStart)).toBe(10);
    await clickRadio('prometheus.yml');
    await page.getByRole('textbox', { name: 'prometheus.yml' }).fill('scrape_configs: []');
    await page.getByLabel('Keep for').fill('30d');
    const kept = await page.evaluate(() => (window as unknown as HostWindow).host.calls.changes.at(-1));
    expect(kept).toMatchObject({
      jsonData: {
        mode: 'collect',
        collect: { source: 'config', targets: 'a:1\nsvc = nowhere', config: 'scrape_configs: []', retention: '30d' },
      },
    });
    expect(faults).toEqual([]);
  });

  test('the query editor marks a faulty expression, and leaves dashboard variables in peace', async () => {
    const show = (expr: string) =>
      page.evaluate(
        (text) => (window as unknown as HostWindow).host.query({ refId: 'A', expr: text }, {}, false),
        expr,
      );
    await show('rate($metric{model="$model"}[$__rate_interval]) > $limit');
    await page.locator('.cm-content').waitFor();
    await page.waitForTimeout(1_000);
    expect(await page.locator('.cm-lintRange-error').count()).toBe(0);
    await page.locator('.cm-content').click();
    await page.keyboard.press('End');
    await page.keyboard.type(' +');
    await page.locator('.cm-lintRange-error, .cm-lintPoint-error').first().waitFor({ state: 'attached' });
  });

  describe('the query editor without PromQL', () => {
    const answers = {
      '__name__/values': {
        status: 'success',
        data: ['vllm:e2e_request_latency_seconds_bucket', 'vllm:num_requests_waiting', 'http_requests_total'],
      },
      metadata: {
        status: 'success',
        data: { 'vllm:e2e_request_latency_seconds': [{ type: 'histogram', help: 'How long requests take', unit: '' }] },
      },
      'api/v1/labels': { status: 'success', data: ['__name__', 'le', 'model_name', 'pod'] },
      '/values': { status: 'success', data: ['llama', 'qwen'] },
    };
    const show = (query: Record<string, unknown>) =>
      page.evaluate(([model, given]) => (window as unknown as HostWindow).host.query(model, given, true), [
        { refId: 'A', expr: '', ...query },
        answers,
      ] as const);
    const last = () => page.evaluate(() => (window as unknown as HostWindow).host.calls.changes.at(-1));
    const choose = async (label: string, search: string, option: string) => {
      await page.getByLabel(label, { exact: true }).fill(search);
      await page.getByText(option, { exact: true }).last().click();
    };

    test('a latency distribution is asked for by choosing', async () => {
      await show({ editorMode: 'latency' });
      await choose('Histogram', 'e2e lat', 'vllm:e2e_request_latency_seconds');
      await choose('Split by', 'model', 'model_name');
      expect(await last()).toMatchObject({
        expr: 'sum by (le, model_name) (rate(vllm:e2e_request_latency_seconds_bucket[$__rate_interval]))',
        format: 'auto',
      });
      await clickRadio('Within limit');
      await page.getByLabel('Limit, ms').fill('500');
      expect(await last()).toMatchObject({
        expr: 'histogram_fraction(0, 0.5, sum by (le, model_name) (rate(vllm:e2e_request_latency_seconds_bucket[$__rate_interval])))',
        format: 'time_series',
      });
      await page.getByTestId('isotherm-expression').getByText('histogram_fraction').waitFor();
      expect(faults).toEqual([]);
    });

    test('the builder takes a metric, a filter and an aggregation', async () => {
      await show({ editorMode: 'builder' });
      await choose('Metric', 'http', 'http_requests_total');
      await page.getByRole('button', { name: 'Filter', exact: true }).click();
      await choose('Label 1', 'pod', 'pod');
      await choose('Value 1', 'q', 'qwen');
      await choose('Aggregate', 'sum', 'sum');
      expect(await last()).toMatchObject({ expr: 'sum(rate(http_requests_total{pod="qwen"}[$__rate_interval]))' });
      expect(faults).toEqual([]);
    });

    test('a hint mends the expression with a click, and an explanation says what it does', async () => {
      await show({ expr: 'http_requests_total' });
      await page.getByRole('button', { name: 'rate(…)' }).click();
      expect(await last()).toMatchObject({ expr: 'rate(http_requests_total[$__rate_interval])' });
      await page.getByRole('button', { name: 'Explain' }).click();
      await page
        .getByLabel('Explanation')
        .getByText(/how fast each grew, per second/)
        .waitFor();
    });

    test('questions to begin with are those whose metrics are there', async () => {
      await show({});
      await page.getByLabel('Start from').click();
      // Older hosts tell options by their label.
      const options = page.locator('[role=option], [aria-label="Select option"]');
      await options.first().waitFor();
      expect(await options.allTextContents()).toEqual([
        expect.stringMatching('Model service: Requests a second'),
        expect.stringMatching('vLLM: Request latency'),
        expect.stringMatching('vLLM: Waiting requests'),
      ]);
      await page.getByText('vLLM: Waiting requests').click();
      expect(await last()).toMatchObject({ expr: 'sum by (model_name) (vllm:num_requests_waiting)' });
    });
  });

  test('format and type are chosen by a click, and a min step that is none is named', async () => {
    await page.evaluate(() => (window as unknown as HostWindow).host.query({ refId: 'A', expr: 'up' }, {}, true));
    await clickRadio('Heatmap');
    await clickRadio('Instant');
    await page.getByLabel('Min step').fill('1.5m');
    expect(await page.evaluate(() => (window as unknown as HostWindow).host.calls.changes.at(-1))).toMatchObject({
      format: 'heatmap',
      instant: true,
      range: false,
      interval: '1.5m',
    });
    await page.getByText(/decimals are not allowed: write 1m30s/).waitFor();
  });
}
