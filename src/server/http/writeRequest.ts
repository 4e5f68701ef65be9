/**
 * A remote write request, read into an appender. The usual form of a series (its labels first, then its samples) is read in place, with its labels
 * known by their bytes; any other form that protocol buffers allow goes through the general reader.
 */
import { readLabelPair } from '../../shared/bytes/labelPair.ts';
import { WireReader } from '../../shared/bytes/protobufWire.ts';
import { labelsFrom, METRIC_NAME, NO_LABELS, type Label, type Labels } from '../../shared/model/labels.ts';
import type { Appender, AppendOutcome, SeriesPlace } from '../storage/appender.ts';
import type { KnownSeries } from './knownSeries.ts';

/** Tags of the fields as they are usually written: number and wire type in one byte. */
const SERIES = 0x0a;
const LABELS = 0x0a;
const SAMPLES = 0x12;
const VALUE = 0x09;
const TIME = 0x10;

export interface Refusals {
  readonly refused: ReadonlyMap<AppendOutcome, number>;
  /** Samples of series without a metric name. */
  readonly nameless: number;
}

export class WriteRequest {
  readonly #bytes: Uint8Array;
  readonly #known: KnownSeries;
  readonly #appender: Appender;
  readonly #maxTime: number;
  readonly #refused = new Map<AppendOutcome, number>();
  #nameless = 0;
  /** Behind what was read last, and what it was. */
  #at = 0;
  #number = 0;
  #low = 0;
  #high = 0;

  constructor(bytes: Uint8Array, known: KnownSeries, appender: Appender, maxTime: number) {
    this.#bytes = bytes;
    this.#known = known;
    this.#appender = appender;
    this.#maxTime = maxTime;
  }

  /** @throws WireError when the bytes are no WriteRequest. */
  append(): Refusals {
    const bytes = this.#bytes;
    for (let at = 0; at < bytes.length;) {
      if (bytes[at] === SERIES && this.#length(at + 1, bytes.length)) {
        const from = this.#at;
        const to = from + this.#number;
        if (!this.#appendExpected(from, to) && !this.#appendUsual(from, to)) this.#appendAny(bytes.subarray(from, to));
        at = to;
        continue;
      }
      const any = new WireReader(bytes.subarray(at));
      any.next();
      if (any.field === 1) this.#appendAny(any.bytes());
      else any.skip();
      at += any.position;
    }
    return { refused: this.#refused, nameless: this.#nameless };
  }

  /** One sample of the series that is expected: what nearly all of a request is. Whether it was that. */
  #appendExpected(from: number, to: number): boolean {
    const at = this.#known.expectedEnd(this.#bytes, from);
    if (at < 0 || at + 2 > to || this.#bytes[at] !== SAMPLES || at + 2 + this.#bytes[at + 1] !== to) return false;
    const t = this.#sample(at, to);
    if (Number.isNaN(t)) return false;
    if (t > this.#maxTime) {
      this.#refuse('outOfBounds');
      return true;
    }
    const place = this.#known.takeExpected();
    if (place === undefined) return false;
    const outcome = this.#appender.appendAt(place, t, this.#low, this.#high);
    if (outcome !== 'ok') this.#refuse(outcome);
    return true;
  }

  /** Whether the series has the usual form; if not, nothing of it is appended. */
  #appendUsual(from: number, to: number): boolean {
    const labelsEnd = this.#skipLabels(from, to);
    // Looked through before any is appended.
    const count = labelsEnd < 0 ? -1 : this.#countSamples(labelsEnd, to);
    if (count < 0) return false;
    const bytes = this.#bytes;
    let place = this.#known.find(bytes, from, labelsEnd);
    const labels = place === undefined ? readSeries(new WireReader(bytes.subarray(from, labelsEnd))).labels : NO_LABELS;
    if (place === undefined && !isNamed(labels)) {
      this.#nameless += count;
      return true;
    }
    for (let at = labelsEnd; at < to; at = this.#at) {
      const t = this.#sample(at, to);
      if (place === undefined && t <= this.#maxTime) {
        place = this.#appender.place(labels);
        this.#known.set(bytes, from, labelsEnd, place);
      }
      const outcome =
        place === undefined || t > this.#maxTime
          ? 'outOfBounds'
          : this.#appender.appendAt(place, t, this.#low, this.#high);
      if (outcome !== 'ok') this.#refuse(outcome);
    }
    return true;
  }

  #appendAny(series: Uint8Array): void {
    const { labels, samples } = readSeries(new WireReader(series));
    if (!isNamed(labels)) {
      this.#nameless += samples.length;
      return;
    }
    let place: SeriesPlace | undefined;
    for (const { t, low, high } of samples) {
      if (t > this.#maxTime) this.#refuse('outOfBounds');
      else {
        place ??= this.#appender.place(labels);
        const outcome = this.#appender.appendAt(place, t, low, high);
        if (outcome !== 'ok') this.#refuse(outcome);
      }
    }
  }

  #refuse(outcome: AppendOutcome): void {
    this.#refused.set(outcome, (this.#refused.get(outcome) ?? 0) + 1);
  }

