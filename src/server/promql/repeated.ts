/** Parts of an expression that it has several times: evaluated once, and held till the others come. */
import { childrenOf, unwrapped, type Expr } from '../../shared/promql/ast.ts';
import { formatExpr } from '../../shared/promql/format.ts';
import type { StepGrid } from '../storage/engine.ts';
import type { Annotations } from './annotations.ts';
import type { Budget } from './budget.ts';
import { vectorValue, type HeldValues, type Value } from './context.ts';
import type { Plan } from './plan.ts';
import { heldRows, materialize } from './rows.ts';

/** Share of the cells a query has left that one held part may take. */
const HELD_SHARE_MAX = 1 / 4;

/** Of expressions that are evaluated again and again as they were parsed. */
const known = new WeakMap<Expr, ReadonlyMap<Expr, string>>();

/**
 * The text of every node that stands in the expression more than once, and what is inside its first place no more often than it. Selectors alone are
 * read once anyway.
 *
 * @param statsOnly of the expression, which tells it.
 */
export function repeatedNodes(expr: Expr, statsOnly: Plan['statsOnly']): ReadonlyMap<Expr, string> {
  let repeated = known.get(expr);
  if (repeated === undefined) known.set(expr, (repeated = findRepeated(expr, statsOnly)));
  return repeated;
}

function findRepeated(expr: Expr, statsOnly: Plan['statsOnly']): ReadonlyMap<Expr, string> {
  const byName = new Map<string, Expr[]>();
  const visit = (node: Expr): void => {
    if (node.kind === 'call') addTo(byName, node.func, node);
    else if (node.kind === 'aggregation' || node.kind === 'binary') addTo(byName, node.op, node);
    childrenOf(node).forEach(visit);
  };
  visit(expr);
  const places = new Map<string, Expr[]>();
  for (const nodes of byName.values()) {
    // Writing a node takes long, and one whose name is there once is there once.
    if (nodes.length === 1) continue;
    for (const node of nodes) addTo(places, `${formatExpr(node)} ${statsText(node, statsOnly)}`, node);
  }
  const repeated = new Map<Expr, string>();
  for (const [key, nodes] of places) if (nodes.length > 1) for (const node of nodes) repeated.set(node, key);
  return repeated;
}

function addTo(lists: Map<string, Expr[]>, key: string, node: Expr): void {
  const known = lists.get(key);
  if (known === undefined) lists.set(key, [node]);
  else known.push(node);
}

/** Of which selectors only counts and sums of histograms are looked at: the same text may mean another value then. */
const statsText = (node: Expr, statsOnly: Plan['statsOnly']): string =>
  node.kind === 'selector'
    ? String(Number(statsOnly.has(node)))
    : childrenOf(node)
        .map((child) => statsText(child, statsOnly))
        .join('');

export class RepeatedValues implements HeldValues {
  readonly #nodes: ReadonlyMap<Expr, string>;
  readonly #budget: Budget;
  readonly #annotations: Annotations;
  readonly #held = new Map<string, Value>();

  constructor(nodes: ReadonlyMap<Expr, string>, budget: Budget, annotations: Annotations) {
    this.#nodes = nodes;
    this.#budget = budget;
    this.#annotations = annotations;
  }

  async valueOf(expr: Expr, grid: StepGrid, evaluate: () => Promise<Value>): Promise<Value> {
    const text = this.#nodes.get(unwrapped(expr));
    if (text === undefined) return evaluate();
    const key = `${grid.start} ${grid.stepMs} ${grid.count} ${text}`;
    const known = this.#held.get(key);
    if (known !== undefined) return known;
    const value = await evaluate();
    if (value.kind !== 'vector') return value;
    const { rows } = value;
    // What is told with a value is told of its place, and has to be told of the others.
    const mayBeHeld = () => this.#annotations.isEmpty && !rows.hasHistograms;
    if (!mayBeHeld() || rows.labels.length * grid.count > this.#budget.samplesLeft * HELD_SHARE_MAX) return value;
    const held = heldRows(rows.labels, await materialize(rows, grid.count, this.#budget), rows.drops);
    if (mayBeHeld()) this.#held.set(key, vectorValue(held));
    return vectorValue(held);
  }
}
