import { parseExpr } from '../promql/parser.ts';
import { histogramQueryOf, siblingSelector, textSplitBy, textWithMatcher } from './histogramQuery.ts';

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
