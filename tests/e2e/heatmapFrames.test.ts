/** Ten thousand frames of any shape and numbers, from reading to pixels: each ends, none is lost in silence. */
import type { DataFrame } from '@grafana/data';
import { mapsFromFrames } from '../../src/panel/fromFrames.ts';
import { completeOptions } from '../../src/panel/options.ts';
import { viewsOf } from '../../src/panel/views.ts';
import { layout } from '../../src/viz/layout.ts';
import { raster } from '../../src/viz/raster.ts';
import { DARK_THEME, rasterPalette } from '../../src/viz/theme.ts';

const FRAMES = 10_000;
const PALETTE = rasterPalette('isotherm', DARK_THEME);
const ODD = [NaN, Infinity, -Infinity, 0, -0, -1, 5e-324, 1e308, -1e308, null, undefined, '7', 1e15];

function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

function frameOf(random: () => number): DataFrame {
  const below = (n: number): number => Math.floor(random() * n);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)];
  const length = below(30);
  const number = (): unknown =>
    random() < 0.15 ? pick(ODD) : random() < 0.5 ? below(50) : random() * 10 ** (below(12) - 6);
  const start = random() < 0.05 ? 8.64e15 : 1_700_000_000_000;
  const time = (i: number): unknown => (random() < 0.03 ? pick(ODD) : start + i * pick([1000, 15_000, 15_001]));
  const kind = pick(['rows', 'cells', 'dense', 'series', 'plain', 'chaos']);
  const field = (name: string, type: string, values: unknown[], labels?: Record<string, string>) => ({
    name,
    type,
    labels,
    config: random() < 0.3 ? { interval: pick([0, 15_000, -1, NaN]) } : {},
    values,
  });
  const list = (make: (i: number) => unknown): unknown[] => Array.from({ length }, (_, i) => make(i));
  const bounds = Array.from({ length: 1 + below(6) }, (_, i) =>
    pick([String(2 ** i), String(-i), `${i}.0`, '+Inf', '-Inf', 'NaN', '', '1e-3', 'x']),
  );
  const fields = {
    rows: () => [field('Time', 'time', list(time)), ...bounds.map((le) => field(le, 'number', list(number), { le }))],
    series: () => [
      field('Time', 'time', list(time)),
      ...bounds.map((le) => field('Value', 'number', list(number), { le, model: pick(['a', 'b']) })),
    ],
    cells: () => [
      field('xMax', 'time', list(time)),
      field('yMin', 'number', list(number)),
      field('yMax', 'number', list(number)),
      field('count', 'number', list(number)),
    ],
    dense: () => [
      field('xMax', 'time', list(time)),
      field('yMax', 'number', list(number)),
      field('count', 'number', list(number)),
    ],
    plain: () => [field('Time', 'time', list(time)), field('Value', 'number', list(number), { instance: 'a' })],
    chaos: () =>
      Array.from({ length: below(5) }, () =>
        field(pick(['x', 'y', 'count', 'Time']), pick(['time', 'number', 'string']), list(number)),
      ),
  }[kind]!();
  const type = kind === 'rows' ? 'heatmap-rows' : kind === 'cells' || kind === 'dense' ? 'heatmap-cells' : undefined;
  return { length, fields, refId: pick(['A', 'B', undefined]), meta: { type } } as unknown as DataFrame;
}

test('ten thousand frames of any shape are drawn, or it is said why not', () => {
  const random = randomFrom(20_261_127);
  let drawn = 0;
  for (let i = 0; i < FRAMES; i++) {
    const frame = frameOf(random);
    const { maps, notices } = mapsFromFrames([frame], { buckets: 'auto', unit: undefined });
    const hasNumbers = frame.length > 0 && frame.fields.length > 0;
    if (hasNumbers && maps.length === 0) expect(notices.length).toBeGreaterThan(0);
    const options = completeOptions({
      colorBy: (['data', 'count', 'density', 'columnShare', 'totalShare'] as const)[i % 5],
      compare: (['none', 'before', 'first'] as const)[i % 3],
      fold: (['none', 'none', 'day', 'week'] as const)[i % 4],
      changes: i % 2 === 0,
    });
    for (const { model } of viewsOf({ maps, annotations: [], options, timeZone: 'UTC' }).views) {
      const colorBy = (['count', 'density', 'columnShare', 'totalShare'] as const)[i % 4];
      const yScale = (['linear', 'log', 'symlog'] as const)[i % 3];
      const at = layout(
        model,
        { width: 160, height: 90, pixelRatio: 1 },
        { yScale, colorScale: 'sqrt', colorBy, sideWidth: 40 },
      );
      raster(at, PALETTE);
      drawn++;
    }
  }
  expect(drawn).toBeGreaterThan(FRAMES / 4);
}, 600_000);
