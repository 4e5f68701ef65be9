/** Dashboard variables in PromQL: values are escaped for the place they stand in, and what the backend replaces is left alone. */

/** `$__interval` and its family depend on the step, which the backend decides. A mark keeps templates from taking them first. */
const STEP_MACRO = /\$(?=\{?__(?:interval|rate_interval|range)(?:_ms|_s)?\b)/g;
const MARK = '\u0001';
const MARKS = new RegExp(MARK, 'g');

/** Runs `replace` on the expression with the step's macros hidden from it. */
export function keepingMacros(expr: string, replace: (expr: string) => string): string {
  return replace(expr.replace(STEP_MACRO, MARK)).replace(MARKS, '$$');
}

/** RE2 inside a double-quoted text: a backslash of the pattern is written twice. */
function regexEscaped(value: string): string {
  return quoteEscaped(value.replace(/[\\^$.*+?()|[\]{}/]/g, '\\$&'));
}

function quoteEscaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}

interface VariableModel {
  readonly multi?: boolean;
  readonly includeAll?: boolean;
}

/** Grafana's formatter for one variable: several values, or one that could be several, become an RE2 alternative; others a plain text. */
export function formatVariable(value: unknown, variable: VariableModel): string {
  if (Array.isArray(value)) {
    const parts = value.map((one) => regexEscaped(String(one)));
    return parts.length === 1 ? parts[0] : `(${parts.join('|')})`;
  }
  const text = String(value);
  return variable.multi === true || variable.includeAll === true ? regexEscaped(text) : quoteEscaped(text);
}
