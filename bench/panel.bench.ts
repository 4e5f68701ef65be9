/**
 * The heatmap in a browser: what a map of a million cells takes to stand, a move of the pointer, and a frame in which the range moves; beside the same cells
 * drawn as heatmaps on uPlot are, and beside a map of ten thousand. Processor time of the page's main thread, the best of several rounds.
 */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { tempFolder } from './harness/leftovers.ts';
import { bench } from './harness/report.ts';
import type { BenchPage, Work } from './pages/heatmapPage.ts';

const ROUNDS = 5;
const LARGE = [5_000, 200] as const;
const SMALL = [200, 50] as const;
const found = ['chromium', 'chromium-browser', 'google-chrome']
  .map((name) => spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim())
  .find((file) => file !== '');

await bench('panel', async (add) => {
  if (found === undefined) {
    add({ what: 'a million cells in a browser', skipped: 'needs a Chromium on the PATH' });
    return;
  }
  const folder = tempFolder();
  const browser = await chromium.launch({ executablePath: found, args: ['--no-sandbox'] });
  try {
    await build({
      entryPoints: [path.join(import.meta.dirname, 'pages/heatmap.tsx')],
      bundle: true,
      minify: true,
      outfile: path.join(folder, 'page.js'),
      jsx: 'transform',
      define: { 'process.env.NODE_ENV': '"production"' },
    });
    const html = '<!doctype html><meta charset="utf-8"><div id="root"></div><script src="page.js"></script>';
    await writeFile(path.join(folder, 'page.html'), html);
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
    await page.goto(pathToFileURL(path.join(folder, 'page.html')).href);
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const cpuMs = async (): Promise<number> => {
      const { metrics } = await session.send('Performance.getMetrics');
      return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN) * 1000;
    };
    /** Of one of `times`; what is made ready before does not count. */
    const best = async (
      what: Work,
      [slices, buckets]: readonly [number, number],
      times = 1,
      rounds = ROUNDS,
    ): Promise<number> => {
      let least = Infinity;
      for (let round = 0; round < rounds; round++) {
        await page.evaluate(
          ([name, ...size]) => (globalThis as unknown as { page: BenchPage }).page.prepare(name, ...size),
          [what, slices, buckets] as [Work, number, number],
        );
        const started = await cpuMs();
        await page.evaluate(([name, count]) => (globalThis as unknown as { page: BenchPage }).page.run(name, count), [
          what,
          times,
        ] as [Work, number]);
        least = Math.min(least, ((await cpuMs()) - started) / times);
      }
      return least;
    };
    add({
      what: 'first draw, a million cells',
      unit: 'CPU ms',
      ours: await best('firstDraw', LARGE),
      against: 'rectangles on uPlot',
      theirs: await best('firstDrawOnUplot', LARGE, 1, 3),
      better: 'less',
    });
    add({
      what: 'first draw, ten thousand cells',
      unit: 'CPU ms',
      ours: await best('firstDraw', SMALL),
      against: 'rectangles on uPlot',
      theirs: await best('firstDrawOnUplot', SMALL),
      better: 'less',
    });
    add({
      // From the event to the frame that shows it, less what waiting for frames takes.
      what: 'a move of the pointer, a million cells',
      unit: 'CPU ms',
      ours: (await best('hover', LARGE, 40)) - (await best('rest', LARGE, 40)),
      against: 'ten thousand cells',
      theirs: (await best('hover', SMALL, 40)) - (await best('rest', SMALL, 40)),
      better: 'less',
    });
    add({
      what: 'a frame of a moving range, a million cells',
      unit: 'CPU ms',
      ours: await best('pan', LARGE, 30),
      against: 'ten thousand cells',
      theirs: await best('pan', SMALL, 30),
      better: 'less',
    });
  } finally {
    await browser.close();
  }
});
