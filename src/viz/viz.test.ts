import fc from 'fast-check';
import type { HeatmapModel } from '../shared/heatmap/model.ts';
import { formatBucket, formatCount, formatShare, valueFormat } from './format.ts';
import { cellAt, columnCounts, hitTest } from './hitTest.ts';
import { layout, pixelOfValue, type Layout, type LayoutOptions } from './layout.ts';
import { sharedYDomain, sharedYFold, STRIP_HEIGHT } from './rows.ts';
import { spread } from './paint.ts';
import { raster, rasterSize } from './raster.ts';
import type { RasterPalette } from './theme.ts';
import { timeTicks } from './ticks.ts';

const PLAIN: LayoutOptions = { yScale: 'log', colorScale: 'linear' };

function modelOf(yEdges: number[], columns: number[][], more: Partial<HeatmapModel> = {}): HeatmapModel {
  return {
    kind: 'heatmap',
    xEdges: Float64Array.from({ length: columns.length + 1 }, (_, i) => i * 1000),
    yEdges: Float64Array.from(yEdges),
    counts: Float64Array.from(columns.flat()),
    countUnit: 'count',
    unit: 's',
    openTop: yEdges[yEdges.length - 1] === Infinity,
    openBottom: true,
    ...more,
  };
}

const total = (counts: Iterable<number>): number => {
  let sum = 0;
  for (const count of counts) if (!Number.isNaN(count)) sum += count;
  return sum;
};

/** Bounds as serving systems have them. */
const LAYOUTS: Record<string, number[]> = {
  'a plain web service': [0, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, Infinity],
  'a language model server': [
    0,
    0.3,
    0.5,
    0.8,
    1,
    1.5,
    2,
    2.5,
    5,
    10,
    15,
    20,
    30,
    40,
    50,
    60,
    120,
    240,
    480,
    960,
    1920,
    7680,
    Infinity,
  ],
  'three buckets': [0, 0.1, 0.5, 1, Infinity],
  'microsecond steps': [0, ...Array.from({ length: 32 }, (_, i) => 10 * 1.8 ** i), Infinity],
};

for (const [name, edges] of Object.entries(LAYOUTS)) {
  for (const yScale of ['linear', 'log', 'symlog'] as const) {
    test(`rows of ${name} stand where the ${yScale} axis has their bounds, to half a pixel`, () => {
      const ones = edges.slice(1).map(() => 1);
      const at = layout(modelOf(edges, [ones, ones]), { width: 600, height: 400, pixelRatio: 1 }, { ...PLAIN, yScale });
      const main = at.rows.filter((row) => row.strip === undefined);
      const [low, high] = [main[0].from, main[main.length - 1].to];
      const bend = { linear: (v: number) => v, log: Math.log, symlog: (v: number) => Math.asinh(v / edges[1]) }[yScale];
      const place = (v: number) => (bend(v) - bend(low)) / (bend(high) - bend(low));
      const [bottom, top] = [main[0].bottom, main[main.length - 1].top];
      for (const row of main) {
        expect(Math.abs(row.bottom - (bottom + place(row.from) * (top - bottom)))).toBeLessThanOrEqual(0.5);
        expect(Math.abs(row.top - (bottom + place(row.to) * (top - bottom)))).toBeLessThanOrEqual(0.5);
      }
      expect(total(at.grid.counts)).toBe(2 * ones.length);
    });
  }
}

test('on a log axis the first bucket and the open one are strips of fixed height that name their bound', () => {
  const edges = LAYOUTS['a plain web service'];
  const at = layout(modelOf(edges, [edges.slice(1).map(() => 1)]), { width: 600, height: 400, pixelRatio: 1 }, PLAIN);
  const [first, last] = [at.rows[0], at.rows[at.rows.length - 1]];
  expect([first.strip, first.bottom - first.top]).toEqual(['below', STRIP_HEIGHT]);
  expect([last.strip, last.bottom - last.top]).toEqual(['above', STRIP_HEIGHT]);
  expect(at.yTicks.filter((tick) => tick.strip).map((tick) => tick.text)).toEqual(['≤ 5 ms', '> 10 s']);
  expect(pixelOfValue(at, 0.0025)).toBeCloseTo((first.top + first.bottom) / 2, 6);
});

