/** The server below a path: by its own prefix, and behind a proxy that takes the path off. Every page, its assets and links, in a real browser. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { PAGES, UPSTREAM_PAGES } from '../../src/shared/api/pages.ts';
import { startSidecar, tempFolder, writeConfig, type Sidecar } from '../support/sidecar.ts';
import { CHROMIUM, inChromium, ROOT, whyNot } from '../support/webuiRig.ts';

/** Where pages are loaded from, and which of its answers a page must not have. */
interface Watched {
  readonly page: Page;
  /** Console errors, and the URL of every request that failed or left the path. */
  readonly faults: string[];
}

/** Takes `/outside` off each path, as proxies do that need no prefix behind them. */
async function strippingProxy(to: string): Promise<Server> {
  const { hostname, port } = new URL(to);
  const proxy = createServer((asked, answer) => {
    const path = asked.url ?? '/';
    if (!path.startsWith('/outside/')) return void answer.writeHead(404).end('not of the proxy');
    const { method, headers } = asked;
    const onwards = request({ hostname, port, method, headers, path: path.slice('/outside'.length) }, (inner) => {
      answer.writeHead(inner.statusCode ?? 502, inner.headers);
      inner.pipe(answer);
    });
    asked.pipe(onwards);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return proxy;
}

inChromium(`the web UI below a path${whyNot}`, () => {
  const folders = [tempFolder(), tempFolder()];
  const sidecars: Sidecar[] = [];
  let browser: Browser;
  let proxy: Server;
  const bases = new Map<string, string>();

  beforeAll(async () => {
    execFileSync(process.execPath, [join(ROOT, 'scripts/build.ts'), 'webui'], { cwd: ROOT });
    for (const folder of folders) writeConfig(folder, 'scrape_configs: []\n');
    const [prefixed, hidden] = await Promise.all([
      startSidecar(folders[0], ['--web.external-url=/team/isotherm/']),
      startSidecar(folders[1], ['--web.external-url=http://h.example/outside/', '--web.route-prefix=/']),
    ]);
    sidecars.push(prefixed, hidden);
    proxy = await strippingProxy(hidden.url);
    bases.set('its own prefix', `${prefixed.url}/team/isotherm`);
    bases.set('a proxy that strips', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/outside`);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    proxy?.close();
    for (const sidecar of sidecars) await sidecar.stop();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  async function open(base: string, path: string): Promise<Watched> {
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    page.on('response', (answer) => {
      const isInside = answer.url().startsWith(`${base}/`) || /^(data|blob):/.test(answer.url());
      if (!isInside || answer.status() >= 400) faults.push(`${answer.status()} ${answer.url()}`);
    });
    await page.goto(base + path, { waitUntil: 'networkidle' });
    await page.locator('main h1').waitFor({ state: 'attached' });
    return { page, faults };
  }

  describe.each(['its own prefix', 'a proxy that strips'])('by %s', (way) => {
    test.each(PAGES)('page "%s" has all it asks for', async (name) => {
      const { page, faults } = await open(bases.get(way)!, `/${name}?refresh=off`);
      expect(faults).toEqual([]);
      await page.close();
    });

    test('links between pages stay below the path, and Back leads back', async () => {
      const base = bases.get(way)!;
      const { page, faults } = await open(base, '/');
      for (const name of ['Query', 'Status', 'Overview']) {
        await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click();
        await page.locator('main h1').waitFor({ state: 'attached' });
        expect(page.url().startsWith(`${base}/${name === 'Overview' ? '' : name.toLowerCase()}`)).toBe(true);
      }
      await page.goBack();
      await page.waitForURL(/\/status/);
      expect(faults).toEqual([]);
      await page.close();
    });

    test.each(Object.entries(UPSTREAM_PAGES))("upstream's /%s leads to ours", async (path, { page: name, view }) => {
      const base = bases.get(way)!;
      const { page, faults } = await open(base, `/${path}?refresh=off`);
      const url = new URL(page.url());
      expect([url.href.startsWith(`${base}/${name}?`), url.searchParams.get('view')]).toEqual([true, view ?? null]);
      expect(faults).toEqual([]);
      await page.close();
    });

    test('an address that is none says so, and leads on', async () => {
      const base = bases.get(way)!;
      const { page, faults } = await open(base, '/nothing');
      await page.getByText('There is no page at this address').waitFor();
      expect(faults.filter((fault) => !/404/.test(fault))).toEqual([]);
      await page.getByRole('main').getByRole('link', { name: 'query' }).click();
      await page.waitForURL(`${base}/query`);
      await page.close();
    });

    test('notifications come as a stream', async () => {
      const stream = await fetch(`${bases.get(way)}/api/v1/notifications/live`);
      expect([stream.status, stream.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
      await stream.body?.cancel();
    });
  });

  test('a path without the slash behind the prefix is sent on, and so is the root', async () => {
    const { origin } = new URL(bases.get('its own prefix')!);
    for (const path of ['/', '/team/isotherm']) {
      const answer = await fetch(origin + path);
      expect([answer.status, answer.url]).toEqual([200, `${origin}/team/isotherm/`]);
    }
  });
});
