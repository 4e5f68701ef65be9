/** PromQL text to a checked syntax tree. Why by hand: docs/decisions, "A PromQL parser of our own". */
import type { Aggregation, AggregationOp, Binary, BinaryOp, Call, Expr, VectorMatching } from './ast.ts';
import { AGGREGATIONS, AGGREGATION_PARAMETERS, isComparison, isNoLabel, PRECEDENCE } from './ast.ts';
import { checkExpr } from './check.ts';
import { parseDurationExpr } from './durationExpr.ts';
import { nearestName } from './errors.ts';
import type { PromqlFeatures } from './features.ts';
import { parseFill } from './fill.ts';
import { FUNCTIONS, isFunctionName, signatureOf } from './functions.ts';
import { parseAt, parseExtension, parseOffset, parseSelector } from './selectors.ts';
import { describe, TokenCursor } from './tokens.ts';

export interface ParseOptions extends PromqlFeatures {
  /** A selector by itself may match every series, and name its metric twice: it chooses what to hand on and is no query. */
  readonly anySelector?: boolean;
}

/** Deepest nesting of expressions that is read. */
const DEPTH_MAX = 250;
/** Most binary operators in one expression. A chain of n is a tree n deep, and all that walk trees do so on the stack. */
const OPERATORS_MAX = 1000;
const UNARY_PRECEDENCE = PRECEDENCE['*'];
const AGGREGATION_NAMES: ReadonlySet<string> = new Set(AGGREGATIONS);
/** Words that cannot be a metric's name outside braces. */
const RESERVED = new Set(['atan2', 'bool', 'on', 'ignoring', 'group_left', 'group_right']);

/**
 * Reads one expression and checks its types.
 *
 * @throws PromqlError with the place, what was found, what was expected and how to write it.
 */
export function parseExpr(text: string, options: ParseOptions = {}): Expr {
  const cursor = new TokenCursor(text);
  if (cursor.peek().kind === 'end')
    cursor.fail(cursor.peek(), 'no expression found in input', 'write a metric name, such as up');
  const expr = new Parser(cursor, options).expression(0);
  if (cursor.peek().kind !== 'end') failAfter(cursor, expr);
  if (options.anySelector !== true || expr.kind !== 'selector') checkExpr(expr, text);
  return expr;
}

function failAfter(cursor: TokenCursor, expr: Expr): never {
  const token = cursor.peek();
  const expected = 'an operator or the end of the expression';
  if (token.text === ')')
    cursor.fail(token, 'unexpected ")": nothing is open here that it could close', 'remove it, or open a "("');
  if (token.text === '=') cursor.failExpecting(expected, 'expression', 'values are compared with ==');
  if (token.text === '!~' || token.text === '=~')
    cursor.failExpecting(expected, 'expression', 'patterns belong inside braces');
  if (cursor.isWord('by') || cursor.isWord('without')) {
    const hint =
      expr.kind === 'aggregation'
        ? 'an aggregation is grouped once'
        : 'only aggregations are grouped: sum by (job) (…)';
    cursor.failExpecting(expected, 'expression', hint);
  }
  cursor.failExpecting(
    expected,
    'expression',
    expr.kind === 'selector' && token.kind === 'string' ? 'labels go inside braces' : '',
  );
}

class Parser {
  private readonly cursor: TokenCursor;
  private readonly options: ParseOptions;
  private depth = 0;
  private operators = 0;

  constructor(cursor: TokenCursor, options: ParseOptions) {
    this.cursor = cursor;
    this.options = options;
  }

  expression(minPrecedence: number): Expr {
    if (++this.depth > DEPTH_MAX)
      this.cursor.fail(this.cursor.peek(), `more than ${DEPTH_MAX} expressions inside each other`);
    let lhs = this.operand();
    for (;;) {
      const op = this.binaryOp();
      if (op === undefined || PRECEDENCE[op] < minPrecedence) break;
      const token = this.cursor.next();
      if (++this.operators > OPERATORS_MAX)
        this.cursor.fail(token, `more than ${OPERATORS_MAX} operators`, 'ask in several queries, or match with =~');
      lhs = this.binary(op, lhs);
    }
    this.depth--;
    return lhs;
  }

  private binaryOp(): BinaryOp | undefined {
    const token = this.cursor.peek();
    if (token.kind !== 'punctuation' && token.kind !== 'identifier') return undefined;
    const word = token.text.toLowerCase();
    return Object.hasOwn(PRECEDENCE, word) ? (word as BinaryOp) : undefined;
  }

  private binary(op: BinaryOp, lhs: Expr): Binary {
    const place = this.cursor.lastToken;
    const bool = this.cursor.takeWord('bool');
    if (bool !== undefined && !isComparison(op))
      this.cursor.fail(place, 'bool modifier can only be used on comparison operators');
    const matching = this.filledMatching(bool?.from ?? lhs.from);
    const rhs = this.expression(op === '^' ? PRECEDENCE[op] : PRECEDENCE[op] + 1);
    return { kind: 'binary', op, lhs, rhs, bool: bool !== undefined, matching, from: lhs.from, to: rhs.to };
  }

