/** What a search asks for. */
import type { Matcher } from '../../../shared/model/matchers.ts';
import type { TimeRange } from '../../storage/queryable.ts';
import { ApiError } from '../apiError.ts';
import { boolOf, type Params } from '../params.ts';
import { matcherSets } from '../selectors.ts';
import { jaroWinklerScore, subsequenceScore, substringScore } from './similarity.ts';

const DEFAULT_LIMIT = 100;
const DEFAULT_BATCH = 100;
/** Each one is compared with every name. */
const TERMS_MAX = 32;
const RANGE_MS = 3_600_000;

export const ALGORITHMS = ['subsequence', 'jarowinkler'] as const;
type Algorithm = (typeof ALGORITHMS)[number];

export interface SearchParams {
  readonly sets: readonly (readonly Matcher[])[];
  readonly range: TimeRange;
  /** How well a name answers, or undefined where it is not among the answers. */
  readonly score: (name: string) => number | undefined;
  readonly order: 'ascending' | 'descending' | 'score';
  readonly includeScore: boolean;
  readonly limit: number;
  readonly batchSize: number;
}

/** @param limitMax what `limit` may be; 0 for anything. */
export function searchParams(params: Params, now: number, limitMax: number): SearchParams {
  const range = { minTime: params.timeOr('start', now - RANGE_MS), maxTime: params.timeOr('end', now) };
  if (range.maxTime < range.minTime) throw bad('end timestamp must not be before start timestamp');
  const sets = matcherSets(params);
  const terms = params.texts('search[]');
  if (terms.length > TERMS_MAX) throw bad(`too many search[] terms: got ${terms.length}, maximum is ${TERMS_MAX}`);
  return {
    sets,
    range,
    score: scorer(params, terms),
    includeScore: boolParam(params, 'include_score', false),
    order: orderOf(params, terms),
    limit: limitOf(params, limitMax),
    batchSize: countParam(params, 'batch_size') ?? DEFAULT_BATCH,
  };
}

export function boolParam(params: Params, name: string, otherwise: boolean): boolean {
  const text = params.text(name);
  const value = text === '' ? otherwise : boolOf(text);
  if (value === undefined) throw bad(`invalid ${name} ${JSON.stringify(text)}: must be boolean`);
  return value;
}

function scorer(params: Params, terms: readonly string[]): SearchParams['score'] {
  const threshold = thresholdOf(params) / 100;
  const algorithm = algorithmOf(params);
  const fold = boolParam(params, 'case_sensitive', true)
    ? (text: string) => text
    : (text: string) => text.toLowerCase();
  const wanted = terms.filter((term) => term !== '').map(fold);
  if (wanted.length === 0) return () => 1;
  return (name) => {
    const folded = fold(name);
    let best: number | undefined;
    for (const term of wanted) {
      const score = SCORES[algorithm](term, folded, threshold);
      if (score !== undefined && score >= (best ?? 0)) best = score;
    }
    return best;
  };
}

type Score = (term: string, name: string, threshold: number) => number | undefined;

const SCORES: Readonly<Record<Algorithm, Score>> = {
  subsequence(term, name, threshold) {
    const score = subsequenceScore(term, name);
    return score > 0 && score >= threshold ? score : undefined;
  },
  jarowinkler(term, name, threshold) {
    const part = substringScore(term, name);
    if (part !== undefined || threshold === 0) return part;
    const score = jaroWinklerScore(term, name);
    return score >= threshold ? score : undefined;
  },
};

function thresholdOf(params: Params): number {
  const text = params.text('fuzz_threshold');
  const threshold = text === '' ? 0 : wholeOf(text);
  if (!(threshold >= 0 && threshold <= 100)) throw bad(`invalid fuzz_threshold ${JSON.stringify(text)}: must be 0-100`);
  return threshold;
}

function algorithmOf(params: Params): Algorithm {
  const text = params.text('fuzz_alg') || ALGORITHMS[0];
  const algorithm = ALGORITHMS.find((name) => name === text);
  if (algorithm === undefined)
    throw bad(`unsupported fuzz_alg ${JSON.stringify(text)}: must be one of [${ALGORITHMS.join(' ')}]`);
  return algorithm;
}

function orderOf(params: Params, terms: readonly string[]): SearchParams['order'] {
  const [by, direction] = [params.text('sort_by'), params.text('sort_dir')];
  if (direction !== '' && by === '') throw bad('sort_dir is only valid when sort_by is set');
  if (direction !== '' && by === 'score') throw bad('sort_dir is not supported for sort_by=score');
  if (!['', 'asc', 'dsc'].includes(direction))
    throw bad(`invalid sort_dir ${JSON.stringify(direction)}: must be "asc" or "dsc"`);
  if (by === 'score' && terms.length === 0) throw bad('sort_by=score requires search[] to be set');
  if (!['', 'alpha', 'score'].includes(by))
    throw bad(`invalid sort_by ${JSON.stringify(by)}: must be "alpha" or "score"`);
  if (by === 'score') return 'score';
  return direction === 'dsc' ? 'descending' : 'ascending';
}

function limitOf(params: Params, limitMax: number): number {
  const limit = countParam(params, 'limit');
  if (limit === undefined) return limitMax > 0 ? Math.min(DEFAULT_LIMIT, limitMax) : DEFAULT_LIMIT;
  if (limitMax > 0 && limit > limitMax)
    throw bad(`limit ${limit} exceeds the configured maximum (${limitMax}, see --web.search.max-limit)`);
  return limit;
}

function countParam(params: Params, name: string): number | undefined {
  const text = params.text(name);
  if (text === '') return undefined;
  const count = wholeOf(text);
  if (!(count > 0)) throw bad(`invalid ${name} ${JSON.stringify(text)}: must be a positive integer`);
  return count;
}

const wholeOf = (text: string): number => (/^[+-]?\d+$/.test(text) ? Number(text) : NaN);

const bad = (message: string) => new ApiError('bad_data', message);
