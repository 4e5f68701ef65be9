/** The series that both servers are given: counters, gauges, classic and native histograms, info metrics; gaps, resets and ends. */
import { labelsOf, labelValue, METRIC_NAME } from '../../src/shared/model/labels.ts';
import { histogramSeries } from '../../tests/support/histogramSeries.ts';
import type { MemorySeries, SampleValue } from '../../tests/support/memoryQueryable.ts';
import { generatedSeries, seededRandom } from '../../tests/support/promqlExpressions.ts';

const INTERVAL_MS = 15_000;

/** Series that say what others are: target_info, and one of another name with a label in common. */
function infoSeries(random: () => number, startMs: number, count: number): MemorySeries[] {
  const series: MemorySeries[] = [];
  for (const job of ['a', 'b']) {
    for (const instance of ['1', '2']) {
      const add = (name: string, extra: Record<string, string>, from: number, to: number) => {
        const samples: [number, SampleValue][] = [];
        for (let i = from; i < to; i++) samples.push([startMs + i * INTERVAL_MS + 137, 1]);
        if (to < count) samples.push([startMs + to * INTERVAL_MS + 137, 'stale']);
        series.push({ labels: labelsOf({ __name__: name, job, instance, ...extra }), samples });
      };
      const change = 20 + Math.floor(random() * 40);
      add('target_info', { version: '1', zone: `z${instance}` }, 0, change);
      add('target_info', { version: '2', zone: `z${instance}` }, change, count);
      if (job === 'a') add('build_info', { commit: `c${instance}`, zone: `z${instance}` }, 0, count);
    }
  }
  return series;
}

/** Infinities, numbers near the end of what doubles hold, and metrics that bear their type and unit. */
function oddSeries(random: () => number, startMs: number, count: number): MemorySeries[] {
  const of = (labels: Record<string, string>, next: (i: number) => SampleValue | undefined): MemorySeries => ({
    labels: labelsOf(labels),
    samples: Array.from({ length: count }, (_, i) => [startMs + i * INTERVAL_MS + 4137, next(i)] as const).filter(
      (sample): sample is [number, SampleValue] => sample[1] !== undefined,
    ),
  });
  const odd = [Infinity, -Infinity, NaN, 0, -0, 1e300, -1e300, 5e-324, 0.1, 1e9];
  let total = 0;
  return [
    of({ __name__: 'odd', job: 'a', instance: '1' }, () => odd[Math.floor(random() * odd.length)]),
    of({ __name__: 'odd', job: 'b', instance: '1' }, () => odd[5 + Math.floor(random() * 5)]),
    of(
      { __name__: 'typed', __type__: 'counter', __unit__: 'seconds', job: 'a', instance: '1' },
      () => (total += random() * 9),
    ),
    of({ __name__: 'typed', __type__: 'gauge', __unit__: 'seconds', job: 'b', instance: '1' }, () => random() * 9),
    of({ __name__: 'sparse', job: 'a', instance: '1' }, (i) => (i % 11 === 3 ? i : undefined)),
    of({ __name__: 'late_total', job: 'a', instance: '1' }, (i) => (i < 45 ? undefined : i * 3)),
  ];
}

/** What a counter of many adds at an interval; undefined where it has no sample. */
type Growth = (i: number) => number | undefined;

/**
 * Hundreds of counters and buckets that share their times by instance, and gauges of few values. Most counters are of whole numbers and rise all the
 * time; others fall, begin late and near 0, end, have gaps, or are no whole numbers.
 */
function manySeries(random: () => number, startMs: number, count: number): MemorySeries[] {
  const series: MemorySeries[] = [];
  const whole = () => Math.floor(random() * 9);
  const growths: readonly (() => Growth)[] = [
    () => whole,
    () => whole,
    () => whole,
    () => () => (random() < 0.7 ? 0 : whole()),
    () => () => random(),
    () => () => (random() < 0.02 ? -Infinity : whole()),
    () => () => (random() < 0.1 ? undefined : whole()),
    () => {
      const from = Math.floor(random() * count);
      return (i) => (i < from ? undefined : i === from ? 0 : whole());
    },
    () => {
      const until = Math.floor(random() * count);
      return (i) => (i > until ? undefined : whole());
    },
    () => () => 0,
  ];
  for (const job of ['a', 'b', 'c']) {
    for (const instance of ['1', '2', '3', '4']) {
      const shift = Math.floor(random() * 14) * 1000 + 137;
      const add = (name: string, extra: Record<string, string>, next: (i: number) => SampleValue | undefined) => {
        const samples: [number, SampleValue][] = [];
        for (let i = 0; i < count; i++) {
          const v = next(i);
          if (v !== undefined) samples.push([startMs + i * INTERVAL_MS + shift, v]);
        }
        series.push({ labels: labelsOf({ __name__: name, job, instance, ...extra }), samples });
      };
      const addCounter = (name: string, extra: Record<string, string>, growth: Growth) => {
        let total = random() < 0.5 ? 0 : Math.floor(random() * 1000);
        add(name, extra, (i) => {
          const more = growth(i);
          if (more === undefined) return undefined;
          return (total = Math.max(0, total + more));
        });
      };
      for (let p = 0; p < 20; p++) addCounter('many_total', { path: `p${p}` }, growths[p % growths.length]());
      for (const path of ['p0', 'p1'])
        for (const le of ['0.1', '0.5', '1', '5', '+Inf'])
          addCounter('many_bucket', { path, le }, () => Math.floor(Number(le.replace('+Inf', '9')) * 2 + random() * 4));
      for (let p = 0; p < 4; p++)
        add('many', { path: `p${p}` }, () => (random() < 0.1 ? undefined : Math.floor(random() * 3)));
    }
  }
  return series;
}

/** @param startMs the first interval; @param count intervals of 15 s. */
export function comparedSeries(seed: number, startMs: number, count: number): MemorySeries[] {
  const random = seededRandom(seed);
  const native = histogramSeries(seed, startMs, count).filter((s) => labelValue(s.labels, METRIC_NAME) !== 'g');
  return [
    ...generatedSeries(seed, startMs, count, true),
    ...native,
    ...infoSeries(random, startMs, count),
    ...oddSeries(random, startMs, count),
    ...manySeries(random, startMs, count),
  ];
}