  /** @param from where the expression begins, for what is refused. */
  private filledMatching(from: number): VectorMatching | undefined {
    const matching = this.matching();
    const fill = parseFill(this.cursor);
    if (fill === undefined) return matching;
    if (this.options.fill !== true) {
      this.cursor.fail(
        { from, to: this.cursor.lastEnd },
        'binop fill modifiers are experimental and not enabled',
        'start with --enable-feature=promql-binop-fill-modifiers',
      );
    }
    return { ...(matching ?? { on: false, labels: [], group: undefined, include: [] }), fill };
  }

  private matching(): VectorMatching | undefined {
    const word = this.cursor.takeWord('on') ?? this.cursor.takeWord('ignoring');
    if (word === undefined) {
      if (this.cursor.isWord('group_left') || this.cursor.isWord('group_right')) {
        this.cursor.failExpecting('on(…) or ignoring(…) before it', 'binary expression');
      }
      return undefined;
    }
    const labels = this.labelNames(`${word.text} modifier`);
    const side = this.cursor.takeWord('group_left') ?? this.cursor.takeWord('group_right');
    const include = side !== undefined && this.cursor.isMark('(') ? this.labelNames(`${side.text} modifier`) : [];
    const group = side === undefined ? undefined : side.text.toLowerCase() === 'group_left' ? 'left' : 'right';
    return { on: word.text.toLowerCase() === 'on', labels, group, include };
  }

  private operand(): Expr {
    const token = this.cursor.peek();
    if (token.text === '+' || token.text === '-') {
      this.cursor.next();
      const expr = this.expression(UNARY_PRECEDENCE + 1);
      // A sign before a number is part of it.
      if (expr.kind === 'number')
        return { ...expr, value: token.text === '-' ? -expr.value : expr.value, from: token.from };
      return { kind: 'unary', op: token.text, expr, from: token.from, to: expr.to };
    }
    return this.postfix(this.primary());
  }

  private primary(): Expr {
    const { cursor } = this;
    const token = cursor.peek();
    if (token.kind === 'number' || token.kind === 'duration') {
      cursor.next();
      return {
        kind: 'number',
        value: token.value!,
        isDuration: token.kind === 'duration',
        from: token.from,
        to: token.to,
      };
    }
    if (token.kind === 'string') {
      cursor.next();
      return { kind: 'string', value: token.unquoted!, from: token.from, to: token.to };
    }
    if (token.text === '(') {
      cursor.next();
      const expr = this.expression(0);
      const close = cursor.expectClosing(')', token, 'parentheses');
      return { kind: 'paren', expr, from: token.from, to: close.to };
    }
    if (token.text === '{') return parseSelector(cursor);
    if (token.kind === 'identifier') return this.named();
    const hint =
      token.text === '['
        ? 'a range follows a selector: up[5m]'
        : token.text === '='
          ? 'values are compared with =='
          : '';
    return cursor.fail(token, `unexpected ${describe(token)}, expected an expression`, hint);
  }

  private named(): Expr {
    const { cursor } = this;
    const token = cursor.peek();
    const word = token.text.toLowerCase();
    if (word === 'inf' || word === 'nan') {
      cursor.next();
      return {
        kind: 'number',
        value: word === 'inf' ? Infinity : NaN,
        isDuration: false,
        from: token.from,
        to: token.to,
      };
    }
    const opens = cursor.isMark('(', 1);
    if (AGGREGATION_NAMES.has(word) && (opens || cursor.isWord('by', 1) || cursor.isWord('without', 1))) {
      return this.aggregation(word as AggregationOp);
    }
    if (opens && !RESERVED.has(word)) return this.call();
    if (RESERVED.has(word)) cursor.fail(token, `unexpected ${describe(token)}, expected an expression`);
    return parseSelector(cursor);
  }

  private call(): Call {
    const name = this.cursor.next();
    if (!isFunctionName(name.text)) {
      const near = nearestName(name.text, [...Object.keys(FUNCTIONS), ...AGGREGATIONS]);
      this.cursor.fail(
        name,
        `unknown function with name ${JSON.stringify(name.text)}`,
        near === undefined ? '' : `did you mean ${near}?`,
      );
    }
    if (signatureOf(name.text).experimental === true && this.options.experimental !== true) {
      this.cursor.fail(
        name,
        `function "${name.text}" is not enabled`,
        'start with --enable-feature=promql-experimental-functions',
      );
    }
    const { args, to } = this.args();
    return { kind: 'call', func: name.text, args, from: name.from, to };
  }

  private args(): { args: Expr[]; to: number } {
    const { cursor } = this;
    const open = cursor.expectMark('(', 'call');
    const args: Expr[] = [];
    if (!cursor.isMark(')')) {
      do {
        if (args.length > 0 && cursor.isMark(')'))
          cursor.fail(cursor.lastToken, 'trailing commas not allowed in function call args');
        args.push(this.expression(0));
      } while (cursor.takeMark(',') !== undefined);
    }
    const grouping = cursor.isWord('by') || cursor.isWord('without');
    const hint = grouping
      ? 'close the aggregation first: sum(…) by (…)'
      : cursor.isMark('=')
        ? 'labels go inside braces'
        : '';
    const close = cursor.expectClosing(')', open, 'function call arguments', hint);
    return { args, to: close.to };
  }

