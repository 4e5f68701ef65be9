/** Random valid expressions over the compared series. The same seed gives the same ones. */

export type Random = () => number;

const METRICS = [
  ...['c_total', 'c_total{job="a"}', 'g', 'g{instance=~"1|9"}', 'only_a', 'h_bucket', 'h_bucket{le="1"}', 'nothing'],
  ...[
    'odd',
    'typed',
    'sparse',
    'late_total',
    'target_info',
    '{__name__=~"g|only_a"}',
    '{job="a",__name__=~".*_total"}',
  ],
  ...['nh', 'nh{le=""}', 'nh{le!=""}', 'nh_changing', 'nh_ending', 'gauge_nh', 'nan_nh', 'nan_custom', 'custom'],
  ...['custom_changing', 'mixed', 'mixed{job="a"}', '{__name__=~"nh|custom",le=""}'],
];
const DURATIONS = ['20s', '45s', '1m', '2m30s', '5m', '10m', '90', '1m * 3', 'step() * 2 + 1m', 'max_of(step(), 50s)'];
const OVER_TIME = [
  ...['sum', 'avg', 'min', 'max', 'count', 'last', 'first', 'stddev', 'stdvar', 'present', 'mad', 'ts_of_min'],
  ...['ts_of_max', 'ts_of_first', 'ts_of_last'],
].map((name) => `${name}_over_time`);
const OF_RANGES = ['rate', 'increase', 'irate', 'delta', 'idelta', 'resets', 'changes', 'deriv', ...OVER_TIME];
const OF_VALUES = [
  ...[
    'abs',
    'ceil',
    'floor',
    'sgn',
    '-',
    '+',
    'round',
    'timestamp',
    'sqrt',
    'exp',
    'ln',
    'log2',
    'log10',
    'sin',
    'cos',
  ],
  ...['atan', 'tanh', 'asinh', 'deg', 'rad', 'hour', 'minute', 'day_of_week', 'days_in_month', 'sort', 'sort_desc'],
  ...['histogram_count', 'histogram_sum', 'histogram_avg', 'histogram_stddev', 'histogram_stdvar', 'absent'],
  ...['start_timestamp', 'abs', '-'],
];
const AGGREGATIONS = ['sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar'];
const NUMBERS = ['0', '1', '2.5', '-3', '10', '1e3', 'NaN', 'Inf', '-Inf', '5m', '0x1f', '0.1'];
const QUANTILES = ['0', '0.01', '0.2', '0.5', '0.9', '0.999', '1', '1.5', '-1', 'NaN'];
const GROUPINGS = [
  '',
  '',
  ' by (job)',
  ' by (job, le)',
  ' without (instance)',
  ' by (le)',
  ' by (nothing)',
  ' by (__name__)',
];
const MATCHINGS = [
  ...['', '', 'ignoring (le)', 'on (job, instance)', 'on (job)', 'on ()', 'ignoring (instance)'],
  ...['on (job, instance) group_left ()', 'ignoring (le) group_right ()', 'on (job, instance) group_left (le, zone)'],
];
const FILLS = ['', '', '', ' fill (0)', ' fill_left (3)', ' fill_right (-1)', ' fill_left (2) fill_right (NaN)'];
const HISTOGRAMS = [
  'nh',
  'nh_changing',
  'nh_ending',
  'gauge_nh',
  'nan_nh',
  'nan_custom',
  'custom',
  'custom_changing',
  'mixed',
];
const STEPS = ['', '30s', '17s', '1m', 'step()', 'min_of(step(), 25s)'];
const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='];
const MANY = [
  ...['many_total', 'many_total', 'many_total{job="a"}', 'many_total{path=~"p1.*"}', 'many_total{job!="b"}', 'many'],
  ...[
    'many_bucket',
    'many_bucket{le="1"}',
    '{__name__=~"many_total|c_total"}',
    'c_total',
    'h_bucket',
    'nh',
    'late_total',
  ],
];
const MANY_DURATIONS = ['20s', '45s', '1m', '2m30s', '5m', '10m', '30m', '1h'];
const MANY_GROUPINGS = [
  ...['', '', ' by (job)', ' by (job, instance)', ' by (path)', ' by (job, path)', ' without (path)', ' by (le)'],
  ...[' by (le, job)', ' without (instance, job)', ' by (nothing)', ' without (le)'],
];
const JOINS = [
  '"both", "-", "job", "instance"',
  '"job", "", "nothing"',
  '"__name__", "_", "__name__", "job"',
  '"le", "/"',
  '"a.b", ", ", "le", "job", "zone"',
];
const REPLACEMENTS = [
  ...[
    '"le", "$1", "instance", "(.)"',
    '"x", "${1}y$2", "job", "(a)|(b)"',
    '"job", "all", "", ""',
    '"__name__", "other", "job", "a"',
  ],
  ...['"x", "$name-$$", "job", "(?P<name>.*)"', '"instance", "$0", "job", "[^a]"', '"job", "", "instance", "1"'],
];
const ARITHMETIC = [
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  'atan2',
  '>',
  '<',
  '<=',
  '>=',
  '==',
  '!=',
  '> bool',
  '== bool',
  '!= bool',
];

