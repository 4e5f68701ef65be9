/** `WriteRequest` messages of remote write 1.0. Source: prompb/remote.proto and prompb/types.proto of Prometheus. */
import { WireWriter } from '../../shared/bytes/protobufWire.ts';
import type { Exemplar } from '../../shared/model/metadata.ts';
import type { OutgoingRow, OutgoingSeries } from './outgoing.ts';
import { writeHistogram } from './prompb.ts';
import type { RequestSamples } from './requestSamples.ts';

const SERIES_TAG = 0x0a;
const SAMPLE_TAG = 0x12;
const VALUE_TAG = 0x09;
const TIME_TAG = 0x10;
/** Tags, lengths and value of a sample, without its time. */
const SAMPLE_BYTES = 12;
/** Tag and length of a `TimeSeries`. */
const HEAD_BYTES_MAX = 6;

/** Floats are written byte by byte: they are nearly all there is. */
export function request1Of(samples: RequestSamples, series: readonly OutgoingSeries[]): Uint8Array {
  const others = new Map<OutgoingSeries, Uint8Array>();
  const sizes = new Int32Array(series.length);
  let total = 0;
  for (let i = 0; i < series.length; i++) {
    sizes[i] = plainSize(samples, series[i]);
    if (sizes[i] < 0) {
      const other = otherSeries(samples, series[i]);
      others.set(series[i], other);
      sizes[i] = other.length;
    }
    total += HEAD_BYTES_MAX + sizes[i];
  }
  const out = new Bytes(total);
  for (let i = 0; i < series.length; i++) {
    out.begin(SERIES_TAG, sizes[i]);
    const other = others.size === 0 ? undefined : others.get(series[i]);
    out.copy(other ?? series[i].labelFields);
    if (other !== undefined) continue;
    for (let s = samples.first(series[i]); s >= 0; s = samples.next(s)) out.sample(samples.row(s), samples.place(s));
  }
  return out.finish();
}

/** Bytes of a `TimeSeries` all of whose samples are floats with a time that is written as upstream's are; -1 for others. */
function plainSize(samples: RequestSamples, series: OutgoingSeries): number {
  let size = series.labelFields.length;
  for (let s = samples.first(series); s >= 0; s = samples.next(s)) {
    const { t, histograms, exemplar } = samples.row(s);
    if (histograms !== undefined || exemplar !== undefined || t <= 0) return -1;
    size += SAMPLE_BYTES + varintBytes(t);
  }
  return size;
}

/** The fields of a `TimeSeries`, whatever its samples are. */
export function otherSeries(samples: RequestSamples, series: OutgoingSeries): Uint8Array {
  const out = new WireWriter().fields(series.labelFields);
  for (let s = samples.first(series); s >= 0; s = samples.next(s)) writeSample(out, samples.row(s), samples.place(s));
  return out.finish();
}

function writeSample(series: WireWriter, { t, words, histograms, exemplar }: OutgoingRow, at: number): void {
  const histogram = histograms?.get(at);
  if (exemplar !== undefined) series.message(3, (message) => writeExemplar(message, exemplar));
  else if (histogram !== undefined) series.message(4, (message) => writeHistogram(message, histogram, t));
  else series.message(2, (sample) => void sample.fixed64(1, words[2 * at], words[2 * at + 1]).int(2, t));
}

function writeExemplar(out: WireWriter, { labels, v, t = 0 }: Exemplar): void {
  for (const [name, value] of labels) out.message(1, (pair) => void pair.string(1, name).string(2, value));
  out.double(2, v).int(3, t);
}

/** Times of this millennium take six. */
function varintBytes(value: number): number {
  if (value >= 2 ** 35 && value < 2 ** 42) return 6;
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}

class Bytes {
  readonly #bytes: Uint8Array;
  #size = 0;

  constructor(room: number) {
    this.#bytes = new Uint8Array(room);
  }

  /** A message of `size` bytes follows. */
  begin(tag: number, size: number): void {
    this.#bytes[this.#size++] = tag;
    this.#varint(size);
  }

  copy(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  sample({ t, words }: OutgoingRow, place: number): void {
    const bytes = this.#bytes;
    bytes[this.#size] = SAMPLE_TAG;
    const lengthAt = this.#size + 1;
    bytes[this.#size + 2] = VALUE_TAG;
    this.#size += 3;
    this.#word(words[2 * place]);
    this.#word(words[2 * place + 1]);
    bytes[this.#size++] = TIME_TAG;
    this.#varint(t);
    bytes[lengthAt] = this.#size - lengthAt - 1;
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  #word(word: number): void {
    const bytes = this.#bytes;
    bytes[this.#size++] = word;
    bytes[this.#size++] = word >>> 8;
    bytes[this.#size++] = word >>> 16;
    bytes[this.#size++] = word >>> 24;
  }

  #varint(value: number): void {
    for (; value >= 0x80; value = Math.floor(value / 0x80)) this.#bytes[this.#size++] = (value % 0x80) | 0x80;
    this.#bytes[this.#size++] = value;
  }
}