test('on a linear axis a first bucket that starts at 0 has its true height', () => {
  const at = layout(
    modelOf([0, 1, 2], [[1, 1]]),
    { width: 300, height: 232, pixelRatio: 1 },
    { ...PLAIN, yScale: 'linear' },
  );
  expect(at.rows.map((row) => [row.strip, row.bottom - row.top])).toEqual([
    [undefined, 100],
    [undefined, 100],
  ]);
});

test('nothing between a zero bucket and the first used one takes no room', () => {
  const at = layout(
    modelOf([-1e-39, 1e-39, 1, 2, 4], [[5, 0, 1, 2]]),
    { width: 300, height: 300, pixelRatio: 1 },
    PLAIN,
  );
  expect(at.y.domain).toEqual([1, 4]);
  expect(at.rows.map(({ from, strip, folded }) => [from, strip, folded])).toEqual([
    [-1e-39, 'below', undefined],
    [1e-39, undefined, true],
    [1, undefined, undefined],
    [2, undefined, undefined],
  ]);
});

test('maps beside each other fold alike: one value has one height in all of them', () => {
  const edges = [0, 1, 2, 4, 8, 16];
  const models = [
    modelOf(edges, [[1, 1, 0, 0, 0]]),
    modelOf(edges, [[0, 0, 0, 1, 1]]),
    modelOf(edges, [[0, 0, 0, 0, 0]]),
  ];
  const yDomain = sharedYDomain(models);
  const options = { ...PLAIN, yDomain, yFold: sharedYFold(models, yDomain) };
  const heights = models.map((model) =>
    layout(model, { width: 300, height: 300, pixelRatio: 1 }, options).y.toPixel(8),
  );
  expect(new Set(heights).size).toBe(1);
  const high = [modelOf([-1e-39, 1e-39, 1, 2, 4], [[5, 0, 1, 2]]), modelOf([-1e-39, 1e-39, 1, 2, 4], [[5, 0, 0, 2]])];
  expect(sharedYFold(high, sharedYDomain(high))).toBe(1);
});

test('they do so too where their buckets differ, as those of native histograms do', () => {
  const models = [
    modelOf([-1e-5, 1e-5, 0.005, 0.01, 1], [[5, 0, 1, 2]]),
    modelOf([-1e-5, 1e-5, 0.008, 1], [[5, 0, 2]]),
  ];
  const yDomain = sharedYDomain(models);
  const options = { ...PLAIN, yDomain, yFold: sharedYFold(models, yDomain) };
  const axes = models.map((model) => layout(model, { width: 300, height: 300, pixelRatio: 1 }, options).y);
  expect(axes.map(({ domain }) => domain)).toEqual([
    [0.005, 1],
    [0.005, 1],
  ]);
  expect(axes[0].toPixel(0.5)).toBe(axes[1].toPixel(0.5));
});

test('a symlog axis bends where buckets in use begin, not at a zero bucket', () => {
  const edges = [-4, -2, -1, -1e-39, 1e-39, 1, 2, 4];
  const at = layout(modelOf(edges, [[1, 1, 0, 5, 0, 1, 1]]), { width: 300, height: 300, pixelRatio: 1 }, PLAIN);
  expect(at.y.name).toBe('symlog');
  expect(at.y.toPixel(-1) - at.y.toPixel(1)).toBeGreaterThan(50);
  expect(at.y.toPixel(1) - at.y.toPixel(4)).toBeGreaterThan(50);
});

test('several buckets below zero make a log axis symlog, and all have a place', () => {
  const edges = [-Infinity, -10, -1, 0, 1, 10, Infinity];
  const at = layout(modelOf(edges, [[1, 1, 1, 1, 1, 1]]), { width: 300, height: 300, pixelRatio: 1 }, PLAIN);
  expect(at.y.name).toBe('symlog');
  expect(at.rows).toHaveLength(6);
});

test('rows that nobody used are left out, but one beside the used ones', () => {
  const edges = LAYOUTS['a plain web service'];
  const column = edges.slice(1).map((le) => (le === 0.1 ? 5 : 0));
  const at = layout(modelOf(edges, [column]), { width: 300, height: 300, pixelRatio: 1 }, PLAIN);
  expect(at.rows.map((row) => row.to)).toEqual([0.05, 0.1, 0.25]);
  expect(at.hidden).toBe(0);
});

