/** Selected columns to series: one per label set, merged over groups. */
import type { Labels } from '../../shared/model/labels.ts';
import { bitsOf, CELL_GAP, CELL_STALE, cellKind, setStale } from '../../shared/model/sampleBits.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { isReset } from '../../shared/histogram/resets.ts';
import type { OpenGroup, SeriesOutline } from '../storage/queryable.ts';
import { mergeReplicas } from './replicas.ts';
import type { SampledSeries } from './sampledSeries.ts';

export type { SampledSeries } from './sampledSeries.ts';

/** A series that was selected; its columns are decoded when it is read. */
export interface SelectedSeries {
  readonly labels: Labels;
  /** Whether it may have native histograms. */
  readonly hasHistograms: boolean;
  /** Valid until another series of the same select is read. */
  read(): SampledSeries;
  /** What is known of it without decoding; undefined where it is to be read. Valid until another one of the same select is asked for. */
  outline?(): SeriesOutline | undefined;
  /** Where all of it lies, if that is one place. */
  readonly origin?: SeriesOrigin;
}

/** A series of a group of those that share their times. */
export interface SeriesOrigin {
  readonly group: OpenGroup;
  readonly column: number;
}

/** One for each series ref, in the order in which the store came to know them: that in which upstream's head answers, and ties are broken. */
export function selectedSeries(groups: readonly OpenGroup[]): SelectedSeries[] {
  const inOrder = groups.length === 1 ? groups : [...groups].sort((a, b) => a.refs[0] - b.refs[0]);
  return areApart(inOrder) ? seriesOneByOne(inOrder) : seriesByRef(groups);
}

/** Whether refs ascend from group to group, as those of a store's targets mostly do: then none comes twice. */
function areApart(groups: readonly OpenGroup[]): boolean {
  let newest = -1;
  for (const { refs } of groups) {
    for (let s = 0; s < refs.length; s++) {
      if (refs[s] <= newest) return false;
      newest = refs[s];
    }
  }
  return true;
}

function seriesOneByOne(groups: readonly OpenGroup[]): SelectedSeries[] {
  const cells = new Cells();
  const series = new Array<SelectedSeries>(groups.reduce((sum, { refs }) => sum + refs.length, 0));
  let n = 0;
  for (const group of groups) {
    const reader = new GroupReader(group, cells);
    for (let s = 0; s < group.refs.length; s++) series[n++] = new ColumnSeries(reader, s);
  }
  return series;
}

function seriesByRef(groups: readonly OpenGroup[]): SelectedSeries[] {
  const readers = groups.map((group) => new GroupReader(group));
  const byRef = new Map<number, SelectedSeries>();
  let isMerged = false;
  for (const reader of readers) {
    const { refs } = reader.group;
    for (let s = 0; s < refs.length; s++) {
      const one = new ColumnSeries(reader, s);
      const known = byRef.get(refs[s]);
      const merge = reader.group.isReplica === true ? mergeReplicas : mergeByTime;
      isMerged ||= known !== undefined;
      byRef.set(refs[s], known === undefined ? one : new MergedSeries(known, one, merge));
    }
  }
  // Those that are merged are read side by side.
  if (!isMerged) shareCells(readers);
  return [...byRef].sort(([a], [b]) => a - b).map(([, series]) => series);
}

/** A series of one group. */
class ColumnSeries implements SelectedSeries, SeriesOrigin {
  readonly #reader: GroupReader;
  readonly #column: number;

  constructor(reader: GroupReader, column: number) {
    this.#reader = reader;
    this.#column = column;
  }

  get labels(): Labels {
    return this.#reader.group.labels[this.#column];
  }

  get hasHistograms(): boolean {
    return this.#reader.group.hasHistograms;
  }

  get origin(): SeriesOrigin {
    return this;
  }

  get group(): OpenGroup {
    return this.#reader.group;
  }

  get column(): number {
    return this.#column;
  }

  read(): SampledSeries {
    return this.#reader.read(this.#column);
  }

  outline(): SeriesOutline | undefined {
    return this.#reader.group.outline?.(this.#column);
  }
}

/** A series that came by several ways. */
class MergedSeries implements SelectedSeries {
  readonly #a: SelectedSeries;
  readonly #b: SelectedSeries;
  readonly #merge: typeof mergeByTime;

  constructor(a: SelectedSeries, b: SelectedSeries, merge: typeof mergeByTime) {
    this.#a = a;
    this.#b = b;
    this.#merge = merge;
  }

