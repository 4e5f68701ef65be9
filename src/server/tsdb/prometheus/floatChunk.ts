/** Float chunks of Prometheus: XOR, read and written, and XOR2, read. Source: tsdb/docs/format/chunks.md there. */
import { STALE_HIGH, STALE_LOW } from '../../../shared/model/sampleBits.ts';
import { BitStreamReader, BitStreamWriter } from './bitStream.ts';
import type { SampleSink } from './sampleSink.ts';

/** A value of which the next one is told by the bits that changed. */
export class XorValue {
  high = 0;
  low = 0;
  #leading = -1;
  #trailing = 0;

  /** The bit that says whether it changed, then the change. */
  read(input: BitStreamReader): void {
    if (input.bits(1) === 1) this.readChange(input);
  }

  readChange(input: BitStreamReader): void {
    if (input.bits(1) === 1) this.readWindow(input);
    else this.readKept(input);
  }

  /** The changed bits in the window before. */
  readKept(input: BitStreamReader): void {
    this.#change(input);
  }

  /** A new window and the changed bits in it. */
  readWindow(input: BitStreamReader): void {
    this.#leading = input.bits(5);
    this.#trailing = 64 - this.#leading - (input.bits(6) || 64);
    this.#change(input);
  }

  readWhole(input: BitStreamReader): void {
    input.word64(64);
    ({ high: this.high, low: this.low } = input);
  }

  writeWhole(out: BitStreamWriter, low: number, high: number): void {
    out.word64(high, low, 64);
    [this.low, this.high] = [low, high];
  }

