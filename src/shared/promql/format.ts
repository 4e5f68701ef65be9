/** Syntax trees to text, and durations as upstream prints them. */
import { formatDuration } from '../model/durations.ts';
import { formatPlain } from '../model/numberText.ts';
import { compareText, labelNameText, METRIC_NAME, goQuoted } from '../model/labels.ts';
import type { Matcher } from '../model/matchers.ts';
import type { Aggregation, Binary, DurationExpr, Expr, Subquery, VectorMatching, VectorSelector } from './ast.ts';
import { isNoLabel } from './ast.ts';

/** One line that parses back to the same tree. */
export function formatExpr(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return expr.isDuration ? formatSeconds(expr.value) : formatPlain(expr.value);
    case 'string':
      return goQuoted(expr.value);
    case 'selector':
      return formatSelector(expr) + formatAt(expr) + formatExtension(expr) + formatOffset(expr);
    case 'range': {
      const { selector, range } = expr;
      const modifiers = formatExtension(selector) + formatAt(selector) + formatOffset(selector);
      return `${formatSelector(selector)}[${formatDurationExpr(range)}]${modifiers}`;
    }
    case 'subquery':
      return formatExpr(expr.expr) + formatSubquerySuffix(expr);
    case 'call':
      return `${expr.func}(${expr.args.map(formatExpr).join(', ')})`;
    case 'aggregation': {
      const param = expr.param === undefined ? '' : `${formatExpr(expr.param)}, `;
      return `${formatAggregationHead(expr)}(${param}${formatExpr(expr.expr)})`;
    }
    case 'binary':
      return `${formatExpr(expr.lhs)} ${formatOperator(expr)} ${formatExpr(expr.rhs)}`;
    case 'unary':
      return `${expr.op}${formatExpr(expr.expr)}`;
    case 'paren':
      return `(${formatExpr(expr.expr)})`;
  }
}

/** What stands before the parenthesis. */
export function formatAggregationHead({ op, without, grouping }: Aggregation): string {
  const isGrouped = without || grouping.length > 0;
  return isGrouped ? `${op} ${without ? 'without' : 'by'} ${formatNames(grouping)} ` : op;
}

/** The operator with what modifies it. */
export const formatOperator = ({ op, bool, matching }: Binary) =>
  `${op}${bool ? ' bool' : ''}${formatMatching(matching)}`;

/** What stands behind the expression. */
export function formatSubquerySuffix(expr: Subquery): string {
  const step = expr.step === undefined ? '' : formatDurationExpr(expr.step);
  return `[${formatDurationExpr(expr.range)}:${step}]${formatAt(expr)}${formatOffset(expr)}`;
}

/** `5m` for 300; numbers that are no whole milliseconds as they are. */
function formatSeconds(seconds: number): string {
  return formatDuration(Math.round(seconds * 1000));
}

/** A plain number alone is printed as the duration it stands for; inside arithmetic it stays a number. */
export function formatDurationExpr(expr: DurationExpr): string {
  return expr.kind === 'number' && Number.isInteger(expr.seconds * 1000)
    ? formatSeconds(expr.seconds)
    : formatDurationPart(expr);
}

function formatDurationPart(expr: DurationExpr): string {
  switch (expr.kind) {
    case 'number':
      return expr.isDuration ? formatSeconds(expr.seconds) : String(expr.seconds);
    case 'paren':
      return expr.expr.kind === 'paren' ? formatDurationPart(expr.expr) : `(${formatDurationPart(expr.expr)})`;
    case 'negated':
      return `-${formatDurationPart(expr.expr)}`;
    case 'call':
      return `${expr.func}(${expr.args.map(formatDurationPart).join(', ')})`;
    case 'binary':
      return `${formatDurationPart(expr.lhs)} ${expr.op} ${formatDurationPart(expr.rhs)}`;
  }
}

function formatSelector(selector: VectorSelector): string {
  const { name } = selector;
  const rest = name === undefined ? selector.matchers : selector.matchers.filter((m) => !isName(m, name));
  const parts = rest.map((m) => {
    return `${labelNameText(m.name)}${m.op}${goQuoted(m.value)}`;
  });
  parts.sort(compareText);
  if (name === undefined) return `{${parts.join(',')}}`;
  return parts.length === 0 ? name : `${name}{${parts.join(',')}}`;
}

const isName = (matcher: Matcher, name: string) =>
  matcher.name === METRIC_NAME && matcher.op === '=' && matcher.value === name;

type Shifted = Pick<VectorSelector | Subquery, 'at' | 'offset'>;

function formatAt({ at }: Shifted): string {
  return at === undefined ? '' : at.kind === 'time' ? ` @ ${(at.ms / 1000).toFixed(3)}` : ` @ ${at.kind}()`;
}

const formatOffset = ({ offset }: Shifted) =>
  offset === undefined || (offset.kind === 'number' && offset.seconds === 0)
    ? ''
    : ` offset ${formatDurationExpr(offset)}`;

const formatExtension = ({ extension }: VectorSelector) => (extension === undefined ? '' : ` ${extension}`);

const formatNames = (names: readonly string[]) => `(${names.map(formatName).join(', ')})`;

const formatName = (name: string) => (isNoLabel(name) ? goQuoted(name) : labelNameText(name));

function formatMatching(matching: VectorMatching | undefined): string {
  if (matching === undefined) return '';
  const { on, labels, group, include } = matching;
  const isSaid = labels.length > 0 || on || group !== undefined;
  const matched = isSaid ? ` ${on ? 'on' : 'ignoring'} ${formatNames(labels)}` : '';
  const side = group === undefined ? '' : ` group_${group} ${formatNames(include)}`;
  return matched + side + formatFill(matching);
}

function formatFill({ fill }: VectorMatching): string {
  if (fill === undefined) return '';
  const { left, right } = fill;
  if (left !== undefined && left === right) return ` fill (${formatPlain(left)})`;
  const one = (side: string, value: number | undefined) =>
    value === undefined ? '' : ` fill_${side} (${formatPlain(value)})`;
  return one('left', left) + one('right', right);
}
