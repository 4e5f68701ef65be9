/**
 * The bundle in a real Grafana, beside a real sidecar and the demo service. Wants the folder of a Grafana installation: ISOTHERM_GRAFANA, or where
 * Debian's package puts it; skipped where there is none.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { PNG } from 'pngjs';
import { buildPlugin } from '../../scripts/buildPlugin.ts';
import { grafanaCommand, untilHealthy } from '../../scripts/grafana.ts';
import { hasChromium, openChromium } from './chromium.ts';
import { freePort } from '../support/prometheusProcess.ts';

const ROOT = path.resolve(__dirname, '../..');
const home = [process.env.ISOTHERM_GRAFANA, '/usr/share/grafana'].find(
  (folder) =>
    folder !== undefined && (existsSync(`${folder}/bin/grafana`) || existsSync(`${folder}/bin/grafana-server`)),
);
const inGrafana = home !== undefined && hasChromium ? describe : describe.skip;
/** A page of Grafana takes a busy machine half a minute. */
const WAIT_MS_MAX = 120_000;
jest.setTimeout(3 * WAIT_MS_MAX);
const SOURCE_TYPE = 'isotherm-metrics-datasource';

inGrafana('in a real Grafana', () => {
  let folder: string;
  let base: string;
  let sidecarUrl: string;
  let grafana: ChildProcess;
  let grafanaEnded: Promise<number | null>;
  let browser: Browser;
  let page: Page;
  const others: ChildProcess[] = [];

  const api = async (route: string, init?: RequestInit) => {
    const answer = await fetch(`${base}${route}`, { headers: { 'content-type': 'application/json' }, ...init });
    return { status: answer.status, body: (await answer.json()) as never as Record<string, never> };
  };
  const until = async <T>(what: string, ask: () => Promise<T | undefined>, msMax = 60_000): Promise<T> => {
    for (const end = Date.now() + msMax; Date.now() < end;) {
      const found = await ask().catch(() => undefined);
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    throw new Error(`${what}: not within ${msMax / 1000} s`);
  };
  const start = (command: string, args: string[]) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: 'ignore' });
    others.push(child);
  };
  /** Backends of this Grafana, by the folder that their code lies in. */
  const backends = () =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${folder}/plugins/`);
        } catch {
          return false;
        }
      })
      .map(Number);

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'isotherm-grafana-'));
    const [port, sidecarPort, demoPort] = await Promise.all([freePort(), freePort(), freePort()]);
    base = `http://127.0.0.1:${port}`;
    sidecarUrl = `http://127.0.0.1:${sidecarPort}`;
    const config = readFileSync(path.join(ROOT, 'monitoring/prometheus.yml'), 'utf8')
      .replaceAll('127.0.0.1:9090', `127.0.0.1:${sidecarPort}`)
      .replaceAll('127.0.0.1:8000', `127.0.0.1:${demoPort}`)
      .replace('scrape_interval: 15s', 'scrape_interval: 1s');
    writeFileSync(path.join(folder, 'prometheus.yml'), config);
    mkdirSync(path.join(folder, 'data'));
    start(path.join(ROOT, 'bin/isotherm'), [
      'serve',
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/samples`,
      `--web.listen-address=127.0.0.1:${sidecarPort}`,
      '--collector.machine',
    ]);
    start(process.execPath, [path.join(ROOT, 'examples/demo.ts'), `--port=${demoPort}`]);
    await buildPlugin(path.join(folder, 'plugins/isotherm-monitoring-app'));
    const command = grafanaCommand({
      home: home as string,
      port,
      sidecarUrl,
      dataFolder: path.join(folder, 'data'),
      pluginsFolder: path.join(folder, 'plugins'),
    });
    grafana = spawn(command.command, command.args, { env: command.env, stdio: 'ignore' });
    grafanaEnded = new Promise((resolve) => grafana.on('exit', resolve));
    [browser] = await Promise.all([openChromium(), untilHealthy(port, new AbortController().signal)]);
    const bucketsAsked = encodeURIComponent('count(rate(model_prediction_latency_seconds_bucket[15s])) > 0');
    await until('buckets in the sidecar', async () => {
      const answer = await fetch(`${sidecarUrl}/api/v1/query?query=${bucketsAsked}`);
      const { data } = (await answer.json()) as { data: { result: unknown[] } };
      return data.result.length > 0 ? true : undefined;
    });
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    grafana?.kill('SIGTERM');
    await grafanaEnded;
    for (const child of others) child.kill('SIGTERM');
    await Promise.all(others.map((child) => child.exitCode ?? new Promise((resolve) => child.on('exit', resolve))));
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1500, height: 1000 } });
    page.setDefaultTimeout(WAIT_MS_MAX);
  });
  afterEach(() => page.close());

  test('all three plugins load and are enabled', async () => {
    expect((await api('/api/plugins/isotherm-monitoring-app/settings')).body).toMatchObject({ enabled: true });
    const offered = (await api('/api/plugins?enabled=1&type=datasource')).body as never as { id: string }[];
    expect(offered.map((plugin) => plugin.id)).toContain(SOURCE_TYPE);
    expect((await api('/api/frontend/settings')).body.panels).toHaveProperty('isotherm-heatmap-panel');
    expect((await api('/api/plugins/errors')).body).toEqual([]);
  });

  test('"Save & test" is green and says what was found', async () => {
    await page.goto(`${base}/connections/datasources/edit/isotherm`);
    await page.getByRole('button', { name: /test$/i }).click();
    await page.getByText(/answers queries; 3 of 3 targets are up/).waitFor();
  });

  test('"Save & test" names a fault', async () => {
    const made = await api('/api/datasources', {
      method: 'POST',
      body: JSON.stringify({
        name: 'wrong',
        uid: 'wrong',
        type: SOURCE_TYPE,
        access: 'proxy',
        url: 'http://127.0.0.1:1',
      }),
    });
    expect(made.status).toBe(200);
    await page.goto(`${base}/connections/datasources/edit/wrong`);
    await page.getByRole('button', { name: /test$/i }).click();
    await page.getByText(/nothing listens on http:\/\/127\.0\.0\.1:1/).waitFor();
  });

  test('the dashboard draws the heatmap, and its variables know the versions', async () => {
    await page.goto(`${base}/d/isotherm-model-serving?from=now-2m&to=now`);
    const canvas = page.locator('[data-viz-panel-key] canvas, .react-grid-item canvas').first();
    await canvas.waitFor();
    await page.getByText('version=v1').waitFor();
    await page.getByText('version=v2').waitFor();
    const { data } = PNG.sync.read(await canvas.screenshot());
    const colours = new Set<number>();
    for (let i = 0; i < data.length; i += 4) colours.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
    expect(colours.size).toBeGreaterThan(20);
    expect(await page.getByText(/Plugin not found|Panel plugin not found|Query error/i).count()).toBe(0);
  });

  test('Explore draws buckets as a heatmap, and rates as lines', async () => {
    const panes = (expr: string) =>
      encodeURIComponent(
        JSON.stringify({
          a: {
            datasource: 'isotherm',
            queries: [{ refId: 'A', expr, datasource: { uid: 'isotherm', type: SOURCE_TYPE } }],
            range: { from: 'now-2m', to: 'now' },
          },
        }),
      );
    const explore = (expr: string) => page.goto(`${base}/explore?schemaVersion=1&orgId=1&panes=${panes(expr)}`);
    await explore('sum by (le) (rate(model_prediction_latency_seconds_bucket[15s]))');
    await page.locator('canvas').first().waitFor();
    await page.locator('.cm-content', { hasText: 'model_prediction_latency_seconds_bucket' }).waitFor();
    await explore('sum by (route) (rate(http_requests_total[15s]))');
    await page.locator('.u-over').first().waitFor();
    await page.getByText('{route="/predict"}').first().waitFor();
  });

  test("a dashboard of one's own has filters, variables, server-side expressions and annotations", async () => {
    const datasource = { type: SOURCE_TYPE, uid: 'isotherm' };
    const target = (refId: string, expr: string) => ({ refId, expr, datasource });
    const dashboard = {
      uid: 'own',
      title: 'own',
      schemaVersion: 38,
      time: { from: 'now-2m', to: 'now' },
      templating: {
        list: [
          { name: 'only', type: 'adhoc', datasource, filters: [{ key: 'route', operator: '=', value: '/predict' }] },
          {
            name: 'version',
            type: 'query',
            datasource,
            refresh: 2,
            options: [],
            current: {},
            query: { refId: 'V', query: 'label_values(model_prediction_latency_seconds_count, version)' },
          },
        ],
      },
      annotations: {
        list: [
          {
            name: 'busy',
            enable: true,
            iconColor: 'red',
            datasource,
            target: target('Busy', 'sum(http_requests_total) > 0'),
          },
        ],
      },
      panels: [
        {
          id: 1,
          type: 'timeseries',
          title: 'requests',
          datasource,
          gridPos: { x: 0, y: 0, w: 24, h: 10 },
          targets: [
            target('A', 'sum by (route) (rate(http_requests_total[$__interval]))'),
            target('B', 'sum(model_prediction_latency_seconds_count{version=~"$version"})'),
            { refId: 'C', type: 'math', expression: '$A * 2', datasource: { uid: '__expr__', type: '__expr__' } },
          ],
        },
      ],
    };
    const made = await api('/api/dashboards/db', {
      method: 'POST',
      body: JSON.stringify({ dashboard, overwrite: true }),
    });
    expect(made.status).toBe(200);
    const asked: string[] = [];
    const refused: string[] = [];
    page.on('response', (response) => {
      if (!response.url().includes('/api/ds/query')) return;
      const { queries } = response.request().postDataJSON() as { queries: { expr?: string }[] };
      asked.push(...queries.flatMap((query) => query.expr ?? []));
      if (response.status() !== 200) refused.push(`${response.status()} ${response.url()}`);
    });
    await page.goto(`${base}/d/own`);
    await page.getByText('{route="/predict"}').first().waitFor();
    expect(asked).toEqual(
      expect.arrayContaining([
        'sum(http_requests_total) > 0',
        'sum by (route) (rate(http_requests_total{route="/predict"}[$__interval]))',
      ]),
    );
    expect(asked.some((expr) => /version=~"v[12]"/.test(expr))).toBe(true);
    expect(refused).toEqual([]);
    await page.locator('[data-testid*="annotation" i], [class*="annotation" i]').first().waitFor({ state: 'attached' });
  });

  test("buckets become heatmaps by themselves here, and series in Grafana's own Prometheus data source", async () => {
    const peer = { name: 'peer', uid: 'peer', type: 'prometheus', access: 'proxy', url: sidecarUrl };
    expect((await api('/api/datasources', { method: 'POST', body: JSON.stringify(peer) })).status).toBe(200);
    const typesOf = async (datasource: { type: string; uid: string }): Promise<string[]> => {
      const expr = 'sum by (le) (rate(model_prediction_latency_seconds_bucket[15s]))';
      const query = { refId: 'A', datasource, expr, range: true, intervalMs: 15_000, maxDataPoints: 100 };
      const { body } = await api('/api/ds/query', {
        method: 'POST',
        body: JSON.stringify({ from: 'now-2m', to: 'now', queries: [query] }),
      });
      const { frames } = (body.results as { A: { frames: { schema: { meta: { type: string } } }[] } }).A;
      return frames.map(({ schema }) => schema.meta.type);
    };
    expect(await typesOf({ type: SOURCE_TYPE, uid: 'isotherm' })).toEqual(['heatmap-rows']);
    expect(new Set(await typesOf(peer))).toEqual(new Set(['timeseries-multi']));
  });

  test('the home page tells what was found', async () => {
    await page.goto(`${base}/a/isotherm-monitoring-app`);
    const cards = page.getByTestId('isotherm-home');
    await cards.getByText('model-service').waitFor();
    expect(await cards.locator('section').count()).toBeGreaterThan(0);
  });

  test('the alert rule evaluates, each version for itself', async () => {
    const rule = await until(
      'an evaluation',
      async () => {
        const { body } = await api('/api/prometheus/grafana/api/v1/rules');
        const groups = (
          body.data as { groups: { rules: { health: string; alerts?: { labels: Record<string, string> }[] }[] }[] }
        ).groups;
        const found = groups[0]?.rules[0];
        return found?.health === 'ok' && (found.alerts?.length ?? 0) >= 2 ? found : undefined;
      },
      120_000,
    );
    expect(rule.alerts?.map((alert) => alert.labels.version).sort()).toEqual(['v1', 'v2']);
  }, 130_000);

  test('a backend that is killed comes back by itself', async () => {
    const [before] = backends();
    process.kill(before, 'SIGKILL');
    const health = await until('health after the kill', async () => {
      const { status, body } = await api('/api/datasources/uid/isotherm/health');
      return status === 200 && backends()[0] !== before ? body : undefined;
    });
    expect(health).toMatchObject({ status: 'OK' });
  });

  test('when Grafana stops, no backend stays', async () => {
    expect(backends().length).toBeGreaterThan(0);
    grafana.kill('SIGTERM');
    await grafanaEnded;
    await until('the end of the backends', async () => (backends().length === 0 ? true : undefined), 10_000);
  });
});
