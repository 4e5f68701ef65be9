/** Finding a metric by a part of its name. The server finds, so that a million series make no difference; here is only the order. */
import type { ApiMetadata } from '../../shared/api/metadata.ts';

export interface MetricHit {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string;
}

export const HITS_MAX = 200;

/** Words of a search, each of which must be in the name, in any order and case, as a pattern of RE2; '' for everything. */
export function searchPattern(text: string): string {
  const words = wordsOf(text);
  if (words.length === 0) return '';
  const [first] = [...words].sort((a, b) => b.length - a.length);
  // RE2 has no look-ahead: the longest word is asked for, the rest is sorted out here.
  return `(?i).*${first.replace(/[\\^$.*+?()|[\]{}/]/g, '\\$&')}.*`;
}

/** Best first: the name itself, names that begin so, words that begin so, then by length. */
export function rankedNames(names: readonly string[], text: string): string[] {
  const words = wordsOf(text);
  const whole = words.join('_');
  const matching = names.filter((name) => words.every((word) => name.toLowerCase().includes(word)));
  const rank = (name: string) => {
    const lower = name.toLowerCase();
    if (lower === whole) return 0;
    if (words.length > 0 && lower.startsWith(words[0])) return 1;
    return words.every((word) => new RegExp(`(^|[_:.])${word.replace(/\W/g, '.')}`).test(lower)) ? 2 : 3;
  };
  return matching
    .map((name) => ({ name, rank: rank(name) }))
    .sort((a, b) => a.rank - b.rank || a.name.length - b.name.length || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name)
    .slice(0, HITS_MAX);
}

/** What the metadata say of a name; those of a histogram stand under its base name. */
export function described(name: string, metadata: ApiMetadata): MetricHit {
  const base = name.replace(/_(bucket|count|sum|total|created)$/, '');
  const [entry] = metadata[name] ?? metadata[base] ?? [];
  return { name, type: entry?.type ?? '', help: entry?.help ?? '', unit: entry?.unit ?? '' };
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}
