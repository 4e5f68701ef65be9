/** The expressions asked last in this browser, newest first. */
const STORAGE_KEY = 'isotherm.queries';
const QUERIES_MAX = 12;
const LETTERS_MAX = 4000;

export function recentQueries(): string[] {
  try {
    const stored: unknown = JSON.parse(window.localStorage.getItem(STORAGE_KEY) ?? '[]');
    return Array.isArray(stored) ? stored.filter((text) => typeof text === 'string').slice(0, QUERIES_MAX) : [];
  } catch {
    return []; // Storage is forbidden, or holds what somebody else wrote.
  }
}

export function rememberQuery(expr: string): void {
  if (expr === '' || expr.length > LETTERS_MAX) return;
  const queries = [expr, ...recentQueries().filter((other) => other !== expr)].slice(0, QUERIES_MAX);
  try {
    window.localStorage.setItem(STORAGE_KEY, JSON.stringify(queries));
  } catch {
    return; // As above: the page works without a memory.
  }
}
