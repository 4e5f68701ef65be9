/** A slow region is drawn on the heatmap and explained: real sidecar, real scrapes, real browser. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { Gauge, Histogram, Registry } from 'prom-client';
import { api, startSidecar, tempFolder, until, writeConfig, type Sidecar } from '../support/sidecar.ts';

const ROOT = join(__dirname, '..', '..');
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const METRIC = 'model_prediction_latency_seconds';
const HOSTILE = '<img src=x onerror="document.title=`owned`">';
const BUCKETS = [0.01, 0.1, 1];
const QUERY = `sum by (le) (rate(${METRIC}_bucket[10s]))`;

const inChromium = CHROMIUM === undefined ? describe.skip : describe;
const why = CHROMIUM === undefined ? ' (skipped: no Chromium in /usr/bin)' : '';

interface Service {
  readonly port: number;
  /** From now on it says that it is built from this. */
  deploy(build: string): void;
  stop(): void;
}

/** A model server; of version v2's requests, every fourth takes half a second. */
async function modelServer(version: string): Promise<Service> {
  const registry = new Registry();
  const latency = new Histogram({
    name: METRIC,
    help: 'Time of one prediction.',
    labelNames: ['model', 'version'],
    buckets: BUCKETS,
    registers: [registry],
  });
  const built = new Gauge({
    name: 'model_build_info',
    help: 'What is running.',
    labelNames: ['version'],
    registers: [registry],
  });
  const deploy = (build: string) => {
    built.reset();
    built.set({ version: build }, 1);
  };
  deploy('r1');
  const load = setInterval(() => {
    for (let i = 0; i < 8; i++) {
      const isSlow = version === 'v2' && i % 4 === 0;
      latency.observe({ model: i % 2 === 0 ? HOSTILE : 'plain', version }, isSlow ? 0.5 : i === 1 ? 0.05 : 0.005);
    }
  }, 50);
  const server = await new Promise<Server>((resolve) => {
    const made = createServer((_request, response) => {
      void registry.metrics().then((text) => response.setHeader('content-type', registry.contentType).end(text));
    });
    made.listen(0, '127.0.0.1', () => resolve(made));
  });
  return {
    port: (server.address() as AddressInfo).port,
    deploy,
    stop: () => {
      clearInterval(load);
      server.close();
    },
  };
}

