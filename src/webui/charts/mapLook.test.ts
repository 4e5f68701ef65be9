import type { HeatmapModel } from '../../shared/heatmap/model.ts';
import { sliceTotals, type NamedHeatmap } from './heatmaps.ts';
import {
  againstOf,
  comparedWith,
  comparedWithBefore,
  comparedWithFirst,
  comparedWithValue,
  comparisonOf,
  comparisonParams,
  deploysOf,
  lookOf,
  momentOf,
  valuesOf,
} from './mapLook.ts';

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
  expect(compared.notices).toEqual(['1 of 2 maps are left out: nothing was observed in the earlier range.']);
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

describe('one value of a label against another', () => {
  const served = (model: string, version: string, ...slices: readonly (readonly [number, number])[]) => ({
    ...map(`${model} ${version}`, ...slices),
    labels: { model, version },
  });
  const maps = [
    served('a', 'v10', [1, 1]),
    served('a', 'v9', [0, 4]),
    served('b', 'v10', [3, 1]),
    served('b', 'v9', [1, 0]),
  ];
  test('versions come first, in their natural order', () => {
    expect(valuesOf(maps).map(({ label, value }) => `${label} ${value}`)).toEqual([
      'version v9',
      'version v10',
      'model a',
      'model b',
    ]);
    expect(againstOf(new URLSearchParams(), valuesOf(maps))).toEqual({ label: 'version', value: 'v9' });
    const chosen = new URLSearchParams({ against: 'version="v10"' });
    expect(againstOf(chosen, valuesOf(maps))).toMatchObject({ label: 'version', value: 'v10' });
  });
  test('maps are compared with the one that agrees in all other labels', () => {
    const compared = comparedWithValue(maps, { label: 'version', value: 'v9' });
    expect(compared.maps.map(({ title }) => title)).toEqual(['a v10 against v9', 'b v10 against v9']);
    expect(countsOf(compared)).toEqual([
      [0.5, -0.5],
      [-0.25, 0.25],
    ]);
  });
  test('a map that has no counterpart is left out, and told of', () => {
    const compared = comparedWithValue(maps.slice(0, 3), { label: 'version', value: 'v9' });
    expect(compared.maps.map(({ title }) => title)).toEqual(['a v10 against v9']);
    expect(compared.notices[0]).toMatch(/^1 of 2 maps are left out: .*version="v9"/);
  });
  test('where nothing can be compared the maps stay, and it is said what to do', () => {
    expect(comparedWithValue(maps, undefined)).toMatchObject({
      maps,
      notices: [expect.stringMatching(/for each value/)],
    });
    const gone = comparedWithValue(maps, { label: 'version', value: 'v1' });
    expect(gone).toMatchObject({ maps, notices: [expect.stringMatching(/^Nothing was observed/)] });
    const only = comparedWithValue([maps[1]], { label: 'version', value: 'v9' });
    expect(only).toMatchObject({ maps: [maps[1]], notices: [expect.stringMatching(/nothing to compare/)] });
  });
});

describe('deploys', () => {
  const grid = { start: 10, end: 40, step: 10 };
  const labelled = (labels: Readonly<Record<string, string>>, ...slices: readonly (readonly [number, number])[]) => ({
    ...map('a', ...slices),
    labels,
  });
  const served = (version: string, ...values: number[]) => ({
    metric: { version },
    values: Float64Array.from(values),
  });
  const none: readonly [number, number] = [0, 0];
  test('of build_info: what was not there when the first one was, from before the slice that it began in', () => {
    const series = [served('r2', NaN, NaN, 1, 1), served('r1', 1, 1, 1, NaN), served('r0', 1, NaN, NaN, NaN)];
    expect(deploysOf([map('a', [1, 1])], series, grid)).toEqual([{ version: 'r2', time: 20 }]);
  });
  test('of the maps themselves, which know better than build_info', () => {
    const maps = [
      labelled({ model: 'a', version: 'v1' }, [1, 1], [1, 1], [1, 1]),
      labelled({ model: 'b', version: 'v2' }, none, none, [1, 1]),
      labelled({ model: 'a', version: 'v2' }, none, [1, 1], [1, 1]),
    ];
    expect(deploysOf(maps, [served('r1', 1, 1, 1, 1), served('r2', NaN, NaN, NaN, 1)], grid)).toEqual([
      { version: 'v2', time: 10 },
    ]);
  });
  test('the last one in the range is the moment, unless another is chosen', () => {
    const deploys = [
      { version: 'a', time: 12 },
      { version: 'b', time: 17 },
      { version: 'c', time: 90 },
    ];
    expect(momentOf(new URLSearchParams(), [10, 20], deploys)).toBe(17);
    expect(momentOf(new URLSearchParams('moment=13'), [10, 20], deploys)).toBe(13);
  });
});

test('another page compares the same', () => {
  const params = new URLSearchParams('range=1h&compare=value&against=version%3D%22v1%22&scale=linear&metric=x');
  expect(comparisonParams(params)).toEqual({ compare: 'value', against: 'version="v1"', scale: 'linear' });
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
