/** What goes between the main thread and a query worker. Columns are handed over, not copied; labels go once (see labelsLedger.ts). */
import type { Labels } from '../../shared/model/labels.ts';
import type { EngineLimits } from '../promql/engine.ts';
import type { QueryError, QueryRequest, QueryResult, QueryValue } from '../storage/engine.ts';
import type { GroupColumns, SeriesColumn } from '../storage/queryable.ts';
import { labelsOfText, textOf, type LabelsNews, type LabelsReceiver } from './labelsLedger.ts';

export interface PackedGroup {
  readonly times: Float64Array;
  /** The columns' label sets. Length = values.length. */
  readonly labels: Int32Array;
  /** The store's numbers of the columns' series, which say in what order they are answered. */
  readonly refs: Float64Array;
  readonly values: readonly Float64Array[];
  /** By column, where any has them. */
  readonly histograms?: ReadonlyMap<number, NonNullable<SeriesColumn['histograms']>>;
}

export interface QueryJob {
  readonly id: number;
  readonly request: Omit<QueryRequest, 'signal'>;
  readonly limits: EngineLimits;
  /** By select of the plan, which is the same wherever the same request is planned. */
  readonly selected: readonly (readonly PackedGroup[])[];
  readonly news: LabelsNews;
  readonly selectMs: number;
  /** Milliseconds left of the query's time. */
  readonly timeoutMs: number;
  /** One word of shared memory: not 0 once the query is canceled. */
  readonly cancelFlag: Int32Array;
}

/** A result whose label sets are numbers of the sender's or, for new ones, texts. */
export interface PackedResult {
  readonly result: QueryResult;
  readonly labels: readonly (number | string)[];
}

export type QueryAnswer =
  | ({ readonly id: number } & PackedResult)
  | { readonly id: number; readonly errorType: QueryError['errorType']; readonly message: string };

export function labelSetsOf(selected: readonly (readonly GroupColumns[])[]): Labels[] {
  return selected.flatMap((groups) => groups.flatMap((group) => group.columns.map((column) => column.labels)));
}

/** @param numbers of the label sets, in the order of {@link labelSetsOf}. */
export function packSelected(selected: readonly (readonly GroupColumns[])[], numbers: Int32Array): PackedGroup[][] {
  let at = 0;
  return selected.map((groups) =>
    groups.map(({ times, columns }) => {
      const histograms = new Map<number, NonNullable<SeriesColumn['histograms']>>();
      columns.forEach((column, c) => column.histograms !== undefined && histograms.set(c, column.histograms));
      const labels = numbers.slice(at, (at += columns.length));
      return {
        times,
        labels,
        refs: Float64Array.from(columns, (column) => column.ref),
        values: columns.map((column) => column.values),
        ...(histograms.size > 0 ? { histograms } : {}),
      };
    }),
  );
}

/** The memory that a job takes along: buffers of the answer belong to whoever asked; shared ones are seen by both sides anyway. */
export function ownedBuffers(selected: QueryJob['selected']): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { times, values } of selected.flat()) {
    for (const { buffer } of [times, ...values]) if (buffer instanceof ArrayBuffer) buffers.add(buffer);
  }
  return [...buffers];
}

export function unpackSelected(selected: QueryJob['selected'], receiver: LabelsReceiver): GroupColumns[][] {
  return selected.map((groups) =>
    groups.map(({ times, labels, refs, values, histograms }) => ({
      times,
      columns: values.map((column, c) => ({
        ref: refs[c],
        labels: receiver.setOf(labels[c]),
        values: column,
        histograms: histograms?.get(c),
      })),
    })),
  );
}

/** Takes the labels out of a result. */
export function packResult(result: QueryResult, receiver: LabelsReceiver): PackedResult {
  const { value } = result;
  const pack = (labels: Labels) => receiver.numberOf(labels) ?? textOf(labels);
  if (value.kind === 'string') return { result, labels: [] };
  if (value.kind === 'raw') {
    const series = value.series.map((s) => ({ ...s, labels: [] }));
    return { result: { ...result, value: { ...value, series } }, labels: value.series.map((s) => pack(s.labels)) };
  }
  const matrix = { ...value.matrix, labels: [] };
  return { result: { ...result, value: { ...value, matrix } }, labels: value.matrix.labels.map(pack) };
}

/** Puts the labels back. */
export function unpackResult(packed: PackedResult, known: readonly Labels[]): QueryResult {
  const { result, labels: sets } = packed;
  const labels = sets.map((set) => (typeof set === 'number' ? known[set] : labelsOfText(set)));
  const value: QueryValue =
    result.value.kind === 'string'
      ? result.value
      : result.value.kind === 'raw'
        ? { ...result.value, series: result.value.series.map((s, i) => ({ ...s, labels: labels[i] })) }
        : { ...result.value, matrix: { ...result.value.matrix, labels } };
  return { ...result, value };
}

/** The buffers of a result that can be handed over in place of being copied. */
export function transferablesOf(result: QueryResult): ArrayBuffer[] {
  const { value } = result;
  const views =
    value.kind === 'raw'
      ? value.series.flatMap((s) => [s.times, s.values])
      : value.kind === 'string'
        ? []
        : [value.matrix.values, value.matrix.present];
  return [...new Set(views.map((view) => view.buffer))].filter((buffer) => buffer instanceof ArrayBuffer);
}
