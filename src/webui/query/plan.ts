/** An expression part by part: each part is asked by itself, so that one sees where series vanish and time goes. */
import type { ApiQueryData } from '../../shared/api/prometheus.ts';
import { childrenOf, unwrapped, type Expr } from '../../shared/promql/ast.ts';
import { typeOf } from '../../shared/promql/check.ts';
import { formatExpr } from '../../shared/promql/format.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { ask } from '../api/client.ts';

export interface PlanNode {
  /** The part's own word: an operator, a function, a selector. */
  readonly label: string;
  readonly text: string;
  /** What to ask for the number of its series; undefined for what has none. */
  readonly countExpr: string | undefined;
  readonly children: readonly PlanNode[];
}

export interface PlanFigures {
  readonly series: number;
  readonly samples: number;
  readonly ms: number;
}

/** Parts that are asked in one tree; one with more is a program. */
export const PARTS_MAX = 40;

/** @returns undefined for what cannot be read: the editor says why. */
export function planOf(text: string): PlanNode | undefined {
  try {
    return nodeOf(parseExpr(text));
  } catch {
    return undefined;
  }
}

function nodeOf(wrapped: Expr): PlanNode {
  const expr = unwrapped(wrapped);
  const text = formatExpr(expr);
  return {
    label: labelOf(expr, text),
    text,
    countExpr: countOf(expr, text),
    children: isLeaf(expr) ? [] : childrenOf(expr).filter(isWorthShowing).map(nodeOf),
  };
}

/** A range selector is one step: its samples are read together. */
const isLeaf = (expr: Expr) => expr.kind === 'range' || expr.kind === 'selector';

/** Numbers and texts are read in their parent's text. */
const isWorthShowing = (expr: Expr) => !['number', 'string'].includes(unwrapped(expr).kind);

function labelOf(expr: ReturnType<typeof unwrapped>, text: string): string {
  switch (expr.kind) {
    case 'call':
      return `${expr.func}(…)`;
    case 'aggregation': {
      const by = expr.without ? ` without (${expr.grouping.join(', ')})` : ` by (${expr.grouping.join(', ')})`;
      return expr.op + (expr.grouping.length > 0 || expr.without ? by : '');
    }
    case 'binary':
      return `… ${expr.op} …`;
    case 'unary':
      return `${expr.op} …`;
    case 'subquery':
      return 'subquery';
    default:
      return text;
  }
}

function countOf(expr: ReturnType<typeof unwrapped>, text: string): string | undefined {
  const type = typeOf(expr);
  if (type === 'vector') return `count(${text})`;
  if (type === 'matrix') return `count(count_over_time(${text}))`;
  return type === 'scalar' ? text : undefined;
}

interface Stats {
  readonly stats?: {
    readonly timings?: { readonly execTotalTime?: number };
    readonly samples?: { readonly totalQueryableSamples?: number };
  };
}

/** How many series a part has at a time (milliseconds), and what it took to find that out. */
export async function figuresOf(countExpr: string, time: number, signal: AbortSignal): Promise<PlanFigures> {
  const params = { query: countExpr, time: String(time / 1000), stats: 'all' };
  const { data } = await ask<ApiQueryData & Stats>('query', params, signal);
  const { timings, samples } = data.stats ?? {};
  const series = data.resultType === 'vector' ? Number(data.result[0]?.value?.[1] ?? 0) : 1;
  return { series, samples: samples?.totalQueryableSamples ?? NaN, ms: (timings?.execTotalTime ?? NaN) * 1000 };
}

export const partsOf = (node: PlanNode): PlanNode[] => [node, ...node.children.flatMap(partsOf)];