  write(out: BitStreamWriter, low: number, high: number): void {
    const [changedHigh, changedLow] = [(high ^ this.high) >>> 0, (low ^ this.low) >>> 0];
    [this.low, this.high] = [low, high];
    if (changedHigh === 0 && changedLow === 0) return out.bits(0, 1);
    const leading = Math.min(31, changedHigh === 0 ? 32 + Math.clz32(changedLow) : Math.clz32(changedHigh));
    const trailing = changedLow === 0 ? 32 + trailingZeros(changedHigh) : trailingZeros(changedLow);
    if (this.#leading >= 0 && leading >= this.#leading && trailing >= this.#trailing) out.bits(0b10, 2);
    else {
      [this.#leading, this.#trailing] = [leading, trailing];
      out.bits(0b11, 2);
      out.bits(leading, 5);
      out.bits((64 - leading - trailing) & 63, 6);
    }
    const shift = this.#trailing;
    const width = 64 - this.#leading - shift;
    if (shift >= 32) out.word64(0, changedHigh >>> (shift - 32), width);
    else if (shift === 0) out.word64(changedHigh, changedLow, width);
    else out.word64(changedHigh >>> shift, ((changedLow >>> shift) | (changedHigh << (32 - shift))) >>> 0, width);
  }

  #change(input: BitStreamReader): void {
    const shift = this.#trailing;
    input.word64(64 - this.#leading - shift);
    const { high, low } = input;
    if (shift >= 32) this.high = (this.high ^ (low << (shift - 32))) >>> 0;
    else {
      this.low = (this.low ^ (low << shift)) >>> 0;
      this.high = (this.high ^ ((high << shift) | (shift === 0 ? 0 : low >>> (32 - shift)))) >>> 0;
    }
  }
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** Times as deltas of deltas: a first one, a step, and how each step differs from the one before. */
class TimeReader {
  t = 0;
  #step = 0;
  readonly #input: BitStreamReader;

  constructor(input: BitStreamReader) {
    this.#input = input;
  }

  first(): void {
    this.t = this.#input.varint();
  }

  second(): void {
    this.#step = this.#input.uvarint();
    this.t += this.#step;
  }

  next(change: number): void {
    this.#step += change;
    this.t += this.#step;
  }
}

const XOR_DOD_WIDTHS = [0, 14, 17, 20] as const;

export function readXorChunk(bytes: Uint8Array, sink: SampleSink): void {
  const count = (bytes[0] << 8) | bytes[1];
  const input = new BitStreamReader(bytes, 2);
  const time = new TimeReader(input);
  const value = new XorValue();
  for (let i = 0; i < count; i++) {
    if (i === 0) {
      time.first();
      value.readWhole(input);
    } else {
      if (i === 1) time.second();
      else time.next(readDod(input));
      value.read(input);
    }
    sink.float(time.t, value.low, value.high);
  }
}

function readDod(input: BitStreamReader): number {
  const ones = input.ones(4);
  if (ones === 0) return 0;
  if (ones === 4) return input.int64();
  const width = XOR_DOD_WIDTHS[ones];
  const n = input.bits(width);
  return n > 2 ** (width - 1) ? n - 2 ** width : n;
}

/** XOR2 joins the marks of time and value, and may carry start times, which are read over. */
export function readXor2Chunk(bytes: Uint8Array, sink: SampleSink): void {
  const count = (bytes[0] << 8) | bytes[1];
  const startTimes = new StartTimes(bytes[2]);
  const input = new BitStreamReader(bytes, 3);
  const time = new TimeReader(input);
  const value = new XorValue();
  for (let i = 0; i < count; i++) {
    let stale = false;
    if (i === 0) {
      time.first();
      input.word64(64);
      stale = input.high === STALE_HIGH && input.low === STALE_LOW;
      if (!stale) ({ high: value.high, low: value.low } = input);
    } else if (i === 1) {
      time.second();
      stale = readXor2Value(input, value);
    } else stale = readJoint(input, time, value);
    startTimes.skip(input, i);
    sink.float(time.t, stale ? STALE_LOW : value.low, stale ? STALE_HIGH : value.high);
  }
}

/** Gives whether it is the stale mark. */
function readJoint(input: BitStreamReader, time: TimeReader, value: XorValue): boolean {
  const ones = input.ones(5);
  if (ones === 0 || ones === 5) {
    time.next(0);
    return ones === 5;
  }
  if (ones === 1) {
    time.next(0);
    value.readChange(input);
    return false;
  }
  if (ones === 4) time.next(input.int64());
  else {
    const width = ones === 2 ? 13 : 20;
    const n = input.bits(width);
    time.next(n >= 2 ** (width - 1) ? n - 2 ** width : n);
  }
  return readXor2Value(input, value);
}

function readXor2Value(input: BitStreamReader, value: XorValue): boolean {
  const ones = input.ones(3);
  if (ones === 1) value.readKept(input);
  else if (ones === 2) value.readWindow(input);
  return ones === 3;
}

/** The start times of samples, which this store does not keep. */
export class StartTimes {
  readonly #firstIsKnown: boolean;
  readonly #changesFrom: number;

  constructor(header: number) {
    this.#firstIsKnown = (header & 0x80) !== 0;
    this.#changesFrom = header & 0x7f;
  }

  skip(input: BitStreamReader, index: number): void {
    if (index === 0) {
      if (this.#firstIsKnown) input.varint();
    } else if (this.#changesFrom > 0 && index >= this.#changesFrom) input.varbitInt();
  }
}

/** Samples by time and bits; at most 65,535. */
export interface FloatSamples {
  readonly times: Float64Array;
  /** Two words a sample, low first. */
  readonly bits: Uint32Array;
}

export function writeXorChunk({ times, bits }: FloatSamples, from: number, to: number): Uint8Array {
  const out = new BitStreamWriter();
  const value = new XorValue();
  out.bits(to - from, 16);
  let step = 0;
  for (let i = from; i < to; i++) {
    const [low, high] = [bits[2 * i], bits[2 * i + 1]];
    if (i === from) {
      out.varint(times[i]);
      value.writeWhole(out, low, high);
      continue;
    }
    const next = times[i] - times[i - 1];
    if (i === from + 1) out.uvarint(next);
    else writeDod(out, next - step);
    step = next;
    value.write(out, low, high);
  }
  return out.copy();
}

function writeDod(out: BitStreamWriter, dod: number): void {
  if (dod === 0) return out.bits(0, 1);
  const ones = XOR_DOD_WIDTHS.findIndex((width) => width > 0 && dod > -(2 ** (width - 1)) && dod <= 2 ** (width - 1));
  if (ones < 0) {
    out.bits(0b1111, 4);
    return out.word64(Math.floor(dod / 2 ** 32) >>> 0, dod >>> 0, 64);
  }
  out.bits(2 ** (ones + 1) - 2, ones + 1);
  out.bits(dod >>> 0, XOR_DOD_WIDTHS[ones]);
}
