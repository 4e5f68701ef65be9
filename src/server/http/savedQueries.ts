/** Queries that people keep on the server under names: one JSON file, written whole. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ApiSavedQuery } from '../../shared/api/status.ts';
import { ApiError } from './apiError.ts';

const QUERIES_MAX = 500;

export class SavedQueries {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** By name. @throws Error for a file that is no list of queries. */
  list(): readonly ApiSavedQuery[] {
    let text: string;
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    const list: unknown = JSON.parse(text);
    if (!Array.isArray(list) || !list.every(isSavedQuery))
      throw new Error(`${this.#file} is no list of saved queries; mend or remove it`);
    return list;
  }

  /** Takes the place of a query of the same name. */
  save(query: ApiSavedQuery): void {
    const others = this.list().filter(({ name }) => name !== query.name);
    if (others.length >= QUERIES_MAX)
      throw new ApiError('execution', `${QUERIES_MAX} queries are saved already; remove one first`);
    this.#write([...others, query].sort((a, b) => (a.name < b.name ? -1 : 1)));
  }

  /** @returns whether there was one. */
  remove(name: string): boolean {
    const all = this.list();
    const left = all.filter((query) => query.name !== name);
    if (left.length === all.length) return false;
    this.#write(left);
    return true;
  }

  #write(list: readonly ApiSavedQuery[]): void {
    mkdirSync(dirname(this.#file), { recursive: true });
    const draft = `${this.#file}.tmp`;
    writeFileSync(draft, `${JSON.stringify(list, undefined, 2)}\n`, { flush: true });
    renameSync(draft, this.#file);
  }
}

function isSavedQuery(value: unknown): value is ApiSavedQuery {
  if (typeof value !== 'object' || value === null) return false;
  const { name, query, savedAt } = value as Record<string, unknown>;
  return [name, query, savedAt].every((part) => typeof part === 'string');
}