export class ExpressionGenerator {
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  vector(depth = 3): string {
    if (depth === 0) return this.leaf();
    const ways: readonly (readonly [weight: number, make: () => string])[] = [
      [3, () => this.leaf()],
      [6, () => `${this.pick(OF_RANGES)}(${this.range(depth)})`],
      [1, () => `quantile_over_time(${this.scalarOf(QUANTILES, depth)}, ${this.range(depth)})`],
      [1, () => `predict_linear(${this.range(depth)}, ${this.scalarOf(NUMBERS, depth)})`],
      [
        1,
        () =>
          `double_exponential_smoothing(${this.range(depth)}, 0.3, ${this.pick(['0.1', '0.9', '0.5', '0.5', '0.3', '1.2'])})`,
      ],
      [
        1,
        () => `${this.pick(['rate', 'increase', 'delta', 'changes', 'resets', 'sum_over_time'])}(${this.extended()})`,
      ],
      [1, () => `${this.pick(METRICS)} smoothed`],
      [3, () => `${this.pick(OF_VALUES)}(${this.vector(depth - 1)})`],
      [1, () => `clamp(${this.vector(depth - 1)}, ${this.pick(NUMBERS)}, ${this.scalarOf(NUMBERS, depth)})`],
      [4, () => `${this.pick(AGGREGATIONS)}${this.pick(GROUPINGS)} (${this.vector(depth - 1)})`],
      [
        2,
        () =>
          `${this.pick(['topk', 'bottomk', 'limitk'])}${this.pick(GROUPINGS)} (${this.pick(['1', '2', '3', '0', '-1', '100'])}, ${this.vector(depth - 1)})`,
      ],
      [
        1,
        () =>
          `limit_ratio${this.pick(GROUPINGS)} (${this.pick(['0.3', '-0.5', '1', '0', '-1.5', '2', '0.7'])}, ${this.vector(depth - 1)})`,
      ],
      [1, () => `quantile${this.pick(GROUPINGS)} (${this.scalarOf(QUANTILES, depth)}, ${this.vector(depth - 1)})`],
      [1, () => `count_values${this.pick(GROUPINGS)} ("v", ${this.vector(depth - 1)})`],
      [3, () => `(${this.vector(depth - 1)}) ${this.pick(ARITHMETIC)} ${this.scalarOf(NUMBERS, depth)}`],
      [2, () => `${this.scalarOf(NUMBERS, depth)} ${this.pick(ARITHMETIC)} (${this.vector(depth - 1)})`],
      [
        4,
        () =>
          `(${this.vector(depth - 1)}) ${this.pick(ARITHMETIC)} ${this.pick(MATCHINGS)}${this.pick(FILLS)} (${this.vector(depth - 1)})`,
      ],
      [
        2,
        () =>
          `(${this.vector(depth - 1)}) ${this.pick(['and', 'or', 'unless'])} ${this.pick(MATCHINGS.slice(0, 7))} (${this.vector(depth - 1)})`,
      ],
      [1, () => `(${this.vector(depth - 1)}) ${this.pick(['</', '>/'])} ${this.pick([...NUMBERS, '0.3', '-0.2'])}`],
      [3, () => `histogram_quantile(${this.scalarOf(QUANTILES, depth)}, ${this.vector(depth - 1)})`],
      [
        1,
        () =>
          `histogram_fraction(${this.pick(['-Inf', '0', '0.3', '-1'])}, ${this.pick(['0.7', 'Inf', '5', '-0.1'])}, ${this.vector(depth - 1)})`,
      ],
      [
        1,
        () => `histogram_quantiles(${this.vector(depth - 1)}, "q", ${this.pick(QUANTILES)}, ${this.pick(QUANTILES)})`,
      ],
      [1, () => `absent_over_time(${this.range(depth)})`],
      [1, () => `vector(${this.scalar(depth - 1)})`],
      [
        1,
        () =>
          `label_replace(${this.vector(depth - 1)}, ${this.pick(['"copy", "$1-x", "job"', '"job", "", "job"', '"__name__", "$1", "job"'])}, "(.*)")`,
      ],
      [1, () => `label_join(${this.vector(depth - 1)}, ${this.pick(JOINS)})`],
      [1, () => `label_replace(${this.vector(depth - 1)}, ${this.pick(REPLACEMENTS)})`],
      [1, () => `${this.pick(['topk', 'bottomk', 'quantile'])} (${this.scalar(depth)}, ${this.vector(depth - 1)})`],
      [1, () => `${this.pick(['-', '+', '--'])}${this.vector(depth - 1)} ^ ${this.pick(['2', '0.5', '-1', '-2 ^ 2'])}`],
      [
        1,
        () =>
          `(${this.scalar(depth)} ${this.pick(COMPARISONS)} bool ${this.scalar(depth)}) * ${this.vector(depth - 1)}`,
      ],
      [
        2,
        () =>
          `${this.pick([...OF_RANGES, 'absent_over_time'])}((${this.vector(depth - 1)})[${this.pick(DURATIONS)}:${this.pick(STEPS)}]${this.pinned()})`,
      ],
      [1, () => `${this.pick(['rate', 'increase', 'delta', 'changes', 'resets'])}(${this.extended()}${this.pinned()})`],
      [1, () => `sort_by_label_desc(${this.vector(depth - 1)}, "instance", "job")`],
      [
        1,
        () =>
          `${this.pick(['sum', 'avg', 'max', 'count', 'stddev'])} without (${this.pick(['job', 'le, instance', ''])}) (${this.vector(depth - 1)})`,
      ],
      [1, () => `clamp_${this.pick(['min', 'max'])}(${this.vector(depth - 1)}, ${this.scalar(depth)})`],
      [1, () => `round(${this.vector(depth - 1)}, ${this.scalar(depth)})`],
      [
        2,
        () =>
          `${this.leaf()} ${this.pick(ARITHMETIC)} ${this.pick(['on (job, instance)', 'ignoring (le, zone, version, commit)'])} ${this.pick(['group_left', 'group_right'])} (${this.pick(['', 'zone', 'le', 'job'])})${this.pick(FILLS)} ${this.leaf()}`,
      ],
      [1, () => `histogram_${this.pick(['count', 'sum', 'avg', 'stddev', 'stdvar'])}(${this.histogram(depth)})`],
      [1, () => `histogram_quantile(${this.pick(QUANTILES)}, ${this.histogram(depth)})`],
      [1, () => `${this.histogram(depth)} ${this.pick(['+', '-', '==', '!='])} ${this.histogram(depth)}`],
      [1, () => `sort_by_label(${this.vector(depth - 1)}, "job")`],
      [
        2,
        () =>
          `info(${this.vector(depth - 1)}${this.pick(['', ', {version=~".+"}', ', {zone=~".*"}', ', {__name__=~".+_info"}', ', {__name__="build_info",commit!=""}'])})`,
      ],
    ];
    return this.weighted(ways)();
  }

