/** What two servers answer to one question, and in what the answers differ. */
import type { ApiAnswer, ApiHistogram, ApiQueryData, ApiSeries } from '../../src/shared/api/prometheus.ts';
import { formatLabels, labelsOf } from '../../src/shared/model/labels.ts';

export interface Question {
  readonly expr: string;
  /** Milliseconds; `stepMs` 0 asks at `start` alone. */
  readonly start: number;
  readonly end: number;
  readonly stepMs: number;
}

export type Answer = ApiAnswer<ApiQueryData>;

export async function ask(url: string, { expr, start, end, stepMs }: Question): Promise<Answer> {
  const [from, to, step] = [start, end, stepMs].map((ms) => String(ms / 1000));
  const params: Record<string, string> =
    stepMs === 0 ? { query: expr, time: from } : { query: expr, start: from, end: to, step };
  const path = stepMs === 0 ? '/api/v1/query' : '/api/v1/query_range';
  const response = await fetch(url + path, { method: 'POST', body: new URLSearchParams(params) });
  return (await response.json()) as Answer;
}

/** Sums may be added up in another order. */
const RELATIVE_MAX = 1e-11;

function areClose(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a === 'string' && typeof b === 'string') {
    const [x, y] = [a, b].map((text) => Number(text.replace('Inf', 'Infinity')));
    return Math.abs(x - y) <= RELATIVE_MAX * Math.max(Math.abs(x), Math.abs(y));
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [x, y] = [Object.entries(a), Object.entries(b)];
  return x.length === y.length && x.every(([key, v], i) => key === y[i][0] && areClose(v, y[i][1]));
}

/** A bucket that held nothing shows once it is multiplied by NaN or infinity, and only where a store keeps empty ones. */
const withoutNaN = ({ buckets, ...h }: ApiHistogram): ApiHistogram => ({
  ...h,
  buckets: (buckets ?? []).filter(([, , , count]) => count !== 'NaN'),
});

/** Values that became labels: their last digits are those of Go's functions, or of V8's. */
const roundedNumbers = (text: string) => text.replace(/(?=[\d.]{13})\d+(\.\d+)?/g, (v) => Number(v).toPrecision(12));

function samplesOf({ metric, value, values = [], histogram, histograms = [] }: ApiSeries): [string, unknown][] {
  const name = roundedNumbers(formatLabels(labelsOf(metric)));
  const ofHistograms = [...histograms, ...(histogram ? [histogram] : [])].map(([t, h]) => [t, withoutNaN(h)] as const);
  const samples = [...values, ...(value ? [value] : []), ...ofHistograms];
  return samples.map(([t, cell]) => [`${name} @ ${t}`, cell]);
}

function cellsOf(data: ApiQueryData): Map<string, unknown> {
  if (data.resultType === 'scalar' || data.resultType === 'string')
    return new Map([[`${data.resultType} @ ${data.result[0]}`, data.result[1]]]);
  return new Map(data.result.flatMap(samplesOf));
}

/** Notes without what is counted otherwise on purpose (docs/promql.md). */
const notesOf = (notes: readonly string[] = []) =>
  notes.map((note) => note.replace(/over -?\d+ samples/, 'over … samples')).sort();

/** More notes than are answered: which of them are is upstream's luck. */
const OMITTED = /annotations omitted$/;

/** An error without the series it is shown by: which one is met first depends on the order of a map. */
const wordsOf = (error: string) =>
  error.replace(/match group .* on the/, 'match group … on the').replace(/operation: \[.*\];/, 'operation: […];');

const series = (data: ApiQueryData) =>
  data.resultType === 'vector' ? data.result.map(({ metric }) => formatLabels(labelsOf(metric))).join(' ') : '';

/** The first difference in words; undefined where there is none. @param isOrdered the order of a vector's series counts too. */
export function differenceOf(ours: Answer, theirs: Answer, isOrdered: boolean): string | undefined {
  if (ours.status === 'error' || theirs.status === 'error') {
    if (ours.status !== theirs.status) {
      const [who, fault] = ours.status === 'error' ? ['ours', ours] : ['theirs', theirs];
      return `${who} refused: ${fault.status === 'error' ? fault.error : ''}`;
    }
    if (ours.status !== 'error' || theirs.status !== 'error') return undefined;
    if (ours.errorType !== theirs.errorType) return `${ours.errorType} in place of ${theirs.errorType}`;
    if (ours.errorType === 'execution' && wordsOf(ours.error) !== wordsOf(theirs.error))
      return `error ${ours.error}\n  in place of ${theirs.error}`;
    return undefined;
  }
  if (ours.data.resultType !== theirs.data.resultType)
    return `${ours.data.resultType} in place of ${theirs.data.resultType}`;
  const [mine, other] = [cellsOf(ours.data), cellsOf(theirs.data)];
  for (const key of new Set([...mine.keys(), ...other.keys()])) {
    const [a, b] = [mine.get(key), other.get(key)];
    if (!areClose(a, b)) return `${key}: ${JSON.stringify(a)}\n  in place of ${JSON.stringify(b)}`;
  }
  if (isOrdered && series(ours.data) !== series(theirs.data))
    return `order ${series(ours.data)}\n  in place of ${series(theirs.data)}`;
  for (const kind of ['warnings', 'infos'] as const) {
    const [a, b] = [ours, theirs].map((answer) => {
      const notes = notesOf(answer[kind]);
      return (notes.some((note) => OMITTED.test(note)) ? notes.filter((note) => OMITTED.test(note)) : notes).join('; ');
    });
    if (a !== b) return `${kind} ${a}\n  in place of ${b}`;
  }
  return undefined;
}
