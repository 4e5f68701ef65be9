import fc from 'fast-check';
import type { NativeHistogram, Span } from './native.ts';
import { reduceSchema, schemaOfFactor } from './nativeSchema.ts';

/** Buckets by index → a histogram whose spans leave out the empty ones. */
function histogramOf(counts: ReadonlyMap<number, number>, schema: number): NativeHistogram {
  const spans: { offset: number; length: number }[] = [];
  const buckets: number[] = [];
  let next: number | undefined;
  for (const [index, count] of [...counts].sort(([a], [b]) => a - b)) {
    if (index === next) spans[spans.length - 1].length++;
    else spans.push({ offset: index - (next ?? 0), length: 1 });
    buckets.push(count);
    next = index + 1;
  }
  const count = buckets.reduce((sum, n) => sum + n, 0);
  const none: readonly Span[] = [];
  return {
    schema,
    zeroThreshold: 0,
    zeroCount: 0,
    count,
    sum: 0,
    positiveSpans: spans,
    negativeSpans: none,
    positiveBuckets: Float64Array.from(buckets),
    negativeBuckets: new Float64Array(0),
    counterReset: 'unknown',
  };
}

const histograms = fc
  .tuple(
    fc.array(fc.tuple(fc.integer({ min: -40, max: 40 }), fc.integer({ min: 1, max: 9 }))),
    fc.integer({ min: 0, max: 8 }),
  )
  .map(([counts, schema]) => ({ counts: new Map(counts), schema }));

test('every bucket goes where its upper bound lies', () => {
  fc.assert(
    fc.property(histograms, fc.integer({ min: 0, max: 4 }), ({ counts, schema }, steps) => {
      const expected = new Map<number, number>();
      for (const [index, count] of counts) {
        const target = Math.ceil(index / 2 ** steps) + 0;
        expected.set(target, (expected.get(target) ?? 0) + count);
      }
      expect(reduceSchema(histogramOf(counts, schema), schema - steps)).toEqual(histogramOf(expected, schema - steps));
    }),
  );
});

test('two steps are as good as one twice', () => {
  fc.assert(
    fc.property(histograms, ({ counts, schema }) => {
      const h = histogramOf(counts, schema);
      expect(reduceSchema(reduceSchema(h, schema - 1), schema - 2)).toEqual(reduceSchema(h, schema - 2));
    }),
  );
});

test.each([
  [1, 8],
  [1.1, 2],
  [1.09, 3],
  [2, 0],
  [3, -1],
  [1e9, -4],
])('buckets that grow by %d at least have schema %d', (factor, schema) => expect(schemaOfFactor(factor)).toBe(schema));