  /** What dashboards ask for: functions of windows of many series, and what is made of them. */
  panel(depth = 2): string {
    const grouping = this.pick(MANY_GROUPINGS);
    if (depth === 0) return this.windows();
    const inner = () => this.panel(depth - 1);
    const ways: readonly (readonly [weight: number, make: () => string])[] = [
      [2, () => this.windows()],
      [6, () => `sum${grouping} (${inner()})`],
      [3, () => `${this.pick(AGGREGATIONS)}${grouping} (${inner()})`],
      [
        3,
        () =>
          `${this.pick(['topk', 'bottomk', 'limitk'])}${this.pick([grouping, ''])} (${this.pick(['1', '3', '10', '100'])}, ${inner()})`,
      ],
      [2, () => `limit_ratio${grouping} (${this.pick(['0.3', '-0.5', '0.9', '-0.1'])}, ${inner()})`],
      [2, () => `quantile${grouping} (${this.pick(QUANTILES)}, ${inner()})`],
      [1, () => `count_values${grouping} ("v", ${inner()})`],
      [
        3,
        () =>
          `histogram_quantile(${this.pick(QUANTILES)}, sum by (${this.pick(['le', 'le, job', 'le, job, instance', 'le, path'])}) (${this.pick(['rate', 'increase'])}(many_bucket[${this.pick(MANY_DURATIONS)}]${this.shift()})))`,
      ],
      [
        2,
        () => {
          const one = inner();
          return `${one} ${this.pick(ARITHMETIC)} ${this.pick([one, `sum${grouping} (${one})`, `${one} > 0`, inner()])}`;
        },
      ],
      [
        2,
        () => {
          const [a, b] = [this.windows(), this.windows()];
          const op = this.pick(['/', '-', '+', '*', '>', '== bool']);
          return `sum${grouping} (${a}) ${op} sum${grouping} (${this.pick([a, b])})`;
        },
      ],
      [
        2,
        () =>
          `sum by (job, path) (${this.windows()}) ${this.pick(['/', '*', '-'])} on (job) group_left () sum by (job) (${this.windows()})`,
      ],
      [
        2,
        () =>
          `${inner()} ${this.pick(['and', 'or', 'unless'])} ${this.pick(['', 'on (job)', 'ignoring (path)'])} ${inner()}`,
      ],
      [2, () => `(${inner()}) ${this.pick(ARITHMETIC)} ${this.pick(NUMBERS)}`],
      [1, () => `${this.pick(['abs', '-', 'sgn', 'ceil', 'sort', 'sort_desc', 'absent', 'timestamp'])}(${inner()})`],
      [1, () => `clamp(${inner()}, 0.1, ${this.pick(['0.3', '2', '50'])})`],
      [1, () => `label_replace(${inner()}, ${this.pick(REPLACEMENTS)})`],
      [1, () => `vector(scalar(${inner()}))`],
      [
        2,
        () =>
          `${this.pick(OF_RANGES)}((${inner()})[${this.pick(MANY_DURATIONS.slice(2, 7))}:${this.pick(STEPS)}]${this.shift()})`,
      ],
    ];
    return this.weighted(ways)();
  }

