/** The web UI as a whole, on every page: what it loads and allows, how it fits, that it can be had by keyboard and by ear, and what it says of nothing. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { startSidecar, tempFolder, writeConfig } from '../support/sidecar.ts';
import { canvasPixels, inChromium, METRIC, PAGES, ROOT, webuiRig, whyNot } from '../support/webuiRig.ts';

const FIRST_LOAD_BYTES_MAX = 300_000;
/** About 140 characters. */
const LINE_PIXELS_MAX = 900;

inChromium(`the web UI in a browser${whyNot}`, () => {
  const rig = webuiRig();

  test('the first load is small, and holds neither inline script nor inline style', async () => {
    const page = await rig.browser.newPage();
    const sizes: Promise<number>[] = [];
    page.on('response', (response) => {
      if (/\/(assets\/[^/]+)?$/.test(new URL(response.url()).pathname)) {
        sizes.push(response.body().then((body) => gzipSync(body).length));
      }
    });
    await page.goto(rig.sidecar.url, { waitUntil: 'networkidle' });
    const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    expect(sizes.length).toBeGreaterThanOrEqual(3);
    expect(total).toBeLessThanOrEqual(FIRST_LOAD_BYTES_MAX);
    const html = readFileSync(join(ROOT, 'dist/webui/index.html'), 'utf8');
    expect(html).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son\w+=/);
    await page.close();
  });

  test('the content policy allows scripts and styles from the sidecar only', async () => {
    const policy = (await fetch(rig.sidecar.url)).headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/script-src 'self'(;|$)/);
    expect(policy).toMatch(/style-src 'self'(;|$)/);
    expect(policy).toMatch(/default-src 'none'/);
    expect(policy).not.toMatch(/unsafe-eval|\*/);
  });

  for (const theme of ['light', 'dark']) {
    test(`the overview draws a map for each version, ${theme}, without a complaint of the browser`, async () => {
      const { page, faults } = await rig.open(`/?range=5m&refresh=off&theme=${theme}`);
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
    const wide = await rig.open('/?refresh=off');
    await wide.page.waitForSelector('.map canvas');
    expect(await overflow(wide.page)).toEqual({ right: 0, bottom: 0 });
    await wide.page.close();
    for (const path of ['/?refresh=off', '/query?expr=up&tree=open', ...PAGES]) {
      const narrow = await rig.open(path, { viewport: { width: 360, height: 740 } });
      await narrow.page.waitForSelector('.card, .notice-empty');
      expect({ path, ...(await overflow(narrow.page)) }).toMatchObject({ path, right: 0 });
      await narrow.page.close();
    }
  });

  test.each([2560, 3840])(
    'at %d px no page scrolls sideways, and no line of words is longer than eyes follow',
    async (width) => {
      for (const path of ['/?refresh=off', '/query?expr=up&tree=open', ...PAGES]) {
        const { page } = await rig.open(`${path}${path.includes('?') ? '&' : '?'}theme=dark`, {
          viewport: { width, height: 1440 },
        });
        await page.waitForSelector('.card, .notice-empty');
        await page.waitForLoadState('networkidle');
        const found = await page.evaluate((lineMax) => {
          const lineOf = (element: Element) => {
            const range = document.createRange();
            range.selectNodeContents(element);
            return Math.max(0, ...[...range.getClientRects()].map((line) => line.width));
          };
          return {
            right: document.documentElement.scrollWidth - innerWidth,
            long: [...document.querySelectorAll('main p')].filter((p) => lineOf(p) > lineMax).map((p) => p.textContent),
          };
        }, LINE_PIXELS_MAX);
        expect({ path, ...found }).toEqual({ path, right: 0, long: [] });
        await page.close();
      }
    },
    240_000,
  );

  test('labels that hold markup are text, on every page', async () => {
    for (const path of [
      '/?refresh=off',
      `/query?expr=${METRIC}_count`,
      `/query?view=table&expr=${METRIC}_count`,
      ...PAGES,
    ]) {
      const { page } = await rig.open(path);
      await page.waitForLoadState('networkidle');
      // The editor puts empty ones of its own beside its placeholder.
      expect(await page.locator('img:not(.cm-widgetBuffer)').count()).toBe(0);
      expect(await page.title()).toMatch(/ · Isotherm$/);
      await page.close();
    }
  }, 240_000);

  test('every page is reached and left by keyboard alone, and the focus is never lost', async () => {
    const { page } = await rig.open('/?refresh=off');
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
    const { page } = await rig.open('/alerts');
    await page.getByRole('link', { name: 'Query sum by (job) (up)' }).press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Query' }).waitFor({ state: 'attached' });
    await page.waitForFunction(() => document.activeElement?.id === 'main');
    await page.close();
  });

  test('every control has a name for those who do not see it', async () => {
    for (const path of ['/', '/query?expr=up', ...PAGES]) {
      const { page } = await rig.open(path);
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
      const { page, faults } = await rig.open('/', {}, lonely.url);
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
