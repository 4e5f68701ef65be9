import fc from 'fast-check';
import { parseExpr } from '../shared/promql/parser.ts';
import { eventsFromFrames } from './annotations.ts';
import { formatVariable, keepingMacros } from './interpolate.ts';
import { hasMatcher, withMatchers, withoutMatcher } from './matchers.ts';
import { readable } from './readable.ts';
import { parseVariableQuery, previewWords, type VariableQuery } from './variableQuery.ts';

describe('matchers added to selectors', () => {
  const row = (expr: string, expected: string) =>
    test(`${expr} becomes ${expected}`, () =>
      expect(withMatchers(expr, [{ name: 'm', op: '=', value: 'a"b' }])).toBe(expected));
  row('up', 'up{m="a\\"b"}');
  row('up{}', 'up{m="a\\"b"}');
  row('up{job="x"}', 'up{m="a\\"b", job="x"}');
  row('{job="x"}', '{m="a\\"b", job="x"}');
  row('sum by (le) (rate(x_bucket[$__rate_interval]))', 'sum by (le) (rate(x_bucket{m="a\\"b"}[$__rate_interval]))');
  row('up / on (job) down{a="}"} offset 5m', 'up{m="a\\"b"} / on (job) down{m="a\\"b", a="}"} offset 5m');
  row('up{m="a\\"b"}', 'up{m="a\\"b"}');
  row('sum(', 'sum(');
  test('taken away again, the expression is as it was', () => {
    const matcher = { name: 'm', op: '=', value: 'v' } as const;
    for (const expr of ['up', 'rate(up{job="x"}[5m])', 'a / b{c!="d"}']) {
      const filtered = withMatchers(expr, [matcher]);
      expect(hasMatcher(expr, matcher)).toBe(false);
      expect(hasMatcher(filtered, matcher)).toBe(true);
      expect(withoutMatcher(filtered, matcher)).toBe(expr);
    }
  });
});

describe('variables', () => {
  test('what the backend decides is left to it', () =>
    expect(
      keepingMacros('rate(x[$__rate_interval]) + $__interval_ms * ${__range_s} + $model + $__from', (text) =>
        text.replace(/\$\{?(\w+)\}?/g, 'took:$1'),
      ),
    ).toBe('rate(x[$__rate_interval]) + $__interval_ms * ${__range_s} + took:model + took:__from'));
  const row = (value: unknown, variable: { multi?: boolean; includeAll?: boolean }, expected: string) =>
    test(`${JSON.stringify(value)} of ${JSON.stringify(variable)} is ${expected}`, () =>
      expect(formatVariable(value, variable)).toBe(expected));
  row('a.b', {}, 'a.b');
  row('say "hi" \\', {}, 'say \\"hi\\" \\\\');
  row('a.b', { multi: true }, 'a\\\\.b');
  row(['a.b', 'c'], { multi: true }, '(a\\\\.b|c)');
  row(['a'], { multi: true }, 'a');
  test('several values in a matcher match themselves and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme-ascii', minLength: 1 }), { minLength: 1 }), (values) => {
        const node = parseExpr(`up{a=~"${formatVariable(values, { multi: true })}"}`);
        const pattern = node.kind === 'selector' ? (node.matchers.find((m) => m.name === 'a')?.value ?? '') : '';
        const matches = new RegExp(`^(?:${pattern})$`, 's');
        for (const value of values) expect(matches.test(value)).toBe(true);
        expect(matches.test(`${values.join('')}~~`)).toBe(false);
      }),
    );
  });
});

describe('an expression with variables is read at the same places', () => {
  const row = (expr: string, expected: string) =>
    test(`${expr} reads ${expected}`, () => {
      expect(readable(expr)).toBe(expected);
      expect(() => parseExpr(readable(expr))).not.toThrow();
    });
  row('rate(x[$__rate_interval])', 'rate(x[1m              ])');
  row('max_over_time(x[1h:${step}])', 'max_over_time(x[1h:1m     ])');
  row('$metric{job="$job"} > $limit', '_metric{job="_job"} > _limit');
  row('x offset $ago', 'x offset 1m  ');
  row('clamp_max(x, $__range_s)', 'clamp_max(x, 1         )');
  row('sum by (${by:csv}) (x)', 'sum by (__by_csv_) (x)');
});

describe('variable queries', () => {
  const row = (text: string, expected: VariableQuery | undefined) =>
    test(`${text} asks for ${JSON.stringify(expected)}`, () => expect(parseVariableQuery(text)).toEqual(expected));
  row('label_values(job)', { kind: 'labelValues', label: 'job', match: '' });
  row('label_values(up{a="b, c", d="e"}, job)', { kind: 'labelValues', label: 'job', match: 'up{a="b, c", d="e"}' });
  row('label_names()', { kind: 'labelNames', match: '' });
  row('label_names(up)', { kind: 'labelNames', match: 'up' });
  row('metrics(http_.*)', { kind: 'metrics', pattern: 'http_.*' });
  row('query_result(topk(1, up))', { kind: 'queryResult', expr: 'topk(1, up)' });
  row('up{job="x"}', { kind: 'series', match: 'up{job="x"}' });
  row('  ', undefined);
});

describe('annotations', () => {
  const frame = (values: (number | null)[], labels: Record<string, string> = {}) =>
    ({
      fields: [
        { name: 'Time', type: 'time', config: { interval: 10 }, values: values.map((_, i) => i * 10) },
        { name: 'Value', type: 'number', config: { displayNameFromDS: 'late' }, labels, values },
      ],
      length: values.length,
    }) as never;
  const times = (values: (number | null)[]) =>
    eventsFromFrames([frame(values)]).map(({ time, timeEnd }) => [time, timeEnd ?? time]);
  const row = (values: (number | null)[], expected: number[][]) =>
    test(`${JSON.stringify(values)} is ${JSON.stringify(expected)}`, () => expect(times(values)).toEqual(expected));
  row([], []);
  row([0, null, NaN], []);
  row([1], [[0, 0]]);
  row(
    [1, 1, 2, 0, 1],
    [
      [0, 20],
      [40, 40],
    ],
  );
  row(
    [0, 1, null, 1],
    [
      [10, 10],
      [30, 30],
    ],
  );
  test('a step that is missing ends an event', () =>
    expect(
      eventsFromFrames([
        {
          fields: [
            { type: 'time', config: { interval: 10 }, values: [0, 10, 30] },
            { type: 'number', config: {}, values: [1, 1, 1] },
          ],
        } as never,
      ]).map(({ time, timeEnd }) => [time, timeEnd]),
    ).toEqual([
      [0, 10],
      [30, undefined],
    ]));
  test('events of several series are by time, named and tagged by their labels', () => {
    const events = eventsFromFrames([frame([0, 1], { __name__: 'x', job: 'b' }), frame([1], { job: 'a' })]);
    expect(events.map(({ title, text, tags }) => [title, text, tags])).toEqual([
      ['late', 'job=a', ['a']],
      ['late', 'job=b', ['b']],
    ]);
  });
});

describe('the preview of a variable', () => {
  const row = (values: string[], words: string) =>
    test(`${values.length} values are told as ${JSON.stringify(words)}`, () =>
      expect(previewWords(values)).toBe(words));
  row([], 'no values: nothing matches now');
  row(['v1'], '1 value: v1');
  row(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'], '10 values: a, b, c, d, e, f, g, h, and 2 more');
});