  get labels(): Labels {
    return this.#a.labels;
  }

  get hasHistograms(): boolean {
    return this.#a.hasHistograms || this.#b.hasHistograms;
  }

  read(): SampledSeries {
    return withResetHints(this.#merge(this.#a.read(), this.#b.read()));
  }
}

/** Memory for the cells of a column, and whose are in it. */
class Cells {
  reader: GroupReader | undefined;
  /** Made when a series is read: much is answered without. */
  #memory = NO_CELLS;

  of(reader: GroupReader): Float64Array {
    const { length } = reader.group.times;
    if (this.#memory.length < length) this.#memory = new Float64Array(length);
    this.reader = reader;
    return this.#memory.length === length ? this.#memory : this.#memory.subarray(0, length);
  }
}

const NO_CELLS = new Float64Array(0);

function shareCells(readers: readonly GroupReader[]): void {
  const cells = new Cells();
  for (const reader of readers) reader.cells = cells;
}

/** Reads the series of a group one after the other into the same memory. */
class GroupReader {
  readonly group: OpenGroup;
  /** Perhaps that of others too. */
  cells: Cells;
  readonly #kept: Kept;
  readonly #plain: Plain;
  #last: SampledSeries | undefined;
  #lastColumn = -1;

  constructor(group: OpenGroup, cells = new Cells()) {
    this.group = group;
    this.cells = cells;
    this.#kept = { times: undefined, values: undefined };
    this.#plain = { ...NOTHING, labels: [], times: group.times, sharesTimes: true, rises: undefined };
  }

