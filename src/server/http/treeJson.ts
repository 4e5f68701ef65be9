/** A syntax tree as /api/v1/parse_query gives it: upstream's node names and fields. Times and ranges in milliseconds. */
import { formatPlain } from '../../shared/model/numberText.ts';
import { durationJson } from './durationJson.ts';
import {
  isSetOp,
  type AtModifier,
  type Binary,
  type DurationExpr,
  type Expr,
  type VectorSelector,
} from '../../shared/promql/ast.ts';
import { typeOf } from '../../shared/promql/check.ts';
import { constantDurationMs } from '../../shared/promql/durationExpr.ts';
import { signatureOf } from '../../shared/promql/functions.ts';

type Node = Readonly<Record<string, unknown>> | null;

export function treeJson(expr: Expr): Node {
  switch (expr.kind) {
    case 'number':
      return { type: 'numberLiteral', val: formatPlain(expr.value) };
    case 'string':
      return { type: 'stringLiteral', val: expr.value };
    case 'paren':
      return { type: 'parenExpr', expr: treeJson(expr.expr) };
    case 'unary':
      return { type: 'unaryExpr', op: expr.op, expr: treeJson(expr.expr) };
    case 'selector':
      return { type: 'vectorSelector', ...selectorFields(expr) };
    case 'range':
      return {
        type: 'matrixSelector',
        range: durationOf(expr.range),
        rangeExpr: durationJson(expr.range),
        ...selectorFields(expr.selector),
      };
    case 'subquery':
      return {
        type: 'subquery',
        expr: treeJson(expr.expr),
        range: durationOf(expr.range),
        rangeExpr: durationJson(expr.range),
        offset: durationOf(expr.offset),
        offsetExpr: durationJson(expr.offset),
        step: durationOf(expr.step),
        stepExpr: durationJson(expr.step),
        ...atFields(expr.at),
      };
    case 'aggregation': {
      const { op, without, grouping, param } = expr;
      return {
        type: 'aggregation',
        op,
        expr: treeJson(expr.expr),
        param: param === undefined ? null : treeJson(param),
        grouping,
        without,
      };
    }
    case 'call':
      return { type: 'call', func: functionFields(expr.func), args: expr.args.map(treeJson) };
    case 'binary':
      return {
        type: 'binaryExpr',
        op: expr.op,
        lhs: treeJson(expr.lhs),
        rhs: treeJson(expr.rhs),
        matching: matchingFields(expr),
        bool: expr.bool,
      };
  }
}

function selectorFields({ name, matchers, offset, at, extension }: VectorSelector) {
  // The name before the braces is the last of upstream's matchers.
  const ordered = name === undefined ? matchers : [...matchers.slice(1), matchers[0]];
  return {
    name: name ?? '',
    offset: durationOf(offset),
    offsetExpr: durationJson(offset),
    anchored: extension === 'anchored',
    smoothed: extension === 'smoothed',
    matchers: ordered.map((m) => ({ name: m.name, value: m.value, type: m.op })),
    ...atFields(at),
  };
}

/** Milliseconds; 0 where nothing is written, or where it is computed. */
function durationOf(expr: DurationExpr | undefined): number {
  return (expr?.kind === 'number' ? constantDurationMs(expr) : 0) ?? 0;
}

function atFields(at: AtModifier | undefined) {
  return {
    timestamp: at?.kind === 'time' ? at.ms : null,
    startOrEnd: at === undefined || at.kind === 'time' ? null : at.kind,
  };
}

function functionFields(name: Parameters<typeof signatureOf>[0]) {
  const { args, optional = 0, more = 0, returns } = signatureOf(name);
  const isBounded = more > 0 && more < Number.MAX_SAFE_INTEGER;
  const argTypes = isBounded ? [...args, args[args.length - 1]] : args;
  return { name, argTypes, variadic: isBounded ? more : more > 0 ? -1 : optional, returnType: returns };
}

function matchingFields(expr: Binary): Node {
  if (typeOf(expr.lhs) !== 'vector' || typeOf(expr.rhs) !== 'vector') return null;
  const { on = false, labels = [], include = [], group, fill = {} } = expr.matching ?? {};
  const oneSided = { left: 'many-to-one', right: 'one-to-many' } as const;
  const card = isSetOp(expr.op) ? 'many-to-many' : group === undefined ? 'one-to-one' : oneSided[group];
  return { card, labels, on, include, fillValues: { lhs: fill.left ?? null, rhs: fill.right ?? null } };
}
