/**
 * Counts since the point before, added up to counts since the beginning. What was added is kept in memory alone: after a restart the counts begin anew, which
 * queries take for a reset of the counter.
 */
import { labelsKey, type Labels } from '../../../shared/model/labels.ts';
import { addExponential, sumIfBoth } from './exponentialSum.ts';
import type { ExponentialPoint, HistogramPoint, MetricData, NumberPoint, Point } from './metrics.ts';

/** A stream that is not told of for so long is forgotten. */
const FORGOTTEN_MS = 5 * 60_000;
const SWEEP_MS = 60_000;
/** Streams that are remembered; points of further ones are refused. */
const STREAMS_MAX = 1_000_000;

type DeltaPoint = NumberPoint | HistogramPoint | ExponentialPoint;

interface Stream {
  sum: DeltaPoint;
  seenAt: number;
}

export class DeltaSums {
  readonly #streams = new Map<string, Stream>();
  readonly #now: () => number;
  #sweptAt: number;

  /** @param now milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
    this.#sweptAt = now();
  }

  /** Streams that are remembered. */
  get size(): number {
    return this.#streams.size;
  }

  /**
   * @param keyOf names the stream of a point; points without one are left out.
   * @param refuse is told why a point is left out.
   * @returns the same metric with what each stream has counted by then.
   */
  add(data: MetricData, keyOf: (point: Point) => Labels | undefined, refuse: (why: string) => void): MetricData {
    this.#sweep();
    const points = data.points.flatMap((point) => {
      // That a stream ended is told on; nothing is added to it.
      if (point.isMissing) return [point];
      const labels = keyOf(point);
      const sum =
        labels === undefined ? undefined : this.#added(`${data.kind} ${labelsKey(labels)}`, point as DeltaPoint);
      if (typeof sum === 'string') refuse(sum);
      return typeof sum === 'object' ? [sum] : [];
    });
    return { ...data, points, temporality: 'cumulative' } as MetricData;
  }

  #added(key: string, point: DeltaPoint): DeltaPoint | string {
    const stream = this.#streams.get(key);
    if (stream === undefined) {
      if (this.#streams.size >= STREAMS_MAX) return `more than ${STREAMS_MAX} series are counted up already`;
      this.#streams.set(key, { sum: point, seenAt: this.#now() });
      return point;
    }
    const { sum } = stream;
    stream.seenAt = this.#now();
    if (point.start < sum.start)
      return 'a point counts from before its series begins; do two programs send the same series?';
    if (point.t < sum.t || (point.t === sum.t && point.nanos <= sum.nanos))
      return 'a point is older than the newest of its series';
    const { attributes, t, nanos, exemplars } = point;
    stream.sum = { ...sumOf(sum, point), attributes, t, nanos, exemplars };
    return stream.sum;
  }

  #sweep(): void {
    const now = this.#now();
    if (now - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = now;
    for (const [key, { seenAt }] of this.#streams) if (now - seenAt > FORGOTTEN_MS) this.#streams.delete(key);
  }
}

/** Points of one stream are of one kind. */
function sumOf(a: DeltaPoint, b: DeltaPoint): DeltaPoint {
  if ('v' in a) return { ...a, v: a.v + (b as NumberPoint).v };
  if ('scale' in a) return addExponential(a, b as ExponentialPoint);
  return addExplicit(a, b as HistogramPoint);
}

/** Counts between other bounds cannot be added: they begin anew. */
function addExplicit(a: HistogramPoint, b: HistogramPoint): HistogramPoint {
  const isSame = a.bounds.length === b.bounds.length && a.bounds.every((bound, i) => bound === b.bounds[i]);
  if (!isSame) return b;
  const counts = a.counts.map((count, i) => count + (b.counts[i] ?? 0));
  return { ...a, counts, count: a.count + b.count, sum: sumIfBoth(a.sum, b.sum) };
}
