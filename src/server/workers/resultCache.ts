/**
 * Answers of range queries that are asked again with a later end, as dashboards do: the steps that nothing has touched since are kept, and only
 * the others are evaluated. What is touched the store says.
 */
import type { KeptAnswer, KeptPart } from '../promql/joinSteps.ts';
import type { StepGrid, StepMatrix } from '../storage/engine.ts';
import type { Changes } from '../storage/queryable.ts';

/** Of one answer; larger ones are not kept. */
export const KEPT_BYTES_MAX = 4 * 1024 * 1024;
const ALL_BYTES_MAX = 32 * 1024 * 1024;
/** What the labels of a row take, about. */
const ROW_BYTES = 500;

interface Entry extends KeptAnswer {
  readonly mark: number;
  readonly bytes: number;
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
  find(key: string, grid: StepGrid, aheadMs: number): KeptPart | undefined {
    const entry = this.#entries.get(key);
    const part = entry && partOf(entry, grid, this.#changes.oldestSince(entry.mark) - aheadMs);
    if (part === undefined) this.misses++;
    else this.hits++;
    return part;
  }

  keep(key: string, mark: number, grid: StepGrid, matrix: StepMatrix): void {
    const bytes = sizeOf(matrix);
    const before = this.#entries.get(key);
    if (before !== undefined) this.#drop(key, before);
    if (bytes > KEPT_BYTES_MAX) return;
    this.#entries.set(key, { grid, matrix, mark, bytes });
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

export const sizeOf = ({ labels, values, present }: StepMatrix) =>
  values.byteLength + present.byteLength + labels.length * ROW_BYTES;

/** @param untouched steps before this time are as they were. */
function partOf(kept: Entry, grid: StepGrid, untouched: number): KeptPart | undefined {
  const from = (grid.start - kept.grid.start) / grid.stepMs;
  if (!Number.isInteger(from) || from < 0) return undefined;
  const stepsUntouched = Math.ceil((untouched - kept.grid.start) / grid.stepMs);
  // One step is left at least: there is always something to evaluate.
  const count = Math.min(Math.min(kept.grid.count, stepsUntouched) - from, grid.count - 1);
  return count > 0 ? { kept, from, count } : undefined;
}