  /** The end of the labels that begin at `from`, or -1. */
  #skipLabels(from: number, to: number): number {
    let at = from;
    while (at < to && this.#bytes[at] === LABELS) {
      if (!this.#length(at + 1, to)) return -1;
      at = this.#at + this.#number;
    }
    return at;
  }

  /** How many samples of the usual form make up `bytes[from, to)`; -1 if there is anything else. */
  #countSamples(from: number, to: number): number {
    let count = 0;
    for (let at = from; at < to; at = this.#at) {
      if (this.#bytes[at] !== SAMPLES || Number.isNaN(this.#sample(at, to))) return -1;
      count++;
    }
    return count;
  }

  /** Reads a sample of the usual form: its time is given, NaN for any other form; its value is in two words. */
  #sample(from: number, to: number): number {
    const bytes = this.#bytes;
    if (!this.#length(from + 1, to)) return NaN;
    const end = this.#at + this.#number;
    let at = this.#at;
    this.#low = this.#high = 0;
    if (bytes[at] === VALUE && at + 9 <= end) {
      this.#low = (bytes[at + 1] | (bytes[at + 2] << 8) | (bytes[at + 3] << 16) | (bytes[at + 4] << 24)) >>> 0;
      this.#high = (bytes[at + 5] | (bytes[at + 6] << 8) | (bytes[at + 7] << 16) | (bytes[at + 8] << 24)) >>> 0;
      at += 9;
    }
    this.#number = 0;
    this.#at = at;
    if (at < end && (bytes[at] !== TIME || !this.#varint(at + 1, end))) return NaN;
    return this.#at === end ? this.#number : NaN;
  }

  /** Reads a length whose bytes lie before `to`. */
  #length(at: number, to: number): boolean {
    return this.#varint(at, to) && this.#at + this.#number <= to;
  }

  /** Reads a number of up to seven bytes, which is exact; longer ones are left to the general reader. */
  #varint(from: number, to: number): boolean {
    const bytes = this.#bytes;
    if (from < to && bytes[from] < 0x80) {
      this.#at = from + 1;
      this.#number = bytes[from];
      return true;
    }
    const end = Math.min(to, from + 7);
    let [low, high] = [0, 0];
    for (let at = from, shift = 0; at < end; at++, shift += 7) {
      const b = bytes[at];
      if (shift < 28) low |= (b & 0x7f) << shift;
      else high |= (b & 0x7f) << (shift - 28);
      if (b < 0x80) {
        this.#at = at + 1;
        this.#number = high * 0x10000000 + low;
        return true;
      }
    }
    return false;
  }
}

interface WireSample {
  readonly t: number;
  readonly low: number;
  readonly high: number;
}

const isNamed = (labels: Labels): boolean => labels.some(([name]) => name === METRIC_NAME);

function readSeries(series: WireReader): { labels: Labels; samples: WireSample[] } {
  const pairs: Label[] = [];
  const samples: WireSample[] = [];
  while (series.next()) {
    if (series.field === 1) pairs.push(readLabelPair(series.message()));
    else if (series.field === 2) samples.push(readSample(series.message()));
    else series.skip();
  }
  return { labels: labelsFrom(pairs), samples };
}

function readSample(sample: WireReader): WireSample {
  let [low, high] = [0, 0];
  let t = 0;
  while (sample.next()) {
    if (sample.field === 1) [low, high] = sample.fixed64();
    else if (sample.field === 2) t = sample.int();
    else sample.skip();
  }
  return { t, low, high };
}
