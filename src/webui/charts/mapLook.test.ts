import type { HeatmapModel } from '../../shared/heatmap/model.ts';
import { sliceTotals, type NamedHeatmap } from './heatmaps.ts';
import { comparedWith, comparedWithBefore, comparedWithFirst, comparisonOf, lookOf, momentOf } from './mapLook.ts';

/** Slices of 10 ms with two buckets each. */
function map(title: string, ...slices: readonly (readonly [number, number])[]): NamedHeatmap {
  const model: HeatmapModel = {
    kind: 'heatmap',
    xEdges: Float64Array.from({ length: slices.length + 1 }, (_, i) => i * 10),
    yEdges: Float64Array.of(0, 1, 2),
    counts: Float64Array.from(slices.flat()),
    countUnit: 'count',
    unit: 's',
    openTop: false,
    openBottom: false,
    interpolation: 'linear',
    title,
  };
  return { title, labels: {}, model, lines: [], totals: sliceTotals(model) };
}

const countsOf = ({ maps }: { maps: readonly NamedHeatmap[] }) => maps.map(({ model }) => [...model.counts]);

test('each map is compared with the earlier one of its title, in shares', () => {
  const compared = comparedWith([map('a', [1, 3]), map('b', [1, 1])], [map('b', [9, 1]), map('a', [10, 10])]);
  expect(countsOf(compared)).toEqual([
    [-0.25, 0.25],
    [-0.4, 0.4],
  ]);
  expect(compared.notices).toEqual([]);
});

test('maps without an earlier one are left out, and that is said', () => {
  const compared = comparedWith([map('a', [1, 3]), map('b', [1, 1])], [map('a', [1, 1])]);
  expect(countsOf(compared)).toEqual([[-0.25, 0.25]]);
  expect(compared.notices).toEqual(['1 of 2 maps have nothing observed in an earlier one.']);
});

test('where nothing can be compared the maps are shown as they are', () => {
  const compared = comparedWith([map('a', [1, 3])], []);
  expect(countsOf(compared)).toEqual([[1, 3]]);
  expect(compared.notices[0]).toMatch(/^Nothing was observed/);
});

test('the other maps are compared with the first one', () => {
  const compared = comparedWithFirst([map('v1', [1, 1]), map('v2', [0, 5])]);
  expect(countsOf(compared)).toEqual([[-0.5, 0.5]]);
  expect(compared.maps[0].title).toBe('v2 against v1');
});

test('slices are compared with all that was before a moment', () => {
  expect(countsOf(comparedWithBefore([map('a', [3, 1], [0, 4])], 10))).toEqual([[0, 0, -0.75, 0.75]]);
});

test('what the address does not say well is as if it said nothing', () => {
  expect(lookOf(new URLSearchParams('color=x&scale=y'))).toEqual({ colorBy: 'count', colorScale: 'sqrt' });
  expect(lookOf(new URLSearchParams('color=density&scale=log'))).toEqual({ colorBy: 'density', colorScale: 'log' });
  expect(comparisonOf(new URLSearchParams('compare=1y'))).toBe('none');
  expect(comparisonOf(new URLSearchParams('compare=1d'))).toBe('1d');
  expect(momentOf(new URLSearchParams('moment=5'), [10, 20])).toBe(15);
  expect(momentOf(new URLSearchParams('moment=12'), [10, 20])).toBe(12);
});