  /** A function of windows, mostly a rate, of many series. */
  private windows(): string {
    const func = this.random() < 0.5 ? this.pick(['rate', 'increase', 'delta']) : this.pick(OF_RANGES);
    return `${func}(${this.pick(MANY)}[${this.pick(MANY_DURATIONS)}]${this.shift()})`;
  }

  /** Mostly native histograms. */
  private histogram(depth: number): string {
    const one = `${this.pick(HISTOGRAMS)}${this.pick(['', '[2m30s]', '[5m]'])}`;
    if (!one.endsWith(']')) return one + this.shift();
    const call = `${this.pick(['rate', 'increase', 'delta', 'idelta', 'irate', 'sum_over_time', 'avg_over_time', 'last_over_time', 'first_over_time'])}(${one}${this.shift()})`;
    return depth > 1 && this.random() < 0.5
      ? `(${this.pick(['sum', 'avg'])}${this.pick(GROUPINGS)} (${call}) ${this.pick(['</', '>/', '*', '/'])} ${this.pick(['0.5', '2', '-1', '0', '1e-3'])})`
      : call;
  }

  private pinned(): string {
    return this.pick([
      '',
      '',
      ' @ end()',
      ' @ start() offset -1m',
      ' offset step()',
      ' offset -(step() + 15s)',
      ' offset 1m @ end()',
    ]);
  }

  private scalar(depth: number): string {
    if (depth <= 0) return this.pick(NUMBERS);
    return this.weighted<() => string>([
      [3, () => this.pick(NUMBERS)],
      [1, () => `scalar(${this.vector(depth - 1)})`],
      [1, () => this.pick(['time()', 'pi()', 'step()', 'range()', '(end() - start())'])],
      [1, () => `max_of(${this.scalar(depth - 1)}, ${this.scalar(depth - 1)})`],
      [
        1,
        () => `(${this.scalar(depth - 1)} ${this.pick(['+', '-', '*', '/', '%', '> bool'])} ${this.scalar(depth - 1)})`,
      ],
    ])();
  }

  /** Mostly one of the given numbers, sometimes any scalar. */
  private scalarOf(numbers: readonly string[], depth: number): string {
    return this.random() < 0.85 ? this.pick(numbers) : this.scalar(depth - 1);
  }

  private leaf(): string {
    return this.pick(METRICS) + this.shift();
  }

  private range(depth: number): string {
    const duration = this.pick(DURATIONS);
    if (depth > 1 && this.random() < 0.25)
      return `(${this.vector(depth - 1)})[${duration}:${this.pick(['', '30s', '17s', '1m'])}]${this.shift()}`;
    return `${this.pick(METRICS)}[${duration}]${this.shift()}`;
  }

  private extended(): string {
    return `${this.pick(METRICS)}[${this.pick(DURATIONS)}] ${this.pick(['anchored', 'smoothed'])}${this.shift()}`;
  }

  private shift(): string {
    const kind = this.random();
    if (kind < 0.75) return '';
    const duration = this.pick(['20s', '45s', '1m', '2m30s', '5m', '10m']);
    return kind < 0.85
      ? ` offset ${duration}`
      : kind < 0.9
        ? ` offset -${duration}`
        : this.pick([' @ start()', ' @ end()', ' @ end() offset 1m']);
  }

  private pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)];
  }

  private weighted<T>(ways: readonly (readonly [weight: number, value: T])[]): T {
    let left = this.random() * ways.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of ways) if ((left -= weight) < 0) return value;
    return ways[ways.length - 1][1];
  }
}
