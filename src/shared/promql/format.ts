/** Syntax trees to text, and durations as upstream prints them. */
import { formatDuration } from '../model/durations.ts';
import { isPlainLabelName, isPlainMetricName, METRIC_NAME, quoted } from '../model/labels.ts';
import type { Matcher } from '../model/matchers.ts';
import type { AtModifier, DurationExpr, Expr, VectorMatching, VectorSelector } from './ast.ts';

/** One line that parses back to the same tree. */
export function formatExpr(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return expr.isDuration ? formatSeconds(expr.value) : formatNumber(expr.value);
    case 'string':
      return quoted(expr.value);
    case 'selector':
      return formatSelector(expr) + formatModifiers(expr.at, expr.offset);
    case 'range':
      return (
        `${formatSelector(expr.selector)}[${formatDurationExpr(expr.range)}]` +
        formatModifiers(expr.selector.at, expr.selector.offset)
      );
    case 'subquery': {
      const step = expr.step === undefined ? '' : formatDurationExpr(expr.step);
      return `${formatExpr(expr.expr)}[${formatDurationExpr(expr.range)}:${step}]${formatModifiers(expr.at, expr.offset)}`;
    }
    case 'call':
      return `${expr.func}(${expr.args.map(formatExpr).join(', ')})`;
    case 'aggregation': {
      const grouped = expr.without || expr.grouping.length > 0;
      const grouping = grouped ? ` ${expr.without ? 'without' : 'by'} ${formatNames(expr.grouping)} ` : '';
      const param = expr.param === undefined ? '' : `${formatExpr(expr.param)}, `;
      return `${expr.op}${grouping}(${param}${formatExpr(expr.expr)})`;
    }
    case 'binary': {
      const bool = expr.bool ? ' bool' : '';
      return `${formatExpr(expr.lhs)} ${expr.op}${bool}${formatMatching(expr.matching)} ${formatExpr(expr.rhs)}`;
    }
    case 'unary':
      return `${expr.op}${formatExpr(expr.expr)}`;
    case 'paren':
      return `(${formatExpr(expr.expr)})`;
  }
}

function formatNumber(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
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
      return `(${formatDurationPart(expr.expr)})`;
    case 'unary':
      return `${expr.op}${expr.expr.kind === 'number' ? formatDurationExpr(expr.expr) : formatDurationPart(expr.expr)}`;
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
    if (m.name === METRIC_NAME && m.op === '=' && m.value !== '' && !isPlainMetricName(m.value)) return quoted(m.value);
    return `${isPlainLabelName(m.name) ? m.name : quoted(m.name)}${m.op}${quoted(m.value)}`;
  });
  if (name === undefined) return `{${parts.join(',')}}`;
  return parts.length === 0 ? name : `${name}{${parts.join(',')}}`;
}

const isName = (matcher: Matcher, name: string) =>
  matcher.name === METRIC_NAME && matcher.op === '=' && matcher.value === name;

function formatModifiers(at: AtModifier | undefined, offset: DurationExpr | undefined): string {
  const pinned = at === undefined ? '' : at.kind === 'time' ? ` @ ${(at.ms / 1000).toFixed(3)}` : ` @ ${at.kind}()`;
  return pinned + (offset === undefined ? '' : ` offset ${formatDurationExpr(offset)}`);
}

const formatNames = (names: readonly string[]) =>
  `(${names.map((name) => (isPlainLabelName(name) ? name : quoted(name))).join(', ')})`;

function formatMatching(matching: VectorMatching | undefined): string {
  if (matching === undefined) return '';
  const { on, labels, group, include } = matching;
  const side = group === undefined ? '' : ` group_${group} ${formatNames(include)}`;
  return ` ${on ? 'on' : 'ignoring'} ${formatNames(labels)}${side}`;
}
