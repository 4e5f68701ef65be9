import type { GridSeries } from '../api/client.ts';
import { countUnitInExpression, faultPlace, fittingView, unitInExpression } from './ask.ts';

const values = Float64Array.of(1);
const viewOf = (series: readonly GridSeries[]) => fittingView({ kind: 'range', series });

describe('how an answer is shown unasked', () => {
  test('buckets as a heatmap', () =>
    expect(
      viewOf([
        { metric: { le: '1' }, values },
        { metric: { le: '+Inf' }, values },
      ]),
    ).toBe('heatmap'));
  test('native histograms as a heatmap', () =>
    expect(viewOf([{ metric: {}, values, histograms: [undefined] }])).toBe('heatmap'));
  test('one bucket alone as a line', () => expect(viewOf([{ metric: { le: '1' }, values }])).toBe('graph'));
  test('anything else as lines', () =>
    expect(
      viewOf([
        { metric: { le: '1' }, values },
        { metric: {}, values },
      ]),
    ).toBe('graph'));
  test('nothing as lines', () => expect(viewOf([])).toBe('graph'));
});

test('a fault’s place is counted from 0', () => {
  expect(faultPlace('invalid parameter "query": 2:15: parse error: unexpected ")"')).toEqual({ line: 1, column: 14 });
  expect(faultPlace('query timed out')).toBeUndefined();
});

test('units come from the names in the expression', () => {
  expect(unitInExpression('rate(a_seconds_bucket[5m])')).toBe('s');
  expect(unitInExpression('rate(a_ms_bucket[5m])')).toBe('ms');
  expect(unitInExpression('sum(a_bytes)')).toBe('bytes');
  expect(unitInExpression('up')).toBe('short');
  expect(countUnitInExpression('sum by (le) (rate (a[5m]))')).toBe('perSecond');
  expect(countUnitInExpression('increase(a_rate_bucket[5m])')).toBe('count');
});
