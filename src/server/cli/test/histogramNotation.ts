/** Native histograms as rule tests write them: `{{schema:0 sum:5 count:4 z_bucket:1 z_bucket_w:0.001 buckets:[1 2] offset:0 n_buckets:[…]}}`. */
import { CUSTOM_SCHEMA } from '../../../shared/histogram/bounds.ts';
import { HistogramSum } from '../../../shared/histogram/arithmetic.ts';
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import { formatValue } from '../../../shared/api/prometheus.ts';
import { indexesOf, spansOf } from '../../../shared/histogram/spans.ts';
import { readNumber } from './numberNotation.ts';

const HINTS = { unknown: 'unknown', reset: 'reset', not_reset: 'notReset', gauge: 'gauge' } as const;
const PAIR = /([a-z_]+)\s*:\s*(\[[^\]]*\]|[^\s\]]+)/g;

/** @throws Error for a key that is not known. */
export function readHistogram(text: string): NativeHistogram {
  const inner = text.slice(2, -2);
  const pairs = new Map([...inner.matchAll(PAIR)].map(([, key, value]) => [key, value]));
  const number = (key: string, otherwise = 0) => (pairs.has(key) ? readNumber(taken(pairs, key)) : otherwise);
  const list = (key: string) =>
    Float64Array.from(
      taken(pairs, key)
        .replace(/[[\]]/g, ' ')
        .split(/[\s,]+/)
        .filter((part) => part !== '')
        .map(readNumber),
    );
  const h = {
    schema: number('schema'),
    sum: number('sum'),
    count: number('count'),
    zeroCount: number('z_bucket'),
    zeroThreshold: number('z_bucket_w'),
    positiveBuckets: list('buckets'),
    negativeBuckets: list('n_buckets'),
    ...(pairs.has('custom_values') ? { customValues: list('custom_values') } : {}),
    counterReset: hintOf(taken(pairs, 'counter_reset_hint')),
  };
  const spans = (first: number, count: number) => spansOf(Int32Array.from({ length: count }, (_, i) => first + i));
  const positiveSpans = spans(number('offset'), h.positiveBuckets.length);
  const negativeSpans = spans(number('n_offset'), h.negativeBuckets.length);
  const [unknown] = pairs.keys();
  if (unknown !== undefined)
    throw new Error(
      `a histogram has no ${JSON.stringify(unknown)}; known are schema, sum, count, z_bucket, z_bucket_w, buckets, offset, n_buckets, n_offset, custom_values, counter_reset_hint`,
    );
  return { ...h, positiveSpans, negativeSpans };
}

function taken(pairs: Map<string, string>, key: string): string {
  const value = pairs.get(key) ?? '';
  pairs.delete(key);
  return value;
}

function hintOf(text: string): NativeHistogram['counterReset'] {
  if (text === '') return 'unknown';
  if (!Object.hasOwn(HINTS, text))
    throw new Error(`counter_reset_hint:${text} is none of ${Object.keys(HINTS).join(', ')}`);
  return HINTS[text as keyof typeof HINTS];
}

/** A histogram and those that follow from adding another one to it again and again. Length `count`. */
export function stepped(
  first: NativeHistogram,
  step: NativeHistogram | undefined,
  sign: 1 | -1,
  count: number,
): NativeHistogram[] {
  const all = [first];
  while (all.length < count) {
    const last = all[all.length - 1];
    if (step === undefined) {
      all.push(last);
      continue;
    }
    const sum = new HistogramSum(last);
    if (!sum.add(step, sign)) throw new Error('a histogram with custom values and one without cannot be added');
    all.push(sum.result(first.counterReset));
  }
  return all;
}

/** The same way of writing, for what was got and what was expected. */
export function histogramText(h: NativeHistogram): string {
  const list = (counts: Float64Array) => `[${Array.from(counts, formatValue).join(' ')}]`;
  const parts = [`schema:${h.schema}`, `count:${formatValue(h.count)}`, `sum:${formatValue(h.sum)}`];
  if (h.zeroCount !== 0) parts.push(`z_bucket:${formatValue(h.zeroCount)}`);
  if (h.zeroThreshold !== 0) parts.push(`z_bucket_w:${formatValue(h.zeroThreshold)}`);
  if (h.schema === CUSTOM_SCHEMA) parts.push(`custom_values:${list(h.customValues ?? new Float64Array())}`);
  const hint = Object.entries(HINTS).find(([, value]) => value === h.counterReset)?.[0];
  if (hint !== undefined && hint !== 'unknown') parts.push(`counter_reset_hint:${hint}`);
  for (const [prefix, spans, counts] of [
    ['', h.positiveSpans, h.positiveBuckets],
    ['n_', h.negativeSpans, h.negativeBuckets],
  ] as const) {
    const filled = filledBuckets(indexesOf(spans), counts);
    if (filled.counts.length === 0) continue;
    if (filled.first !== 0) parts.push(`${prefix}offset:${filled.first}`);
    parts.push(`${prefix}buckets:${list(filled.counts)}`);
  }
  return `{{${parts.join(' ')}}}`;
}

/** Buckets from the first to the last with a count, those between them too. */
function filledBuckets(indexes: Int32Array, counts: Float64Array): { first: number; counts: Float64Array } {
  const used = [...indexes.keys()].filter((i) => counts[i] !== 0);
  if (used.length === 0) return { first: 0, counts: new Float64Array() };
  const first = indexes[used[0]];
  const filled = new Float64Array(indexes[used[used.length - 1]] - first + 1);
  for (const i of used) filled[indexes[i] - first] = counts[i];
  return { first, counts: filled };
}