  private aggregation(op: AggregationOp): Aggregation {
    const { cursor } = this;
    const name = cursor.next();
    if ((op === 'limitk' || op === 'limit_ratio') && this.options.experimental !== true) {
      cursor.fail(
        name,
        `${op}() is experimental and must be enabled with --enable-feature=promql-experimental-functions`,
      );
    }
    const before = this.grouping();
    if (!cursor.isMark('(')) cursor.failExpecting('"("', 'aggregation', `write ${op} by (label) (vector)`);
    const { args, to } = this.args();
    const after = before === undefined ? this.grouping() : undefined;
    if (args.length === 0) cursor.fail(name, 'no arguments for aggregate expression provided', `write ${op}(vector)`);
    const takesParameter = AGGREGATION_PARAMETERS[op] !== undefined;
    const expected = takesParameter ? 2 : 1;
    if (args.length !== expected) {
      const hint = takesParameter
        ? `write ${op}(${op === 'count_values' ? '"label"' : op === 'quantile' ? '0.9' : '5'}, vector)`
        : '';
      cursor.fail(
        name,
        `wrong number of arguments for aggregate expression provided, expected ${expected}, got ${args.length}`,
        hint,
      );
    }
    return {
      kind: 'aggregation',
      op,
      param: takesParameter ? args[0] : undefined,
      expr: args[expected - 1],
      without: (before ?? after)?.without ?? false,
      grouping: (before ?? after)?.labels ?? [],
      from: name.from,
      to: after?.to ?? to,
    };
  }

  private grouping(): { without: boolean; labels: string[]; to: number } | undefined {
    const word = this.cursor.takeWord('by') ?? this.cursor.takeWord('without');
    if (word === undefined) return undefined;
    const labels = this.labelNames('grouping opts');
    return { without: word.text.toLowerCase() === 'without', labels, to: this.cursor.lastEnd };
  }

  /** `(a, "b.c", d)`; a last comma is allowed. */
  private labelNames(where: string): string[] {
    const { cursor } = this;
    const open = cursor.isMark('(')
      ? cursor.next()
      : cursor.failExpecting('"("', where, 'label names stand in parentheses: by (job, instance)');
    const names: string[] = [];
    while (!cursor.isMark(')')) {
      const token = cursor.peek();
      const isName = token.kind === 'string' || (token.kind === 'identifier' && !isNoLabel(token.text));
      if (!isName) {
        if (token.kind === 'end') cursor.expectClosing(')', open, where);
        cursor.failExpecting('a label name', where, isNoLabel(token.text) ? `write it in quotes: "${token.text}"` : '');
      }
      cursor.next();
      if (token.unquoted === '') cursor.fail(token, 'invalid label name for grouping: ""');
      names.push(token.kind === 'string' ? token.unquoted! : token.text);
      if (cursor.takeMark(',') === undefined) break;
    }
    const hint = cursor.isMark('=') ? 'here are names only; label values are matched inside braces' : '';
    cursor.expectClosing(')', open, where, hint);
    return names;
  }

  /** Ranges, subqueries, offset and @ after an expression. */
  private postfix(primary: Expr): Expr {
    let expr = primary;
    for (;;) {
      if (this.cursor.isMark('[')) expr = this.brackets(expr);
      else if (this.cursor.isWord('offset')) expr = parseOffset(this.cursor, expr);
      else if (this.cursor.isMark('@')) expr = parseAt(this.cursor, expr);
      else if (this.cursor.isWord('anchored') || this.cursor.isWord('smoothed'))
        expr = parseExtension(this.cursor, expr, this.options.extendedRanges === true);
      else return expr;
    }
  }

  private brackets(expr: Expr): Expr {
    const { cursor } = this;
    const open = cursor.next();
    if (cursor.isMark(']')) cursor.failExpecting('a duration', 'range', 'write [5m]');
    const range = parseDurationExpr(cursor, 'range');
    if (cursor.takeMark(':') !== undefined) {
      const step = cursor.isMark(']') ? undefined : parseDurationExpr(cursor, 'subquery step');
      const close = cursor.expectClosing(']', open, 'subquery selector');
      return { kind: 'subquery', expr, range, step, offset: undefined, at: undefined, from: expr.from, to: close.to };
    }
    const close = cursor.expectClosing(']', open, 'range selector', 'write [5m], or [1h:1m] for a subquery');
    if (expr.kind !== 'selector') {
      return cursor.fail(
        open,
        'ranges only allowed for vector selectors',
        'over an expression write a subquery: (…)[5m:]',
      );
    }
    if (expr.offset !== undefined)
      cursor.fail(open, 'no offset modifiers allowed before range', 'write up[5m] offset 1h');
    if (expr.at !== undefined) cursor.fail(open, 'no @ modifiers allowed before range', 'write up[5m] @ end()');
    return { kind: 'range', selector: expr, range, from: expr.from, to: close.to };
  }
}
