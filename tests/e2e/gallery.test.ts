/** Every mode of the panel, as `npm run gallery` shows it: drawn in both themes, played with, and without a finding of axe. */
import { readFile, rm } from 'node:fs/promises';
import { mkdtempSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { bundlePage } from '../../scripts/gallery/bundlePage.ts';
import { gesturesOn, play } from '../../scripts/gallery/pictures.ts';
import { serveGallery } from '../../scripts/gallery/serve.ts';
import { coloursOf, hasChromium, openChromium } from '../grafana/chromium.ts';

const WAIT_MS_MAX = 60_000;
jest.setTimeout(3 * WAIT_MS_MAX);
const inChromium = hasChromium ? describe : describe.skip;
interface Finding {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

inChromium('the gallery', () => {
  let server: Server;
  let browser: Browser;
  let url: string;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'isotherm-gallery-'));
    await bundlePage('scripts/gallery/page.tsx', path.join(folder, 'page.js'));
    server = await serveGallery(await readFile(path.join(folder, 'page.js')), 0);
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    browser = await openChromium();
  }, 3 * WAIT_MS_MAX);
  afterAll(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function opened(theme: 'dark' | 'light', faults: string[]): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1240, height: 900 } });
    page.setDefaultTimeout(WAIT_MS_MAX);
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !/font/i.test(message.text())) faults.push(message.text());
    });
    await page.goto(`${url}#${theme}`);
    await page.locator('figure canvas').first().waitFor();
    return page;
  }

  for (const theme of ['dark', 'light'] as const) {
    test(`every mode is drawn and played with, in ${theme}`, async () => {
      const faults: string[] = [];
      const page = await opened(theme, faults);
      const gestures = await gesturesOn(page);
      expect(gestures.length).toBeGreaterThanOrEqual(16);
      for (const gesture of gestures) {
        const panel = page.locator(`#${gesture.id} .panel`);
        await panel.scrollIntoViewIfNeeded();
        await play(page, panel, gesture);
        const { distinct, painted } = coloursOf(await panel.screenshot());
        expect([gesture.id, distinct > 15, painted > 2_000]).toEqual([gesture.id, true, true]);
        await page.mouse.move(0, 0);
      }
      expect(faults).toEqual([]);
      await page.close();
    });

    test(`axe finds nothing in ${theme}, with menus, cards and tables open`, async () => {
      const page = await opened(theme, []);
      await page.addScriptTag({ path: require.resolve('axe-core/axe.min.js') });
      const gestures = await gesturesOn(page);
      for (const gesture of gestures) {
        await page.locator(`#${gesture.id} .panel`).scrollIntoViewIfNeeded();
        await play(page, page.locator(`#${gesture.id} .panel`), gesture);
      }
      const findings = await page.evaluate(async () => {
        const { axe } = window as unknown as { axe: { run: (context: string) => Promise<{ violations: Finding[] }> } };
        return (await axe.run('main')).violations.map(({ id, nodes }) => ({ id, nodes }));
      });
      const told = findings.map(
        ({ id, nodes }) =>
          `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} — ${failureSummary ?? ''}`).join('\n  ')}`,
      );
      expect(told).toEqual([]);
      await page.close();
    });
  }
});
