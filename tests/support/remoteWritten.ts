/** Series as a remote write request, version 1: how a Prometheus is given native histograms. */
import { compress } from 'snappyjs';
import { CUSTOM_SCHEMA } from '../../src/shared/histogram/bounds.ts';
import type { NativeHistogram } from '../../src/shared/histogram/native.ts';
import type { MemorySeries } from './memoryQueryable.ts';

const STALE_BITS = 0x7ff0000000000002n;
const RESET_HINTS = { unknown: 0, reset: 1, notReset: 2, gauge: 3 } as const;

function varint(v: bigint): Buffer {
  const bytes: number[] = [];
  for (let left = BigInt.asUintN(64, v); ; left >>= 7n) {
    if (left < 128n) return Buffer.from([...bytes, Number(left)]);
    bytes.push(Number(left & 127n) | 128);
  }
}

const zigzag = (v: number) => varint((BigInt(v) << 1n) ^ (BigInt(v) >> 63n));
const tag = (field: number, wire: number) => varint(BigInt((field << 3) | wire));
const whole = (field: number, v: number) => Buffer.concat([tag(field, 0), varint(BigInt(v))]);
const signed = (field: number, v: number) => Buffer.concat([tag(field, 0), zigzag(v)]);
const bytes = (field: number, content: Buffer) =>
  Buffer.concat([tag(field, 2), varint(BigInt(content.length)), content]);
const message = (field: number, ...parts: Buffer[]) => bytes(field, Buffer.concat(parts));
const text = (field: number, v: string) => bytes(field, Buffer.from(v));

function bits64(v: number | 'stale'): Buffer {
  const content = Buffer.alloc(8);
  if (v === 'stale') content.writeBigUInt64LE(STALE_BITS);
  else content.writeDoubleLE(v);
  return content;
}

const double = (field: number, v: number | 'stale') => Buffer.concat([tag(field, 1), bits64(v)]);
const doubles = (field: number, values: Float64Array) => bytes(field, Buffer.concat([...values].map(bits64)));

function histogram(t: number, h: NativeHistogram): Buffer {
  const spans = (field: number, list: NativeHistogram['positiveSpans']) =>
    list.map((span) => message(field, signed(1, span.offset), whole(2, span.length)));
  return message(
    4,
    double(2, h.count),
    double(3, h.sum),
    signed(4, h.schema),
    double(5, h.zeroThreshold),
    double(7, h.zeroCount),
    ...spans(8, h.negativeSpans),
    doubles(10, h.negativeBuckets),
    ...spans(11, h.positiveSpans),
    doubles(13, h.positiveBuckets),
    whole(14, RESET_HINTS[h.counterReset]),
    whole(15, t),
    ...(h.schema === CUSTOM_SCHEMA ? [doubles(16, h.customValues ?? new Float64Array())] : []),
  );
}

function series({ labels, samples }: MemorySeries): Buffer {
  return message(
    1,
    ...labels.map(([name, value]) => message(1, text(1, name), text(2, value))),
    ...samples.map(([t, v]) => (typeof v === 'object' ? histogram(t, v) : message(2, double(1, v), whole(2, t)))),
  );
}

/** @returns the body of a POST to /api/v1/write, compressed. */
export function remoteWriteBody(all: readonly MemorySeries[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(compress(Buffer.concat(all.map(series))));
}

/** Gives a server the series in one remote write. */
export async function writeRemotely(url: string, series: readonly MemorySeries[]): Promise<void> {
  const written = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
    body: remoteWriteBody(series),
  });
  if (!written.ok) throw new Error(`${url} refused samples: ${written.status} ${await written.text()}`);
}

/** As many remote writes as there are times. */
export async function writeByTime(url: string, series: readonly MemorySeries[]): Promise<void> {
  for (const [, slice] of byTime(series)) await writeRemotely(url, slice);
}

/** The same samples, those of one time together: a receiver takes a series' floats before its histograms, and none that comes late. */
export function byTime(series: readonly MemorySeries[]): [t: number, slice: MemorySeries[]][] {
  const slices = new Map<number, MemorySeries[]>();
  for (const one of series) {
    for (const sample of one.samples) {
      const slice = slices.get(sample[0]);
      if (slice === undefined) slices.set(sample[0], [{ ...one, samples: [sample] }]);
      else slice.push({ ...one, samples: [sample] });
    }
  }
  return [...slices].sort(([a], [b]) => a - b);
}
