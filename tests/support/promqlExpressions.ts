/** Generated series, and random valid expressions over them. */
import fc from 'fast-check';
import { labelsOf } from '../../src/shared/model/labels.ts';
import type { MemorySeries, SampleValue } from './memoryQueryable.ts';

/** A repeatable source of numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

const BOUNDS = ['0.1', '0.5', '1', '+Inf'];

/**
 * Counters with resets, gauges with gaps and NaN, classic histograms; two jobs of two instances, each a group with its own offset
 * within the interval, samples off the whole seconds.
 *
 * @param startMs the first interval; @param count intervals of 15 s.
 */
export function generatedSeries(seed: number, startMs: number, count: number, withStale: boolean): MemorySeries[] {
  const random = seededRandom(seed);
  const series: MemorySeries[] = [];
  for (const job of ['a', 'b']) {
    for (const instance of ['1', '2']) {
      const group = `${job}${instance}`;
      // Never a whole second: no sample lies on the border of a window over a whole-second grid.
      const shift = Math.floor(random() * 14) * 1000 + 137;
      const add = (name: string, extra: Record<string, string>, next: (i: number) => SampleValue | undefined) => {
        const samples: [number, SampleValue][] = [];
        for (let i = 0; i < count; i++) {
          const v = next(i);
          if (v !== undefined) samples.push([startMs + i * 15_000 + shift, v]);
        }
        series.push({ labels: labelsOf({ __name__: name, job, instance, ...extra }), samples, group });
      };
      let total = Math.floor(random() * 100);
      add('c_total', {}, () => {
        total = random() < 0.03 ? Math.floor(random() * 3) : total + Math.floor(random() * 20);
        return total;
      });
      add('g', {}, () => {
        if (random() < 0.2) return withStale && random() < 0.3 ? 'stale' : undefined;
        return random() < 0.02 ? NaN : Math.round((random() - 0.5) * 2000) / 10;
      });
      if (job === 'a') add('only_a', {}, () => Math.floor(random() * 4));
      const buckets = BOUNDS.map(() => 0);
      const rows = Array.from({ length: count }, () => {
        if (random() < 0.01) buckets.fill(0);
        const observed = BOUNDS.map(() => Math.floor(random() * 5));
        let sum = 0;
        observed.forEach((n, b) => (buckets[b] += sum += n));
        return [...buckets];
      });
      BOUNDS.forEach((le, b) => add('h_bucket', { le }, (i) => rows[i][b]));
    }
  }
  return series;
}

const OVER_TIME = ['sum', 'avg', 'min', 'max', 'count', 'last', 'first', 'stddev', 'stdvar', 'present'].map(
  (f) => `${f}_over_time`,
);
const OF_COUNTERS = ['rate', 'increase', 'irate', 'resets', 'changes', 'delta', 'idelta', 'deriv'];
const OF_VALUES = ['abs', 'ceil', 'floor', 'sgn', '-', 'round', 'timestamp'];
const AGGREGATIONS = ['sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar', 'quantile'];

/** Valid expressions over {@link generatedSeries}; their types fit, their matching may still be refused. */
export const vectorExpression: fc.Arbitrary<string> = fc.letrec<
  Record<'vector' | 'leaf' | 'range' | 'grouping', string>
