/** sort, sort_desc, sort_by_label, sort_by_label_desc. */
import type { Call } from '../../shared/promql/ast.ts';
import { rowsOf, textOf, vectorValue, type EvalContext, type EvaluateCall } from './context.ts';
import { orderByLabels } from './labelCalls.ts';
import { bestFirst, WORSE } from './ranking.ts';
import { floatRows, heldRows, materialize, type Row } from './rows.ts';

function warnOfSorting(call: Call, context: EvalContext): void {
  context.annotations.warn('sort is ineffective for range queries since results are always ordered by labels', call);
}

/** Orders an instant query's rows by value, NaN last; a range query's rows have no order of their own. */
export function sorting(descending: boolean): EvaluateCall {
  return async (call, grid, context) => {
    const rows = floatRows(await rowsOf(call.args[0], grid, context), () => undefined);
    if (grid.start !== grid.end) {
      warnOfSorting(call, context);
      return vectorValue(rows);
    }
    if (grid.count !== 1) return vectorValue(rows);
    const held = await materialize(rows, 1, context.budget);
    const order = held.map((_, s) => s).filter((s) => held[s].present[0] === 1);
    const values = Float64Array.from(held, (row) => row.values[0]);
    bestFirst(order, values, WORSE[descending ? 'topk' : 'bottomk']);
    return vectorValue(
      heldRows(
        order.map((s) => rows.labels[s]),
        order.map((s) => held[s]),
        rows.drops && order.map((s) => rows.drops![s]),
      ),
    );
  };
}

export function sortingByLabels(descending: boolean): EvaluateCall {
  return async (call, grid, context) => {
    const names: string[] = [];
    for (const arg of call.args.slice(1)) names.push(await textOf(arg, grid, context));
    const rows = await rowsOf(call.args[0], grid, context);
    const order = orderByLabels(rows.labels, names, descending);
    if (grid.start !== grid.end) warnOfSorting(call, context);
    const read = (s: number, into: Row): void => rows.read(order[s], into);
    const drops = rows.drops && order.map((s) => rows.drops![s]);
    return vectorValue({ labels: order.map((s) => rows.labels[s]), hasHistograms: rows.hasHistograms, drops, read });
  };
}
