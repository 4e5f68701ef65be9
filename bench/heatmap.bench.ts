/**
 * What a cell costs in a heatmap of a million, beside one of ten thousand: laying out and quantile lines should grow with the cells at most (a cell
 * costs the same), the raster with its pixels only (a cell of many costs less), and a hit test hardly at all.
 */
import type { HeatmapModel } from '../src/shared/heatmap/model.ts';
import { quantileLines } from '../src/shared/heatmap/quantileLines.ts';
import { hitTest } from '../src/viz/hitTest.ts';
import { layout } from '../src/viz/layout.ts';
import { raster } from '../src/viz/raster.ts';
import { DARK_THEME, rasterPalette } from '../src/viz/theme.ts';
import { randomFrom } from './data/random.ts';
import { medianCpuMs } from './harness/measure.ts';
import { bench } from './harness/report.ts';

const ROUNDS = 7;
const SIZE = { width: 1200, height: 400, pixelRatio: 2 };
const OPTIONS = { yScale: 'log', colorScale: 'sqrt' } as const;
const PALETTE = rasterPalette('isotherm', DARK_THEME);
const LARGE = { slices: 5_000, buckets: 200, cells: 1_000_000 };
const SMALL = { slices: 200, buckets: 50, cells: 10_000 };
/** Quick work is repeated until it is long enough to be timed. */
const REPEATS = 10;

function modelOf({ slices, buckets }: typeof LARGE): HeatmapModel {
  const next = randomFrom(1);
  return {
    kind: 'heatmap',
    xEdges: Float64Array.from({ length: slices + 1 }, (_, i) => i * 15_000),
    yEdges: Float64Array.from({ length: buckets + 1 }, (_, i) => (i === buckets ? Infinity : 1e-4 * 1.05 ** i)),
    counts: Float64Array.from({ length: slices * buckets }, () => (next() < 0.4 ? Math.floor(next() * 1000) : 0)),
    countUnit: 'count',
    unit: 's',
    openTop: true,
    openBottom: false,
  };
}

interface Works {
  readonly layout: () => void;
  readonly raster: () => void;
  readonly 'quantile lines': () => void;
  readonly '1,000 hit tests': () => void;
}

function worksOf(model: HeatmapModel): Works {
  const at = layout(model, SIZE, OPTIONS);
  return {
    layout: () => layout(model, SIZE, OPTIONS),
    raster: () => raster(at, PALETTE),
    'quantile lines': () => quantileLines(model, [0.5, 0.95, 0.99]),
    '1,000 hit tests': () => Array.from({ length: 1000 }, (_, i) => hitTest(at, 80 + i, 200)),
  };
}

function repeated(work: () => void): () => void {
  return () => {
    for (let i = 0; i < REPEATS; i++) work();
  };
}

await bench('heatmap', async (add) => {
  const [large, small] = [worksOf(modelOf(LARGE)), worksOf(modelOf(SMALL))];
  for (const what of Object.keys(large) as (keyof Works)[]) {
    const ms = await medianCpuMs({ ours: repeated(large[what]), theirs: repeated(small[what]) }, ROUNDS);
    const isHit = what === '1,000 hit tests';
    add({
      what: `${what}, a million cells`,
      unit: isHit ? 'CPU ms' : 'CPU ns/cell',
      ours: isHit ? ms.ours / REPEATS : (ms.ours / REPEATS) * (1e6 / LARGE.cells),
      against: 'ten thousand cells',
      theirs: isHit ? ms.theirs / REPEATS : (ms.theirs / REPEATS) * (1e6 / SMALL.cells),
      better: 'less',
    });
  }
});
