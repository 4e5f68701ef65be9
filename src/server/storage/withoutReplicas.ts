/**
 * Series of a highly available pair as one: servers that scrape the same targets differ in an external label, which is taken away, and what they say
 * of one series is followed as one (`promql/replicas.ts`).
 */
import { compareLabels, labelsKey, type Labels } from '../../shared/model/labels.ts';
import type { Matcher } from '../../shared/model/matchers.ts';
import type { SeriesRef } from './appender.ts';
import { derivedRefs } from './derivedRefs.ts';
import { packedColumns, readAndRelease, seriesOf, type ReadLease } from './leases.ts';
import type { Changes, GroupColumns, PackedGroup, Queryable, SelectLease, SelectSpec, TimeRange } from './queryable.ts';

type Sets = readonly (readonly Matcher[])[];

export class WithoutReplicas implements Queryable {
  readonly changes?: Changes;
  readonly #inner: Queryable;
  readonly #replicaLabels: ReadonlySet<string>;
  readonly #read: ReadLease;

  /** @param replicaLabels names of labels in which replicas differ. */
  constructor(inner: Queryable, replicaLabels: readonly string[], read: ReadLease) {
    this.#inner = inner;
    this.#replicaLabels = new Set(replicaLabels);
    this.#read = read;
    this.changes = inner.changes;
  }

  async pack(spec: SelectSpec): Promise<SelectLease> {
    const lease = await (this.#inner.pack?.(spec) ?? this.#inner.select(spec).then(packedColumns));
    const byReplica = new Map<SeriesRef, string>();
    for (const [ref, labels] of seriesOf(lease)) {
      const replica = this.#replicaOf(labels);
      if (replica !== '') byReplica.set(ref, replica);
    }
    return byReplica.size === 0 ? lease : this.#merging(lease, byReplica);
  }

  /** Series under their own labels without those of the replica; each group holds series of one replica. */
  #merging(lease: SelectLease, byReplica: ReadonlyMap<SeriesRef, string>): SelectLease {
    const own = new Map<string, SeriesRef>();
    for (const [ref, labels] of seriesOf(lease)) if (!byReplica.has(ref)) own.set(labelsKey(labels), ref);
    const told = new Map<SeriesRef, { readonly ref: SeriesRef; readonly labels: Labels }>();
    const labelsOf = new Map<SeriesRef, Labels>();
    for (const ref of byReplica.keys()) {
      const labels = this.#bare(lease.labels(ref));
      const key = labelsKey(labels);
      const as = own.get(key) ?? derivedRefs.of(labels, key);
      told.set(ref, { ref: as, labels });
      labelsOf.set(as, labels);
    }
    const groups = lease.select.groups.flatMap((group) =>
      splitByReplica(group, byReplica, (ref) => told.get(ref)!.ref),
    );
    return {
      select: { ...lease.select, groups },
      labels: (ref) => labelsOf.get(ref) ?? lease.labels(ref),
      release: () => lease.release(),
    };
  }

  async select(spec: SelectSpec): Promise<readonly GroupColumns[]> {
    return readAndRelease(await this.pack(spec), spec, this.#read);
  }

  async series(sets: Sets, range: TimeRange): Promise<readonly Labels[]> {
    const all = await this.#inner.series(sets, range);
    const bare = new Map(all.map((labels) => this.#bare(labels)).map((labels) => [labelsKey(labels), labels]));
    return [...bare.values()].sort(compareLabels);
  }

  async labelNames(sets: Sets, range: TimeRange): Promise<readonly string[]> {
    return (await this.#inner.labelNames(sets, range)).filter((name) => !this.#replicaLabels.has(name));
  }

  labelValues(name: string, sets: Sets, range: TimeRange) {
    return this.#inner.labelValues(name, sets, range);
  }

  metadata(metric?: string) {
    return this.#inner.metadata(metric);
  }

  exemplars(sets: Sets, range: TimeRange) {
    return this.#inner.exemplars(sets, range);
  }

  /** '' for a series of no replica. */
  #replicaOf(labels: Labels): string {
    const own = labels.filter(([name]) => this.#replicaLabels.has(name));
    return own.length === 0 ? '' : labelsKey(own);
  }

  #bare(labels: Labels): Labels {
    return labels.some(([name]) => this.#replicaLabels.has(name))
      ? labels.filter(([name]) => !this.#replicaLabels.has(name))
      : labels;
  }
}

/** A group for each replica, and one for the series of none. */
function splitByReplica(
  group: PackedGroup,
  byReplica: ReadonlyMap<SeriesRef, string>,
  toldAs: (ref: SeriesRef) => SeriesRef,
): PackedGroup[] {
  const members = new Map<string, number[]>();
  group.refs.forEach((ref, series) => {
    const replica = byReplica.get(ref) ?? '';
    const known = members.get(replica);
    if (known === undefined) members.set(replica, [series]);
    else known.push(series);
  });
  return [...members].map(([replica, series]) => {
    const refs = replica === '' ? (ref: SeriesRef) => ref : toldAs;
    const parts = group.parts.map((part) => ({ ...part, columns: Int32Array.from(series, (s) => part.columns[s]) }));
    const deleted = series.flatMap((s) => {
      const ranges = group.deleted.get(group.refs[s]);
      return ranges === undefined ? [] : [[refs(group.refs[s]), ranges] as const];
    });
    return {
      refs: Uint32Array.from(series, (s) => refs(group.refs[s])),
      parts,
      deleted: new Map(deleted),
      isReplica: true,
    };
  });
}
