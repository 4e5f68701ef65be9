/** Vector selectors and what may follow them: offset and @. */
import { compilePattern, type Matcher, type MatchOp } from '../model/matchers.ts';
import { METRIC_NAME } from '../model/labels.ts';
import type { AtModifier, Expr, RangeExtension, RangeSelector, Subquery, VectorSelector } from './ast.ts';
import { parseOffsetDuration } from './durationExpr.ts';
import { describe, type TokenCursor } from './tokens.ts';

const MATCH_OPS: ReadonlySet<string> = new Set(['=', '!=', '=~', '!~']);

/** `name`, `name{…}` or `{…}`; the next token is an identifier or "{". */
export function parseSelector(cursor: TokenCursor): VectorSelector {
  const first = cursor.peek();
  const name = first.kind === 'identifier' ? cursor.next().text : undefined;
  const matchers: Matcher[] = name === undefined ? [] : [{ name: METRIC_NAME, op: '=', value: name }];
  const open = cursor.takeMark('{');
  if (open !== undefined) {
    while (!cursor.isMark('}')) {
      matchers.push(parseMatcher(cursor));
      if (cursor.takeMark(',') === undefined) break;
    }
    cursor.expectClosing('}', open, 'label matching', 'label matchers are separated by commas');
  }
  return { kind: 'selector', name, matchers, offset: undefined, at: undefined, from: first.from, to: cursor.lastEnd };
}

function parseMatcher(cursor: TokenCursor): Matcher {
  const where = 'label matching';
  const label = cursor.peek();
  const isName = label.kind === 'string' || (label.kind === 'identifier' && !label.text.includes(':'));
  if (!isName) {
    cursor.failExpecting(
      'a label name or "}"',
      where,
      label.kind === 'identifier' ? `write it in quotes: {"${label.text}"="…"}` : '',
    );
  }
  cursor.next();
  const name = label.kind === 'string' ? label.unquoted! : label.text;
  if (label.kind === 'string' && (cursor.isMark(',') || cursor.isMark('}'))) {
    return { name: METRIC_NAME, op: '=', value: name };
  }
  const op = cursor.peek();
  if (op.text === '==') cursor.failExpecting('one of = != =~ !~', where, 'label values are matched with a single =');
  if (op.kind !== 'punctuation' || !MATCH_OPS.has(op.text)) cursor.failExpecting('one of = != =~ !~', where);
  cursor.next();
  const value = cursor.peek();
  if (value.kind !== 'string') {
    const hint =
      value.kind === 'end' || value.kind === 'punctuation'
        ? ''
        : `write the value in quotes: ${name}${op.text}"${value.text}"`;
    cursor.fail(value, `unexpected ${describe(value)} in ${where}, expected a string`, hint);
  }
  cursor.next();
  const matcher: Matcher = { name, op: op.text as MatchOp, value: value.unquoted! };
  if (matcher.op === '=~' || matcher.op === '!~') checkPattern(cursor, matcher.value, value);
  return matcher;
}

function checkPattern(cursor: TokenCursor, pattern: string, place: { from: number; to: number }): void {
  try {
    compilePattern(pattern);
  } catch (fault) {
    const hint = /\(\?[=!<]/.test(pattern)
      ? 'patterns are RE2: there is no look-around'
      : 'patterns are RE2 and match the whole value';
    cursor.fail(place, (fault as Error).message.replace(/^error parsing regexp: /, 'bad pattern: '), hint);
  }
}

type Shiftable = VectorSelector | RangeSelector | Subquery;

function shiftable(cursor: TokenCursor, expr: Expr, modifier: 'offset' | '@'): Shiftable {
  if (expr.kind === 'selector' || expr.kind === 'range' || expr.kind === 'subquery') return expr;
  return cursor.fail(
    expr,
    `${modifier} modifier must be preceded by an instant vector selector or range vector selector or a subquery`,
    modifier === 'offset'
      ? 'write it beside the selector: rate(x[5m] offset 1h)'
      : 'write it beside the selector: rate(x[5m] @ end())',
  );
}

/** Puts the modifier on the node it belongs to: that of a range is kept by the selector inside. */
function withModifier(
  expr: Shiftable,
  change: Partial<Pick<VectorSelector, 'offset' | 'at' | 'extension'>>,
  to: number,
): Expr {
  if (expr.kind === 'range') return { ...expr, selector: { ...expr.selector, ...change }, to };
  return { ...expr, ...change, to };
}

export function parseOffset(cursor: TokenCursor, before: Expr): Expr {
  cursor.next();
  const expr = shiftable(cursor, before, 'offset');
  if ((expr.kind === 'range' ? expr.selector : expr).offset !== undefined)
    cursor.fail(expr, 'offset may not be set multiple times');
  const offset = parseOffsetDuration(cursor);
  return withModifier(expr, { offset }, offset.to);
}

export function parseAt(cursor: TokenCursor, before: Expr): Expr {
  cursor.next();
  const expr = shiftable(cursor, before, '@');
  if ((expr.kind === 'range' ? expr.selector : expr).at !== undefined)
    cursor.fail(expr, '@ <timestamp> may not be set multiple times');
  const at = parseAtTime(cursor, expr);
  return withModifier(expr, { at }, cursor.lastEnd);
}

function parseAtTime(cursor: TokenCursor, expr: Shiftable): AtModifier {
  for (const kind of ['start', 'end'] as const) {
    if (!cursor.isWord(kind)) continue;
    cursor.next();
    const open = cursor.expectMark('(', '@ modifier', `write @ ${kind}()`);
    cursor.expectClosing(')', open, '@ modifier', `write @ ${kind}()`);
    return { kind };
  }
  const sign = cursor.takeMark('-') ?? cursor.takeMark('+');
  const token = cursor.peek();
  const special = token.kind === 'identifier' && /^(inf|nan)$/i.test(token.text);
  if (token.kind !== 'number' && token.kind !== 'duration' && !special) {
    cursor.failExpecting('a timestamp in seconds', '@ modifier', 'write @ 1700000000, @ start() or @ end()');
  }
  const ms = Math.round((token.value ?? NaN) * 1000) * (sign?.text === '-' ? -1 : 1);
  if (!Number.isSafeInteger(ms))
    cursor.fail(expr, `timestamp out of bounds for @ modifier: ${sign?.text === '-' ? '-' : ''}${token.text}`);
  cursor.next();
  return { kind: 'time', ms };
}

/** `anchored` and `smoothed` after a selector or a range. */
export function parseExtension(cursor: TokenCursor, before: Expr, isEnabled: boolean): Expr {
  const word = cursor.next();
  const extension = word.text.toLowerCase() as RangeExtension;
  if (!isEnabled) {
    cursor.fail(
      before,
      `${extension} modifier is experimental and not enabled`,
      'start with --enable-feature=promql-extended-range-selectors',
    );
  }
  if (before.kind === 'subquery') cursor.fail(before, `${extension} modifier is not supported for subqueries`);
  if (before.kind !== 'selector' && before.kind !== 'range')
    return cursor.fail(before, `${extension} modifier not implemented`, `write it after a range: x[5m] ${extension}`);
  const earlier = (before.kind === 'range' ? before.selector : before).extension;
  if (earlier !== undefined && earlier !== extension)
    cursor.fail(before, 'anchored and smoothed modifiers cannot be used together');
  return withModifier(before, { extension }, word.to);
}