inChromium(`explaining a part of a heatmap in a browser${why}`, () => {
  const folder = tempFolder();
  let browser: Browser;
  let sidecar: Sidecar;
  let services: Service[];

  beforeAll(async () => {
    execFileSync(process.execPath, [join(ROOT, 'scripts/build.ts'), 'webui'], { cwd: ROOT });
    services = await Promise.all(['v1', 'v1', 'v2'].map(modelServer));
    const targets = services.map(({ port }) => `'127.0.0.1:${port}'`).join(', ');
    writeConfig(
      folder,
      [
        'global: { scrape_interval: 1s, scrape_timeout: 1s }',
        `scrape_configs: [{ job_name: model, static_configs: [{ targets: [${targets}] }] }]`,
        '',
      ].join('\n'),
    );
    sidecar = await startSidecar(folder);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    const scrapes = async () =>
      (await api(sidecar.url, `/query?query=min(count_over_time(${METRIC}_count%7Bversion="v2"%7D[1m]))`)).data
        ?.result?.[0]?.value[1];
    await until(async () => Number(await scrapes()) >= 12, 60_000);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await sidecar?.stop();
    services?.forEach((service) => service.stop());
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(path: string): Promise<{ page: Page; faults: string[]; param: (name: string) => string | null }> {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const faults: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(String(error)));
    await page.goto(sidecar.url + path);
    await page.waitForSelector('.map canvas');
    return { page, faults, param: (name) => new URL(page.url()).searchParams.get(name) };
  }

  /** Marks the last map's right part, from its top to below the row that half a second is in. */
  async function dragOver(page: Page): Promise<void> {
    const map = (await page.locator('.map-space').last().boundingBox())!;
    await page.mouse.move(map.x + map.width * 0.3, map.y + 4);
    await page.mouse.down();
    await page.mouse.move(map.x + map.width * 0.99, map.y + map.height * 0.25, { steps: 4 });
    await page.mouse.up();
  }

  async function dragOverSlow(page: Page): Promise<void> {
    await page.keyboard.down('Shift');
    await dragOver(page);
    await page.keyboard.up('Shift');
    await page.locator('.explain-headline').waitFor();
  }

  test('a box drawn with Shift is explained in words, with the counts of the API, and is in the address', async () => {
    const { page, faults, param } = await open('/?range=1m&refresh=off');
    expect(await page.locator('.explain-button').innerText()).toMatch(/Explain\s+Shift \+ drag/);
    const asked = page.waitForRequest((request) => new URL(request.url()).pathname.endsWith('/explain'));
    await dragOverSlow(page);
    const { data } = await (await fetch((await asked).url())).json();
    expect(data.box.count).toBeGreaterThan(0);
    expect(data.headline).toMatch(/^version="v2" holds 100 % of the slow requests and \d+ % of the others$/);
    expect(await page.locator('.explain-headline').innerText()).toBe(data.headline);
    const count = new Intl.NumberFormat('en-GB').format(data.box.count);
    expect(await page.locator('.explain-sides').innerText()).toContain(`${count} slow requests`);
    expect(param('box')!.split(',').slice(2)).toEqual([data.box.lower, data.box.upper]);
    expect(param('held')).toBe(param('start'));
    expect(await page.locator('.explain-label h4').first().innerText()).toBe('version');
    const again = await browser.newPage();
    await again.goto(page.url());
    await again.locator('.explain-headline').waitFor();
    expect(await again.locator('.explain-headline').innerText()).toBe(data.headline);
    await again.close();
    await page.getByRole('button', { name: 'Close the explanation' }).click();
    await page.locator('.explain').waitFor({ state: 'detached' });
    expect(new URL(page.url()).search).toBe('?range=1m&refresh=off');
    expect(faults).toEqual([]);
    await page.close();
  });

  test('the box of the canvas is outlined on every map', async () => {
    const { page } = await open('/?range=1m&refresh=off');
    const inked = () =>
      page.evaluate(() =>
        [...document.querySelectorAll<HTMLCanvasElement>('.map canvas:nth-of-type(2)')].map((canvas) => {
          const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
          return data.some((value, i) => i % 4 === 3 && value > 0);
        }),
      );
    expect(new Set(await inked())).toEqual(new Set([false]));
    await dragOverSlow(page);
    await page.mouse.move(2, 2);
    await until(async () => {
      const maps = await inked();
      return maps.length > 1 && maps.every(Boolean);
    });
    await page.close();
  });

  test('only, without and split change what is shown, and can be taken back', async () => {
    const { page, faults, param } = await open('/?range=1m&refresh=off');
    const maps = page.locator('.map');
    expect(await maps.count()).toBe(4);
    await dragOverSlow(page);
    await page.getByRole('button', { name: 'Only version="v2"' }).click();
    await until(async () => (await maps.count()) === 2);
    expect(param('where')).toBe('version="v2"');
    await page.getByRole('button', { name: 'version="v2"', exact: true }).click();
    await until(async () => (await maps.count()) === 4);
    expect(param('where')).toBeNull();
    await page.getByRole('button', { name: 'Without version="v2"' }).click();
    await page.getByText('Nothing was observed in this box').waitFor();
    expect(param('where')).toBe('version!="v2"');
    await page.goBack();
    await page.getByTitle('One map for each version').click();
    await until(async () => (await maps.count()) === 2);
    expect(param('by')).toBe('version');
    expect(faults).toEqual([]);
    await page.close();
  });

  test('another comparison asks again', async () => {
    const { page, param } = await open('/?range=1m&refresh=off');
    await dragOverSlow(page);
    const asked = page.waitForRequest((request) => request.url().includes('baseline=sameTime'));
    await page.getByRole('combobox', { name: 'Compared with' }).selectOption('sameTime');
    await asked;
    await page
      .getByText(/of the others at the same time/)
      .first()
      .waitFor();
    expect(param('versus')).toBe('sameTime');
    await page.close();
  });

  test('the box is compared with one version, and with what was before a deploy', async () => {
    const { page, param, faults } = await open('/?range=1m&refresh=off');
    await dragOverSlow(page);
    await page.getByRole('combobox', { name: 'Compared with' }).selectOption('value');
    await page
      .getByText(/slow requests with version="v1"/)
      .first()
      .waitFor();
    await page.getByRole('combobox', { name: 'Value to compare with' }).selectOption({ label: 'version="v2"' });
    await page
      .getByText(/slow requests with version="v2"/)
      .first()
      .waitFor();
    expect([param('versus'), param('against')]).toEqual(['value', 'version="v2"']);
    const asked = page.waitForRequest((request) => /baseline=before&moment=\d/.test(request.url()));
    await page.getByRole('combobox', { name: 'Compared with' }).selectOption('deploy');
    await asked;
    await page
      .getByText(/slow requests? before the deploy/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Close the explanation' }).click();
    await page.locator('.explain').waitFor({ state: 'detached' });
    expect(new URL(page.url()).search).toBe('?range=1m&refresh=off');
    expect(faults).toEqual([]);
    await page.close();
  });

  describe('as a difference map', () => {
    const compare = (page: Page, value: string) =>
      page.getByRole('combobox', { name: 'Compare with' }).selectOption(value);

    /** Whether any pixel of a map is clearly more orange, or more blue, than grey. */
    const hues = (page: Page) =>
      page.evaluate(() => {
        const found = { orange: false, blue: false };
        for (const canvas of document.querySelectorAll<HTMLCanvasElement>('.map canvas:first-of-type')) {
          const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
          for (let i = 0; i < data.length; i += 4) {
            if (data[i + 3] === 0) continue;
            if (data[i] - data[i + 2] > 60) found.orange = true;
            if (data[i + 2] - data[i] > 60) found.blue = true;
          }
        }
        return found;
      });

    test('one version is compared with another, and a link shows the same; a box on it is explained', async () => {
      const { page, faults, param } = await open('/?range=1m&refresh=off');
      await compare(page, 'value');
      const titles = page.locator('.map-title');
      await until(async () => (await titles.allInnerTexts()).every((title) => title.endsWith('v2 against v1')));
      expect(await titles.count()).toBe(2);
      expect(param('compare')).toBe('value');
      await until(async () => Object.values(await hues(page)).every(Boolean));
      await page.getByRole('combobox', { name: 'Value to compare with' }).selectOption('version="v2"');
      await until(async () => (await titles.allInnerTexts()).every((title) => title.endsWith('v1 against v2')));
      await page.reload();
      await until(async () => (await titles.allInnerTexts()).every((title) => title.endsWith('v1 against v2')));
      expect(param('against')).toBe('version="v2"');
      await dragOverSlow(page);
      expect(await page.locator('.explain-headline').innerText()).toMatch(/^version="v2" holds 100 %/);
      await page.getByRole('link', { name: 'Open this query' }).click();
      await until(async () => (await titles.allInnerTexts()).join(' ').includes('against v2'));
      expect(param('against')).toBe('version="v2"');
      expect(faults).toEqual([]);
      await page.close();
    });

    test('yesterday is asked for at the same times; where there was nothing, that is said', async () => {
      const { page, param } = await open('/?range=1m&refresh=off');
      const asked = page.waitForRequest((request) => {
        const { pathname, searchParams } = new URL(request.url());
        return pathname.endsWith('/distribution') && Number(searchParams.get('end')) < Date.now() / 1000 - 80_000;
      });
      await compare(page, '1d');
      await asked;
      await page.getByText('Nothing was observed in the earlier range').waitFor();
      expect(param('compare')).toBe('1d');
      await page.close();
    });

    test('what was before a deploy is found by build_info', async () => {
      services.forEach((service) => service.deploy('r2'));
      await until(async () => {
        const seen = await api(
          sidecar.url,
          '/query?query=min(count_over_time(model_build_info%7Bversion="r2"%7D[1m]))',
        );
        return Number(seen.data?.result?.[0]?.value[1]) >= 4;
      }, 30_000);
      const { page, faults } = await open('/?range=1m&refresh=off&by=model&compare=before');
      const deploys = page.getByRole('combobox', { name: 'Deploy' });
      await deploys.waitFor();
      expect(await deploys.locator('option').allInnerTexts()).toEqual([expect.stringMatching(/^version r2, /)]);
      const chosen = Number(await deploys.inputValue());
      const began = await api(
        sidecar.url,
        '/query?query=min(min_over_time(timestamp(model_build_info%7Bversion="r2"%7D)[1m:1s]))',
      );
      const first = Number(began.data?.result?.[0]?.value[1]) * 1000;
      expect(chosen).toBeLessThanOrEqual(first);
      expect(chosen).toBeGreaterThan(first - 5_000);
      await until(async () => Object.values(await hues(page)).some(Boolean));
      expect(faults).toEqual([]);
      await page.close();
    });
  });

  test('with the keyboard alone: arrows to a cell, then Enter', async () => {
    const { page, param } = await open('/?range=1m&refresh=off');
    const map = page.getByRole('application').first();
    await map.focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.locator('.explain-headline').waitFor();
    expect(param('box')).toMatch(/^\d+,\d+,/);
    await page.close();
  });

  test('without a Shift key: the button, then a drag; the next drag marks a range again', async () => {
    const { page, param } = await open('/?range=1m&refresh=off');
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByText('Drag a box over a map').waitFor();
    await dragOver(page);
    await page.locator('.explain-headline').waitFor();
    expect(param('drag')).toBeNull();
    const held = param('start');
    await dragOver(page);
    await until(() => param('start') !== held);
    await page.close();
  });

  test('on the query page the expression follows', async () => {
    const { page, faults, param } = await open(`/query?range=5m&expr=${encodeURIComponent(QUERY)}`);
    await dragOverSlow(page);
    await page.getByTitle('One map for each version').click();
    await page.locator('.map-title', { hasText: 'v2' }).waitFor();
    expect(param('expr')).toBe(`sum by (le, version) (rate(${METRIC}_bucket[10s]))`);
    await page.getByRole('button', { name: 'Without version="v1"' }).click();
    await until(() => param('expr') === `sum by (le, version) (rate(${METRIC}_bucket{version!="v1"}[10s]))`);
    expect(faults).toEqual([]);
    await page.close();
  });

  test('label values that hold markup are text', async () => {
    const { page, param } = await open('/?range=1m&refresh=off');
    await dragOverSlow(page);
    const fold = page.locator('.explain-others summary');
    if ((await fold.count()) > 0) await fold.click();
    await page.locator('.explain-name', { hasText: HOSTILE }).first().waitFor();
    await page.getByRole('button', { name: `Only model=${JSON.stringify(HOSTILE)}` }).click();
    await until(() => param('where') === `model=${JSON.stringify(HOSTILE)}`);
    await page.locator('.conditions').waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.title()).toMatch(/ · Isotherm$/);
    await page.close();
  });

  test('a telephone shows it below the maps, nothing is wider than its screen, and axe finds nothing', async () => {
    const { page } = await open('/?range=1m&refresh=off');
    await dragOverSlow(page);
    const url = page.url();
    const narrow = await browser.newPage({ viewport: { width: 390, height: 844 } });
    await narrow.goto(url);
    await narrow.locator('.explain-headline').waitFor();
    expect(await narrow.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    await narrow.goto(url.replace('?', '?compare=value&'));
    await narrow
      .getByText(/ against v1$/)
      .first()
      .waitFor();
    expect(await narrow.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    await narrow.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
    const found = await narrow.evaluate(async () => {
      const { axe } = window as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } };
      return (await axe.run()).violations.map(({ id }) => id);
    });
    expect(found).toEqual([]);
    await narrow.close();
    await page.close();
  });
});
