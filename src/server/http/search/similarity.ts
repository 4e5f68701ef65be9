/**
 * How well a text answers a search, from 0 (not at all) to 1. Scores are those of Prometheus' search API, so that a client sees the same order.
 * Texts are compared by code points.
 */

/** Where nothing begins as the text does, a score stays below that of the text itself. */
const INEXACT = 0.999;
/** A place as far back as can be still counts. */
const LAST_PLACE = 0.1;
/** Winkler's: how much a common beginning is worth, and how long it can be. */
const PREFIX_WEIGHT = 0.1;
const PREFIX_MAX = 4;

/** 1 at the beginning, less the further back the pattern stands; undefined where it is no part of the text. */
export function substringScore(pattern: string, text: string): number | undefined {
  const at = text.indexOf(pattern);
  if (at < 0) return undefined;
  if (at === 0) return 1;
  const last = pointsOf(text).length - pointsOf(pattern).length;
  return 1 - ((1 - LAST_PLACE) * pointsOf(text.slice(0, at)).length) / last;
}

/**
 * For letters that stand in the text in this order, with others between: runs count by the square of their length, gaps cost their share of the
 * text, what follows the last letter half as much. Of all places to begin, the best counts; from there letters are taken as they come.
 *
 * @returns 0 where the text does not have them in order.
 */
export function subsequenceScore(pattern: string, text: string): number {
  if (text.startsWith(pattern)) return 1;
  const [p, t] = [pointsOf(pattern), pointsOf(text)];
  let best = -1;
  for (let start = 0; start + p.length <= t.length; start++) {
    if (t[start] !== p[0]) continue;
    const score = scoreFrom(start, p, t);
    if (score === undefined) break; // Nor can it be completed further on.
    best = Math.max(best, score);
  }
  return best < 0 ? 0 : (best / p.length ** 2) * INEXACT;
}

function scoreFrom(start: number, p: readonly string[], t: readonly string[]): number | undefined {
  const perLetter = 1 / t.length; // Upstream's way to divide, to the last digit.
  let score = 0;
  let end = 0; // After the last run.
  for (let matched = 0, i = start; matched < p.length; end = i) {
    while (i < t.length && t[i] !== p[matched]) i++;
    if (i === t.length) return undefined;
    const from = i;
    while (matched < p.length && i < t.length && t[i] === p[matched]) {
      matched++;
      i++;
    }
    score = score - (from - end) * perLetter + (i - from) ** 2;
  }
  return score - (t.length - end) * perLetter * 0.5;
}

/** Jaro's similarity (letters in common, not far from each other, few of them swapped), raised where the beginnings agree, as Winkler has it. */
export function jaroWinklerScore(a: string, b: string): number {
  if (a === b) return 1;
  const [short, long] = [pointsOf(a), pointsOf(b)].sort((x, y) => x.length - y.length);
  const reach = Math.max(0, Math.floor(long.length / 2) - 1);
  const isTaken = new Uint8Array(long.length);
  const inShort: string[] = [];
  short.forEach((letter, i) => {
    const end = Math.min(long.length, i + reach + 1);
    for (let j = Math.max(0, i - reach); j < end; j++) {
      if (isTaken[j] === 1 || long[j] !== letter) continue;
      isTaken[j] = 1;
      inShort.push(letter);
      return;
    }
  });
  const common = inShort.length;
  if (common === 0) return 0;
  const inLong = long.filter((_, j) => isTaken[j] === 1);
  const swapped = inShort.filter((letter, k) => letter !== inLong[k]).length / 2;
  // Reciprocals, so that the last digit is upstream's too.
  const jaro = (common * (1 / short.length) + common * (1 / long.length) + (common - swapped) / common) / 3;
  let prefix = 0;
  while (prefix < Math.min(PREFIX_MAX, short.length) && short[prefix] === long[prefix]) prefix++;
  return jaro + prefix * PREFIX_WEIGHT * (1 - jaro);
}

const pointsOf = (text: string): string[] => Array.from(text);
