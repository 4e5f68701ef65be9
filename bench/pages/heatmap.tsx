/** A million cells in a browser: our map, and the same as heatmaps are drawn on uPlot, a path of rectangles for each colour. */
import React from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { flushSync } from 'react-dom';
import uPlot from 'uplot';
import { colorRamp } from '../../src/shared/heatmap/palettes.ts';
import type { HeatmapModel, OverlayLine } from '../../src/shared/heatmap/model.ts';
import { quantileLines } from '../../src/shared/heatmap/quantileLines.ts';
import { HeatmapCanvas } from '../../src/ui/HeatmapCanvas.tsx';
import { DARK_THEME } from '../../src/viz/theme.ts';
import { randomFrom } from '../data/random.ts';
import type { BenchPage, Work } from './heatmapPage.ts';

const WIDTH = 1200;
const HEIGHT = 500;
const STEP_MS = 15_000;

function modelOf(slices: number, buckets: number): HeatmapModel {
  const next = randomFrom(1);
  const counts = new Float64Array(slices * buckets);
  for (let x = 0; x < slices; x++) {
    const middle = buckets * (0.4 + 0.15 * Math.sin(x / 90));
    for (let y = 0; y < buckets; y++) {
      counts[x * buckets + y] = Math.round(400 * Math.exp(-(((y - middle) / (buckets * 0.12)) ** 2)) * next());
    }
  }
  return {
    kind: 'heatmap',
    xEdges: Float64Array.from({ length: slices + 1 }, (_, i) => i * STEP_MS),
    yEdges: Float64Array.from({ length: buckets + 1 }, (_, i) => (i === buckets ? Infinity : 1e-3 * 1.04 ** i)),
    counts,
    countUnit: 'count',
    unit: 's',
    openTop: true,
    openBottom: false,
  };
}

let root: Root | undefined;
const host = (): HTMLElement => document.getElementById('root') as HTMLElement;

/** Waits for the pixels: a canvas draws later than it is told to. */
function settle(): void {
  for (const canvas of document.querySelectorAll('canvas')) canvas.getContext('2d')?.getImageData(0, 0, 1, 1);
}

function clear(): void {
  root?.unmount();
  root = undefined;
  host().textContent = '';
}

let lines: OverlayLine[] = [];

function draw(model: HeatmapModel, xDomain?: readonly [number, number]): void {
  root ??= createRoot(host());
  flushSync(() =>
    root!.render(
      <HeatmapCanvas
        model={model}
        lines={lines}
        width={WIDTH}
        height={HEIGHT}
        theme={DARK_THEME}
        timeZone="UTC"
        xDomain={xDomain}
      />,
    ),
  );
}

/** Heatmaps on uPlot: every cell a rectangle in the path of its colour. */
function drawOnUplot(model: HeatmapModel): void {
  const { xEdges, yEdges, counts } = model;
  const buckets = yEdges.length - 1;
  const slices = xEdges.length - 1;
  const ramp = colorRamp('isotherm', 'dark');
  let max = 0;
  for (const count of counts) if (count > max) max = count;
  new uPlot(
    {
      width: WIDTH,
      height: HEIGHT,
      legend: { show: false },
      scales: { x: { time: true }, y: { distr: 3, range: [yEdges[0], yEdges[buckets - 1]] } },
      series: [{}, { show: true, paths: () => null, points: { show: false } }],
      hooks: {
        draw: [
          (u) => {
            const paths = new Map<number, Path2D>();
            const xs = Array.from(xEdges, (t) => u.valToPos(t / 1000, 'x', true));
            const ys = Array.from(yEdges, (v) => u.valToPos(Math.min(v, yEdges[buckets - 1]), 'y', true));
            for (let x = 0; x < slices; x++) {
              for (let y = 0; y < buckets; y++) {
                const count = counts[x * buckets + y];
                if (!(count > 0)) continue;
                const colour = Math.round(Math.sqrt(count / max) * 63);
                let path = paths.get(colour);
                if (path === undefined) paths.set(colour, (path = new Path2D()));
                path.rect(xs[x], ys[y + 1], xs[x + 1] - xs[x], ys[y] - ys[y + 1]);
              }
            }
            for (const [colour, path] of paths) {
              const at = colour * 4 * 4;
              u.ctx.fillStyle = `rgb(${ramp[at]}, ${ramp[at + 1]}, ${ramp[at + 2]})`;
              u.ctx.fill(path);
            }
          },
        ],
      },
    },
    [Array.from(xEdges.subarray(1), (t) => t / 1000), Array.from(xEdges.subarray(1), () => yEdges[1])],
    host(),
  );
}

const models = new Map<string, HeatmapModel>();
const modelNamed = (slices: number, buckets: number): HeatmapModel => {
  const key = `${slices} ${buckets}`;
  if (!models.has(key)) models.set(key, modelOf(slices, buckets));
  return models.get(key)!;
};

let model = modelNamed(2, 2);
let frame = 0;

const nextFrame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
const tooltipText = (): string => document.querySelector('.floating-tooltip')?.textContent ?? '';

/** Waits for the frame that shows it, and looks that it does: a move that draws nothing would cost nothing. */
async function move(i: number): Promise<void> {
  const at = { clientX: 200 + ((i * 37) % 800), clientY: 100 + ((i * 13) % 300) };
  const before = tooltipText();
  const map = document.querySelector('[role=application]') as HTMLElement;
  map.dispatchEvent(new PointerEvent('pointermove', { bubbles: true, ...at }));
  await nextFrame();
  await nextFrame();
  if (tooltipText() === before || tooltipText() === '') throw new Error('the tooltip did not move with the pointer');
}

/** What waiting and looking take by themselves. */
async function rest(): Promise<void> {
  tooltipText();
  await nextFrame();
  await nextFrame();
  tooltipText();
}

function pan(): void {
  const half = (model.xEdges.length * STEP_MS) / 2;
  const from = (frame++ % 100) * STEP_MS * 2;
  draw(model, [from, from + half]);
}

/** Everything from nothing; a move of the pointer with tooltip and crosshair; a frame in which the range moves on by a little. */
const WORKS: Readonly<Record<Work, (i: number) => void | Promise<void>>> = {
  firstDraw: () => {
    lines = quantileLines(model, [0.5, 0.95, 0.99]);
    draw(model);
  },
  firstDrawOnUplot: () => drawOnUplot(model),
  hover: move,
  rest,
  pan,
};

const page: BenchPage = {
  prepare(work: Work, slices: number, buckets: number): void {
    model = modelNamed(slices, buckets);
    clear();
    if (work !== 'hover' && work !== 'pan' && work !== 'rest') return;
    lines = quantileLines(model, [0.5, 0.95, 0.99]);
    draw(model);
    settle();
  },
  async run(work: Work, times: number): Promise<void> {
    for (let i = 0; i < times; i++) await WORKS[work](i);
    // uPlot draws in a microtask.
    await Promise.resolve();
    settle();
  },
};

(window as unknown as { page: BenchPage }).page = page;
