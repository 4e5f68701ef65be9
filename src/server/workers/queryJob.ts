/** What goes between the main thread and a query worker. Samples stay where they lie; labels go once (see labelsLedger.ts). */
import type { EngineLimits } from '../promql/engine.ts';
import type { KeptPart } from '../promql/joinSteps.ts';
import type {
  AnswerFormat,
  QueryError,
  QueryRequest,
  QueryResult,
  QueryStats,
  QueryValue,
  StepMatrix,
} from '../storage/engine.ts';
import type { PackedSelect } from '../storage/queryable.ts';
import { labelsOfText, textOf, type LabelsNews } from './labelsLedger.ts';

export interface QueryJob {
  readonly id: number;
  readonly request: Omit<QueryRequest, 'signal' | 'origin' | 'parsed'>;
  readonly limits: EngineLimits;
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
  /** The first steps of the answer, which are kept from an earlier one: the request is about the others. */
  readonly kept?: PackedKept;
  /** Give the answer to be kept too, if it can be. */
  readonly keep?: boolean;
  /** When it was asked, in milliseconds of the machine's clock, for the statistics. */
  readonly askedAt: number;
}

/** A kept part whose label sets are texts; its columns are shared memory. */
export interface PackedKept extends KeptPart {
  readonly labels: readonly string[];
}

/** An answer that is to be kept, in the same way. */
export interface PackedAnswer extends Omit<StepMatrix, 'labels'> {
  readonly labels: readonly string[];
}

export function packKept(part: KeptPart): PackedKept {
  const { grid, matrix } = part.kept;
  return { ...part, labels: matrix.labels.map(textOf), kept: { grid, matrix: { ...matrix, labels: [] } } };
}

export function unpackKept({ labels, ...part }: PackedKept): KeptPart {
  const { grid, matrix } = part.kept;
  return { ...part, kept: { grid, matrix: { ...matrix, labels: labels.map(labelsOfText) } } };
}

/** The answer in memory that all threads see. */
export function packAnswer({ labels, values, present, presentStride }: StepMatrix): PackedAnswer {
  const sharedValues = new Float64Array(new SharedArrayBuffer(values.byteLength));
  const sharedPresent = new Uint8Array(new SharedArrayBuffer(present.byteLength));
  sharedValues.set(values);
  sharedPresent.set(present);
  return { labels: labels.map(textOf), values: sharedValues, present: sharedPresent, presentStride };
}

export const unpackAnswer = ({ labels, ...matrix }: PackedAnswer): StepMatrix => ({
  ...matrix,
  labels: labels.map(labelsOfText),
});

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
  /** The answer, to be kept; with the first piece only. */
  readonly kept?: PackedAnswer;
}

/** What is kept of an earlier answer is of no use: the query is to be asked as a whole. */
export interface NotJoined {
  readonly id: number;
  readonly notJoined: true;
}

export type QueryAnswer =
  | ({ readonly id: number } & PackedResult)
  | AnswerPiece
  | NotJoined
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
