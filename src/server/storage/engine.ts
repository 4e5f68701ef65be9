/** What the rims (HTTP, Grafana) ask of the query engine, and what it answers. */
import type { Expr } from '../../shared/promql/ast.ts';
import type { ApiPlanNode } from '../../shared/api/queryPlan.ts';
import type { Labels } from '../../shared/model/labels.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';

/** One grid of evaluation times: start, start + step, … ≤ end. An instant query has count 1 and step 0. */
export interface StepGrid {
  readonly start: number;
  readonly end: number;
  readonly stepMs: number;
  readonly count: number;
}

export interface QueryRequest {
  readonly expr: string;
  /** The same, for who asks it again and again: parsed, without parentheses. */
  readonly parsed?: Expr;
  /** Milliseconds. For an instant query start = end and stepMs = 0. */
  readonly start: number;
  readonly end: number;
  readonly stepMs: number;
  readonly lookbackDeltaMs?: number;
  readonly timeoutMs?: number;
  readonly maxSamples?: number;
  readonly signal?: AbortSignal;
  /** Tell how it was evaluated, which makes it slower. */
  readonly explain?: boolean;
  /** Tell what each step looks at, where that feature is on: the evaluation then takes 1.3 to 4.6 times as long. */
  readonly perStep?: boolean;
  /**
   * Of a range query that is asked again with a later end: the asker may keep what it makes of the answer ({@link Kept}), and of the steps that it covers
   * later answers have none. This says what it makes, so that nothing else is taken for it.
   */
  readonly keepsAs?: string;
  /** Who asks, for the query log: a key of upstream's and what it says, such as `httpRequest` or `ruleGroup`. */
  readonly origin?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * Values of series over a grid. Row-major: the value of series s at step i is `values[s * count + i]`, valid where bit i of row s is set in
 * `present` (row stride `presentStride` bytes, bit i at byte i >> 3, mask 1 << (i & 7)).
 */
export interface StepMatrix {
  readonly labels: readonly Labels[];
  readonly values: Float64Array;
  readonly present: Uint8Array;
  readonly presentStride: number;
  /** Native histograms by `s * count + i`; such cells are present and their `values` are NaN. */
  readonly histograms?: ReadonlyMap<number, NativeHistogram>;
}

/** Raw samples of a range selector asked for in an instant query. */
export interface RawSeries {
  readonly labels: Labels;
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly histograms?: ReadonlyMap<number, NativeHistogram>;
}

export type QueryValue =
  | { readonly kind: 'matrix' | 'vector' | 'scalar'; readonly grid: StepGrid; readonly matrix: StepMatrix }
  | { readonly kind: 'raw'; readonly grid: StepGrid; readonly series: readonly RawSeries[] }
  | { readonly kind: 'string'; readonly grid: StepGrid; readonly text: string };

/** Samples by step of a grid: those that a step looks at, and those of them that no step before it had read. */
export interface StepCounts {
  readonly grid: StepGrid;
  readonly queryable: Float64Array;
  readonly read: Float64Array;
}

export interface QueryStats {
  /** Where they were asked for. */
  readonly steps?: StepCounts;
  readonly samplesRead: number;
  readonly parseMs: number;
  readonly selectMs: number;
  readonly evalMs: number;
}

export interface QueryResult {
  readonly value: QueryValue;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  readonly stats: QueryStats;
  /** How it was evaluated, where that was asked for. */
  readonly plan?: ApiPlanNode;
  /** Where the asker may keep what it makes of the answer. */
  readonly kept?: Kept;
}

/** What an asker keeps of a range query. */
export interface Kept {
  /** What it made of an earlier answer: the first `count` steps that were asked for are its steps from `from` on, and the answer has those behind them. */
  readonly standing?: { readonly made: unknown; readonly from: number; readonly count: number };
  /** Keeps what was made of all steps. @param bytes that it takes. */
  keep(made: unknown, bytes: number): void;
}

/**
 * Evaluates PromQL over a Queryable.
 *
 * Instant queries answer vector, scalar, string or raw (for a range selector); range queries answer matrix (scalars as one series without labels).
 * Rejects with QueryError.
 */
export interface QueryEngine {
  query(request: QueryRequest): Promise<QueryResult>;
  /** For who asks an instant query again and again. Undefined where there is no quicker way to ask it. @param expr checked, without parentheses. */
  keep?(expr: Expr): KeptQuery | undefined;
}

export interface KeptQuery {
  /** The answer at a time in milliseconds; undefined where it is to be asked for by `query`: some day the quicker way may be open again. */
  at(t: number): KeptVector | undefined;
}

/** An instant vector of floats, valid until the query is asked again. */
export interface KeptVector {
  /** The same array for as long as the same series are selected; label sets are distinct. */
  readonly labels: readonly Labels[];
  /** By label set. */
  readonly values: Float64Array;
  /** 1 where the vector has a sample. */
  readonly present: Uint8Array;
  readonly samplesRead: number;
}

/** How an answer is written. */
export interface AnswerFormat {
  /** At most this many series; more are cut, with a warning. */
  readonly limit: number;
  /** Whether its statistics are told. */
  readonly stats: boolean;
  /** Evaluate all steps, whatever is kept of an earlier answer. */
  readonly fresh?: boolean;
  /** A large matrix may be written as columns (shared/api/matrixColumns.ts); all else is JSON, which begins with a brace. */
  readonly columns?: boolean;
  /** What there is to say of how it was asked. */
  readonly warnings?: readonly string[];
}

/** Pieces of an answer, in order. */
export interface AnswerPieces extends AsyncIterable<Uint8Array> {
  /** Whether each piece is the taker's alone, in a buffer of its own. */
  readonly areHandedOver?: boolean;
}

/** A query engine that also writes: a result of any size goes out without being held as text. */
export interface AnsweringEngine extends QueryEngine {
  /** The result as the API's JSON, or as columns where they are taken, in pieces that are made as they are taken. Rejects as `query`, before the first piece. */
  answer(request: QueryRequest, format: AnswerFormat): Promise<AnswerPieces>;
}

/** `errorType` is the API's word for it; HTTP: 400 bad_data, 422 execution, 503 timeout and canceled, 500 internal. */
export class QueryError extends Error {
  readonly errorType: 'bad_data' | 'execution' | 'timeout' | 'canceled' | 'internal';
  constructor(errorType: QueryError['errorType'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'QueryError';
    this.errorType = errorType;
  }
}
