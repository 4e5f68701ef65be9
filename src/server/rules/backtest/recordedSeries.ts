/** A store as it would be if rules had recorded: what they give stands in memory, in place of what is stored under the same names. */
import { labelsKey, labelValue, METRIC_NAME, type Labels } from '../../../shared/model/labels.ts';
import { compileMatcher, matchesAll } from '../../../shared/model/matchers.ts';
import { bitsOf, fillGaps, setStale } from '../../../shared/model/sampleBits.ts';
import type { StepMatrix } from '../../storage/engine.ts';
import type { GroupColumns, Queryable, SelectSpec, SeriesColumn } from '../../storage/queryable.ts';

/** References of recorded series begin here; a store counts its own from 0. */
const FIRST_REF = 0x80000000;

export class RecordedSeries implements Queryable {
  readonly #stored: Queryable;
  readonly #names: ReadonlySet<string>;
  readonly #groups: GroupColumns[] = [];
  readonly #refs = new Map<string, number>();

  /** @param names of the metrics that are recorded; what is stored under them is not seen. */
  constructor(stored: Queryable, names: ReadonlySet<string>) {
    this.#stored = stored;
    this.#names = names;
  }

  add(group: GroupColumns): void {
    if (group.columns.length > 0) this.#groups.push(group);
  }

  refOf(key: string): number {
    let ref = this.#refs.get(key);
    if (ref === undefined) this.#refs.set(key, (ref = FIRST_REF + this.#refs.size));
    return ref;
  }

  async select(spec: SelectSpec): Promise<readonly GroupColumns[]> {
    const stored = await this.#stored.select(spec);
    const tests = spec.matchers.map((matcher) => [matcher.name, compileMatcher(matcher)] as const);
    const recorded = this.#groups.map((group) =>
      within(
        withColumns(group, ({ labels }) => matchesAll(labels, tests)),
        spec.minTime,
        spec.maxTime,
      ),
    );
    const others = stored.map((group) =>
      withColumns(group, ({ labels }) => !this.#names.has(labelValue(labels, METRIC_NAME))),
    );
    return [...recorded, ...others].filter(({ times, columns }) => times.length > 0 && columns.length > 0);
  }

  series: Queryable['series'] = (sets, range) => this.#stored.series(sets, range);
  labelNames: Queryable['labelNames'] = (sets, range) => this.#stored.labelNames(sets, range);
  labelValues: Queryable['labelValues'] = (name, sets, range) => this.#stored.labelValues(name, sets, range);
  metadata: Queryable['metadata'] = (metric) => this.#stored.metadata(metric);
  exemplars: Queryable['exemplars'] = (sets, range) => this.#stored.exemplars(sets, range);
}

function withColumns({ times, columns }: GroupColumns, wants: (column: SeriesColumn) => boolean): GroupColumns {
  return { times, columns: columns.filter(wants) };
}

/** Copies: who asks may keep or transfer them. */
function within({ times, columns }: GroupColumns, minTime: number, maxTime: number): GroupColumns {
  const first = times.findIndex((t) => t >= minTime);
  const [from, to] = first < 0 ? [0, 0] : [first, times.findLastIndex((t) => t <= maxTime) + 1];
  return {
    times: times.slice(from, to),
    columns: columns.map(({ histograms, values, ...column }) => {
      const inRange = [...(histograms ?? [])].filter(([i]) => i >= from && i < to);
      const moved = new Map(inRange.map(([i, histogram]) => [i - from, histogram]));
      return { ...column, values: values.slice(from, to), ...(moved.size > 0 && { histograms: moved }) };
    }),
  };
}

/** What one rule records, span of steps after span of steps: a series that it gives no more ends. */
export class RuleRecord {
  readonly #into: RecordedSeries;
  /** Series with a sample at the last step so far. */
  #alive = new Map<string, Labels>();

  constructor(into: RecordedSeries) {
    this.#into = into;
  }

  /** `labels` are those of the matrix' rows, as recorded; its steps are `times`. */
  add(times: Float64Array, labels: readonly Labels[], matrix: StepMatrix): void {
    const before = this.#alive;
    this.#alive = new Map();
    const columns = labels.map((set, s): SeriesColumn => {
      const key = labelsKey(set);
      const { column, isAlive } = columnOf(matrix, s, times.length, before.delete(key));
      if (isAlive) this.#alive.set(key, set);
      return { ref: this.#into.refOf(key), labels: set, ...column };
    });
    for (const [key, set] of before)
      columns.push({ ref: this.#into.refOf(key), labels: set, values: ended(times.length) });
    this.#into.add({ times, columns });
  }
}

function columnOf(
  { values, present, presentStride, histograms }: StepMatrix,
  s: number,
  count: number,
  wasAlive: boolean,
): { column: Pick<SeriesColumn, 'values' | 'histograms'>; isAlive: boolean } {
  const column = gaps(count);
  const bits = bitsOf(column);
  const own = new Map<number, NonNullable<ReturnType<NonNullable<StepMatrix['histograms']>['get']>>>();
  let isAlive = wasAlive;
  for (let i = 0; i < count; i++) {
    const isThere = (present[s * presentStride + (i >> 3)] & (1 << (i & 7))) !== 0;
    const histogram = histograms?.get(s * count + i);
    if (histogram !== undefined) own.set(i, histogram);
    else if (isThere) column[i] = values[s * count + i];
    else if (isAlive) setStale(bits, i);
    isAlive = isThere;
  }
  return { column: { values: column, ...(own.size > 0 && { histograms: own }) }, isAlive };
}

/** Nothing but that the series is over. */
function ended(count: number): Float64Array {
  const column = gaps(count);
  setStale(bitsOf(column), 0);
  return column;
}

function gaps(count: number): Float64Array {
  const column = new Float64Array(count);
  fillGaps(column);
  return column;
}
