/** Spans, which say which buckets a histogram has, and the bucket indexes they stand for. */
import type { Span } from './native.ts';

const indexesBySpans = new WeakMap<readonly Span[], Int32Array>();
const spansByIndexes = new WeakMap<Int32Array, readonly Span[]>();
const NO_INDEXES = new Int32Array(0);
/** Asked for last: histograms that follow each other mostly have the same, and a look here takes less than one into a map. */
let last: { readonly spans: readonly Span[]; readonly indexes: Int32Array } = { spans: [], indexes: NO_INDEXES };

/** Ascending bucket indexes. The same array for the same spans; do not write to it. */
export function indexesOf(spans: readonly Span[]): Int32Array {
  if (spans.length === 0) return NO_INDEXES;
  if (sameSpans(spans, last.spans)) return last.indexes;
  const indexes = indexesBySpans.get(spans) ?? listed(spans);
  last = { spans, indexes };
  return indexes;
}

export function sameSpans(a: readonly Span[], b: readonly Span[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i].offset !== b[i].offset || a[i].length !== b[i].length) return false;
  return true;
}

function listed(spans: readonly Span[]): Int32Array {
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
  let spans = spansByIndexes.get(indexes);
  if (spans === undefined) spansByIndexes.set(indexes, (spans = spansAnew(indexes)));
  return spans;
}

/** The same for indexes that are not asked about again. @param indexes ascending. */
export function spansAnew(indexes: Int32Array): readonly Span[] {
  const spans: { offset: number; length: number }[] = [];
  let next = 0;
  for (let i = 0; i < indexes.length; i++) {
    if (i > 0 && indexes[i] === next) spans[spans.length - 1].length++;
    else spans.push({ offset: indexes[i] - next, length: 1 });
    next = indexes[i] + 1;
  }
  return spans;
}
