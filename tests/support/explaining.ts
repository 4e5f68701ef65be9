/** Asks for explanations as the API does. */
import { explainBox, type ExplainRequest } from '../../src/server/distribution/explainBox.ts';
import { eachStoredSeries } from '../../src/server/http/storedSeries.ts';
import { Budget, type BudgetLimits } from '../../src/server/promql/budget.ts';
import { DEFAULT_LIMITS } from '../../src/server/promql/engine.ts';
import type { Queryable } from '../../src/server/storage/queryable.ts';

export function explained(queryable: Queryable, request: ExplainRequest, limits: Partial<BudgetLimits> = {}) {
  const budget = new Budget({ ...DEFAULT_LIMITS, ...limits });
  const store = { queryable, eachSeries: eachStoredSeries.bind(undefined, queryable) };
  return explainBox(store, request, budget);
}
