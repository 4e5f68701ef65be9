/** The queries of the page, in the address: `expr`, `expr.1`, `expr.2` … and what belongs to each, such as `view.1`. */

/** As many as one screen can hold. */
export const QUERIES_MAX = 6;

/** What belongs to a query rather than to the page. */
const OWN = ['expr', 'view', 'step', 'draw', 'tree'] as const;
export type OwnParam = (typeof OWN)[number];

export const paramOf = (name: OwnParam, index: number): string => (index === 0 ? name : `${name}.${index}`);

/** How many fields for expressions there are: one at least; one whose parameter is there but empty is a field. */
export function queryCount(params: URLSearchParams): number {
  let count = 1;
  while (count < QUERIES_MAX && params.has(paramOf('expr', count))) count++;
  return count;
}

type Changes = Record<string, string | undefined>;

export function withoutQuery(params: URLSearchParams, index: number): Changes {
  const count = queryCount(params);
  const changes: Changes = {};
  for (let i = index; i < count; i++) {
    for (const name of OWN) changes[paramOf(name, i)] = params.get(paramOf(name, i + 1)) ?? undefined;
  }
  return changes;
}

/** Another field at the end, empty or with an expression. */
export function withQuery(params: URLSearchParams, expr = ''): Changes {
  return { [paramOf('expr', queryCount(params))]: expr };
}
