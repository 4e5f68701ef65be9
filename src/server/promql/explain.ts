/** Watches an evaluation: which node took how long, and how much came out of it. */
import type { ApiPlanNode } from '../../shared/api/queryPlan.ts';
import { childrenOf, type Expr } from '../../shared/promql/ast.ts';
import type { StepGrid } from '../storage/engine.ts';
import type { Value, Watch, WatchedRange } from './context.ts';
import type { Plan } from './plan.ts';
import type { Row, VectorRows } from './rows.ts';

interface Watched {
  steps: number;
  series: number | undefined;
  samples: number;
  milliseconds: number;
}

export class Explanation implements Watch {
  readonly #text: string;
  readonly #plan: Plan;
  readonly #watched = new Map<Expr, Watched>();

  constructor(text: string, plan: Plan) {
    this.#text = text;
    this.#plan = plan;
  }

  /** Runs what gives a node's value, and goes on watching while rows of it are read. */
  async value(node: Expr, grid: StepGrid, evaluate: () => Promise<Value>): Promise<Value> {
    const watched = this.#of(node, grid);
    const value = await timed(watched, evaluate);
    if (value.kind === 'scalar') watched.samples += grid.count;
    if (value.kind !== 'vector') return value;
    watched.series = (watched.series ?? 0) + value.rows.labels.length;
    return { kind: 'vector', rows: watchedRows(value.rows, watched) };
  }

  async range<V extends WatchedRange>(node: Expr, grid: StepGrid, evaluate: () => Promise<V>): Promise<V> {
    const watched = this.#of(node, grid);
    const vector = await timed(watched, evaluate);
    watched.series = (watched.series ?? 0) + vector.labels.length;
    vector.onRead = (milliseconds, samples) => {
      watched.milliseconds += milliseconds;
      watched.samples += samples;
    };
    return vector;
  }

  tree(): ApiPlanNode {
    return this.#node(this.#plan.expr);
  }

  #of(node: Expr, grid: StepGrid): Watched {
    const known = this.#watched.get(node);
    if (known !== undefined) return known;
    const watched = { steps: grid.count, series: undefined, samples: 0, milliseconds: 0 };
    this.#watched.set(node, watched);
    return watched;
  }

  #node(node: Expr): ApiPlanNode {
    const { steps, series, samples, milliseconds } = this.#watched.get(node) ?? NOT_WATCHED;
    const selector = node.kind === 'range' ? node.selector : node.kind === 'selector' ? node : undefined;
    const spec = selector && this.#plan.selects[this.#plan.selectOf.get(selector)!];
    const op = node.kind === 'call' ? node.func : 'op' in node ? node.op : undefined;
    return {
      expr: this.#text.slice(node.from, node.to),
      kind: node.kind,
      ...(op !== undefined && { op }),
      steps,
      once: this.#plan.invariant.has(node),
      ...(series !== undefined && { series }),
      samples,
      milliseconds,
      ...(spec !== undefined && { reads: { from: spec.minTime / 1000, to: spec.maxTime / 1000 } }),
      children: node.kind === 'range' ? [] : childrenOf(node).map((child) => this.#node(child)),
    };
  }
}

const NOT_WATCHED: Watched = { steps: 0, series: undefined, samples: 0, milliseconds: 0 };

async function timed<T>(watched: Watched, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  watched.milliseconds += performance.now() - started;
  return result;
}

function watchedRows(rows: VectorRows, watched: Watched): VectorRows {
  const read = (s: number, into: Row): void => {
    const started = performance.now();
    rows.read(s, into);
    watched.milliseconds += performance.now() - started;
    for (let i = 0; i < into.present.length; i++) watched.samples += into.present[i];
  };
  // Each row is read, so that it can be looked at.
  return { ...rows, addUp: undefined, read };
}