test('observations outside of a chosen y range are counted, and whole columns keep them in their shares', () => {
  const model = modelOf([0, 1, 2, 4, Infinity], [[1, 2, 3, 4]]);
  const at = layout(model, { width: 300, height: 300, pixelRatio: 1 }, { ...PLAIN, yDomain: [1, 4] });
  expect(at.rows.map((row) => row.to)).toEqual([2, 4]);
  expect(at.hidden).toBe(5);
  expect(cellAt(at, 0, 0).share).toBeCloseTo(0.2, 12);
});

test('a y range without any bucket has an axis and no rows', () => {
  const model = modelOf([1, 2, 4], [[1, 2]]);
  const at = layout(model, { width: 300, height: 300, pixelRatio: 1 }, { ...PLAIN, yDomain: [100, 200] });
  expect([at.rows.length, at.hidden, at.y.domain]).toEqual([0, 3, [100, 200]]);
  expect(at.yTicks.map((tick) => tick.text)).toContain('2 min');
});

test('maps beside each other get one y range that shows the used rows of all', () => {
  const low = modelOf([0, 1, 2, 4, 8], [[1, 0, 0, 0]]);
  const high = modelOf([0, 1, 2, 4, 8], [[0, 0, 0, 1]]);
  expect(sharedYDomain([low, high])).toEqual([0, 8]);
});

const randomModel = fc
  .record({
    bounds: fc.uniqueArray(fc.integer({ min: -50, max: 5000 }), { minLength: 2, maxLength: 60 }),
    columns: fc.integer({ min: 1, max: 80 }),
    open: fc.boolean(),
    seed: fc.integer(),
    width: fc.integer({ min: 1, max: 400 }),
    height: fc.integer({ min: 1, max: 300 }),
    pixelRatio: fc.constantFrom(1, 1.5, 2),
    yScale: fc.constantFrom('linear' as const, 'log' as const, 'symlog' as const),
    yDomain: fc.option(
      fc.constantFrom<[number, number]>(
        [-100, -60],
        [1, 10],
        [0, 1],
        [20, 1e4],
        [-Infinity, 5],
        [5, Infinity],
        [1e5, 1e6],
      ),
      { nil: undefined },
    ),
  })
  .map(({ bounds, columns, open, seed, ...rest }) => {
    const edges = [...bounds.sort((a, b) => a - b), ...(open ? [Infinity] : [])];
    let state = seed >>> 0;
    const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    const counts = Array.from({ length: columns }, () =>
      edges.slice(1).map(() => [NaN, 0, 1, 100][Math.floor(random() * 4)]),
    );
    return { model: modelOf(edges, counts), ...rest };
  });

test('law: at any size and scale no observation is lost, rows do not overlap, and every row can be hit', () => {
  fc.assert(
    fc.property(randomModel, ({ model, width, height, pixelRatio, yScale, yDomain }) => {
      const at = layout(model, { width, height, pixelRatio }, { ...PLAIN, yScale, yDomain });
      expect(total(at.grid.counts) + at.hidden).toBe(total(model.counts));
      expect(yDomain !== undefined || at.hidden === 0).toBe(true);
      for (const tick of at.yTicks) expect(Number.isFinite(tick.y)).toBe(true);
      at.rows.forEach((row, y) => {
        expect(row.bottom).toBeGreaterThanOrEqual(row.top);
        if (y > 0) expect(row.bottom).toBeLessThanOrEqual(at.rows[y - 1].top + 1e-6);
      });
      for (let x = 0; x < at.grid.columns; x++) {
        const px = (at.columnEdges[x] + at.columnEdges[x + 1]) / 2;
        at.rows.forEach((row, y) => {
          const hit = hitTest(at, px, (row.top + row.bottom) / 2);
          if (row.folded) expect(at.grid.counts[x * at.grid.rows + y] > 0).toBe(false);
          if (row.bottom - row.top > 0.01) expect(hit).toEqual(cellAt(at, x, y));
        });
      }
      expect(raster(at, LETTERS)).toHaveLength(rasterSize(at).width * rasterSize(at).height * 4);
    }),
    { numRuns: 200 },
  );
});

