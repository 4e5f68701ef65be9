/**
 * Live queries in a real Grafana: the panel moves on as the sidecar scrapes, pushed through Grafana Live, and the whole range is asked once. Wants a Grafana,
 * as grafana.test.ts; skipped where there is none.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { buildPlugin } from '../../scripts/buildPlugin.ts';
import { grafanaCommand, untilHealthy } from '../../scripts/grafana.ts';
import { freePort } from '../support/prometheusProcess.ts';
import { startSidecar, tempFolder, writeConfig, type Sidecar } from '../support/sidecar.ts';
import { hasChromium, openChromium } from './chromium.ts';

const home = [process.env.ISOTHERM_GRAFANA, '/usr/share/grafana'].find(
  (folder) => folder !== undefined && existsSync(`${folder}/bin/grafana`),
);
const inGrafana = home !== undefined && hasChromium ? describe : describe.skip;
const WAIT_MS_MAX = 120_000;
jest.setTimeout(3 * WAIT_MS_MAX);

inGrafana('a live panel in a real Grafana', () => {
  let folder: string;
  let base: string;
  let sidecar: Sidecar;
  let grafana: ChildProcess;
  let browser: Browser;

  beforeAll(async () => {
    folder = tempFolder();
    writeConfig(
      folder,
      'global: {scrape_interval: 1s}\nscrape_configs: [{job_name: self, static_configs: [{targets: [SELF]}]}]\n'.replace(
        'SELF',
        "'127.0.0.1:1'",
      ),
    );
    sidecar = await startSidecar(folder, ['--collector.machine']);
    // It scrapes itself: its address is known only now.
    writeConfig(
      folder,
      `global: {scrape_interval: 1s}\nscrape_configs: [{job_name: self, static_configs: [{targets: ['${new URL(sidecar.url).host}']}]}]\n`,
    );
    sidecar.process.kill('SIGHUP');
    const port = await freePort();
    base = `http://127.0.0.1:${port}`;
    mkdirSync(path.join(folder, 'grafana'));
    await buildPlugin(path.join(folder, 'plugins/isotherm-monitoring-app'));
    const start = grafanaCommand({
      home: home as string,
      port,
      sidecarUrl: sidecar.url,
      dataFolder: path.join(folder, 'grafana'),
      pluginsFolder: path.join(folder, 'plugins'),
    });
    grafana = spawn(start.command, start.args, { env: start.env, stdio: 'ignore' });
    [browser] = await Promise.all([openChromium(), untilHealthy(port, new AbortController().signal)]);
  }, 3 * WAIT_MS_MAX);
  afterAll(async () => {
    await browser?.close();
    grafana?.kill('SIGTERM');
    await new Promise((resolve) => (grafana === undefined ? resolve(0) : grafana.on('exit', resolve)));
    await sidecar?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, WAIT_MS_MAX);

  test('advances with each scrape, and asks the whole range once', async () => {
    const sources = (await (await fetch(`${base}/api/datasources`)).json()) as { uid: string; type: string }[];
    const { uid } = sources.find(({ type }) => type === 'isotherm-metrics-datasource')!;
    const panel = {
      id: 1,
      type: 'isotherm-heatmap-panel',
      title: 'Live',
      gridPos: { x: 0, y: 0, w: 24, h: 14 },
      datasource: { type: 'isotherm-metrics-datasource', uid },
      targets: [
        {
          refId: 'A',
          expr: 'sum by (le) (increase(prometheus_http_request_duration_seconds_bucket[5s]))',
          interval: '1s',
          live: true,
          range: true,
        },
      ],
      options: { marks: false },
    };
    const dashboard = { title: 'Live', panels: [panel], time: { from: 'now-2m', to: 'now' }, schemaVersion: 39 };
    const saved = await fetch(`${base}/api/dashboards/db`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ dashboard, overwrite: true }),
    });
    const { url } = (await saved.json()) as { url: string };
    const page = await browser.newPage({ viewport: { width: 1200, height: 700 } });
    page.setDefaultTimeout(WAIT_MS_MAX);
    const asked: string[] = [];
    const pushed: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/api/ds/query')) asked.push(request.postData() ?? '');
    });
    page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => pushed.push(String(payload))));
    await page.goto(`${base}${url}`);
    await page.locator('[role=application] canvas').first().waitFor();
    const packets = () => pushed.filter((payload) => payload.includes('sinceMs')).length;
    for (const end = Date.now() + WAIT_MS_MAX; packets() < 4 && Date.now() < end;) await page.waitForTimeout(500);
    expect(packets()).toBeGreaterThanOrEqual(4);
    const questions = asked.length;
    const before = await page.locator('[role=application]').first().screenshot();
    await page.waitForTimeout(6_000);
    const after = await page.locator('[role=application]').first().screenshot();
    expect(after.equals(before)).toBe(false);
    expect(asked).toHaveLength(questions);
    // Until the channel is open, the steps in between are asked for; all of it only once.
    expect(asked.filter((body) => !body.includes('sinceMs'))).toHaveLength(1);
    await page.close();
  });
});
