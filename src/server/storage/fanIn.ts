/** The store here and what other servers hold, as one. Queries see both; names, series lists and exemplars are those of the store here. */
import { labelsKey, type Labels } from '../../shared/model/labels.ts';
import type { Matcher } from '../../shared/model/matchers.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import type { SeriesRef } from './appender.ts';
import { derivedRefs } from './derivedRefs.ts';
import { joinedLease, packedColumns, readAndRelease, seriesOf, type ReadLease } from './leases.ts';
import type { Changes, GroupColumns, KeptSelect, Queryable, SelectLease, SelectSpec, TimeRange } from './queryable.ts';

/** A series as another server gives it: ascending times, stale marks with their bits. */
export interface ForeignSeries {
  readonly labels: Labels;
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly histograms?: ReadonlyMap<number, NativeHistogram>;
}

/** Another server that is asked along. */
export interface OtherStore {
  /**
   * What it is to be asked, if anything.
   *
   * @param localStart the first time that the store here has samples of, milliseconds.
   */
  concerns(spec: SelectSpec, localStart: number): SelectSpec | undefined;
  /** Rejects where it cannot be asked; the query is answered without it then, with a warning. */
  read(spec: SelectSpec): Promise<readonly ForeignSeries[]>;
}

type Sets = readonly (readonly Matcher[])[];

export class FanIn implements Queryable {
  readonly changes: Changes;
  readonly #local: Queryable;
  readonly #localStart: () => number;
  readonly #read: ReadLease;
  #others: readonly OtherStore[] = [];
  /** The mark at which others came or went. */
  #changedAt = -Infinity;

  constructor(local: Queryable & { readonly changes: Changes }, localStart: () => number, read: ReadLease) {
    this.#local = local;
    this.#localStart = localStart;
    this.#read = read;
    this.changes = {
      mark: () => local.changes.mark(),
      // Nobody tells what changes elsewhere.
      oldestSince: (mark) =>
        this.#others.length > 0 || mark <= this.#changedAt ? -Infinity : local.changes.oldestSince(mark),
    };
  }

  ask(others: readonly OtherStore[]): void {
    if (others.length === 0 && this.#others.length === 0) return;
    this.#others = others;
    this.#changedAt = this.changes.mark();
  }

  pack(spec: SelectSpec): SelectLease | Promise<SelectLease> {
    const start = this.#others.length > 0 ? this.#localStart() : 0;
    const asked = this.#others.flatMap((other) => {
      const theirs = other.concerns(spec, start);
      return theirs === undefined ? [] : [other.read(theirs)];
    });
    return asked.length === 0 ? this.#local.pack!(spec) : this.#packAll(spec, asked);
  }

  /** Other servers are asked the ordinary way. */
  keep(matchers: readonly Matcher[]): KeptSelect | undefined {
    const kept = this.#local.keep?.(matchers);
    if (kept === undefined) return undefined;
    return {
      found: () => kept.found(),
      read: (minTime, maxTime) => (this.#others.length > 0 ? undefined : kept.read(minTime, maxTime)),
    };
  }

  async #packAll(spec: SelectSpec, asked: readonly Promise<readonly ForeignSeries[]>[]): Promise<SelectLease> {
    const answers = await Promise.allSettled(asked);
    const warnings = answers.flatMap((answer) => (answer.status === 'rejected' ? [String(answer.reason)] : []));
    const foreign = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    const own = await this.#local.pack!(spec);
    const known = foreign.length === 0 ? new Map<string, SeriesRef>() : refsByLabels(own);
    const columns = foreign.map(({ times, ...series }): GroupColumns => {
      const key = labelsKey(series.labels);
      const ref = known.get(key) ?? derivedRefs.of(series.labels, key);
      return { times, columns: [{ ref, ...series }] };
    });
    return joinedLease(own, packedColumns(columns), warnings);
  }

  async select(spec: SelectSpec): Promise<readonly GroupColumns[]> {
    return readAndRelease(await this.pack(spec), spec, this.#read);
  }

  series(sets: Sets, range: TimeRange) {
    return this.#local.series(sets, range);
  }

  labelNames(sets: Sets, range: TimeRange) {
    return this.#local.labelNames(sets, range);
  }

  labelValues(name: string, sets: Sets, range: TimeRange) {
    return this.#local.labelValues(name, sets, range);
  }

  metadata(metric?: string) {
    return this.#local.metadata(metric);
  }

  exemplars(sets: Sets, range: TimeRange) {
    return this.#local.exemplars(sets, range);
  }
}

const refsByLabels = (lease: SelectLease) =>
  new Map([...seriesOf(lease)].map(([ref, labels]) => [labelsKey(labels), ref]));
