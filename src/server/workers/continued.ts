/** A query's result made whole by what is kept of an earlier answer. */
import { gridOf } from '../promql/grid.ts';
import { joinSteps, type KeptPart } from '../promql/joinSteps.ts';
import type { QueryResult, StepMatrix } from '../storage/engine.ts';
import { KEPT_BYTES_MAX, sizeOf } from './resultCache.ts';

/** @param result of the steps that are not kept. @returns undefined where only an evaluation of all steps tells what there is to be told. */
export function continued(result: QueryResult, part: KeptPart): QueryResult | undefined {
  const { value } = result;
  if (keepable(result) === undefined) return undefined;
  const { stepMs, end } = value.grid;
  const grid = gridOf(value.grid.start - part.count * stepMs, end, stepMs);
  const matrix = joinSteps(part, value.kind === 'matrix' ? value.matrix : undefined, grid.count);
  return { ...result, value: { kind: 'matrix', grid, matrix } };
}

/** The answer, if it can be kept: numbers only, nothing to be told with them, and not too many. */
export function keepable({ value, warnings, infos }: QueryResult): StepMatrix | undefined {
  if (value.kind !== 'matrix' || value.matrix.histograms !== undefined) return undefined;
  if (warnings.length > 0 || infos.length > 0) return undefined;
  return sizeOf(value.matrix) <= KEPT_BYTES_MAX ? value.matrix : undefined;
}
