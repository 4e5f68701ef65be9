/** What fits where: the types of expressions. */
import { METRIC_NAME } from '../model/labels.ts';
import { compileMatcher } from '../model/matchers.ts';
import type { Aggregation, Binary, Call, DurationExpr, Expr, Place, VectorSelector } from './ast.ts';
import { AGGREGATION_PARAMETERS, childrenOf, isComparison, isSetOp, unwrapped } from './ast.ts';
import { constantDurationMs } from './durationExpr.ts';
import { PromqlError } from './errors.ts';
import { signatureOf } from './functions.ts';
import { TYPE_NAMES, type ValueType } from './valueType.ts';

export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'selector':
    case 'aggregation':
      return 'vector';
    case 'range':
    case 'subquery':
      return 'matrix';
    case 'call':
      return signatureOf(expr.func).returns;
    case 'binary':
      return typeOf(expr.lhs) === 'scalar' && typeOf(expr.rhs) === 'scalar' ? 'scalar' : 'vector';
    case 'unary':
    case 'paren':
      return typeOf(expr.expr);
  }
}

/** @throws PromqlError at the first expression that does not fit where it stands. */
export function checkExpr(expr: Expr, text: string): void {
  const isInfo = expr.kind === 'call' && expr.func === 'info';
  for (const child of isInfo ? expr.args.slice(0, 1) : childrenOf(expr)) checkExpr(child, text);
  const fail = (place: Place, reason: string, hint = ''): never => {
    throw new PromqlError(text, place.from, place.to, reason, hint);
  };
  switch (expr.kind) {
    case 'selector':
      return checkSelector(expr, fail);
    case 'call':
      return checkCall(expr, fail);
    case 'aggregation':
      return checkAggregation(expr, fail);
    case 'binary':
      return checkBinary(expr, text, fail);
    case 'unary': {
      const type = typeOf(expr.expr);
      if (type === 'scalar' || type === 'vector') return;
      return fail(
        expr,
        `unary expression only allowed on expressions of type scalar or instant vector, got "${TYPE_NAMES[type]}"`,
      );
    }
    case 'range':
      return checkPositive(expr.range, fail);
    case 'subquery': {
      checkPositive(expr.range, fail);
      if (expr.step !== undefined) checkPositive(expr.step, fail);
      const type = typeOf(expr.expr);
      if (type !== 'vector') fail(expr, `subquery is only allowed on instant vector, got ${TYPE_NAMES[type]} instead`);
    }
  }
}

type Fail = (place: Place, reason: string, hint?: string) => never;

function checkSelector({ name, matchers, from, to }: VectorSelector, fail: Fail): void {
  const place = { from, to };
  const twice = name === undefined ? undefined : matchers.slice(1).find((m) => m.name === METRIC_NAME);
  if (twice !== undefined)
    fail(place, `metric name must not be set twice: ${JSON.stringify(name)} or ${JSON.stringify(twice.value)}`);
  if (matchers.some((matcher) => !compileMatcher(matcher)(''))) return;
  fail(
    place,
    'vector selector must contain at least one non-empty matcher',
    'name a metric, or a label that is not empty',
  );
}

/** The second argument of info() is a list of matchers, which may all match what is empty. */
function checkInfoLabels(call: Call, fail: Fail): void {
  const arg = call.args.at(1);
  if (arg === undefined) return;
  const example = 'write info(up, {k8s_cluster_name=~".+"})';
  if (arg.kind === 'selector' && arg.name !== undefined)
    fail(arg, 'expected label selectors only, got vector selector instead', example);
  const type = typeOf(arg);
  if (type !== 'vector') {
    const reason = `expected type ${TYPE_NAMES.vector} in call to function "info", got ${TYPE_NAMES[type]}`;
    fail(call, reason, example);
  }
  if (arg.kind !== 'selector') fail(arg, 'expected label selectors only', example);
}

/** What is computed is looked at when the query is planned, as upstream does. */
function checkPositive(range: DurationExpr, fail: Fail): void {
  if (range.kind !== 'number') return;
  const ms = constantDurationMs(range);
  if (ms !== undefined && !(ms > 0 && Number.isSafeInteger(ms))) fail(range, 'duration must be greater than 0');
}

