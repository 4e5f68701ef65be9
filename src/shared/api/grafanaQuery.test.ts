import fc from 'fast-check';
import { POINTS_MAX, replaceMacros, stepOf, type MetricsQuery, type StepRequest } from './grafanaQuery.ts';

const request = (query: Partial<MetricsQuery>, more: Partial<StepRequest> = {}): StepRequest => ({
  fromMs: 0,
  toMs: 3_600_000,
  intervalMs: 5_000,
  scrapeIntervalMs: 15_000,
  query: { refId: 'A', expr: 'up', ...query },
  ...more,
});

describe('step', () => {
  const row = (name: string, input: StepRequest, ms: number) =>
    test(`${name}: ${ms} ms`, () => expect(stepOf(input)).toBe(ms));
  row('not finer than samples come', request({}), 15_000);
  row('the panel decides where it is coarser', request({}, { intervalMs: 60_000 }), 60_000);
  row('min step of the query instead of the scrape interval', request({ interval: '5s' }), 5_000);
  row('min step with Grafana\'s ">"', request({ interval: '>1m' }), 60_000);
  row('min step in bare seconds', request({ interval: '30' }), 30_000);
  row('resolution factor', request({ intervalFactor: 10 }), 50_000);
  test('never more points than may be asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 41 }), fc.integer({ min: 1, max: 60_000 }), (toMs, intervalMs) => {
        expect(toMs / stepOf(request({ interval: '1ms' }, { toMs, intervalMs }))).toBeLessThanOrEqual(POINTS_MAX);
      }),
    );
  });
  test('a min step that is no duration is refused in words', () =>
    expect(() => stepOf(request({ interval: 'soon' }))).toThrow(/not a duration: "soon"/));
});

describe('macros', () => {
  const row = (expr: string, expected: string, input = request({})) =>
    test(`${expr} becomes ${expected}`, () => expect(replaceMacros(expr, input, stepOf(input))).toBe(expected));
  row('rate(x[$__interval])', 'rate(x[15s])');
  row('rate(x[${__rate_interval}])', 'rate(x[1m])');
  row('rate(x[$__rate_interval])', 'rate(x[2m15s])', request({}, { intervalMs: 120_000 }));
  row('rate(x[$__rate_interval])', 'rate(x[20s])', request({ interval: '5s' }));
  row('$__interval_ms + $__range_s + $__range_ms', '15000 + 3600 + 3600000');
  row('increase(x[$__range])', 'increase(x[1h])');
  row('x{a="$__interval_not_ours"}', 'x{a="$__interval_not_ours"}');
  row('label_replace(x, "a", "$1", "b", "(.*)")', 'label_replace(x, "a", "$1", "b", "(.*)")');
  row('$__proto__ ${constructor}', '$__proto__ ${constructor}');
});
