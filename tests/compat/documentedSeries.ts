/** What documented statements and corner cases are asked of: each metric has what one of them needs. */
import { labelsOf } from '../../src/shared/model/labels.ts';
import type { MemorySeries } from '../support/memoryQueryable.ts';
import { customOf, exponentialOf } from '../support/observedHistograms.ts';

export const STEP_MS = 15_000;
/** Intervals of a series. */
export const COUNT = 80;

type Value = MemorySeries['samples'][number][1] | undefined;

/** What a histogram has observed after i intervals. */
const observed = (i: number, shift: number) =>
  Array.from({ length: 3 * (i + 1) }, (_, k) => ((k * 37 + shift * 11) % 50) / 10 - shift);
const BOUNDS = Float64Array.of(0.5, 1, 2.5, 4);
const LE = ['0.5', '1', '2.5', '4', '+Inf'];

/** Bounds of classic histograms, and what they count an interval. */
const CLASSIC: Readonly<Record<string, readonly (readonly [le: string, count: (i: number) => number])[]>> = {
  noinf: rising(['0.1', '1', '10']),
  falling: ['0.1', '1', '10', '+Inf'].map((le, k) => [le, (i) => [5, 3, 8, 7][k] * i]),
  below: rising(['-10', '-1', '0', '5', '+Inf']),
  onlybelow: rising(['-10', '-1', '+Inf']),
  nanle: rising(['NaN', '1', '+Inf']),
  infle: rising(['-Inf', '1', '+Inf']),
  twice: rising(['1', '1.0', '01', '1e0', '+Inf', 'Inf']),
  oddle: rising(['0x1', '0x1p0', '1_000', 'abc', '', ' 1', '+Inf', 'inf', 'infinity', '1e400', '.5', '5.']),
  onlyinf: rising(['+Inf']),
  zero: ['0.1', '1', '+Inf'].map((le) => [le, () => 0]),
  nanvalue: ['0.1', '1', '+Inf'].map((le, k) => [le, () => (k === 1 ? NaN : k)]),
  infvalue: ['0.1', '1', '+Inf'].map((le, k) => [le, () => [1, 2, Infinity][k]]),
  close: ['0.1', '1', '+Inf'].map((le, k) => [le, (i) => [1, 1 - 1e-14, 1][k] * (i + 1)]),
};

function rising(bounds: readonly string[]): [le: string, count: (i: number) => number][] {
  return bounds.map((le, k) => [le, (i) => (k + 1) * i]);
}

/** @param start milliseconds of the first interval. */
export function documentedSeries(start: number): MemorySeries[] {
  const series = (name: string, labels: Readonly<Record<string, string>>, of: (i: number) => Value): MemorySeries => ({
    labels: labelsOf({ __name__: name, ...labels }),
    samples: Array.from({ length: COUNT }, (_, i) => [start + i * STEP_MS, of(i)] as const).filter(
      (sample): sample is MemorySeries['samples'][number] => sample[1] !== undefined,
    ),
    group: `${name}${JSON.stringify(labels)}`,
  });
  return [
    ...[
      (i: number) => Math.sin(i) * 10,
      () => -5.5,
      () => NaN,
      () => Infinity,
      () => -Infinity,
      (i: number) => i,
      () => 0,
      () => -0,
    ].map((of, k) => series('g', { a: String(k) }, of)),
    series('c_total', { a: '1', job: 'api' }, (i) => (i < 40 ? 7 * i : 3 * (i - 40))),
    series('c_total', { a: '2', job: 'api' }, (i) => 11 * i),
    series('slow_total', { a: '1' }, () => 1),
    ...LE.flatMap((le, k) => [
      series('lat_bucket', { le, job: 'api' }, (i) => (k + 1) * i),
      // Not all of them rise.
      series('lat_bucket', { le, job: 'odd' }, (i) => (k === 2 ? i : (k + 1) * i)),
      ...(le === '+Inf' ? [] : [series('lat_bucket', { le, job: 'open' }, (i) => (k + 1) * i)]),
    ]),
    series('lat_count', { job: 'api' }, (i) => 5 * i),
    series('nh', { a: '1' }, (i) => exponentialOf(observed(i, 0), 3, 0.001)),
    series('nh', { a: '2' }, (i) => exponentialOf(observed(i % 40, 1), 2, 0.001)),
    series('nh_gauge', { a: '1' }, (i) => ({ ...exponentialOf(observed(i, 1), 3, 0.001), counterReset: 'gauge' })),
    series('custom', { a: '1' }, (i) => customOf(observed(i, 0), BOUNDS)),
    series('custom', { a: '2' }, (i) => customOf(observed(i, 0), BOUNDS.slice(1))),
    series('mixed', { a: '1' }, (i) => (i % 2 === 0 ? i : exponentialOf(observed(i, 0), 3, 0.001))),
    series('mixed', { a: '2' }, (i) => i),
    series('target_info', { instance: 'i1', job: 'api', version: '1.2' }, () => 1),
    series('req_total', { instance: 'i1', job: 'api' }, (i) => i),
    ...['a10', 'a2', 'a1', 'b'].map((v, k) => series('lv', { v }, () => k % 3)),
    ...[0, 951_782_400, 1_078_012_799, 1_709_164_800, -86_400, 1e10].map((t, k) =>
      series('ts', { k: String(k) }, () => t),
    ),
    series('http_errors', { method: 'get', code: '500' }, () => 24),
    series('http_errors', { method: 'get', code: '404' }, () => 30),
    series('http_errors', { method: 'post', code: '500' }, () => 6),
    series('http_errors', { method: 'put', code: '501' }, () => 3),
    series('http_requests', { method: 'get' }, () => 600),
    series('http_requests', { method: 'post' }, () => 120),
    series('http_requests', { method: 'del' }, () => 34),
    ...corners(series),
  ];
}