/** What turns one type into the other, where users often mix them up. */
function conversionHint(expected: ValueType, got: Expr): string {
  const type = typeOf(got);
  if (expected === 'matrix' && unwrapped(got).kind === 'selector') return 'add a range to the selector: [5m]';
  if (expected === 'matrix' && type === 'vector') return 'over an expression write a subquery: (…)[5m:]';
  if (expected === 'vector' && type === 'matrix')
    return 'take the range away, or put a function such as rate(…) around it';
  if (expected === 'scalar' && type === 'vector') return 'a vector of one series becomes a scalar with scalar(…)';
  if (expected === 'vector' && type === 'scalar') return 'a scalar becomes a vector with vector(…)';
  if (expected === 'string') return 'write it in quotes';
  return '';
}

function checkCall(call: Call, fail: Fail): void {
  const { args, optional = 0, more = 0 } = signatureOf(call.func);
  const count = call.args.length;
  const least = args.length - optional;
  const most = args.length + more;
  if (count < least || count > most) {
    const range = least === most ? `${least}` : count < least ? `at least ${least}` : `at most ${most}`;
    const wanted = args.map((type) => TYPE_NAMES[type]).join(', ');
    const hint = `${call.func}(${wanted}${more > 0 ? ', …' : ''})`;
    fail(call, `expected ${range} argument(s) in call to "${call.func}", got ${count}`, hint);
  }
  if (call.func === 'info') checkInfoLabels(call, fail);
  call.args.forEach((arg, i) => {
    const expected = args[Math.min(i, args.length - 1)];
    const type = typeOf(arg);
    if (type === expected) return;
    const reason = `expected type ${TYPE_NAMES[expected]} in call to function "${call.func}", got ${TYPE_NAMES[type]}`;
    fail(arg, reason, conversionHint(expected, arg));
  });
}

function checkAggregation(aggregation: Aggregation, fail: Fail): void {
  const { op, param, expr } = aggregation;
  const type = typeOf(expr);
  if (type !== 'vector') {
    const reason = `expected type ${TYPE_NAMES.vector} in aggregation expression, got ${TYPE_NAMES[type]}`;
    fail(expr, reason, conversionHint('vector', expr));
  }
  const expected = AGGREGATION_PARAMETERS[op];
  if (param === undefined || expected === undefined) return;
  const given = typeOf(param);
  if (given !== expected) {
    const reason = `expected type ${TYPE_NAMES[expected]} in aggregation parameter, got ${TYPE_NAMES[given]}`;
    fail(param, reason, conversionHint(expected, param));
  }
}

function checkBinary(binary: Binary, text: string, fail: Fail): void {
  const { op, lhs, rhs, bool, matching } = binary;
  const types = [lhs, rhs].map(typeOf);
  for (const [i, side] of [lhs, rhs].entries()) {
    if (types[i] === 'scalar' || types[i] === 'vector') continue;
    const hint = types[i] === 'matrix' ? conversionHint('vector', side) : '';
    fail(side, `binary expression must contain only scalar and instant vector types`, hint);
  }
  const vectors = types[0] === 'vector' && types[1] === 'vector';
  const gap = text.slice(lhs.to).search(/\S/);
  const operator: Place = { from: lhs.to + Math.max(0, gap), to: rhs.from };
  if (isSetOp(op)) {
    if (!vectors)
      fail(
        binary,
        `set operator "${op}" not allowed in binary scalar expression`,
        'a scalar becomes a vector with vector(…)',
      );
    if (matching?.group !== undefined) fail(binary, `no grouping allowed for "${op}" operation`);
  }
  if (isComparison(op) && !bool && types[0] === 'scalar' && types[1] === 'scalar') {
    fail(operator, 'comparisons between scalars must use BOOL modifier', `write ${op} bool`);
  }
  if (matching === undefined) return;
  if (matching.fill !== undefined && !vectors)
    fail(binary, 'filling in missing series only allowed between instant vectors');
  if (matching.fill !== undefined && isSetOp(op))
    fail(binary, 'filling in missing series not allowed for set operators');
  // `on()` beside a scalar says nothing, and is let pass as upstream does.
  if (!vectors && matching.labels.length > 0) fail(binary, 'vector matching only allowed between instant vectors');
  const both = matching.on ? matching.labels.find((label) => matching.include.includes(label)) : undefined;
  if (both !== undefined) fail(operator, `label "${both}" must not occur in ON and GROUP clause at once`);
}
