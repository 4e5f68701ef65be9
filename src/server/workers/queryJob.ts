/** What goes between the main thread and a query worker. Samples stay where they lie; labels go once (see labelsLedger.ts). */
import { isOwn } from '../../shared/bytes/release.ts';
import type { AnswerFormat, QueryError, QueryRequest, QueryResult, QueryStats, QueryValue } from '../storage/engine.ts';
import type { PackedSelect } from '../storage/queryable.ts';
import { labelsOfText, textOf, type LabelsNews } from './labelsLedger.ts';

export interface QueryJob {
  readonly id: number;
  readonly request: Omit<QueryRequest, 'signal' | 'origin' | 'parsed'>;
  /** By select of the plan, which is the same wherever the same request is planned. */
  readonly selected: readonly PackedSelect[];
  readonly news: LabelsNews;
  readonly selectMs: number;
  /** Milliseconds left of the query's time. */
  readonly timeoutMs: number;
  /** One word of shared memory: not 0 once the query is canceled. */
  readonly cancelFlag: Int32Array;
  /** Write the answer, in place of giving the result. */
  readonly format?: AnswerFormat;
  /** Tell where the rows of the answer stand, if it can be kept. */
  readonly keep?: boolean;
  /** When it was asked, in milliseconds of the machine's clock, for the statistics. */
  readonly askedAt: number;
}

/** Where the rows of an answer stand in it, as in KeptAnswer, and their label sets as texts. */
export interface PackedRows {
  readonly labels: readonly string[];
  readonly places: readonly number[];
}

/** From the main thread: so many further pieces of an answer have been taken, or the rest of it is not wanted. */
export interface PiecesTaken {
  readonly id: number;
  readonly taken: number;
}

/** Pieces that a thread makes before the first of them is taken. */
export const PIECES_AHEAD = 4;

/** A result whose label sets are texts. */
export interface PackedResult {
  readonly result: QueryResult;
  readonly labels: readonly string[];
}

/** A piece of an answer that is written. */
export interface AnswerPiece {
  readonly id: number;
  readonly piece: Uint8Array;
  readonly isLast: boolean;
  /** What it took; with the first piece only. */
  readonly stats?: QueryStats;
  /** Its rows, where it can be kept; with the last piece only. */
  readonly rows?: PackedRows;
}

export type QueryAnswer =
  | ({ readonly id: number } & PackedResult)
  | AnswerPiece
  | { readonly id: number; readonly errorType: QueryError['errorType']; readonly message: string };

/** Takes the labels out of a result. */
export function packResult(result: QueryResult): PackedResult {
  const { value } = result;
  if (value.kind === 'string') return { result, labels: [] };
  if (value.kind === 'raw') {
    const series = value.series.map((s) => ({ ...s, labels: [] }));
    return { result: { ...result, value: { ...value, series } }, labels: value.series.map((s) => textOf(s.labels)) };
  }
  const matrix = { ...value.matrix, labels: [] };
  return { result: { ...result, value: { ...value, matrix } }, labels: value.matrix.labels.map(textOf) };
}

/** Puts the labels back. */
export function unpackResult({ result, labels: texts }: PackedResult): QueryResult {
  const labels = texts.map(labelsOfText);
  const value: QueryValue =
    result.value.kind === 'string'
      ? result.value
      : result.value.kind === 'raw'
        ? { ...result.value, series: result.value.series.map((s, i) => ({ ...s, labels: labels[i] })) }
        : { ...result.value, matrix: { ...result.value.matrix, labels } };
  return { ...result, value };
}

/** Where the rows lie that go with a job: handed over in place of being copied, and given back when it is evaluated. */
export function ownRowsOf(selected: readonly PackedSelect[]): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { groups } of selected)
    for (const { parts } of groups)
      for (const part of parts) if ('values' in part && isOwn(part.values.buffer)) buffers.add(part.values.buffer);
  return [...buffers];
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
