/** Spans, which say which buckets a histogram has, and the bucket indexes they stand for. */
import type { Span } from './native.ts';

const indexesBySpans = new WeakMap<readonly Span[], Int32Array>();
const spansByIndexes = new WeakMap<Int32Array, readonly Span[]>();

/** Ascending bucket indexes. The same array for the same spans; do not write to it. */
export function indexesOf(spans: readonly Span[]): Int32Array {
  const known = indexesBySpans.get(spans);
  if (known !== undefined) return known;
  const indexes = new Int32Array(spans.reduce((sum, span) => sum + span.length, 0));
  let index = 0;
  let at = 0;
  for (const { offset, length } of spans) {
    index += offset;
    for (let i = 0; i < length; i++) indexes[at++] = index++;
  }
  indexesBySpans.set(spans, indexes);
  return indexes;
}

/** @param indexes ascending; kept as a key, not to be written to afterwards. */
export function spansOf(indexes: Int32Array): readonly Span[] {
  const known = spansByIndexes.get(indexes);
  if (known !== undefined) return known;
  const spans: { offset: number; length: number }[] = [];
  let next = 0;
  for (let i = 0; i < indexes.length; i++) {
    if (i > 0 && indexes[i] === next) spans[spans.length - 1].length++;
    else spans.push({ offset: indexes[i] - next, length: 1 });
    next = indexes[i] + 1;
  }
  spansByIndexes.set(indexes, spans);
  return spans;
}
