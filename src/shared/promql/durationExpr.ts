/** Durations in ranges, steps and offsets: literals, or expressions over them. */
import type { DurationExpr } from './ast.ts';
import type { TokenCursor } from './tokens.ts';
import type { Token } from './lexer.ts';

type DurationOp = '+' | '-' | '*' | '/' | '%' | '^';
const PRECEDENCES: Readonly<Record<DurationOp, number>> = { '+': 1, '-': 1, '*': 2, '/': 2, '%': 2, '^': 3 };
const UNARY_PRECEDENCE = 2;
const CALLS = ['step', 'range', 'min_of', 'max_of'] as const;

/** A whole duration expression, as it stands between brackets. */
export function parseDurationExpr(cursor: TokenCursor, where: string, minPrecedence = 0): DurationExpr {
  let lhs = parseSigned(cursor, where);
  for (;;) {
    const token = cursor.peek();
    const precedence = token.kind === 'punctuation' ? PRECEDENCES[token.text as DurationOp] : undefined;
    if (precedence === undefined || precedence < minPrecedence) return lhs;
    cursor.next();
    const rhs = parseDurationExpr(cursor, where, token.text === '^' ? precedence : precedence + 1);
    lhs = { kind: 'binary', op: token.text as DurationOp, lhs, rhs, from: lhs.from, to: rhs.to };
  }
}

function parseSigned(cursor: TokenCursor, where: string): DurationExpr {
  return isSigned(cursor)
    ? withSign(cursor.next(), parseDurationExpr(cursor, where, UNARY_PRECEDENCE + 1))
    : parseDurationOperand(cursor, where);
}

const isSigned = (cursor: TokenCursor) => cursor.isMark('-') || cursor.isMark('+');

/** A sign before a number is part of it; a plus says nothing. */
function withSign({ text, from }: Token, expr: DurationExpr): DurationExpr {
  if (text === '+') return { ...expr, from };
  return expr.kind === 'number'
    ? { ...expr, seconds: -expr.seconds, from }
    : { kind: 'negated', expr, from, to: expr.to };
}

/** What may follow `offset` without parentheses: a literal, a call, or something in parentheses, each with its sign; more after two signs. */
export function parseOffsetDuration(cursor: TokenCursor): DurationExpr {
  return isSigned(cursor)
    ? withSign(cursor.next(), parseSigned(cursor, 'offset'))
    : parseDurationOperand(cursor, 'offset');
}

function parseDurationOperand(cursor: TokenCursor, where: string): DurationExpr {
  const token = cursor.peek();
  if (token.kind === 'number' || token.kind === 'duration') {
    cursor.next();
    return {
      kind: 'number',
      seconds: token.value!,
      isDuration: token.kind === 'duration',
      from: token.from,
      to: token.to,
    };
  }
  if (token.text === '(') {
    cursor.next();
    const expr = parseDurationExpr(cursor, where);
    const close = cursor.expectClosing(')', token, where);
    return { kind: 'paren', expr, from: token.from, to: close.to };
  }
  const func = token.kind === 'identifier' ? CALLS.find((name) => name === token.text) : undefined;
  if (func === undefined) return cursor.failExpecting('a duration', where, 'write a number and a unit, such as 5m');
  cursor.next();
  const open = cursor.expectMark('(', `${func}()`);
  const from = token.from;
  if (func === 'step' || func === 'range') {
    return { kind: 'call', func, args: [], from, to: cursor.expectClosing(')', open, `${func}()`).to };
  }
  const first = parseDurationExpr(cursor, where);
  cursor.expectMark(',', `${func}()`, `${func} chooses between two durations`);
  const second = parseDurationExpr(cursor, where);
  return { kind: 'call', func, args: [first, second], from, to: cursor.expectClosing(')', open, `${func}()`).to };
}

export interface DurationContext {
  readonly stepMs: number;
  /** End minus start of the query. */
  readonly rangeMs: number;
}

/** Milliseconds of a duration expression, whole; NaN or infinite where its arithmetic is. */
export function durationMs(expr: DurationExpr, context: DurationContext): number {
  return wholeMs(expr, secondsOf(expr, context));
}

/** As upstream cuts them off: what is computed at milliseconds, what is written at nanoseconds before. */
function wholeMs(expr: DurationExpr, seconds: number): number {
  return Math.trunc(expr.kind === 'number' ? Math.round(seconds * 1e9) / 1e6 : seconds * 1000);
}

/** Milliseconds if the expression does not depend on the query's step and range; else undefined. */
export function constantDurationMs(expr: DurationExpr): number | undefined {
  return dependsOnQuery(expr) ? undefined : wholeMs(expr, secondsOf(expr, undefined));
}

function dependsOnQuery(expr: DurationExpr): boolean {
  switch (expr.kind) {
    case 'number':
      return false;
    case 'call':
      return expr.func === 'step' || expr.func === 'range' || expr.args.some(dependsOnQuery);
    case 'binary':
      return dependsOnQuery(expr.lhs) || dependsOnQuery(expr.rhs);
    default:
      return dependsOnQuery(expr.expr);
  }
}

function secondsOf(expr: DurationExpr, context: DurationContext | undefined): number {
  switch (expr.kind) {
    case 'number':
      return expr.seconds;
    case 'paren':
      return secondsOf(expr.expr, context);
    case 'negated':
      return -secondsOf(expr.expr, context);
    case 'call': {
      if (expr.func === 'step') return (context?.stepMs ?? NaN) / 1000;
      if (expr.func === 'range') return (context?.rangeMs ?? NaN) / 1000;
      const values = expr.args.map((arg) => secondsOf(arg, context));
      return expr.func === 'min_of' ? Math.min(...values) : Math.max(...values);
    }
    case 'binary': {
      const a = secondsOf(expr.lhs, context);
      const b = secondsOf(expr.rhs, context);
      switch (expr.op) {
        case '+':
          return a + b;
        case '-':
          return a - b;
        case '*':
          return a * b;
        case '/':
          return a / b;
        case '%':
          return a % b;
        case '^':
          return a ** b;
      }
    }
  }
}
