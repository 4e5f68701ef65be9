/** Bucket counters to counts of observations in coarse slices and buckets. */
import { boundIndex } from '../../shared/heatmap/slices.ts';
import { parseBound } from '../../shared/heatmap/fromBuckets.ts';
import { labelsKey, labelValue, METRIC_NAME, type Labels } from '../../shared/model/labels.ts';
import type { RegionCells, RegionHistogram } from '../../shared/explain/region.ts';
import type { GroupColumns } from '../storage/queryable.ts';

export interface RegionCellsResult {
  readonly cells: RegionCells;
  /** Label sets left out because they have no bucket at one of the bounds. */
  readonly otherLayouts: number;
}

/** One bucket's counter; several columns where its series came by several groups. */
interface Counter {
  readonly columns: { readonly times: Float64Array; readonly values: Float64Array }[];
}

interface LabelSet {
  readonly labels: Labels;
  /** By index of the bound. */
  readonly counters: (Counter | undefined)[];
}

/** Lets other work happen: awaited between label sets whenever `isDue` says so. */
export interface Pacing {
  isDue(): boolean;
  pause(): Promise<void>;
}

/** What one explanation may take. */
export interface ExplainBudget extends Pacing {
  /** Cells that may be held. */
  readonly samplesLeft: number;
  /** Counts cells that are held. @throws QueryError for too many. */
  hold(cells: number): void;
}

/**
 * Counts of every label set. The increase between two samples lies in the slice of the later one; a counter that falls was reset and counts from 0. The first
 * sample of a counter is no increase, as in PromQL. Nothing is extrapolated: of whole counters the counts are whole.
 *
 * @param groups columns of the bucket series, with samples from before the first edge where there are any.
 * @param xEdges milliseconds, ascending.
 * @param uppers upper bounds that are looked at, ascending; the last is +Inf.
 * @param bottom the lower bound of the first bucket: 0 or -Infinity.
 */
export async function regionCells(
  groups: readonly GroupColumns[],
  xEdges: Float64Array,
  uppers: Float64Array,
  bottom: number,
  pacing: Pacing,
): Promise<RegionCellsResult> {
  const sets = labelSetsOf(groups, uppers);
  const slices = xEdges.length - 1;
  const rows = uppers.length;
  const cumulative = new Float64Array(slices);
  const below = new Float64Array(slices);
  const histograms: RegionHistogram[] = [];
  let otherLayouts = 0;
  for (const { labels, counters } of sets) {
    if (pacing.isDue()) await pacing.pause();
    if (!isComplete(counters, rows)) {
      otherLayouts++;
      continue;
    }
    const counts = new Float64Array(slices * rows);
    below.fill(0);
    let beganAt: number | undefined;
    for (let y = 0; y < rows; y++) {
      beganAt = addIncreases(merged(counters[y]!), xEdges, cumulative.fill(0));
      for (let x = 0; x < slices; x++) {
        // A scrape that catches a histogram in the middle of an observation may show a bucket ahead of the one above it.
        const increase = Math.max(below[x], cumulative[x]);
        counts[x * rows + y] = increase - below[x];
        below[x] = increase;
      }
    }
    histograms.push({ labels, counts, ...(beganAt === undefined ? {} : { beganAt }) });
  }
  return { cells: { xEdges, yEdges: Float64Array.of(bottom, ...uppers), histograms }, otherLayouts };
}

function isComplete(counters: readonly (Counter | undefined)[], rows: number): boolean {
  for (let y = 0; y < rows; y++) if (counters[y] === undefined) return false;
  return true;
}

function labelSetsOf(groups: readonly GroupColumns[], uppers: Float64Array): Iterable<LabelSet> {
  const sets = new Map<string, LabelSet>();
  const boundOf = new Map<string, number>();
  for (const { times, columns } of groups) {
    for (const { labels, values } of columns) {
      const le = labelValue(labels, 'le');
      let y = boundOf.get(le);
      if (y === undefined) boundOf.set(le, (y = boundIndex(uppers, parseBound(le))));
      if (y < 0) continue;
      const rest = labels.filter(([name]) => name !== 'le' && name !== METRIC_NAME);
      const key = labelsKey(rest);
      let set = sets.get(key);
      if (set === undefined) sets.set(key, (set = { labels: rest, counters: [] }));
      const counter = (set.counters[y] ??= { columns: [] });
      counter.columns.push({ times, values });
    }
  }
  return sets.values();
}

/** A counter's columns as one, by time; gaps and stale markers, which are NaN, stay in. Of two samples at one time the earlier column's stands. */
function merged({ columns }: Counter): { times: Float64Array; values: Float64Array } {
  if (columns.length === 1) return columns[0];
  const samples = new Map<number, number>();
  for (const { times, values } of columns) {
    for (let i = 0; i < times.length; i++) {
      if (values[i] === values[i] && !samples.has(times[i])) samples.set(times[i], values[i]);
    }
  }
  const sorted = [...samples].sort((a, b) => a[0] - b[0]);
  return { times: Float64Array.from(sorted, ([t]) => t), values: Float64Array.from(sorted, ([, v]) => v) };
}

/**
 * Adds a counter's increases to the slices they lie in.
 *
 * @returns the time of its first sample where that lies after the first edge.
 */
function addIncreases(
  { times, values }: { readonly times: Float64Array; readonly values: Float64Array },
  xEdges: Float64Array,
  into: Float64Array,
): number | undefined {
  let before = NaN;
  let beganAt: number | undefined;
  let x = 0;
  for (let i = 0; i < times.length; i++) {
    const value = values[i];
    if (value !== value) continue; // A gap, or the end of the series.
    const t = times[i];
    if (before !== before) {
      if (t > xEdges[0]) beganAt = t;
    } else if (t > xEdges[0]) {
      while (x < into.length && t > xEdges[x + 1]) x++;
      if (x === into.length) break;
      into[x] += value >= before ? value - before : value;
    }
    before = value;
  }
  return beganAt;
}
