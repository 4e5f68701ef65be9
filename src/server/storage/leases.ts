/** Leases that are made of columns, or of other leases. */
import type { Labels } from '../../shared/model/labels.ts';
import type { SeriesRef } from './appender.ts';
import type { GroupColumns, SelectLease, SelectSpec } from './queryable.ts';

/** Reads leases on this thread. */
export type ReadLease = (lease: SelectLease, maxSamples: number) => Promise<readonly GroupColumns[]>;

/** What a lease was taken for; it is given back. */
export async function readAndRelease(
  lease: SelectLease,
  { maxSamples = Infinity }: SelectSpec,
  read: ReadLease,
): Promise<readonly GroupColumns[]> {
  try {
    return await read(lease, maxSamples);
  } finally {
    lease.release();
  }
}

/** Columns that are read already, as a select that can be sent. */
export function packedColumns(groups: readonly GroupColumns[]): SelectLease {
  const labels = new Map<number, Labels>();
  let cells = 0;
  const packed = groups.map(({ times, columns }) => {
    cells += times.length * columns.length;
    const histograms = new Map<number, NonNullable<GroupColumns['columns'][number]['histograms']>>();
    columns.forEach((column, c) => {
      labels.set(column.ref, column.labels);
      if (column.histograms !== undefined) histograms.set(c, column.histograms);
    });
    const values = new Float64Array(times.length * columns.length);
    columns.forEach((column, c) => values.set(column.values, c * times.length));
    const part = { columns: Int32Array.from(columns.keys()), times, values, histograms };
    return { refs: Uint32Array.from(columns, ({ ref }) => ref), parts: [part], deleted: new Map() };
  });
  return {
    select: { minTime: -Infinity, maxTime: Infinity, groups: packed, cells },
    labels: (ref) => labels.get(ref) ?? [],
    release: () => undefined,
  };
}

/** The series of a lease, with their labels; one that is in several groups comes as often. */
export function* seriesOf({ select, labels }: SelectLease): Generator<readonly [ref: SeriesRef, labels: Labels]> {
  for (const { refs } of select.groups) for (const ref of refs) yield [ref, labels(ref)];
}

/** Both as one; what stands in `own` comes first where both have a sample of a series at the same time. */
export function joinedLease(own: SelectLease, more: SelectLease, warnings: readonly string[]): SelectLease {
  const theirs = new Set([...seriesOf(more)].map(([ref]) => ref));
  const { minTime, maxTime, groups, cells, stored } = own.select;
  return {
    select: {
      minTime,
      maxTime,
      groups: [...groups, ...more.select.groups],
      cells: cells + more.select.cells,
      stored,
      warnings: [...(own.select.warnings ?? []), ...warnings],
    },
    labels: (ref) => (theirs.has(ref) ? more.labels(ref) : own.labels(ref)),
    release: () => {
      own.release();
      more.release();
    },
  };
}
