/** Files of rule tests, each with one shape of what such files may hold, right or wrong. For verdicts beside promtool. */

export const CORPUS_RULES = `groups:
  - name: g
    rules:
      - { record: s, expr: 'sum by (job) (x)' }
      - { record: r, expr: 'rate(c_total[2m])' }
      - { record: s2, expr: 's * 2', labels: { k: v } }
      - alert: Down
        expr: up == 0
        for: 2m
        labels: { severity: page, v: '{{ $value }}' }
        annotations: { summary: '{{ $labels.job }} {{ $externalLabels.zone }} {{ $externalURL }}' }
      - { alert: Keep, expr: 'x > 5', keep_firing_for: 3m }
  - name: h
    interval: 3m
    limit: 1
    rules:
      - { record: lim, expr: 'x' }
  - name: slow
    interval: 90s
    rules:
      - { record: seen, expr: 'count_over_time(x[10m])' }
`;

const testOf = (body: string, head = '') =>
  `rule_files: [rules.yml]\nevaluation_interval: 1m\n${head}tests:\n  - interval: 1m\n    name: t\n${body}`;
const inputOf = (...series: readonly (readonly [name: string, values: string])[]) =>
  `    input_series:\n${series.map(([name, values]) => `      - { series: '${name}', values: '${values}' }\n`).join('')}`;
const exprAt = (expr: string, at: string, samples: string) =>
  `    promql_expr_test:\n      - { expr: '${expr}', eval_time: ${at}, exp_samples: ${samples} }\n`;
const alertAt = (name: string, at: string, expected: string) =>
  `    alert_rule_test:\n      - { eval_time: ${at}, alertname: ${name}, exp_alerts: ${expected} }\n`;

