/** Generated series of native histograms, and random expressions over them. */
import fc from 'fast-check';
import type { NativeHistogram } from '../../src/shared/histogram/native.ts';
import { labelsOf } from '../../src/shared/model/labels.ts';
import type { MemorySeries, SampleValue } from './memoryQueryable.ts';
import { customOf, exponentialOf } from './observedHistograms.ts';
import { seededRandom } from './promqlExpressions.ts';

/** A sample counts at most so many more than the one before. */
const OBSERVATIONS_MAX = 12;

/** Observations counted by value; read out as a histogram of any schema. */
class Observed {
  private readonly random: () => number;
  private readonly isSigned: boolean;
  values: number[] = [];
  nans = 0;

  constructor(random: () => number, isSigned: boolean) {
    this.random = random;
    this.isSigned = isSigned;
  }

  observe(count: number): void {
    for (let i = 0; i < count; i++) {
      const magnitude = this.random() < 0.1 ? this.random() * 0.02 : 2 ** (this.random() * 6 - 3);
      this.values.push(this.isSigned && this.random() < 0.4 ? -magnitude : magnitude);
    }
  }

  exponential(schema: number, zeroThreshold: number, counterReset: NativeHistogram['counterReset']): NativeHistogram {
    return exponentialOf(this.all(), schema, zeroThreshold, counterReset);
  }

  custom(bounds: Float64Array): NativeHistogram {
    return customOf(this.all(), bounds);
  }

  private all(): number[] {
    return [...this.values, ...Array.from({ length: this.nans }, () => NaN)];
  }
}

const BOUND_SETS = [
  Float64Array.of(0.1, 0.5, 1, 5),
  Float64Array.of(0.1, 1, 2, 5),
  Float64Array.of(-1, 0, 0.5, 1, 10),
  Float64Array.of(-3, -1, -0.25),
];

/**
 * Counting and gauge histograms with resets, gaps, changing schemas and zero thresholds, observed NaNs, custom bounds that differ, series
 * that change between floats and histograms, and classic buckets beside.
 *
 * @param startMs the first interval; @param count intervals of 15 s.
 * @returns series in the order in which a store that is given them sees them first, which is the order it adds them up in.
 */
export function histogramSeries(seed: number, startMs: number, count: number): MemorySeries[] {
  const random = seededRandom(seed);
  const series: MemorySeries[] = [];
  for (const job of ['a', 'b']) {
    for (const instance of ['1', '2']) {
      const shift = Math.floor(random() * 14) * 1000 + 137;
      const add = (name: string, extra: Record<string, string>, next: (i: number) => SampleValue | undefined) => {
        const samples: [number, SampleValue][] = [];
        for (let i = 0; i < count; i++) {
          const v = next(i);
          if (v !== undefined) samples.push([startMs + i * 15_000 + shift, v]);
        }
        series.push({
          labels: labelsOf({ __name__: name, job, instance, ...extra }),
          samples,
          group: `${series.length}`,
        });
      };
      const counting = (isSigned: boolean, read: (observed: Observed, i: number) => SampleValue | undefined) => {
        const observed = new Observed(random, isSigned);
        return (i: number) => {
          // A store keeps one layout for a run of samples: the outermost buckets are there from the start.
          if (i === 0 || random() < 0.03) observed.values = isSigned ? [-7.99, 7.99] : [7.99];
          observed.observe(1 + Math.floor(random() * OBSERVATIONS_MAX));
          return random() < 0.08 ? undefined : read(observed, i);
        };
      };
      const schema = Math.floor(random() * 4);
      add(
        'nh',
        {},
        counting(false, (o) => o.exponential(schema, 0.001, 'unknown')),
      );
      let [thisSchema, threshold] = [schema, 0.001];
      add(
        'nh_changing',
        {},
        counting(true, (o) => {
          if (random() < 0.1) thisSchema = Math.floor(random() * 6) - 1;
          if (random() < 0.1) threshold = [0.001, 0.01, 0.3][Math.floor(random() * 3)];
          return o.exponential(thisSchema, threshold, 'unknown');
        }),
      );
      add('nh_ending', {}, (i) => {
        if (i % 17 === 11) return 'stale';
        const observed = new Observed(random, false);
        observed.observe(i % 17);
        return i % 17 > 11 ? undefined : observed.exponential(1, 0, 'unknown');
      });
      add('gauge_nh', {}, () => {
        const observed = new Observed(random, true);
        observed.values = [-7.99, 7.99];
        observed.observe(Math.floor(random() * 20));
        return observed.exponential(2, 0.001, 'gauge');
      });
      add(
        'nan_nh',
        {},
        counting(false, (o) => {
          if (random() < 0.2) o.nans++;
          return o.exponential(1, 0.01, 'unknown');
        }),
      );
      const bounds = BOUND_SETS[job === 'a' ? 0 : 1];
      add(
        'custom',
        {},
        counting(false, (o) => o.custom(bounds)),
      );
      add(
        'custom_changing',
        {},
        counting(true, (o, i) => o.custom(BOUND_SETS[Math.floor(i / 9 + (job === 'a' ? 1 : 2)) % 4])),
      );
      add(
        'nan_custom',
        {},
        counting(true, (o) => {
          if (random() < 0.2) o.nans++;
          return o.custom(bounds);
        }),
      );
      add('mixed', {}, (i) => {
        const observed = new Observed(random, false);
        observed.observe(5 + i);
        if (i % 13 < 4) return i;
        return i % 29 === 7 ? observed.custom(BOUND_SETS[0]) : observed.exponential(2, 0.001, 'unknown');
      });
      add('g', {}, () => random() * 20 - 10);
      const classic = ['0.1', '1', '+Inf'];
      const totals = [0, 0, 0];
      classic.forEach((le, b) =>
        add('nh', { le }, () => {
          if (b === 0) for (let k = 0; k < 3; k++) totals[k] += Math.floor(random() * 5) + (k > 0 ? 5 : 0);
          return totals[b];
        }),
      );
    }
  }
  return series.sort((a, b) => a.samples[0][0] - b.samples[0][0]);
}

