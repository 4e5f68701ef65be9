import { parseExpr } from '../promql/parser.ts';
import { histogramQueryOf, ratedHistogramOf, siblingSelector, textSplitBy, textWithMatcher } from './histogramQuery.ts';

const of = (text: string) => histogramQueryOf(parseExpr(text));

test.each([
  ['x_bucket', undefined, undefined],
  ['x_bucket{a="1"}', undefined, undefined],
  ['rate(x_bucket{a="1"}[1m])', 60_000, undefined],
  ['sum by (le) (rate(x_bucket[5m]))', 300_000, []],
  ['sum by (version, le) (increase(x_bucket[90s]))', 90_000, ['version']],
  ['histogram_quantile(0.99, sum by (le, a) (rate(x_bucket[1m])))', 60_000, ['a']],
  ['(histogram_quantile(0.5, (rate(x_bucket[1m]))))', 60_000, undefined],
  ['histogram_fraction(0, 0.1, sum by (le) (rate(x_bucket[1m])))', 60_000, []],
  ['sum without (instance) (rate({"x_bucket"}[1m]))', 60_000, undefined],
])('%s is a histogram', (text, windowMs, by) => expect(of(text)).toMatchObject({ metric: 'x', windowMs, by }));

test.each([
  ['up', /up names no buckets; write up_bucket/],
  ['rate(x_count[5m])', /x_count names no buckets; write x_bucket/],
  ['sum(rate(x_bucket[5m]))', /group by \(le\)/],
  ['sum without (le) (x_bucket)', /keep le/],
  ['avg by (le) (rate(x_bucket[5m]))', /avg of buckets is no histogram; use sum/],
  ['x_bucket{le="1"}', /remove the matcher on le/],
  ['x_bucket offset 5m', /start and end/],
  ['{job="a"}', /name one histogram/],
  ['a_bucket + b_bucket', /an expression with \+ is not one histogram/],
  ['abs(x_bucket)', /abs\(…\) is not one histogram/],
  ['1', /a number is not one histogram/],
])('%s is none, and what to write is said', (text, why) => expect(() => of(text)).toThrow(why));

test('native histograms are known by a name that is not one of buckets, sums or counts', () => {
  const any = (text: string) => histogramQueryOf(parseExpr(text), 'any');
  const native = any('histogram_quantile(0.9, sum by (a) (rate(x{b="1"}[5m])))');
  expect(native).toMatchObject({ metric: 'x', isNative: true, windowMs: 300_000, by: ['a'] });
  expect(siblingSelector(native, '')).toBe('x{b="1"}');
  expect(any('sum without (a) (increase(x[1m]))')).toMatchObject({ isNative: true, by: undefined, without: ['a'] });
  expect(any('sum by (le) (rate(x_bucket[5m]))')).toMatchObject({ metric: 'x', isNative: false, by: [] });
  expect(() => any('rate(x_count[5m])')).toThrow(/write x_bucket/);
});

test.each([
  ['sum by (le) (rate(x_bucket[5m]))', { windowMs: 300_000, countUnit: 'perSecond', metric: 'x', isNative: false }],
  ['(increase(x_bucket{a="1"}[1m]))', { windowMs: 60_000, countUnit: 'count', metric: 'x', isNative: false }],
  ['sum without (a) (rate(x_bucket[5m]))', { windowMs: 300_000, countUnit: 'perSecond', metric: 'x', isNative: false }],
  ['sum by (a) (rate(x[5m]))', { windowMs: 300_000, countUnit: 'perSecond', metric: 'x', isNative: true }],
  ['sum by (le) (irate(x_bucket[5m]))', undefined],
  ['sum by (le) (x_bucket)', undefined],
  ['sum by (le) (sum by (le, a) (rate(x_bucket[5m])))', undefined],
  ['sum by (le) (rate(x_bucket[5m] offset 1h))', undefined],
  ['sum(rate(x_bucket[5m]))', undefined],
  ['histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))', undefined],
  ['sum by (le) (rate(x_bucket[5m] anchored))', undefined],
  ['sum by (le) (rate(x_bucket[2 * 5m]))', undefined],
  ['not promql (', undefined],
])('whether %s is what a distribution counts', (text, expected) => expect(ratedHistogramOf(text)).toEqual(expected));

test('a matcher goes into the selector, once', () => {
  const text = 'sum by (le) (rate(x_bucket{a="1"}[1m]))';
  const once = textWithMatcher(text, { name: 'b', op: '=', value: '2' });
  expect(once).toBe('sum by (le) (rate(x_bucket{a="1",b="2"}[1m]))');
  expect(textWithMatcher(once, { name: 'b', op: '!=', value: '2' })).toBe(
    'sum by (le) (rate(x_bucket{a="1",b!="2"}[1m]))',
  );
  expect(textWithMatcher('x_bucket', { name: 'b', op: '=', value: '"\n' })).toBe('x_bucket{b="\\"\\n"}');
});

test('a split adds to the labels that are kept', () => {
  expect(textSplitBy('histogram_quantile(0.9, sum by (le) (rate(x_bucket[1m])))', 'v')).toBe(
    'histogram_quantile(0.9, sum by (le, v) (rate(x_bucket[1m])))',
  );
  expect(textSplitBy('sum by (le, v) (rate(x_bucket[1m]))', 'v')).toBe('sum by (le, v) (rate(x_bucket[1m]))');
  expect(textSplitBy('sum without (v) (rate(x_bucket[1m]))', 'v')).toBe('sum without () (rate(x_bucket[1m]))');
});

test("siblings are the same histogram's other series", () => {
  expect(siblingSelector(of('rate(x_bucket{a="1"}[1m])'), '_sum')).toBe('x_sum{a="1"}');
  expect(siblingSelector(of('{"a.b_bucket"}'), '_count')).toBe('{__name__="a.b_count"}');
});
