/** Headers by which a client says what it takes. */

export interface AcceptClause {
  /** A media type or a coding, as it is written. */
  readonly name: string;
  readonly params: ReadonlyMap<string, string>;
  /** How much it is liked; 0 is not at all. */
  readonly q: number;
}

/** In the order of the header. */
export function acceptClauses(header: string): AcceptClause[] {
  return header.split(',').map((clause) => {
    const [name, ...rest] = clause.split(';').map((text) => text.trim());
    const params = new Map<string, string>();
    for (const [key, value = ''] of rest.map((text) => text.split('=', 2))) params.set(key.trim(), value.trim());
    return { name, params, q: Number(params.get('q') ?? 1) || 0 };
  });
}
