import fc from 'fast-check';
import type { NativeHistogram, Span } from '../../../shared/histogram/native.ts';
import { STALE_HIGH, STALE_LOW } from '../../../shared/model/sampleBits.ts';
import { SeriesBuffer, sortedSamples } from '../bulk/seriesBuffer.ts';
import { BitStreamReader, BitStreamWriter } from './bitStream.ts';
import { decodeChunk } from './chunkEncoding.ts';
import { readXor2Chunk } from './floatChunk.ts';
import { seriesChunks } from './seriesChunks.ts';

test('varbits of either kind come back', () => {
  const signed = fc.oneof(fc.integer({ min: -300, max: 300 }), fc.integer({ min: -(2 ** 52), max: 2 ** 52 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(signed, fc.maxSafeNat())), (pairs) => {
      const out = new BitStreamWriter();
      for (const [a, b] of pairs) {
        out.varbitInt(a);
        out.varbitUint(b);
        out.bits(1, 1);
        out.varint(a);
      }
      const input = new BitStreamReader(out.copy());
      for (const [a, b] of pairs) {
        expect([input.varbitInt(), input.varbitUint(), input.bits(1), input.varint()]).toEqual([a, b, 1, a]);
      }
    }),
  );
});

/** Histogram counts by bucket index, without empty ones: what two layouts of one histogram share. */
function plain(h: NativeHistogram) {
  const buckets = (spans: readonly Span[], counts: Float64Array) => {
    const all: [number, number][] = [];
    let [index, i] = [0, 0];
    for (const { offset, length } of spans) {
      index += offset;
      for (let n = 0; n < length; n++, index++, i++) if (counts[i] !== 0) all.push([index, counts[i]]);
    }
    return all;
  };
  const { schema, zeroThreshold, zeroCount, count, sum, customValues } = h;
  const positive = buckets(h.positiveSpans, h.positiveBuckets);
  const negative = buckets(h.negativeSpans, h.negativeBuckets);
  const bounds = customValues === undefined ? [] : [...customValues];
  return { schema, zeroThreshold, zeroCount, count, sum, positive, negative, bounds };
}

/** A sample as a line that tells all of its bits. */
function samplesIn(buffer: SeriesBuffer) {
  const { times, bits, histograms } = sortedSamples([buffer]);
  return Array.from(times, (t, i) => {
    const h = histograms?.get(i);
    return h === undefined ? [t, bits[2 * i], bits[2 * i + 1]] : [t, plain(h), h.counterReset === 'gauge'];
  });
}

const words = fc.oneof(
  fc.double().map((v) => [...new Uint32Array(Float64Array.of(v).buffer)] as [number, number]),
  fc.tuple(fc.nat(0xffffffff), fc.nat(0xffffffff)),
  fc.integer({ min: -50, max: 50 }).map((v) => [...new Uint32Array(Float64Array.of(v).buffer)] as [number, number]),
  fc.constant([STALE_LOW, STALE_HIGH] as [number, number]),
);

const spans = fc.array(fc.record({ offset: fc.integer({ min: 0, max: 9 }), length: fc.integer({ min: 1, max: 4 }) }), {
  maxLength: 3,
});
const countOf = (list: readonly Span[]) => list.reduce((sum, { length }) => sum + length, 0);

function histogramArbitrary(n: fc.Arbitrary<number>): fc.Arbitrary<NativeHistogram> {
  return fc
    .record({ positiveSpans: spans, negativeSpans: spans, custom: fc.boolean(), gauge: fc.boolean() })
    .chain(({ positiveSpans, negativeSpans, custom, gauge }) => {
      const counts = (list: readonly Span[]) =>
        fc.array(n, { minLength: countOf(list), maxLength: countOf(list) }).map((all) => Float64Array.from(all));
      return fc.record({
        schema: fc.constant(custom ? -53 : 3),
        zeroThreshold: custom ? fc.constant(0) : fc.constantFrom(0, 2 ** -128, 0.5, 0.3, 2 ** 10, 2 ** 11),
        zeroCount: n,
        count: n,
        sum: fc.double({ noNaN: true }),
        positiveSpans: fc.constant(positiveSpans),
        negativeSpans: fc.constant(custom ? [] : negativeSpans),
        positiveBuckets: counts(positiveSpans),
        negativeBuckets: counts(custom ? [] : negativeSpans),
        counterReset: fc.constant(gauge ? ('gauge' as const) : ('unknown' as const)),
        ...(custom && { customValues: fc.constant(Float64Array.of(0.005, 0.1, 1 / 3, 33554.43, 1e9)) }),
      });
    });
}

