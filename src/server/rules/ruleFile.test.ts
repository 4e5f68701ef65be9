import { parseExpr } from '../../shared/promql/parser.ts';
import { independentBatches } from './dependencies.ts';
import { parseRuleFile, type RuleSpec } from './ruleFile.ts';

const parse = (text: string) => parseRuleFile(text, 'r.yml');
const rule = (text: string) => `groups:\n  - name: g\n    rules:\n      - ${text}\n`;

test('a file gives its groups with every default filled in', () => {
  const [first, second] = parse(`groups:
  - name: a
    interval: 30s
    query_offset: 10s
    limit: 5
    labels: {team: ml, tier: gold}
    rules:
      - {record: "job:x:rate", expr: "sum by (job) (rate(x[5m]))", labels: {tier: silver}}
      - alert: Slow
        expr: p99 > 1
        for: 1m30s
        keep_firing_for: 5m
        labels: {severity: "{{ $labels.level }}"}
        annotations: {summary: "{{ $value }}"}
  - name: b
`);
  expect(first).toMatchObject({ name: 'a', file: 'r.yml', intervalMs: 30_000, queryOffsetMs: 10_000, limit: 5 });
  expect(first.rules[0]).toMatchObject({
    kind: 'recording',
    name: 'job:x:rate',
    line: 8,
    labels: [
      ['team', 'ml'],
      ['tier', 'silver'],
    ],
  });
  expect(first.rules[1]).toMatchObject({
    kind: 'alerting',
    name: 'Slow',
    forMs: 90_000,
    keepFiringForMs: 300_000,
    line: 9,
  });
  expect(second).toEqual({
    name: 'b',
    file: 'r.yml',
    intervalMs: undefined,
    queryOffsetMs: undefined,
    limit: 0,
    rules: [],
  });
});

test('an empty file has no groups', () => expect(parse('')).toEqual([]));

test.each([
  ['groups:\n  - rules: []\n', /r\.yml:2:5: groups\[0\]\.name: a group needs a name/],
  ['groups: [{name: a}, {name: a}]\n', /names must differ/],
  ['group: []\n', /r\.yml:1:1: group: unknown key; did you mean groups\?/],
  [rule('{record: a, alert: b, expr: up}'), /either record or alert, not both/],
  [rule('{expr: up}'), /needs record .* or alert/],
  [rule('{record: a}'), /needs expr/],
  [rule('{record: a, expr: "sum(up"}'), /r\.yml:4:27: groups\[0\]\.rules\[0\]\.expr: could not parse expression/],
  [rule('{record: a, expr: up, for: 1m}'), /for: belongs to alerting rules/],
  [rule('{record: a, expr: up, annotations: {x: y}}'), /annotations: belongs to alerting rules/],
  [rule('{record: "a{b=\'c\'}", expr: up}'), /braces in the name/],
  [rule('{alert: A, expr: up, labels: {__name__: x}}'), /"__name__" cannot be the name of one of the labels/],
  [
    rule('{alert: A, expr: up, annotations: {s: "{{ $value | humanise }}"}}'),
    /bad template: line 1: function "humanise" not defined/,
  ],
  [rule('{alert: A, expr: up, labels: {s: "{{ if }}"}}'), /labels\.s: bad template/],
  [rule('{alert: A, expr: up, for: soon}'), /for: /],
  [rule('{alert: A, exprs: up}'), /did you mean expr\?/],
])('%j is refused with its place', (text, why) => expect(() => parse(text)).toThrow(why));

test('legacy names are held to what they were before UTF-8', () => {
  const text = rule('{record: "a.b", expr: up, labels: {"c.d": e}}');
  expect(parse(text)).toHaveLength(1);
  expect(() => parseRuleFile(text, 'r.yml', { legacyNames: true })).toThrow(/"a\.b" is not a metric name/);
});

describe('rules that read what earlier ones write', () => {
  const specs = (rows: readonly (readonly [name: string, expr: string, kind?: 'alerting'])[]) =>
    rows.map(([name, expr, kind = 'recording']) => ({ kind, name, expr: parseExpr(expr) }) as unknown as RuleSpec);
  test.each([
    [
      'none',
      [
        ['a', 'x'],
        ['b', 'y'],
      ],
      [[0, 1]],
    ],
    [
      'a chain',
      [
        ['a', 'x'],
        ['b', 'a'],
        ['c', 'b + a'],
      ],
      [[0], [1], [2]],
    ],
    [
      'a fork',
      [
        ['a', 'x'],
        ['b', 'a'],
        ['c', 'a'],
        ['d', 'z'],
      ],
      [
        [0, 3],
        [1, 2],
      ],
    ],
    [
      'a later one',
      [
        ['a', 'b'],
        ['b', 'x'],
      ],
      [[0, 1]],
    ],
    [
      'alerts',
      [
        ['A', 'x', 'alerting'],
        ['B', 'x', 'alerting'],
        ['c', 'ALERTS{alertname="A"}'],
      ],
      [[0, 1], [2]],
    ],
    [
      'another alert',
      [
        ['A', 'x', 'alerting'],
        ['c', 'ALERTS{alertname="B"}'],
      ],
      [[0, 1]],
    ],
    [
      'any metric',
      [
        ['a', 'x'],
        ['b', '{job="j"}'],
        ['c', 'y'],
      ],
      [[0], [1], [2]],
    ],
    [
      'a pattern of names',
      [
        ['job:a', 'x'],
        ['c', '{__name__=~"job:.*"}'],
      ],
      [[0], [1]],
    ],
  ] as const)('%s', (_, rows, batches) => expect(independentBatches(specs(rows))).toEqual(batches));
});
