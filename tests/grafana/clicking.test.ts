/**
 * A newcomer's way in a real Grafana, by clicking: a data source that collects by itself, its dashboard, an alert that fires and resolves, kills, the end.
 * Wants the folder of a Grafana installation in ISOTHERM_GRAFANA (or Debian's), and Chromium; skipped where either is missing.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { buildPlugin } from '../../scripts/buildPlugin.ts';
import { grafanaCommand, untilHealthy } from '../../scripts/grafana.ts';
import { freePort } from '../support/prometheusProcess.ts';
import { hasChromium, openChromium } from './chromium.ts';

const WAIT_MS_MAX = 120_000;
jest.setTimeout(4 * WAIT_MS_MAX);

const home = [process.env.ISOTHERM_GRAFANA, '/usr/share/grafana'].find(
  (folder) =>
    folder !== undefined && (existsSync(`${folder}/bin/grafana`) || existsSync(`${folder}/bin/grafana-server`)),
);
const inGrafana = home !== undefined && hasChromium ? describe : describe.skip;

/** A model service whose predictions are fast or slow as the test has it; its counters go on as real ones do, and each scrape brings a trace. */
function startService(): { readonly server: Server; slow: boolean } {
  const bounds = ['0.1', '0.25', '1', '+Inf'];
  const counts = [0, 0, 0, 0];
  const service = {
    slow: false,
    server: createServer((request, response) => {
      // Where traces are shown, in this test.
      if (request.url?.startsWith('/trace/') === true)
        return void response.setHeader('content-type', 'text/html').end('<p>a trace</p>');
      const from = service.slow ? 2 : 0;
      for (let i = from; i < counts.length; i++) counts[i] += 100;
      const buckets = bounds.map(
        (le, i) =>
          `model_prediction_latency_seconds_bucket{version="v1",le="${le}"} ${counts[i]}${i === 2 ? ` # {trace_id="trace-${counts[i]}"} 0.5` : ''}\n`,
      );
      const count = `model_prediction_latency_seconds_count{version="v1"} ${counts[3]}\n`;
      response
        .setHeader('content-type', 'application/openmetrics-text; version=1.0.0; charset=utf-8')
        .end(`# TYPE model_prediction_latency_seconds histogram\n${buckets.join('')}${count}# EOF\n`);
    }),
  };
  return service;
}