const sample = fc.oneof(
  words.map((w) => ({ w, h: undefined })),
  histogramArbitrary(fc.nat(1000)).map((h) => ({ w: undefined, h })),
  histogramArbitrary(fc.double({ min: 0, max: 1e9, noNaN: true })).map((h) => ({ w: undefined, h })),
);

function roundTrip(written: SeriesBuffer): SeriesBuffer {
  const read = new SeriesBuffer([]);
  const sink = {
    float: (t: number, low: number, high: number) => read.float(t, low, high),
    histogram: (t: number, h: NativeHistogram) => read.histogram(t, h),
  };
  for (const { encoding, bytes } of seriesChunks(sortedSamples([written]))) decodeChunk(encoding, bytes, sink);
  return read;
}

test('samples of any kind come back from chunks, bit for bit', () => {
  const step = fc.oneof(fc.constant(15_000), fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 2 ** 40 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(step, sample), { minLength: 1, maxLength: 300 }), (list) => {
      const written = new SeriesBuffer([]);
      let t = -1_000_000;
      for (const [dt, { w, h }] of list) {
        t += dt;
        if (h !== undefined) written.histogram(t, h);
        else written.float(t, w[0], w[1]);
      }
      expect(samplesIn(roundTrip(written))).toEqual(samplesIn(written));
    }),
  );
});

test('a histogram that grows keeps to one chunk, with buckets that come and the mark of its end; a fall begins another', () => {
  const written = new SeriesBuffer([]);
  const histogram = (counts: readonly number[]): NativeHistogram => ({
    ...{ schema: 0, zeroThreshold: 2 ** -128, zeroCount: 1, count: counts.reduce((a, b) => a + b, 1), sum: 1.5 },
    ...{ positiveSpans: [{ offset: 0, length: counts.length }], positiveBuckets: Float64Array.from(counts) },
    ...{ negativeSpans: [], negativeBuckets: new Float64Array(), counterReset: 'unknown' },
  });
  [[1], [1, 1], [2, 1, 0, 4], [3, 1, 0, 4]].forEach((counts, i) => written.histogram(1000 * i, histogram(counts)));
  written.float(4000, STALE_LOW, STALE_HIGH);
  written.histogram(5000, histogram([1]));
  const chunks = [...seriesChunks(sortedSamples([written]))];
  expect(chunks.map(({ samples, encoding }) => [samples, encoding])).toEqual([
    [5, 2],
    [1, 2],
  ]);
  expect(samplesIn(roundTrip(written))).toEqual(samplesIn(written));
});

test('an XOR2 chunk with every way to tell a time and a value is read', () => {
  const out = new BitStreamWriter();
  const start = (v: number) => out.varbitInt(v);
  out.bits(8, 16);
  out.bits(0x80 | 2, 8);
  out.varint(1_000);
  out.double(1);
  out.varint(900); // The start time of the first sample.
  out.uvarint(100);
  out.bits(0b111, 3); // A stale mark.
  out.bits(0b0, 1); // Nothing changed.
  start(7);
  out.bits(0b101, 3); // The value changed, in a new window: 1 becomes 2.
  out.bits(1, 5);
  out.bits(11, 6);
  out.bits(0b11111111111, 11);
  start(0);
  out.bits(0b110, 3); // 13 bits of time, unchanged value.
  out.bits(-1 >>> 19, 13);
  out.bits(0, 1);
  start(0);
  out.bits(0b1110, 4); // 20 bits, a change in the window before: 2 becomes 1.
  out.bits(5, 20);
  out.bits(0b10, 2);
  out.bits(0b11111111111, 11);
  start(0);
  out.bits(0b11110, 5); // 64 bits.
  out.word64(0, 2, 64);
  out.bits(0, 1);
  start(0);
  out.bits(0b11111, 5); // The same step, stale.
  start(0);
  const read: unknown[] = [];
  readXor2Chunk(out.copy(), {
    float: (t, low, high) =>
      read.push([t, low === STALE_LOW ? 'stale' : new Float64Array(Uint32Array.of(low, high).buffer)[0]]),
    histogram: () => undefined,
  });
  expect(read).toEqual([
    [1000, 1],
    [1100, 'stale'],
    [1200, 1],
    [1300, 2],
    [1399, 2],
    [1503, 1],
    [1609, 1],
    [1715, 'stale'],
  ]);
});
