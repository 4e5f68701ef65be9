/** A distribution as heatmap frames: those that the series of its expression would become, and where counters began anew. */
import {
  eachSlice,
  resetTimes,
  type GroupColumns,
  type ReadDistribution,
} from '../../shared/api/distributionColumns.ts';
import type { BucketLayout } from '../../shared/histogram/layout.ts';
import { clearNull, nullsFor, setNull, type Frame, type FrameField } from './frame.ts';
import { heatmapCellsFrames, heatmapFrame } from './heatmap.ts';
import type { HistogramBucket } from './series.ts';
import { timeField, type FrameContext } from './shapes.ts';

/**
 * A frame a group: rows of classic buckets, cells of native ones.
 *
 * @param countUnit counts, or what they are by second of the window.
 */
export function distributionFrames(
  answer: ReadDistribution,
  countUnit: 'count' | 'perSecond',
  context: FrameContext,
): Frame[] {
  const divisor = countUnit === 'perSecond' ? answer.head.window : 1;
  return answer.groups.flatMap((group, g) => {
    const labels = answer.head.groups[g].metric;
    const isClassic = group.layouts.every(({ kind }) => kind === 'classic');
    const frames = isClassic
      ? [rowsFrame(group, labels, answer.edges, divisor, context)]
      : heatmapCellsFrames([{ ...NO_VALUES, labels, histograms: histogramsOf(group, answer.edges, divisor) }], context);
    const resets = [...resetTimes(group, answer.edges)];
    return frames.map((frame) => ({ ...frame, meta: withResets(frame.meta, resets) }));
  });
}

const NO_VALUES = { times: new Float64Array(), values: new Float64Array() };

/** Told where there are none too: nobody need ask then. */
const withResets = (meta: Frame['meta'], resets: readonly number[]): Frame['meta'] => ({
  ...meta,
  custom: { ...meta.custom, resets },
});

/** From the first slice with data to the last. */
function rowsFrame(
  group: GroupColumns,
  labels: Readonly<Record<string, string>>,
  edges: Float64Array,
  divisor: number,
  context: FrameContext,
): Frame {
  const { layouts, layoutOf, counts } = group;
  let first = 0;
  let end = layoutOf.length;
  while (Number.isNaN(layoutOf[first])) first++;
  while (Number.isNaN(layoutOf[end - 1])) end--;
  const buckets = bucketsOf(layouts);
  const columns = buckets.map(() => ({ values: new Float64Array(end - first), nulls: nullsFor(end - first) }));
  for (const { nulls } of columns) for (let i = 0; i < end - first; i++) setNull(nulls, i);
  const places = new Map(
    layouts.map((layout) => [layout, Array.from(layout.bounds.subarray(1), (bound) => placeOf(buckets, bound))]),
  );
  eachSlice(group, (x, layout, at) => {
    const own = places.get(layout)!;
    for (let y = 0; y < own.length; y++) {
      const { values, nulls } = columns[own[y]];
      values[x - first] = counts[at + y] / divisor;
      clearNull(nulls, x - first);
    }
  });
  const fields = buckets.map(({ le }, y): FrameField => ({
    kind: 'number',
    name: le,
    ...columns[y],
    labels: { ...labels, le },
    config: { displayNameFromDS: le },
  }));
  const times = timeField(edges.slice(first + 1, end + 1), context.stepMs);
  return heatmapFrame('heatmap-rows', labels, [times, ...fields], context);
}

interface NamedBucket {
  readonly bound: number;
  readonly le: string;
}

/** Of all layouts, ascending. */
function bucketsOf(layouts: readonly BucketLayout[]): readonly NamedBucket[] {
  const spelled = new Map<number, string>();
  for (const { bounds, le } of layouts) le?.forEach((text, y) => spelled.set(bounds[y + 1], text));
  return [...spelled].sort(([a], [b]) => a - b).map(([bound, le]) => ({ bound, le }));
}

const placeOf = (buckets: readonly NamedBucket[], bound: number) => buckets.findIndex((one) => one.bound === bound);

function histogramsOf(group: GroupColumns, edges: Float64Array, divisor: number) {
  const histograms: { t: number; buckets: HistogramBucket[]; count: number; sum: number }[] = [];
  eachSlice(group, (x, { bounds }, at) => {
    const buckets: HistogramBucket[] = [];
    for (let y = 0; y + 1 < bounds.length; y++) {
      const count = group.counts[at + y] / divisor;
      if (count !== 0) buckets.push({ lower: bounds[y], upper: bounds[y + 1], count });
    }
    histograms.push({ t: edges[x + 1], buckets, count: group.total[x] / divisor, sum: NaN });
  });
  return histograms;
}
