/** The heatmap in a real browser: pixels where the model says, tooltip, keyboard and selection as a user meets them. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { chromium, type Browser, type Page } from 'playwright-core';
import { PNG } from 'pngjs';

const CHROMIUM = '/usr/bin/chromium';
const here = existsSync(CHROMIUM) ? describe : describe.skip;
const ROOT = join(__dirname, '..', '..');

/** Three slices, three finite buckets and an open one; the middle slice has no data. */
const PAGE = `
import React from 'react';
import { createRoot } from 'react-dom/client';
import { HeatmapCanvas } from './src/ui/HeatmapCanvas.tsx';
import { HeatmapLegend } from './src/ui/HeatmapLegend.tsx';
import { heatmapFromBuckets } from './src/shared/heatmap/fromBuckets.ts';
import { quantileLines } from './src/shared/heatmap/quantileLines.ts';
import { colorScaleOf } from './src/shared/heatmap/colorScale.ts';
import { DARK_THEME, LIGHT_THEME } from './src/viz/theme.ts';

const times = Float64Array.of(60000, 180000);
const series = [['1', [1, 0]], ['2', [11, 0]], ['4', [11, 100]], ['+Inf', [13, 100]]].map(([le, values]) => ({
  labels: [['le', le], ['model', '<img src=x onerror="window.hacked = true">']], times, values: Float64Array.from(values),
}));
const { models: [model] } = heatmapFromBuckets({ series, countUnit: 'count', unit: 's', stepMs: 60000 });
window.selected = [];
const theme = location.hash === '#light' ? LIGHT_THEME : DARK_THEME;
document.body.style.cssText = 'margin: 0; background: ' + theme.background;
createRoot(document.getElementById('root')).render(
  React.createElement(React.Fragment, null,
    React.createElement(HeatmapCanvas, {
      model, lines: quantileLines(model, [0.5]), width: 600, height: 300, theme, yScale: 'linear', timeZone: 'UTC',
      colorScale: 'linear', onSelectRange: (range) => window.selected.push(range),
    }),
    React.createElement(HeatmapLegend, { scale: colorScaleOf('linear', model.counts), palette: 'isotherm', theme, countUnit: 'count' })),
);`;

here('the heatmap in Chromium', () => {
  let browser: Browser;
  let folder: string;
  let page: Page;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'isotherm-heatmap-'));
    const bundle = await build({
      stdin: { contents: PAGE, resolveDir: ROOT, loader: 'jsx' },
      bundle: true,
      write: false,
      jsx: 'transform',
      define: { 'process.env.NODE_ENV': '"production"' },
    });
    await writeFile(join(folder, 'page.js'), bundle.outputFiles[0].contents);
    await writeFile(
      join(folder, 'page.html'),
      '<!doctype html><meta charset="utf-8"><div id="root"></div><script src="page.js"></script>',
    );
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });

  afterAll(async () => {
    await browser?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  async function open(mode: 'dark' | 'light'): Promise<void> {
    page = await browser.newPage({ viewport: { width: 640, height: 480 } });
    await page.goto(`${pathToFileURL(join(folder, 'page.html'))}#${mode}`);
    await page.getByRole('application').waitFor();
  }

  afterEach(() => page.close());

  /** RGB of what is on the screen. */
  async function pixels(): Promise<(x: number, y: number) => number[]> {
    const png = PNG.sync.read(await page.screenshot());
    return (x, y) => [...png.data.subarray((y * png.width + x) * 4, (y * png.width + x) * 4 + 3)];
  }

  const sum = (rgb: number[]): number => rgb.reduce((a, b) => a + b, 0);

  for (const mode of ['dark', 'light'] as const) {
    test(`${mode}: the most stands out the most, one observation stands out, the rest is ground`, async () => {
      await open(mode);
      const at = await pixels();
      // A third of the plot's width each: slice 1, no data, slice 3. Rows from the top: > 4 s, 2 … 4 s, 1 … 2 s, 0 … 1 s.
      const ground = sum(at(1, 200));
      const away = (x: number, y: number): number => Math.abs(sum(at(x, y)) - ground);
      expect(away(500, 100)).toBeGreaterThan(away(100, 180));
      expect(away(100, 250)).toBeGreaterThan(100);
      expect(away(500, 250)).toBeLessThan(40);
      expect(away(100, 60)).toBeLessThan(60);
    });
  }

  test('the pointer shows bounds, count and share; labels are text', async () => {
    await open('dark');
    await page.mouse.move(500, 100);
    const tooltip = page.locator('.floating-tooltip');
    await expect(tooltip.innerText()).resolves.toMatch(/2 s – 4 s[\s\S]*100[\s\S]*100 % of 100[\s\S]*p50/);
    await expect(tooltip.innerText()).resolves.toContain('<img src=x');
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    await page.mouse.move(320, 470);
    await expect(tooltip.count()).resolves.toBe(0);
  });

  test('arrow keys read cells out', async () => {
    await open('dark');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('PageUp');
    await expect(page.locator('[aria-live]').innerText()).resolves.toMatch(/> 4 s: 0 observations/);
    await page.keyboard.press('ArrowLeft');
    await expect(page.locator('[aria-live]').innerText()).resolves.toMatch(/> 4 s: no data/);
  });

  test('dragging selects a time range, with Shift a box of whole buckets', async () => {
    await open('dark');
    const drag = async (): Promise<void> => {
      await page.mouse.move(150, 150);
      await page.mouse.down();
      await page.mouse.move(400, 90, { steps: 4 });
      await page.mouse.up();
    };
    await drag();
    await page.keyboard.down('Shift');
    await drag();
    const selected = (await page.evaluate('window.selected')) as Record<string, number>[];
    expect(selected).toHaveLength(2);
    expect(selected[0].fromValue).toBeUndefined();
    expect(selected[1]).toMatchObject({ fromValue: 2, toValue: 4, from: selected[0].from, to: selected[0].to });
    expect(selected[0].to - selected[0].from).toBeGreaterThan(60_000);
  });
});
