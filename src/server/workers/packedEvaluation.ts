/** Reads what selects found where it lies, and evaluates: the same on a worker and in the caller's thread. */
import type { Labels } from '../../shared/model/labels.ts';
import type { Budget } from '../promql/budget.ts';
import { evaluatePrepared, type PreparedQuery } from '../promql/engine.ts';
import type { QueryResult } from '../storage/engine.ts';
import type { OpenGroup, PackedSelect } from '../storage/queryable.ts';
import { openSelect } from '../tsdb/openSelect.ts';
import type { PackedChunkCache } from '../tsdb/partSource.ts';

/**
 * @param labels by select, group and series.
 * @param selectMs what the look into the index took.
 * @throws QueryError.
 */
export async function evaluatePacked(
  prepared: PreparedQuery,
  selected: readonly PackedSelect[],
  labels: readonly (readonly (readonly Labels[])[])[],
  chunks: PackedChunkCache,
  budget: Budget,
  selectMs: number,
): Promise<QueryResult> {
  const started = performance.now();
  const patience = new Patience(budget);
  const open: OpenGroup[][] = [];
  for (const [i, select] of selected.entries()) open.push(await openSelect(select, labels[i], chunks, patience));
  const result = await evaluatePrepared(prepared, open, budget, selectMs + performance.now() - started);
  if (selected.every(tellsNothing)) return result;
  const told = new Set(selected.flatMap(({ warnings = [] }) => warnings));
  return { ...result, warnings: [...result.warnings, ...told] };
}

const tellsNothing = ({ warnings = [] }: PackedSelect) => warnings.length === 0;

/** The time that a query may take, and not its samples: however much lies there, series are read one after the other into the same memory. */
class Patience {
  readonly maxSamples = Infinity;
  readonly #budget: Budget;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  isDue(): boolean {
    return this.#budget.isDue();
  }

  pause(): Promise<void> {
    return this.#budget.pause();
  }
}