  read(column: number): SampledSeries {
    const isLast = column === this.#lastColumn && this.cells.reader === this;
    if (isLast && this.#last !== undefined) return this.#last;
    const { group } = this;
    this.#lastColumn = column;
    const labels = group.labels[column];
    const cells = this.cells.of(this);
    const filled = group.read(column, cells);
    if (filled === 'none') return (this.#last = { ...NOTHING, labels });
    if (filled !== 'full' || group.hasHistograms)
      return (this.#last = withResetHints(sampled(group.times, cells, labels, group.histograms(), this.#kept)));
    this.#plain.labels = labels;
    this.#plain.values = cells;
    this.#plain.rises = group.rises?.();
    return (this.#last = this.#plain);
  }
}

/** Series without gaps, one after the other in the same object. */
type Plain = SampledSeries & { labels: Labels; values: Float64Array; rises: boolean | undefined };

const NOTHING = {
  times: new Float64Array(0),
  sharesTimes: false,
  values: new Float64Array(0),
  stale: undefined,
  histograms: undefined,
} as const;

/** The series with their samples, to be kept. */
export function heldSeries(groups: readonly OpenGroup[]): SampledSeries[] {
  return selectedSeries(groups).map((one) => {
    const series = one.read();
    const times = series.sharesTimes ? series.times : series.times.slice();
    return { ...series, times, values: series.values.slice() };
  });
}

/** Says of every counting histogram whether it follows a reset, once for all windows it will be in. */
function withResetHints(series: SampledSeries): SampledSeries {
  const { histograms, stale } = series;
  if (histograms === undefined) return series;
  const hinted = new Map<number, NativeHistogram>();
  let before: NativeHistogram | undefined;
  for (let i = 0; i < series.times.length; i++) {
    const h = histograms.get(i);
    if (h !== undefined) hinted.set(i, h.counterReset === 'gauge' ? h : { ...h, counterReset: hintAfter(before, h) });
    // What comes after a float or the end of the series is stored anew, and nothing is known of it.
    before = stale?.[i] === 1 ? undefined : h;
  }
  return { ...series, histograms: hinted };
}

/** As upstream's store tells it: that there was no reset is certain, and anything else is left for the reader to find out. */
function hintAfter(before: NativeHistogram | undefined, h: NativeHistogram): NativeHistogram['counterReset'] {
  if (before === undefined || before.counterReset === 'gauge') return 'unknown';
  return isReset({ ...h, counterReset: 'unknown' }, before) ? 'unknown' : 'notReset';
}

/** Memory for the samples of a column with gaps. */
interface Kept {
  times: Float64Array | undefined;
  values: Float64Array | undefined;
}

/** A column without its gaps; the column itself, not a copy, where it has none. */
function sampled(
  times: Float64Array,
  values: Float64Array,
  labels: Labels,
  given: ReadonlyMap<number, NativeHistogram> | undefined,
  kept: Kept,
): SampledSeries {
  const histograms = given !== undefined && given.size > 0 ? given : undefined;
  const first = firstMark(values, histograms);
  if (first < 0) return { labels, times, sharesTimes: true, values, stale: undefined, histograms };
  const bits = bitsOf(values);
  const keptTimes = (kept.times ??= new Float64Array(values.length));
  const keptValues = (kept.values ??= new Float64Array(values.length));
  const keptHistograms = new Map<number, NativeHistogram>();
  let stale: Uint8Array | undefined;
  let n = 0;
  for (let i = 0; i < values.length; i++) {
    const histogram = histograms?.get(i);
    if (histogram !== undefined) keptHistograms.set(n, histogram);
    else if (values[i] !== values[i]) {
      const kind = cellKind(bits, i);
      if (kind === CELL_GAP) continue;
      if (kind === CELL_STALE) (stale ??= new Uint8Array(values.length))[n] = 1;
    }
    keptTimes[n] = times[i];
    keptValues[n] = values[i];
    n++;
  }
  return {
    labels,
    times: keptTimes.subarray(0, n),
    sharesTimes: false,
    values: keptValues.subarray(0, n),
    stale: stale?.subarray(0, n),
    histograms: keptHistograms.size > 0 ? keptHistograms : undefined,
  };
}

/** The first cell that is a gap or stale, -1 if there is none. */
function firstMark(values: Float64Array, histograms: ReadonlyMap<number, NativeHistogram> | undefined): number {
  let bits: Uint32Array | undefined;
  for (let i = 0; i < values.length; i++) {
    if (values[i] === values[i]) continue;
    bits ??= bitsOf(values);
    if (cellKind(bits, i) !== 0 && histograms?.has(i) !== true) return i;
  }
  return -1;
}

/** Both series' samples by time; where both have one, `a`'s stands. */
function mergeByTime(a: SampledSeries, b: SampledSeries): SampledSeries {
  if (b.times.length === 0) return a;
  if (a.times.length === 0) return b;
  const length = a.times.length + b.times.length;
  const times = new Float64Array(length);
  const values = new Float64Array(length);
  const stale = new Uint8Array(length);
  const histograms = new Map<number, NativeHistogram>();
  let kept = 0;
  let i = 0;
  let j = 0;
  while (i < a.times.length || j < b.times.length) {
    const fromA = j >= b.times.length || (i < a.times.length && a.times[i] <= b.times[j]);
    if (fromA && j < b.times.length && a.times[i] === b.times[j]) j++;
    const part = fromA ? a : b;
    const at = fromA ? i++ : j++;
    times[kept] = part.times[at];
    values[kept] = part.values[at];
    stale[kept] = part.stale?.[at] ?? 0;
    const histogram = part.histograms?.get(at);
    if (histogram !== undefined) histograms.set(kept, histogram);
    kept++;
  }
  return {
    labels: a.labels,
    times: times.subarray(0, kept),
    sharesTimes: false,
    values: values.subarray(0, kept),
    stale: a.stale !== undefined || b.stale !== undefined ? stale.subarray(0, kept) : undefined,
    histograms: histograms.size > 0 ? histograms : undefined,
  };
}

/** Values with the bits of stale marks: passing a NaN as a number may have changed them. */
export function withStaleMarks(values: Float64Array, stale: Uint8Array): Float64Array {
  const marked = values.slice();
  const bits = bitsOf(marked);
  stale.forEach((is, i) => is === 1 && setStale(bits, i));
  return marked;
}

/** The series without its stale markers, as range vectors see it. */
export function withoutStale(series: SampledSeries): SampledSeries {
  const { stale, times, values } = series;
  if (stale === undefined) return series;
  const keptTimes = new Float64Array(times.length);
  const keptValues = new Float64Array(times.length);
  const histograms = new Map<number, NativeHistogram>();
  let kept = 0;
  for (let i = 0; i < times.length; i++) {
    if (stale[i] === 1) continue;
    const histogram = series.histograms?.get(i);
    if (histogram !== undefined) histograms.set(kept, histogram);
    keptTimes[kept] = times[i];
    keptValues[kept] = values[i];
    kept++;
  }
  return {
    labels: series.labels,
    times: keptTimes.subarray(0, kept),
    sharesTimes: false,
    values: keptValues.subarray(0, kept),
    stale: undefined,
    histograms: histograms.size > 0 ? histograms : undefined,
  };
}