>((tie) => {
  const name = fc.constantFrom(
    'c_total',
    'g',
    'only_a',
    'h_bucket',
    'h_bucket{le="1"}',
    'g{job="a"}',
    'g{instance=~"1|9"}',
    'c_total{job!="a"}',
    'nothing',
  );
  const duration = fc.constantFrom('20s', '45s', '1m', '2m30s', '5m', '10m');
  const shift = fc.oneof(
    { weight: 6, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: duration.map((d) => ` offset ${d}`) },
    { weight: 1, arbitrary: duration.map((d) => ` offset -${d}`) },
    { weight: 1, arbitrary: fc.constantFrom(' @ 1700000777.5', ' @ start()', ' @ end()') },
  );
  const number = fc.constantFrom('0', '1', '2.5', '-3', '10', '1e3', 'NaN', 'Inf', '5m');
  return {
    leaf: fc.tuple(name, shift).map(([n, s]) => n + s),
    range: fc.oneof(
      { weight: 4, arbitrary: fc.tuple(name, duration, shift).map(([n, d, s]) => `${n}[${d}]${s}`) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(tie('vector'), duration, fc.constantFrom('', '30s', '17s'), shift)
          .map(([v, d, step, s]) => `(${v})[${d}:${step}]${s}`),
      },
    ),
    grouping: fc.constantFrom('', ' by (job)', ' by (job, le)', ' without (instance)', ' by (le)', ' by (nothing)'),
    vector: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      tie('leaf'),
      fc.tuple(fc.constantFrom(...OVER_TIME), tie('range')).map(([f, r]) => `${f}(${r})`),
      fc.tuple(fc.constantFrom(...OF_COUNTERS), tie('range')).map(([f, r]) => `${f}(${r})`),
      fc.tuple(fc.constantFrom('0.1', '0.5', '0.93'), tie('range')).map(([q, r]) => `quantile_over_time(${q}, ${r})`),
      fc.tuple(tie('range'), number).map(([r, n]) => `predict_linear(${r}, ${n})`),
      fc.tuple(fc.constantFrom(...OF_VALUES), tie('vector')).map(([f, v]) => `${f}(${v})`),
      fc.tuple(tie('vector'), number, number).map(([v, a, b]) => `clamp(${v}, ${a}, ${b})`),
      fc
        .tuple(fc.constantFrom(...AGGREGATIONS), tie('grouping'), tie('vector'))
        .map(([op, by, v]) => `${op}${by} (${op === 'quantile' ? '0.4, ' : ''}${v})`),
      fc
        .tuple(
          tie('vector'),
          fc.constantFrom('+', '-', '*', '/', '%', '^', '>', '<=', '==', '!=', '> bool', 'atan2'),
          number,
        )
        .map(([v, op, n]) => `(${v}) ${op} ${n}`),
      fc
        .tuple(number, fc.constantFrom('+', '-', '/', '<', '>= bool'), tie('vector'))
        .map(([n, op, v]) => `${n} ${op} (${v})`),
      fc
        .tuple(
          tie('vector'),
          fc.constantFrom('+', '-', '*', '/', '>', '== bool'),
          fc.constantFrom(
            '',
            'ignoring (le)',
            'on (job, instance)',
            'on (job, instance) group_left ()',
            'ignoring (le) group_right ()',
            'on (job, instance) group_left (le)',
          ),
          tie('vector'),
        )
        .map(([a, op, m, b]) => `(${a}) ${op} ${m} (${b})`),
      fc
        .tuple(
          tie('vector'),
          fc.constantFrom('and', 'or', 'unless'),
          fc.constantFrom('', 'on (job)', 'ignoring (le)'),
          tie('vector'),
        )
        .map(([a, op, m, b]) => `(${a}) ${op} ${m} (${b})`),
      fc
        .tuple(
          fc.constantFrom('0', '0.5', '0.9', '1'),
          fc.constantFrom(
            'rate(h_bucket[5m])',
            'h_bucket',
            'sum by (le) (h_bucket)',
            'sum by (le, job) (rate(h_bucket[2m30s]))',
          ),
        )
        .map(([q, v]) => `histogram_quantile(${q}, ${v})`),
      tie('vector').map((v) => `absent(${v})`),
      tie('range').map((r) => `absent_over_time(${r})`),
      tie('vector').map((v) => `vector(scalar(${v}))`),
      tie('vector').map((v) => `label_replace(${v}, "copy", "$1-x", "job", "(.*)")`),
    ),
  };
}).vector;
