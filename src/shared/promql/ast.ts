/** The syntax tree of PromQL. Every node knows its place in the text: characters [from, to). */
import type { Matcher } from '../model/matchers.ts';
import type { FunctionName } from './functions.ts';

export const AGGREGATIONS = [
  'sum',
  'avg',
  'count',
  'min',
  'max',
  'group',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'quantile',
  'count_values',
  'limitk',
  'limit_ratio',
] as const;
export type AggregationOp = (typeof AGGREGATIONS)[number];

/** Aggregations with a first argument before the vector, and its type. */
export const AGGREGATION_PARAMETERS: Partial<Record<AggregationOp, 'scalar' | 'string'>> = {
  topk: 'scalar',
  bottomk: 'scalar',
  quantile: 'scalar',
  count_values: 'string',
  limitk: 'scalar',
  limit_ratio: 'scalar',
};

export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2';
export type ComparisonOp = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type SetOp = 'and' | 'or' | 'unless';
/** Takes the observations above (`</`) or below (`>/`) a number out of a native histogram. */
export type TrimOp = '</' | '>/';
export type BinaryOp = ArithmeticOp | ComparisonOp | SetOp | TrimOp;

/** Loosest first; `^` alone groups to the right. */
export const PRECEDENCE: Readonly<Record<BinaryOp, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '</': 3,
  '>/': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 6,
};

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const SET_OPS: ReadonlySet<string> = new Set(['and', 'or', 'unless']);
export const isComparison = (op: BinaryOp): op is ComparisonOp => COMPARISONS.has(op);
export const isSetOp = (op: BinaryOp): op is SetOp => SET_OPS.has(op);
/** Words that are never the names of labels in a list of them, unless in quotes. */
export const isNoLabel = (word: string) => /^(without|inf|nan)$/i.test(word);
export const isTrim = (op: BinaryOp): op is TrimOp => op === '</' || op === '>/';

export interface Place {
  readonly from: number;
  readonly to: number;
}

/** A length of time that may be computed: `5m`, `300`, `step() * 2`. In seconds once evaluated. */
export type DurationExpr = Place &
  (
    | { readonly kind: 'number'; readonly seconds: number; readonly isDuration: boolean }
    | { readonly kind: 'call'; readonly func: 'step' | 'range'; readonly args: readonly [] }
    | { readonly kind: 'call'; readonly func: 'min_of' | 'max_of'; readonly args: readonly DurationExpr[] }
    | {
        readonly kind: 'binary';
        readonly op: '+' | '-' | '*' | '/' | '%' | '^';
        readonly lhs: DurationExpr;
        readonly rhs: DurationExpr;
      }
    | { readonly kind: 'negated'; readonly expr: DurationExpr }
    | { readonly kind: 'paren'; readonly expr: DurationExpr }
  );

/** The `@` modifier: a fixed time in milliseconds, or an end of the query's range. */
export type AtModifier = { readonly kind: 'time'; readonly ms: number } | { readonly kind: 'start' | 'end' };

export interface NumberLiteral extends Place {
  readonly kind: 'number';
  readonly value: number;
  /** Written as a duration (`5m` for 300). */
  readonly isDuration: boolean;
}

export interface StringLiteral extends Place {
  readonly kind: 'string';
  readonly value: string;
}

export interface VectorSelector extends Place {
  readonly kind: 'selector';
  /** The metric name where it was written before the braces; it is among the matchers too. */
  readonly name: string | undefined;
  readonly matchers: readonly Matcher[];
  readonly offset: DurationExpr | undefined;
  readonly at: AtModifier | undefined;
  /** Samples around the window are looked at too: the last before it, or those on both sides to interpolate between. */
  readonly extension?: RangeExtension;
}

export type RangeExtension = 'anchored' | 'smoothed';

export interface RangeSelector extends Place {
  readonly kind: 'range';
  /** Carries the offset and `@` written after the brackets. */
  readonly selector: VectorSelector;
  readonly range: DurationExpr;
}

export interface Subquery extends Place {
  readonly kind: 'subquery';
  readonly expr: Expr;
  readonly range: DurationExpr;
  readonly step: DurationExpr | undefined;
  readonly offset: DurationExpr | undefined;
  readonly at: AtModifier | undefined;
}

export interface Call extends Place {
  readonly kind: 'call';
  readonly func: FunctionName;
  readonly args: readonly Expr[];
}

export interface Aggregation extends Place {
  readonly kind: 'aggregation';
  readonly op: AggregationOp;
  readonly param: Expr | undefined;
  readonly expr: Expr;
  readonly without: boolean;
  readonly grouping: readonly string[];
}

export interface VectorMatching {
  /** `on(labels)`; else `ignoring(labels)`, which with no labels is the default. */
  readonly on: boolean;
  readonly labels: readonly string[];
  /** The side with many series, if any. */
  readonly group: 'left' | 'right' | undefined;
  /** Labels taken from the "one" side. */
  readonly include: readonly string[];
  /** What stands in for a sample that one side lacks. */
  readonly fill?: FillValues;
}

export interface FillValues {
  readonly left?: number;
  readonly right?: number;
}

export interface Binary extends Place {
  readonly kind: 'binary';
  readonly op: BinaryOp;
  readonly lhs: Expr;
  readonly rhs: Expr;
  readonly bool: boolean;
  /** As written; undefined where nothing was. */
  readonly matching: VectorMatching | undefined;
}

export interface Unary extends Place {
  readonly kind: 'unary';
  readonly op: '+' | '-';
  readonly expr: Expr;
}

export interface Paren extends Place {
  readonly kind: 'paren';
  readonly expr: Expr;
}

export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | RangeSelector
  | Subquery
  | Call
  | Aggregation
  | Binary
  | Unary
  | Paren;

/** The expressions directly inside one, in the order they are written. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'selector':
      return [];
    case 'range':
      return [expr.selector];
    case 'subquery':
    case 'unary':
    case 'paren':
      return [expr.expr];
    case 'call':
      return expr.args;
    case 'aggregation':
      return expr.param === undefined ? [expr.expr] : [expr.param, expr.expr];
    case 'binary':
      return [expr.lhs, expr.rhs];
  }
}

/** The expression without parentheses around it. */
export function unwrapped(expr: Expr): Exclude<Expr, Paren> {
  let inner = expr;
  while (inner.kind === 'paren') inner = inner.expr;
  return inner;
}

/** The tree without parentheses around arguments of functions and aggregations: they mean nothing, and places are told without them. */
export function withoutParens(expr: Expr): Expr {
  switch (expr.kind) {
    case 'call':
      return { ...expr, args: expr.args.map((arg) => withoutParens(unwrapped(arg))) };
    case 'aggregation': {
      const { param } = expr;
      return { ...expr, expr: withoutParens(unwrapped(expr.expr)), param: param && withoutParens(unwrapped(param)) };
    }
    case 'binary':
      return { ...expr, lhs: withoutParens(expr.lhs), rhs: withoutParens(expr.rhs) };
    case 'subquery':
    case 'unary':
    case 'paren':
      return { ...expr, expr: withoutParens(expr.expr) };
    default:
      return expr;
  }
}