test('law: every positive count colours at least one pixel', () => {
  fc.assert(
    fc.property(randomModel, fc.nat(), ({ model, yScale }, pick) => {
      const rows = model.yEdges.length - 1;
      const slices = model.xEdges.length - 1;
      const counts = new Float64Array(rows * slices);
      counts[pick % counts.length] = 1;
      const at = layout(
        { ...model, counts },
        { width: 160, height: 150, pixelRatio: 1 },
        { ...PLAIN, yScale, colorMax: 1e6 },
      );
      const bytes = raster(at, LETTERS);
      let inked = 0;
      for (let i = 0; i < bytes.length; i += 4) if (bytes[i + 3] === 255) inked++;
      expect(inked).toBeGreaterThan(0);
    }),
    { numRuns: 200 },
  );
});

test('slices smaller than a pixel are merged; colours stay those of one slice, sums those of all', () => {
  const at = layout(
    modelOf(
      [1, 2, 4],
      Array.from({ length: 10_000 }, () => [1, 0]),
    ),
    { width: 140, height: 100, pixelRatio: 1 },
    PLAIN,
  );
  expect(at.grid.columns).toBeLessThanOrEqual(140);
  expect(total(at.grid.counts)).toBe(10_000);
  expect(at.color.max).toBe(1);
});

test('of rates, merged slices give the mean', () => {
  const model = modelOf(
    [1, 2, 4],
    Array.from({ length: 1000 }, () => [3, 0]),
    { countUnit: 'perSecond' },
  );
  const at = layout(model, { width: 140, height: 100, pixelRatio: 1 }, PLAIN);
  expect(Math.max(...at.grid.counts)).toBeCloseTo(3, 12);
  expect([...columnCounts(at, 0)]).toEqual([3, 0]);
});

/** Colours that read as letters: ramp a … d, zero o, the hatch of open rows in capitals, the hatch of gaps /. */
const LETTERS: RasterPalette = {
  ramp: Uint8ClampedArray.from({ length: 1024 }, (_, i) => [200, 0, 1 + Math.floor(i / 256), 255][i % 4]),
  zero: [9, 9, 9, 10],
  gap: [7, 7, 7, 90],
  hatch: 1,
  ground: [0, 0, 0],
};

function letters(at: Layout): string[] {
  const { width, height } = rasterSize(at);
  const bytes = raster(at, LETTERS);
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const [r, , b, a] = bytes.subarray((y * width + x) * 4, (y * width + x) * 4 + 4);
      if (a === 0) return '.';
      if (r === 7) return '/';
      if (a === 24) return 'O';
      if (r === 9) return 'o';
      return r === 0 ? 'X' : 'abcd'[b - 1];
    }).join(''),
  );
}

test('rows equally high are all set apart by a line, or none of them, however they are rounded', () => {
  const model = modelOf([1, 2, 4, 8, 16], [[1, 1, 1, 1]]);
  const lines = (main: number) =>
    letters(layout(model, { width: 100, height: 8 + main + 24, pixelRatio: 1 }, { ...PLAIN, axisWidth: 24 })).filter(
      (line) => /^\.+$/.test(line),
    ).length;
  expect([lines(29), lines(31), lines(32), lines(35)]).toEqual([0, 0, 4, 4]);
});

test('a small picture: values, nothing observed, no data, and the hatched open row', () => {
  const model = modelOf(
    [1, 2, 4, Infinity],
    [
      [4, 1, 1],
      [0, 2, 0],
      [NaN, NaN, NaN],
      [3, 0, 0],
    ],
  );
  const at = layout(
    model,
    { width: 24 + 16 + 10, height: 8 + 16 + 4 + 8 + 24, pixelRatio: 1 },
    { ...PLAIN, axisWidth: 24 },
  );
  expect(letters(at)).toMatchInlineSnapshot(`
   [
     "XXbbooOO/...OOoo",
     "XbbboOOo./..Oooo",
     "bbbbOOoo../.oooo",
     "bbbXOooo.../oooO",
     "bbXXoooo....ooOO",
     "................",
     "bbbbcccc....oooo",
     "bbbbcccc....oooo",
     "bbbbcccc/...oooo",
     "bbbbcccc./..oooo",
     "bbbbcccc../.oooo",
     "bbbbcccc.../oooo",
     "bbbbcccc....oooo",
     "bbbbcccc....oooo",
     "bbbbcccc....oooo",
     "bbbbcccc....oooo",
     "bbbbcccc/...oooo",
     "ddddoooo./..cccc",
     "ddddoooo../.cccc",
     "ddddoooo.../cccc",
     "ddddoooo....cccc",
     "ddddoooo....cccc",
     "ddddoooo....cccc",
     "ddddoooo....cccc",
     "ddddoooo/...cccc",
     "ddddoooo./..cccc",
     "ddddoooo../.cccc",
     "ddddoooo.../cccc",
   ]
  `);
});

