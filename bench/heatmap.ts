/**
 * How long a heatmap of a million cells takes to lay out and to raster, beside one of ten thousand: the raster's work should grow with pixels only.
 * Run: node bench/heatmap.ts
 */
import { performance } from 'node:perf_hooks';
import type { HeatmapModel } from '../src/shared/heatmap/model.ts';
import { quantileLines } from '../src/shared/heatmap/quantileLines.ts';
import { hitTest } from '../src/viz/hitTest.ts';
import { layout } from '../src/viz/layout.ts';
import { raster } from '../src/viz/raster.ts';
import { DARK_THEME, rasterPalette } from '../src/viz/theme.ts';

const RUNS = 9;
const SIZE = { width: 1200, height: 400, pixelRatio: 2 };
const OPTIONS = { yScale: 'log', colorScale: 'sqrt' } as const;

function random(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

function modelOf(slices: number, buckets: number): HeatmapModel {
  const next = random(1);
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

/** Median of some runs, in milliseconds. */
function median(work: () => void): number {
  const times = Array.from({ length: RUNS }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[RUNS >> 1];
}

const palette = rasterPalette('isotherm', DARK_THEME);
for (const [slices, buckets] of [
  [200, 50],
  [5_000, 200],
]) {
  const model = modelOf(slices, buckets);
  const at = layout(model, SIZE, OPTIONS);
  const lines: [string, number][] = [
    ['layout', median(() => layout(model, SIZE, OPTIONS))],
    ['raster', median(() => raster(at, palette))],
    ['quantile lines (3)', median(() => quantileLines(model, [0.5, 0.95, 0.99]))],
    ['1000 hit tests', median(() => Array.from({ length: 1000 }, (_, i) => hitTest(at, 80 + i, 200)))],
  ];
  console.log(`${slices * buckets} cells, ${SIZE.width}×${SIZE.height} CSS pixels at ${SIZE.pixelRatio}`);
  for (const [name, ms] of lines) console.log(`  ${name.padEnd(20)} ${ms.toFixed(2)} ms`);
}
