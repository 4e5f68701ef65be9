/**
 * Answers of range queries that are asked again with a later end, as dashboards do: the steps that nothing has touched since are kept, and only
 * the others are evaluated. What is touched the store says.
 */
import type { KeptAnswer } from '../promql/answer/continuedAnswer.ts';
import { compareLabels, type Labels } from '../../shared/model/labels.ts';
import type { StepGrid } from '../storage/engine.ts';
import type { Changes } from '../storage/queryable.ts';

/** Of one answer; larger ones are not kept. */
export const KEPT_BYTES_MAX = 4 * 1024 * 1024;
const ALL_BYTES_MAX = 32 * 1024 * 1024;
/** What the labels of a row take, about. */
const ROW_BYTES = 500;

/** Answers by their form: as they were written, or what who asked made of them. */
export interface KeptForms {
  readonly written: KeptAnswer;
  readonly made: KeptMade;
}

interface KeptMade {
  readonly grid: StepGrid;
  readonly made: unknown;
  readonly bytes: number;
}

type Form = keyof KeptForms;

interface Entry<F extends Form = Form> {
  readonly kept: KeptForms[F];
  readonly series: SeriesRead;
  readonly mark: number;
  readonly bytes: number;
}

/** Label sets of the series that an answer is made of, in the order of the store; undefined where that does not matter. */
export type SeriesRead = readonly Labels[] | undefined;

/** What is there of an answer: the first `count` steps of the one that is asked for, from step `from` of the kept one on. */
export interface KeptFound<F extends Form = Form> {
  readonly kept: KeptForms[F];
  readonly from: number;
  readonly count: number;
  readonly series: SeriesRead;
}

export class ResultCache {
  readonly #changes: Changes;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>();
  bytes = 0;
  /** Queries of which some steps were kept, and those that were asked for nothing. */
  hits = 0;
  misses = 0;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  /** To be taken before anything is read for an answer that is to be kept. */
  mark(): number {
    return this.#changes.mark();
  }

  /** What is kept for the first steps of a grid. @param aheadMs how far beyond its time a step looks. */
  find<F extends Form>(form: F, key: string, grid: StepGrid, aheadMs: number): KeptFound<F> | undefined {
    const entry = this.#entries.get(form + key) as Entry<F> | undefined;
    const part = entry && partOf(entry, grid, this.#changes.oldestSince(entry.mark) - aheadMs);
    if (part === undefined) this.misses++;
    else this.hits++;
    return part;
  }

  keep<F extends Form>(form: F, key: string, mark: number, kept: KeptForms[F], series: SeriesRead): void {
    const bytes = bytesOf(kept);
    const before = this.#entries.get(form + key);
    if (before !== undefined) this.#drop(form + key, before);
    if (bytes > KEPT_BYTES_MAX) return;
    this.#entries.set(form + key, { kept, series, mark, bytes });
    this.bytes += bytes;
    for (const [oldest, entry] of this.#entries) {
      if (this.bytes <= ALL_BYTES_MAX) break;
      this.#drop(oldest, entry);
    }
  }

  #drop(key: string, { bytes }: Entry): void {
    this.#entries.delete(key);
    this.bytes -= bytes;
  }
}

const bytesOf = (kept: KeptForms[Form]): number =>
  'body' in kept ? kept.body.length + kept.labels.length * ROW_BYTES : kept.bytes;

/** @param untouched steps before this time are as they were. */
function partOf<F extends Form>(
  { kept, series }: Entry<F>,
  grid: StepGrid,
  untouched: number,
): KeptFound<F> | undefined {
  const from = (grid.start - kept.grid.start) / grid.stepMs;
  if (!Number.isInteger(from) || from < 0) return undefined;
  const stepsUntouched = Math.ceil((untouched - kept.grid.start) / grid.stepMs);
  // One step is left at least: there is always something to evaluate.
  const count = Math.min(Math.min(kept.grid.count, stepsUntouched) - from, grid.count - 1);
  return count > 0 ? { kept, from, count, series } : undefined;
}

export const areSame = (a: SeriesRead, b: SeriesRead): boolean =>
  a?.length === b?.length && (a ?? []).every((labels, i) => compareLabels(labels, b![i]) === 0);
