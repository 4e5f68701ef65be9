/** What colours tell, joined buckets, signs of exemplars and marks. */
import type { HeatmapModel } from '../shared/heatmap/model.ts';
import { cellAt, hitTest } from './hitTest.ts';
import { layout, pixelOfValue, type LayoutOptions } from './layout.ts';
import { exemplarsAt, exemplarSigns, marksAt } from './marks.ts';
import { formatShade } from './shades.ts';
import { sideShares } from './side.ts';
import { foldedTime, foldTicks } from './ticks.ts';

const SIZE = { width: 400, height: 200, pixelRatio: 1 };
const LINEAR: LayoutOptions = { yScale: 'linear', colorScale: 'linear' };

function modelOf(yEdges: number[], columns: number[][], more: Partial<HeatmapModel> = {}): HeatmapModel {
  return {
    kind: 'heatmap',
    xEdges: Float64Array.from({ length: columns.length + 1 }, (_, i) => i * 1000),
    yEdges: Float64Array.from(yEdges),
    counts: Float64Array.from(columns.flat()),
    countUnit: 'count',
    unit: 's',
    openTop: false,
    openBottom: true,
    ...more,
  };
}

const near = (numbers: Iterable<number>): number[] => [...numbers].map((v) => Math.round(v * 1e6) / 1e6);

test('on a linear axis density is the count by the bucket’s width: twice as tall is half as full', () => {
  const model = modelOf([0, 1, 3, 7], [[10, 10, 10]]);
  const { shades } = layout(model, SIZE, { ...LINEAR, colorBy: 'density' });
  expect(near(shades)).toEqual([10, 5, 2.5]);
});

test('on a logarithmic axis density is the count of a decade: buckets that grow by one factor are alike', () => {
  const model = modelOf([1, 10, 100], [[8, 8]], { openBottom: false });
  const { shades } = layout(model, SIZE, { yScale: 'log', colorScale: 'linear', colorBy: 'density' });
  expect(near(shades)).toEqual([8, 8]);
});

test('shares are of the column or of everything, rows out of view included', () => {
  const model = modelOf(
    [0, 1, 2, 3],
    [
      [1, 3, 0],
      [2, 2, 12],
    ],
  );
  const of = (colorBy: 'columnShare' | 'totalShare') =>
    near(layout(model, SIZE, { ...LINEAR, colorBy, yDomain: [0, 2] }).shades);
  expect(of('columnShare')).toEqual([0.25, 0.75, 0.125, 0.125]);
  expect(of('totalShare')).toEqual([0.05, 0.15, 0.1, 0.1]);
});

test('what is coloured is written with its unit', () => {
  expect(formatShade(0.123, 'columnShare', 'count', 'log', 's')).toBe('12.3 %');
  expect(formatShade(12, 'density', 'count', 'linear', 's')).toBe('12 per s');
  expect(formatShade(12, 'density', 'perSecond', 'log', 's')).toBe('12/s per decade');
  expect(formatShade(-0.5, 'count', 'shareDifference', 'log', 's')).toBe('−50 pp');
});

describe('joined rows', () => {
  // The first slice has one bucket from 1 to 3, the second has two.
  const model = modelOf(
    [0, 1, 2, 3],
    [
      [4, 5, 5],
      [4, 1, 2],
    ],
    { joined: Uint8Array.of(0, 1, 0, 0, 0, 0) },
  );
  const at = layout(model, SIZE, LINEAR);

  test('have the colour of the whole bucket', () => {
    expect([...at.shades]).toEqual([4, 10, 10, 4, 1, 2]);
  });

  test('are one cell to the pointer', () => {
    const cell = hitTest(at, at.columnEdges[0] + 1, pixelOfValue(at, 1.5))!;
    expect([cell.fromValue, cell.toValue, cell.count]).toEqual([1, 3, 10]);
    expect([cell.lowRow, cell.highRow]).toEqual([1, 2]);
    expect([cell.below, cell.share].map((v) => Math.round(v * 1000))).toEqual([286, 714]);
    expect(cellAt(at, 1, 2).fromValue).toBe(2);
  });
});

test('the distribution beside the map sums to one, of all times and of a column', () => {
  const at = layout(
    modelOf(
      [0, 1, 2],
      [
        [1, 3],
        [4, 0],
      ],
    ),
    SIZE,
    { ...LINEAR, sideWidth: 60 },
  );
  expect(at.side!.x).toBeGreaterThan(at.plot.x + at.plot.width);
  expect(near(sideShares(at).shares)).toEqual([0.625, 0.375]);
  expect(near(sideShares(at, 0, 1).cumulative)).toEqual([0.25, 1]);
  const narrow = layout(modelOf([0, 1, 2], [[1, 3]]), { ...SIZE, width: 250 }, { ...LINEAR, sideWidth: 60 });
  expect(narrow.side).toBeUndefined();
});

test('exemplars stand in the middle of their cell, those of one cell under one sign, others are left out', () => {
  const at = layout(
    modelOf(
      [0, 1, 2],
      [
        [1, 3],
        [4, 0],
      ],
    ),
    SIZE,
    LINEAR,
  );
  const exemplar = (time: number, value: number) => ({ time, value, labels: [] });
  const signs = exemplarSigns(at, [exemplar(100, 0.1), exemplar(900, 0.9), exemplar(1500, 1.5), exemplar(9000, 1)]);
  expect(signs.map(({ exemplars }) => exemplars.length)).toEqual([2, 1]);
  expect(signs[0].x).toBeCloseTo((at.columnEdges[0] + at.columnEdges[1]) / 2, 6);
  expect(signs[0].y).toBeCloseTo(pixelOfValue(at, 0.5), 6);
  expect(exemplarsAt(signs, signs[0].x + 3, signs[0].y)).toHaveLength(2);
  expect(exemplarsAt(signs, signs[0].x + 30, signs[0].y)).toEqual([]);
});

test('marks are met near their line and all over the time that they last', () => {
  const at = layout(modelOf([0, 1], [[1], [1], [1], [1]]), SIZE, LINEAR);
  const marks = [
    { kind: 'version', time: 1000, text: 'v2' },
    { kind: 'annotation', time: 2000, timeEnd: 3000, text: 'incident' },
  ] as const;
  const met = (time: number) => marksAt(at, marks, at.x.toPixel(time)).map(({ text }) => text);
  expect([met(1000), met(1500), met(2500)]).toEqual([['v2'], [], ['incident']]);
});

test('folded axes name hours and weekdays', () => {
  const hour = 3_600_000;
  expect(foldTicks(0, 24 * hour, 4).map(({ text }) => text)).toEqual(['00:00', '06:00', '12:00', '18:00', '24:00']);
  expect(foldTicks(0, 168 * hour, 9).map(({ text }) => text)).toEqual([
    'Mon',
    'Tue',
    'Wed',
    'Thu',
    'Fri',
    'Sat',
    'Sun',
  ]);
  expect(foldedTime(26 * hour + 1_800_000, 'week')).toBe('Tue 02:30');
});
