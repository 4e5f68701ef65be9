/** A region of a heatmap, what it is compared with, and the observations of each label set inside both. */
import { labelValue, type Labels } from '../model/labels.ts';

/** Observations with time in (from, to] and value in (lower, upper]. */
export interface Box {
  /** Milliseconds. */
  readonly from: number;
  readonly to: number;
  /** In the unit of the buckets' bounds; -Infinity and Infinity are allowed. */
  readonly lower: number;
  readonly upper: number;
}

/** What a box is compared with. */
export type Baseline =
  /** Everything else between two times. */
  | { readonly kind: 'rest'; readonly from: number; readonly to: number }
  /** The other values at the box's own times. */
  | { readonly kind: 'sameTime' }
  /** The same values, so many milliseconds earlier. */
  | { readonly kind: 'earlier'; readonly shiftMs: number }
  | { readonly kind: 'box'; readonly box: Box }
  /** The same values, from a time up to the moment of a deploy, milliseconds. */
  | { readonly kind: 'before'; readonly from: number; readonly moment: number }
  /** The box's own observations of series with this value of a label; inside are those of all others. '' is a series without the label. */
  | { readonly kind: 'value'; readonly label: string; readonly value: string };

/** The histogram of one label set: all labels but `le` and the metric's name. */
export interface RegionHistogram {
  readonly labels: Labels;
  /** Observations in slice x, bucket y at x * buckets + y; NaN counts as none. */
  readonly counts: Float64Array;
  /** Milliseconds: its first sample, where there was none before; undefined where it was there from the start. */
  readonly beganAt?: number;
}

/** Histograms over the same slices and buckets. Edges of the box and of its baseline lie on these edges, else a cell in part is no part. */
export interface RegionCells {
  /** Milliseconds, ascending; slice x covers (xEdges[x], xEdges[x + 1]]. */
  readonly xEdges: Float64Array;
  /** Bounds, ascending; bucket y covers (yEdges[y], yEdges[y + 1]]. */
  readonly yEdges: Float64Array;
  readonly histograms: readonly RegionHistogram[];
}

/** Observations of one label set inside the box and in the baseline. */
export interface SplitCounts {
  readonly labels: Labels;
  readonly inside: number;
  readonly baseline: number;
  /** Its first sample lies inside the box's times: what it does there is new rather than changed. */
  readonly isNew: boolean;
}

/** Counts of each label set; those without observations on either side are left out. */
export function splitByRegion(cells: RegionCells, box: Box, baseline: Baseline): SplitCounts[] {
  const { xEdges, yEdges, histograms } = cells;
  const buckets = yEdges.length - 1;
  const cellsOf = (test: (cell: Box) => boolean): number[] => {
    const found: number[] = [];
    for (let x = 0; x + 1 < xEdges.length; x++) {
      for (let y = 0; y < buckets; y++) {
        const cell = { from: xEdges[x], to: xEdges[x + 1], lower: yEdges[y], upper: yEdges[y + 1] };
        if (test(cell)) found.push(x * buckets + y);
      }
    }
    return found;
  };
  const insideCells = cellsOf((cell) => isWithin(cell, box));
  const baselineCells = cellsOf((cell) => !isWithin(cell, box) && isInBaseline(cell, box, baseline));
  const split: SplitCounts[] = [];
  for (const { labels, counts, beganAt } of histograms) {
    const inside = sumOf(counts, insideCells);
    const outside = sumOf(counts, baselineCells);
    if (inside === 0 && outside === 0) continue;
    const isNew = beganAt !== undefined && beganAt > box.from && beganAt <= box.to;
    const isOther = baseline.kind === 'value' && labelValue(labels, baseline.label) === baseline.value;
    split.push(isOther ? { labels, inside: 0, baseline: inside, isNew } : { labels, inside, baseline: outside, isNew });
  }
  return split;
}

function isWithin(cell: Box, box: Box): boolean {
  return isAtTimes(cell, box) && cell.lower >= box.lower && cell.upper <= box.upper;
}

function isAtTimes(cell: Box, { from, to }: Pick<Box, 'from' | 'to'>): boolean {
  return cell.from >= from && cell.to <= to;
}

function isInBaseline(cell: Box, box: Box, baseline: Baseline): boolean {
  switch (baseline.kind) {
    case 'rest':
      return isAtTimes(cell, baseline);
    case 'sameTime':
      return isAtTimes(cell, box);
    case 'earlier':
      return isWithin(cell, earlierBox(box, baseline.shiftMs));
    case 'box':
      return isWithin(cell, baseline.box);
    case 'before':
      return isWithin(cell, { ...box, from: baseline.from, to: baseline.moment });
    case 'value':
      return false; // Told apart by series, not by cells.
  }
}

export function earlierBox(box: Box, shiftMs: number): Box {
  return { ...box, from: box.from - shiftMs, to: box.to - shiftMs };
}

function sumOf(counts: Float64Array, cells: readonly number[]): number {
  let sum = 0;
  for (const cell of cells) if (counts[cell] > 0) sum += counts[cell];
  return sum;
}

/**
 * A span of time widened to whole slices.
 *
 * @param grid slices end at start, start + step, …, end; the first begins at start - step. Milliseconds.
 * @returns within the grid and at least one slice long.
 */
export function snapTimes(
  { start, end, step }: { readonly start: number; readonly end: number; readonly step: number },
  from: number,
  to: number,
): { from: number; to: number } {
  const first = start - step;
  const slices = Math.floor((end - first) / step);
  const within = (i: number, least: number, most: number): number => Math.min(most, Math.max(least, i));
  const low = within(Math.floor((Math.min(from, to) - first) / step), 0, slices - 1);
  const high = within(Math.ceil((Math.max(from, to) - first) / step), low + 1, slices);
  return { from: first + low * step, to: first + high * step };
}