const WINDOWED = [
  ...['rate', 'increase', 'delta', 'irate', 'idelta', 'resets', 'changes', 'deriv'],
  ...['sum', 'avg', 'count', 'last', 'first', 'present', 'min', 'max', 'stddev', 'ts_of_last', 'ts_of_min'].map(
    (name) => `${name}_over_time`,
  ),
];
const OF_HISTOGRAMS = ['count', 'sum', 'avg', 'stddev', 'stdvar'].map((name) => `histogram_${name}`);

/** Valid expressions over {@link histogramSeries}. */
export const histogramExpression: fc.Arbitrary<string> = fc.letrec<Record<'vector' | 'range' | 'grouping', string>>(
  (tie) => {
    const name = fc.constantFrom(
      ...[
        'nh',
        'nh{le=""}',
        'nh{le!=""}',
        'nh_changing',
        'nh_ending',
        'gauge_nh',
        'nan_nh',
        'nan_custom',
        'custom',
        'custom{job="a"}',
      ],
      ...['custom_changing', 'mixed', 'mixed{job="a"}', 'g', '{__name__=~"nh|custom",le=""}'],
    );
    const duration = fc.constantFrom('20s', '45s', '1m', '2m30s', '5m', '10m');
    const shift = fc.oneof(
      { weight: 6, arbitrary: fc.constant('') },
      { weight: 1, arbitrary: duration.map((d) => ` offset ${d}`) },
      { weight: 1, arbitrary: fc.constantFrom(' @ start()', ' @ end()') },
    );
    const number = fc.constantFrom('0', '1', '2.5', '-3', '0.1', '7');
    const quantile = fc.constantFrom('0', '0.01', '0.2', '0.5', '0.9', '0.999', '1', '1.5', '-1');
    return {
      range: fc.oneof(
        { weight: 5, arbitrary: fc.tuple(name, duration, shift).map(([n, d, s]) => `${n}[${d}]${s}`) },
        {
          weight: 1,
          arbitrary: fc
            .tuple(tie('vector'), duration, fc.constantFrom('', '30s', '17s'))
            .map(([v, d, s]) => `(${v})[${d}:${s}]`),
        },
      ),
      grouping: fc.constantFrom('', ' by (job)', ' without (instance)', ' by (le)', ' by (instance, le)'),
      vector: fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        fc.tuple(name, shift).map(([n, s]) => n + s),
        fc.tuple(fc.constantFrom(...WINDOWED), tie('range')).map(([f, r]) => `${f}(${r})`),
        fc.tuple(fc.constantFrom(...WINDOWED), tie('range')).map(([f, r]) => `${f}(${r})`),
        fc.tuple(fc.constantFrom(...OF_HISTOGRAMS), tie('vector')).map(([f, v]) => `${f}(${v})`),
        fc.tuple(quantile, tie('vector')).map(([q, v]) => `histogram_quantile(${q}, ${v})`),
        fc
          .tuple(
            fc.constantFrom('-Inf', '-1', '0', '0.005', '0.3'),
            fc.constantFrom('0', '0.7', '4.5', 'Inf'),
            tie('vector'),
          )
          .map(([a, b, v]) => `histogram_fraction(${a}, ${b}, ${v})`),
        fc
          .tuple(
            fc.constantFrom('sum', 'avg', 'count', 'min', 'max', 'group', 'stddev'),
            tie('grouping'),
            tie('vector'),
          )
          .map(([op, by, v]) => `${op}${by} (${v})`),
        fc.tuple(tie('grouping'), tie('vector')).map(([by, v]) => `quantile${by} (0.7, ${v})`),
        fc.tuple(tie('grouping'), name).map(([by, v]) => `count_values${by} ("v", ${v})`),
        fc
          .tuple(
            fc.constantFrom('+', '-', '/', '==', '!=', '== bool', '!= bool', '>', '< bool'),
            tie('vector'),
            tie('vector'),
          )
          .map(([op, a, b]) => `(${a}) ${op} (${b})`),
        fc
          .tuple(fc.constantFrom('+', '-', '*', '/', '==', '^', '>', '!= bool'), number, tie('vector'), fc.boolean())
          .map(([op, n, v, left]) => (left ? `${n} ${op} (${v})` : `(${v}) ${op} ${n}`)),
        fc
          .tuple(fc.constantFrom('and', 'or', 'unless'), tie('vector'), tie('vector'))
          .map(([op, a, b]) => `(${a}) ${op} (${b})`),
        fc
          .tuple(fc.constantFrom('-', 'abs', 'timestamp', 'sort', 'absent'), tie('vector'))
          .map(([f, v]) => `${f}(${v})`),
      ),
    };
  },
).vector;

/** One of two buckets and a zero bucket. */
export const SMALL_NATIVE: NativeHistogram = {
  schema: 0,
  zeroThreshold: 0.001,
  zeroCount: 1,
  count: 4,
  sum: 6,
  positiveSpans: [{ offset: 0, length: 2 }],
  negativeSpans: [],
  positiveBuckets: Float64Array.of(1, 2),
  negativeBuckets: new Float64Array(0),
  counterReset: 'unknown',
};