inGrafana('a newcomer in a real Grafana (wants ISOTHERM_GRAFANA and Chromium)', () => {
  const service = startService();
  let folder: string;
  let base: string;
  let target: string;
  let uid: string;
  let grafana: ChildProcess;
  let grafanaEnded: Promise<number | null>;
  let browser: Browser;
  let page: Page;

  const api = async (route: string, init?: RequestInit) => {
    const answer = await fetch(`${base}${route}`, { headers: { 'content-type': 'application/json' }, ...init });
    return { status: answer.status, body: (await answer.json()) as never as Record<string, never> };
  };
  const until = async <T>(what: string, ask: () => Promise<T | undefined> | T | undefined): Promise<T> => {
    for (const end = Date.now() + WAIT_MS_MAX; Date.now() < end;) {
      const found = await Promise.resolve(ask()).catch(() => undefined);
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    throw new Error(`${what}: not within ${WAIT_MS_MAX / 1000} s`);
  };
  /** Of this Grafana: backends and collectors, by the folder that their code lies in. */
  const processes = (part = '') =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
          return command.includes(`${folder}/plugins/`) && command.includes(part);
        } catch {
          return false;
        }
      })
      .map(Number);
  const samples = async () => {
    const count = encodeURIComponent('count_over_time(model_prediction_latency_seconds_count[1h])');
    const { body } = await api(`/api/datasources/uid/${uid}/resources/api/v1/query?query=${count}`);
    const [series] = (body.data as { result: { value: [number, string] }[] }).result;
    return series === undefined ? undefined : Number(series.value[1]);
  };

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'isotherm-clicking-'));
    await new Promise<void>((resolve) => service.server.listen(0, '127.0.0.1', resolve));
    target = `127.0.0.1:${(service.server.address() as AddressInfo).port}`;
    const port = await freePort();
    base = `http://127.0.0.1:${port}`;
    mkdirSync(path.join(folder, 'data'));
    await buildPlugin(path.join(folder, 'plugins/isotherm-monitoring-app'));
    const { command, args, env } = grafanaCommand({
      home: home as string,
      port,
      sidecarUrl: 'http://127.0.0.1:1',
      dataFolder: path.join(folder, 'data'),
      pluginsFolder: path.join(folder, 'plugins'),
    });
    // Nothing is provisioned: all of it is clicked.
    grafana = spawn(command, [...args, `cfg:paths.provisioning=${path.join(folder, 'none')}`], {
      env,
      stdio: 'ignore',
    });
    grafanaEnded = new Promise((resolve) => grafana.on('exit', resolve));
    [browser] = await Promise.all([openChromium(), untilHealthy(port, new AbortController().signal)]);
    page = await browser.newPage({ viewport: { width: 1400, height: 1100 } });
    page.setDefaultTimeout(WAIT_MS_MAX);
  });
  afterAll(async () => {
    await browser?.close();
    grafana?.kill('SIGTERM');
    await grafanaEnded;
    service.server.closeAllConnections();
    service.server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const addSource = async () => {
    await page.goto(`${base}/connections/datasources/new`);
    await page.getByPlaceholder(/filter by/i).fill('Isotherm');
    await page
      .getByRole('button', { name: /Isotherm/ })
      .first()
      .click();
    await page.getByTestId('isotherm-config-editor').waitFor();
  };
  const saveAndTest = () => page.getByRole('button', { name: /test$/i }).click();

  test('a data source that collects by itself is added, its targets checked as they are typed, and is green', async () => {
    await addSource();
    const targets = page.getByRole('textbox', { name: 'Targets' });
    await targets.fill('model-service = nowhere');
    await page.getByRole('button', { name: /"nowhere" has no port/ }).waitFor();
    await targets.fill(`model-service = ${target}`);
    await page.getByText('✓ 1 target in 1 job').waitFor();
    await page.getByLabel('Scrape interval').fill('1s');
    await saveAndTest();
    // The first scrapes of so short an interval are waited for.
    await page.getByText(/Collecting here: 2 of 2 targets are up, .* samples a second/).waitFor();
    uid = /edit\/([\w-]+)/.exec(page.url())![1];
    await until('samples', async () => ((await samples()) ?? 0) > 3 || undefined);
  });

  const explore = (query: object) => {
    const datasource = { uid, type: 'isotherm-metrics-datasource' };
    const pane = {
      datasource: uid,
      queries: [{ refId: 'A', datasource, ...query }],
      range: { from: 'now-2m', to: 'now' },
    };
    return page.goto(
      `${base}/explore?schemaVersion=1&orgId=1&panes=${encodeURIComponent(JSON.stringify({ a: pane }))}`,
    );
  };

  test('a query is traced part by part, and what it reads is saved as a file', async () => {
    await explore({ expr: 'sum by (le) (rate(model_prediction_latency_seconds_bucket[10s]))' });
    await page.getByRole('button', { name: 'Trace', exact: true }).click();
    const trace = page.getByRole('region', { name: 'Query trace' });
    await trace.getByText('rate(model_prediction_latency_seconds_bucket[10s])', { exact: true }).waitFor();
    expect(await trace.innerText()).toMatch(/4 series · [\d,]+ samples read/);
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save samples' }).click();
    const file = await saved;
    expect(file.suggestedFilename()).toBe('samples.csv');
    const lines = readFileSync(await file.path(), 'utf8')
      .trim()
      .split(/\r?\n/);
    expect(lines.length).toBeGreaterThan(4);
    expect(lines.slice(1).every((line) => line.includes('model_prediction_latency_seconds_bucket'))).toBe(true);
  });

  test('an exemplar leads to its trace, at the address that the settings name', async () => {
    await page.goto(`${base}/connections/datasources/edit/${uid}`);
    await page.getByRole('button', { name: 'Add a link to traces' }).click();
    await page.getByLabel('or at the address').fill(`http://${target}/trace/\${__value.raw}`);
    await saveAndTest();
    await page.getByText(/Collecting here: 2 of 2 targets are up/).waitFor();
    await explore({
      expr: 'histogram_quantile(0.9, sum by (le) (rate(model_prediction_latency_seconds_bucket[10s])))',
      exemplar: true,
    });
    await page.getByTestId('data-testid Exemplar marker').last().click();
    const opened = page.waitForEvent('popup');
    await page.getByRole('link', { name: 'Go to the trace' }).click();
    const trace = await opened;
    await trace.waitForURL(new RegExp(`^http://${target}/trace/trace-\\d+$`));
    await trace.close();
  });

  describe('a source beside Grafana names the fault, and what to do', () => {
    const html = createServer((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<html></html>'),
    );
    const locked = createServer((_request, response) => response.writeHead(401).end());
    const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    beforeAll(async () => {
      for (const server of [html, locked]) {
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      }
      await addSource();
      await page.getByRole('radio', { name: /Beside Grafana/ }).click();
    });
    afterAll(() => {
      for (const server of [html, locked]) {
        server.closeAllConnections();
        server.close();
      }
    });
    // One after the other on the same page, as fast as it goes: Grafana dates changes by the second, and each must count.
    test.each<[fault: string, url: () => string, words: RegExp]>([
      ['no URL', () => '', /no URL is set/],
      ['a port where nothing listens', () => 'http://127.0.0.1:1', /nothing listens on/],
      ['a name that nobody knows', () => 'http://no-such-name.invalid', /is not known to the Grafana server/],
      ['a web page', () => urlOf(html), /answers with a web page/],
      ['a login', () => urlOf(locked), /asks for a login \(401\)/],
      ['another path', () => `http://${target}/none`, /answers, but not as Prometheus/],
    ])('%s', async (_fault, url, words) => {
      await page.getByLabel('URL', { exact: true }).fill(url());
      await saveAndTest();
      await page.getByText(words).first().waitFor();
    });
  });

  test('the home page finds the model service, and makes its dashboard at a click', async () => {
    await page.goto(`${base}/a/isotherm-monitoring-app`);
    await page.getByTestId('isotherm-home').getByText('Model service').first().waitFor();
    const found = page.getByRole('listitem').filter({ hasText: 'Prediction latency' });
    await found.getByRole('button', { name: 'Open dashboard' }).click();
    await page.waitForURL(/\/d\//);
    await page.getByText('Prediction latency').first().waitFor();
    await page.locator('canvas').first().waitFor();
  });

  test('an alert rule on the p99 fires when predictions are slow, and resolves when they are fast again', async () => {
    const group = {
      folder: { title: 'f', uid: 'f' },
      rule: {
        title: 'Slow predictions',
        ruleGroup: 'g',
        folderUID: 'f',
        orgID: 1,
        noDataState: 'OK',
        execErrState: 'Error',
        for: '0s',
        condition: 'B',
        data: [
          {
            refId: 'A',
            datasourceUid: uid,
            relativeTimeRange: { from: 60, to: 0 },
            model: {
              refId: 'A',
              instant: true,
              expr: 'histogram_quantile(0.99, sum by (le, version) (rate(model_prediction_latency_seconds_bucket[10s])))',
            },
          },
          {
            refId: 'B',
            datasourceUid: '__expr__',
            relativeTimeRange: { from: 0, to: 0 },
            model: {
              refId: 'B',
              type: 'threshold',
              expression: 'A',
              conditions: [{ evaluator: { type: 'gt', params: [0.5] } }],
            },
          },
        ],
      },
    };
    await api('/api/folders', { method: 'POST', body: JSON.stringify(group.folder) });
    const made = await api('/api/v1/provisioning/alert-rules', { method: 'POST', body: JSON.stringify(group.rule) });
    expect(made.status).toBe(201);
    await fetch(`${base}/api/v1/provisioning/folder/f/rule-groups/g`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ title: 'g', folderUid: 'f', interval: 10, rules: [made.body] }),
    });
    const states = async () => {
      const { body } = await api('/api/prometheus/grafana/api/v1/rules');
      const [first] = (body.data as { groups: { rules: { state: string; health: string }[] }[] }).groups;
      return first?.rules[0];
    };
    await until(
      'a calm rule',
      async () => ((await states())?.state === 'inactive' && (await states())?.health === 'ok') || undefined,
    );
    service.slow = true;
    await until('the alert', async () => (await states())?.state === 'firing' || undefined);
    service.slow = false;
    await until('its end', async () => (await states())?.state === 'inactive' || undefined);
  });

  test('backend and collector are killed while they are asked, and nothing that was stored is lost', async () => {
    const before = (await samples())!;
    const asking = Array.from({ length: 20 }, () => samples().catch(() => undefined));
    for (const pid of processes()) process.kill(pid, 'SIGKILL');
    await Promise.all(asking);
    expect(await until('an answer', samples)).toBeGreaterThanOrEqual(before);
    expect(processes('collector.mjs')).toHaveLength(1);
  });

  test('when Grafana stops, no process stays', async () => {
    expect(processes().length).toBeGreaterThan(1);
    grafana.kill('SIGTERM');
    await grafanaEnded;
    await until('the end of all processes', () => processes().length === 0 || undefined);
  });
});
