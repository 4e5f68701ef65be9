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

/** @param startMs the first interval; @param count intervals of 15 s. */
export function comparedSeries(seed: number, startMs: number, count: number): MemorySeries[] {
  const random = seededRandom(seed);
  const native = histogramSeries(seed, startMs, count).filter((s) => labelValue(s.labels, METRIC_NAME) !== 'g');
  return [
    ...generatedSeries(seed, startMs, count, true),
    ...native,
    ...infoSeries(random, startMs, count),
    ...oddSeries(random, startMs, count),
  ];
}
