/** Grafana's variables in PromQL, which the grammar does not know: each stands for something of its own length, so that places in the text stay true. */
const VARIABLE = /\$(?:\{\w+(?:\.\w+)?(?::\w+)?\}|\w+)|\[\[\w+\]\]/g;
const NUMBERS = /^\$\{?__(?:interval|rate_interval|range)_(?:ms|s)\b/;
const BEFORE_DURATION = /[[:]\s*$|\boffset\s+$/;

/** The expression as the parser can read it: variables as durations, numbers or names, by where they stand. Same length as the text. */
export function readable(expr: string): string {
  return expr.replace(VARIABLE, (variable, at: number) => {
    if (NUMBERS.test(variable)) return '1'.padEnd(variable.length);
    if (BEFORE_DURATION.test(expr.slice(0, at))) return '1m'.padEnd(variable.length);
    return variable.replace(/\W/g, '_');
  });
}

/** What stands in the brackets of a range, variables and all: the parser sees what stands for them. */
export function rangeText(text: string, { from, to }: { readonly from: number; readonly to: number }): string {
  const own = text.slice(from, to);
  const open = own.lastIndexOf('[');
  return own.slice(open + 1, own.indexOf(']', open)).trim();
}