/** By what is tried. */
export const CORPUS: Readonly<Record<string, string>> = {
  plain: testOf(inputOf(['x{job="a"}', '1 2 3']) + exprAt('s', '2m', `[{labels: 's{job="a"}', value: 3}]`)),
  plus: testOf(inputOf(['x', '0+10x5']) + exprAt('x', '5m', '[{labels: x, value: 50}]')),
  minus: testOf(inputOf(['x', '10-2x4']) + exprAt('x', '4m', '[{labels: x, value: 2}]')),
  repeat: testOf(inputOf(['x', '7x3']) + exprAt('x', '3m', '[{labels: x, value: 7}]')),
  zerotimes: testOf(inputOf(['x', '7x0']) + exprAt('x', '0m', '[{labels: x, value: 7}]')),
  gaps: testOf(inputOf(['x', '1 _ _x3 5']) + exprAt('count_over_time(x[10m])', '6m', '[{value: 2}]')),
  gap0: testOf(inputOf(['x', '1 _x0 5']) + exprAt('x', '1m', '[{labels: x, value: 5}]')),
  stale: testOf(inputOf(['x', '1 stale 3']) + exprAt('x', '1m', '[]')),
  stalex: testOf(inputOf(['x', '1 stalex2 3']) + exprAt('x', '1m', '[]')),
  nan: testOf(inputOf(['x', 'NaN']) + exprAt('x', '0m', '[{labels: x, value: NaN}]')),
  inf: testOf(inputOf(['x', 'Inf -Inf +Inf']) + exprAt('x', '1m', '[{labels: x, value: -Inf}]')),
  infx: testOf(inputOf(['x', 'Infx2']) + exprAt('x', '2m', '[{labels: x, value: +Inf}]')),
  exp: testOf(inputOf(['x', '1e3 1.5E-2']) + exprAt('x', '1m', '[{labels: x, value: 0.015}]')),
  hex: testOf(inputOf(['x', '0x10']) + exprAt('x', '1m', '[{labels: x, value: 0}]')),
  neg: testOf(inputOf(['x', '-1-1x2']) + exprAt('x', '2m', '[{labels: x, value: -3}]')),
  plusneg: testOf(inputOf(['x', '1+-1x2']) + exprAt('x', '2m', '[{labels: x, value: -1}]')),
  spaces: testOf(inputOf(['x', '  1   2  ']) + exprAt('x', '1m', '[{labels: x, value: 2}]')),
  comma: testOf(inputOf(['x', '1,2']) + exprAt('x', '1m', '[{labels: x, value: 2}]')),
  underscores: testOf(inputOf(['x', '1__2']) + exprAt('x', '1m', '[]')),
  empty: testOf(inputOf(['x', '']) + exprAt('x', '0m', '[]')),
  bad: testOf(inputOf(['x', '1 two']) + exprAt('x', '0m', '[]')),
  badx: testOf(inputOf(['x', '1x']) + exprAt('x', '0m', '[]')),
  badxneg: testOf(inputOf(['x', '1x-2']) + exprAt('x', '0m', '[]')),
  badseries: testOf(inputOf(['x{a=~"b"}', '1']) + exprAt('x', '0m', '[]')),
  badseries2: testOf(inputOf(['x[5m]', '1']) + exprAt('x', '0m', '[]')),
  badseries3: testOf(inputOf(['x{', '1']) + exprAt('x', '0m', '[]')),
  nameless: testOf(inputOf(['{a="b"}', '1']) + exprAt('{a="b"}', '0m', `[{labels: '{a="b"}', value: 1}]`)),
  emptyname: testOf(inputOf(['{}', '1']) + exprAt('count({a="b"})', '0m', '[]')),
  quotedname: testOf(
    inputOf(['{"x.y", a="b"}', '1']) + exprAt('{"x.y"}', '0m', `[{labels: '{"x.y", a="b"}', value: 1}]`),
  ),
  dup: testOf(inputOf(['x', '1'], ['x', '2']) + exprAt('x', '0m', '[{labels: x, value: 1}]')),
  dupsame: testOf(inputOf(['x', '1'], ['x', '1']) + exprAt('x', '0m', '[{labels: x, value: 1}]')),
  duplabel: testOf(inputOf(['x{a="1",a="2"}', '1']) + exprAt('x', '0m', '[]')),
  emptylabel: testOf(inputOf(['x{a=""}', '1']) + exprAt('x', '0m', '[{labels: x, value: 1}]')),
  hist: testOf(
    inputOf(['h', '{{schema:0 count:3 sum:4 buckets:[1 2]}}+{{schema:0 count:1 sum:1 buckets:[1]}}x2']) +
      exprAt('histogram_count(h)', '2m', '[{value: 5}]'),
  ),
  histexp: testOf(
    inputOf(['h', '{{schema:0 count:3 sum:4 buckets:[1 2]}}']) +
      exprAt('h', '0m', `[{labels: h, histogram: '{{schema:0 count:3 sum:4 buckets:[1 2]}}'}]`),
  ),
  histbad: testOf(inputOf(['h', '{{schema:0 cnt:3}}']) + exprAt('h', '0m', '[]')),
  histboth: testOf(
    inputOf(['h', '{{schema:0 count:3 sum:4 buckets:[1 2]}}']) +
      exprAt('h', '0m', `[{labels: h, value: 3, histogram: '{{schema:0 count:3 sum:4 buckets:[1 2]}}'}]`),
  ),
  histstale: testOf(inputOf(['h', '{{count:1}} stale']) + exprAt('h', '1m', '[]')),
  mixed: testOf(inputOf(['h', '1 {{count:1 sum:1 buckets:[1]}} 3']) + exprAt('h', '2m', '[{labels: h, value: 3}]')),
  wrongval: testOf(inputOf(['x', '1']) + exprAt('x', '0m', '[{labels: x, value: 2}]')),
  wronglabels: testOf(inputOf(['x{a="b"}', '1']) + exprAt('x', '0m', `[{labels: 'x{a="c"}', value: 1}]`)),
  extra: testOf(inputOf(['x', '1']) + exprAt('x', '0m', '[]')),
  missing: testOf(inputOf(['x', '1']) + exprAt('y', '0m', '[{labels: y, value: 1}]')),
  scalar: testOf(inputOf(['x', '1']) + exprAt('1 + 1', '0m', '[{value: 2}]')),
  scalarwrong: testOf(inputOf(['x', '1']) + exprAt('1 + 1', '0m', '[{value: 3}]')),
  string: testOf(inputOf(['x', '1']) + exprAt('"a"', '0m', '[]')),
  matrix: testOf(inputOf(['x', '1']) + exprAt('x[5m]', '0m', '[]')),
  exprbad: testOf(inputOf(['x', '1']) + exprAt('sum(', '0m', '[]')),
  exprfail: testOf(inputOf(['x{a="1"}', '1'], ['x{a="2"}', '1']) + exprAt('x + on() x', '0m', '[]')),
  badlabels: testOf(inputOf(['x', '1']) + exprAt('x', '0m', `[{labels: 'x{', value: 1}]`)),
  exprat: testOf(inputOf(['x', '0+1x10']) + exprAt('x', '90s', '[{labels: x, value: 1}]')),
  exprbeyond: testOf(inputOf(['x', '0+1x3']) + exprAt('x', '20m', '[]')),
  negtime: testOf(inputOf(['x', '0+1x3']) + exprAt('x', '-1m', '[]')),
  noeval: testOf(
    inputOf(['x', '5']) + '    promql_expr_test:\n      - { expr: x, exp_samples: [{labels: x, value: 5}] }\n',
  ),
  alertpending: testOf(inputOf(['up{job="a"}', '0x5']) + alertAt('Down', '1m', '[]')),
  alertfires: testOf(
    inputOf(['up{job="a"}', '0x5']) +
      alertAt('Down', '2m', `[{exp_labels: {severity: page, v: 0, job: a}, exp_annotations: {summary: 'a  '}}]`),
  ),
  alertnoann: testOf(
    inputOf(['up{job="a"}', '0x5']) + alertAt('Down', '2m', `[{exp_labels: {severity: page, v: 0, job: a}}]`),
  ),
  alertext: testOf(
    inputOf(['up{job="a"}', '0x5']) +
      `    external_labels: { zone: eu }\n    external_url: http://e/\n` +
      alertAt(
        'Down',
        '2m',
        `[{exp_labels: {severity: page, v: 0, job: a}, exp_annotations: {summary: 'a eu http://e/'}}]`,
      ),
  ),
  alertbetween: testOf(
    inputOf(['up{job="a"}', '0x5']) +
      alertAt('Down', '150s', `[{exp_labels: {severity: page, v: 0, job: a}, exp_annotations: {summary: 'a  '}}]`),
  ),
  alertunknown: testOf(inputOf(['up', '0x5']) + alertAt('Nope', '2m', '[]')),
  alertunknown2: testOf(inputOf(['up', '0x5']) + alertAt('Nope', '2m', '[{exp_labels: {a: b}}]')),
  alertnoname: testOf(inputOf(['up', '0x5']) + '    alert_rule_test:\n      - { eval_time: 2m, exp_alerts: [] }\n'),
  alertnamelabel: testOf(
    inputOf(['up{job="a"}', '0x5']) +
      alertAt(
        'Down',
        '2m',
        `[{exp_labels: {alertname: Down, severity: page, v: 0, job: a}, exp_annotations: {summary: 'a  '}}]`,
      ),
  ),
  alertnull: testOf(
    inputOf(['up{job="a"}', '1x5']) + '    alert_rule_test:\n      - { eval_time: 2m, alertname: Down }\n',
  ),
  alerttwo: testOf(
    inputOf(['up{job="b"}', '0x5'], ['up{job="a"}', '0x5']) +
      alertAt(
        'Down',
        '2m',
        `[{exp_labels: {severity: page, v: 0, job: b}, exp_annotations: {summary: 'b  '}}, {exp_labels: {severity: page, v: 0, job: a}, exp_annotations: {summary: 'a  '}}]`,
      ),
  ),
  keep: testOf(inputOf(['x', '9 1 1 1 1 1 1']) + alertAt('Keep', '2m', '[{exp_labels: {}}]')),
  keepend: testOf(inputOf(['x', '9 1 1 1 1 1 1']) + alertAt('Keep', '5m', '[]')),
  limitfail: testOf(inputOf(['x{a="1"}', '1x9'], ['x{a="2"}', '1x9']) + exprAt('lim', '3m', '[]')),
  groupinterval: testOf(inputOf(['x', '0+1x9']) + exprAt('lim', '4m', '[{labels: lim, value: 3}]')),
  slowgroup: testOf(inputOf(['x', '0+1x9']) + exprAt('seen', '4m', '[{labels: seen, value: 4}]')),
  order: testOf(
    inputOf(['x{job="a"}', '1x3']) + exprAt('s2', '1m', `[{labels: 's2{job="a",k="v"}', value: 2}]`),
    'group_eval_order: [h, g]\n',
  ),
  orderunknown: testOf(inputOf(['x', '1']) + exprAt('x', '0m', '[{labels: x, value: 1}]'), 'group_eval_order: [zzz]\n'),
  orderdup: testOf(inputOf(['x', '1']) + exprAt('x', '0m', '[{labels: x, value: 1}]'), 'group_eval_order: [g, g]\n'),
  fuzzy: testOf(
    inputOf(['x', '0.1'], ['y', '0.2']) + exprAt('sum(x) + sum(y)', '0m', '[{value: 0.3}]'),
    'fuzzy_compare: true\n',
  ),
  nofuzzy: testOf(inputOf(['x', '0.1'], ['y', '0.2']) + exprAt('sum(x) + sum(y)', '0m', '[{value: 0.3}]')),
  fuzzyfar: testOf(
    inputOf(['x', '0.3']) + exprAt('x', '0m', '[{labels: x, value: 0.3000001}]'),
    'fuzzy_compare: true\n',
  ),
  unknownkey: testOf(inputOf(['x', '1']) + '    promql_exp_test: []\n'),
  notests: 'rule_files: [rules.yml]\nevaluation_interval: 1m\n',
  nofiles: 'evaluation_interval: 1m\ntests: []\n',
  nomatch: 'rule_files: [none*.yml]\ntests: []\n',
  missingfile: 'rule_files: [none.yml]\ntests: []\n',
  intervalzero: testOf(inputOf(['x', '1']) + exprAt('x', '0m', '[{labels: x, value: 1}]')).replace(
    'interval: 1m\n    name',
    'interval: 0s\n    name',
  ),
  nointerval: testOf(inputOf(['x', '0+1x5']) + exprAt('x', '2m', '[{labels: x, value: 2}]')).replace(
    '  - interval: 1m\n    name: t',
    '  - name: t',
  ),
  evalzero: testOf(inputOf(['x', '0+1x5']) + exprAt('x', '2m', '[{labels: x, value: 2}]')).replace(
    'evaluation_interval: 1m',
    'evaluation_interval: 0s',
  ),
  start: testOf(
    inputOf(['x', '0+1x5']) +
      `    start_timestamp: 1600000000\n` +
      exprAt('timestamp(x)', '2m', '[{value: 1600000120}]'),
  ),
  startrfc: testOf(
    inputOf(['x', '0+1x5']) +
      `    start_timestamp: 2020-01-01T00:00:00Z\n` +
      exprAt('timestamp(x)', '2m', '[{value: 1577836920}]'),
  ),
  startbad: testOf(inputOf(['x', '0+1x5']) + `    start_timestamp: tomorrow\n` + exprAt('x', '2m', '[]')),
  dupkey: testOf(inputOf(['x', '1']) + '    name: u\n'),
  yinf: testOf(inputOf(['x', 'Inf -Inf']) + exprAt('x', '1m', '[{labels: x, value: -.inf}]')),
  ynan: testOf(inputOf(['x', 'NaN']) + exprAt('x', '0m', '[{labels: x, value: .nan}]')),
  yhex: testOf(inputOf(['x', '16']) + exprAt('x', '0m', '[{labels: x, value: 0x10}]')),
  yplus: testOf(inputOf(['x', '5']) + exprAt('x', '0m', '[{labels: x, value: +5}]')),
  yquoted: testOf(inputOf(['x', '8']) + exprAt('x', '0m', '[{labels: x, value: "8"}]')),
  ynull: testOf(inputOf(['x', '0']) + exprAt('x', '0m', '[{labels: x, value: }]')),
  dupgap2: testOf(inputOf(['x', '1 2 3'], ['x', '_ 7']) + exprAt('x', '1m', '[{labels: x, value: 7}]')),
  dupgap3: testOf(inputOf(['x', '_ 7'], ['x', '1 2 3']) + exprAt('x', '1m', '[{labels: x, value: 2}]')),
  explabeldup: testOf(inputOf(['x', '1']) + exprAt('x', '0m', `[{labels: 'x{a="1",a="1"}', value: 1}]`)),
  exphist0: testOf(
    inputOf(['h', '{{count:1}}']) + exprAt('h', '0m', `[{labels: h, value: 0, histogram: '{{count:1}}'}]`),
  ),
  multi: testOf(
    inputOf(['x', '1']) +
      exprAt('x', '0m', '[{labels: x, value: 2}]') +
      `  - interval: 1m\n` +
      inputOf(['x', '1']) +
      exprAt('x', '0m', '[{labels: x, value: 3}]'),
  ),
};

/** Numbers that we read and YAML does not know. */
export const LENIENT: ReadonlySet<string> = new Set(['nan', 'inf', 'infx', 'ynan', 'yquoted']);