test('times without slices are hatched as missing, like a gap', () => {
  const size = { width: 24 + 32 + 10, height: 8 + 8 + 24, pixelRatio: 1 };
  const at = layout(modelOf([1, 2], [[1]]), size, { ...PLAIN, axisWidth: 24, xDomain: [-1000, 1000] });
  expect(letters(at)[4]).toMatch(/^\.{4}\/\.{7}\/\.{3}d{15}/);
});

test('names at the ends of lines are moved apart and stay inside', () => {
  expect(spread([10, 11, 12], 10, 0, 100)).toEqual([10, 20, 30]);
  expect(spread([95, 96, 97], 10, 0, 100)).toEqual([80, 90, 100]);
});

const written = (value: number, unit: string, text: string) =>
  test(`${value} ${unit} is written ${text}`, () => expect(valueFormat(unit)(value)).toBe(text));
written(0.005, 's', '5 ms');
written(0.00005, 's', '50 µs');
written(2.5, 's', '2.5 s');
written(90, 's', '90 s');
written(600, 's', '10 min');
written(7200, 's', '2 h');
written(250, 'ms', '250 ms');
written(0.001, 's', '1 ms');
written(1536, 'bytes', '1.5 KiB');
written(12_000, 'short', '12 k');
written(512, 'tokens', '512 tokens');
written(0.25, 'percentunit', '25 %');
written(0, 's', '0 s');
written(Infinity, 's', '∞');

test('counts, shares and buckets in words', () => {
  expect(formatCount(1234567, 'count')).toBe('1,234,567');
  expect(formatCount(0.00123, 'perSecond')).toBe('0.0012/s');
  expect(formatCount(NaN, 'count')).toBe('no data');
  expect([1e-6, 0.123, 0.9999999, 1, 0].map(formatShare)).toEqual(['< 0.01 %', '12.3 %', '> 99.99 %', '100 %', '0 %']);
  expect(formatBucket(0, 0.05, valueFormat('s'))).toBe('≤ 50 ms');
  expect(formatBucket(10, Infinity, valueFormat('s'))).toBe('> 10 s');
  expect(formatBucket(0.05, 0.1, valueFormat('s'))).toBe('50 ms – 100 ms');
});

test("time ticks are round in the reader's zone and name the day at midnight", () => {
  const from = Date.UTC(2026, 10, 22, 20, 10);
  const ticks = timeTicks(from, from + 6 * 3600_000, 6, 'Europe/Berlin');
  expect(ticks.map((tick) => tick.text)).toEqual(
    ['22:00', '23:00', '23 Nov', '01:00', '02:00', '03:00'].slice(0, ticks.length),
  );
  expect(ticks.find((tick) => tick.major)?.time).toBe(Date.UTC(2026, 10, 22, 23, 0));
});

test('law: time ticks are ascending, inside and not more than asked for, over changes of the clock too', () => {
  const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe');
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2e12 }),
      fc.integer({ min: 1, max: 4e10 }),
      fc.integer({ min: 1, max: 20 }),
      zone,
      (from, span, n, z) => {
        const times = timeTicks(from, from + span, n, z).map((tick) => tick.time);
        expect(times.length).toBeLessThanOrEqual(n + 2);
        times.forEach((time, i) => {
          expect(time).toBeGreaterThanOrEqual(i === 0 ? from : times[i - 1] + 1);
          expect(time).toBeLessThanOrEqual(from + span);
        });
      },
    ),
    { numRuns: 100 },
  );
});