type MakeSeries = (name: string, labels: Readonly<Record<string, string>>, of: (i: number) => Value) => MemorySeries;

/** Series that hardly any program exposes. */
const corners = (series: MakeSeries): MemorySeries[] => [
  ...Object.entries(CLASSIC).flatMap(([name, buckets]) =>
    buckets.map(([le, count]) => series(`${name}_bucket`, { le, ...(le === '' ? { k: 'none' } : {}) }, count)),
  ),
  ...['0.1', '1', '+Inf'].map((le, k) => series('both', { le }, (i) => (k + 1) * i)),
  series('both', {}, (i) => exponentialOf(observed(i, 0), 3, 0.001)),
  series('nh_empty', { a: '1' }, () => exponentialOf([], 3, 0.001)),
  series('custom_below', { a: '1' }, (i) => customOf(observed(i, 3), Float64Array.of(-2, -1))),
  series('changing', { a: '1' }, (i) =>
    i % 10 < 5 ? exponentialOf(observed(i, 0), 3, 0.001) : customOf(observed(i, 0), BOUNDS),
  ),
  series('ending', { job: 'x' }, (i) => (i < 40 ? 1 : i === 40 ? 'stale' : i > 50 && i < 60 ? 0 : undefined)),
  series('once', { x: '1' }, (i) => (i === 72 ? 5 : undefined)),
  series('pair', { x: '1' }, (i) => (i === 70 || i === 72 ? i : undefined)),
  series('big', { x: '1' }, (i) => i * 1e15 + 0.1),
  series('tiny', { x: '1' }, (i) => i * 1e-300),
  series('turn_a', { x: '1' }, (i) => (i % 20 < 10 ? i : undefined)),
  series('turn_b', { x: '1' }, (i) => (i % 20 >= 10 ? i : undefined)),
  ...['a10', 'a2', 'a1', 'a02', '10', '9', '1.5', '1.10', 'é', 'Z', '99999999999999999999'].map((v, k) =>
    series('nat', { v }, () => k % 3),
  ),
  series('http.requests', { 'method.name': 'GET', ünï: 'ç' }, (i) => i),
  series('"quoted" name', { 'a"b': 'c\\d\n' }, (i) => i),
  series('escaped', { p: 'a\\b"c\nd\te' }, () => 1),
  series('escaped', { p: 'x{}=' }, () => 1),
  series('other_info', { instance: 'i1', job: 'api', data: 'd', version: '9' }, () => 1),
  series('other_info', { instance: 'i1', job: 'api', data: 'e', version: '9' }, (i) => (i > 60 ? 1 : undefined)),
];
