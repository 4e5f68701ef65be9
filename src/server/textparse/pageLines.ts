/** The lines of a page in columns: those of the page being read, and what is remembered of the page before it. */
import type { MetricType } from '../../shared/model/metadata.ts';

const TYPES: readonly MetricType[] = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
];
const TYPE_CODES = new Map(TYPES.map((type, code) => [type, code]));

/** Columns begin with room for so many lines; what a large page took beyond KEPT_MAX goes with it. */
const ROOM_MIN = 1024;
const ROOM_KEPT_MAX = 65_536;

/** What the next page is compared with: 13 bytes a line. */
export class LinePlaces {
  count = 0;
  slots = new Int32Array(0);
  valueStarts = new Int32Array(0);
  lineEnds = new Int32Array(0);
  types = new Uint8Array(0);

  /** The type in force at a line. */
  type(line: number): MetricType {
    return TYPES[this.types[line]];
  }

  /** @param isAlike the lines are those remembered already; only their places have changed. */
  keep(lines: PageLines, isAlike: boolean): void {
    const { count } = lines;
    if (isAlike) {
      this.valueStarts.set(lines.valueStarts.subarray(0, count));
      this.lineEnds.set(lines.lineEnds.subarray(0, count));
      return;
    }
    this.count = count;
    this.slots = lines.slots.slice(0, count);
    this.valueStarts = lines.valueStarts.slice(0, count);
    this.lineEnds = lines.lineEnds.slice(0, count);
    this.types = lines.types.slice(0, count);
  }

  forget(): void {
    if (this.count === 0) return;
    this.count = 0;
    this.slots = new Int32Array(0);
    this.valueStarts = new Int32Array(0);
    this.lineEnds = new Int32Array(0);
    this.types = new Uint8Array(0);
  }
}

export class PageLines {
  count = 0;
  slots = new Int32Array(ROOM_MIN);
  valueStarts = new Int32Array(ROOM_MIN);
  lineEnds = new Int32Array(ROOM_MIN);
  types = new Uint8Array(ROOM_MIN);
  values = new Float64Array(ROOM_MIN);
  /** NaN for a line without a time of its own. Empty until the first line of any page that has one. */
  times = new Float64Array(0);
  #previous: LinePlaces | undefined;

  /** A page begins, to be compared with this one. */
  begin(previous: LinePlaces): void {
    this.#previous = previous;
    this.count = 0;
    if (this.slots.length <= ROOM_KEPT_MAX) return;
    this.#resize(ROOM_MIN);
  }

  add(slot: number, valueStart: number, lineEnd: number, type: MetricType, v: number, t: number): void {
    const i = this.count++;
    if (i >= this.slots.length) this.#resize(2 * i);
    this.slots[i] = slot;
    this.valueStarts[i] = valueStart;
    this.lineEnds[i] = lineEnd;
    this.types[i] = TYPE_CODES.get(type)!;
    this.values[i] = v;
    if (t === t || this.times.length > 0) this.#setTime(i, t);
  }

  /** Adds lines that are those of the previous page from `line` on, without times. */
  addLines(line: number, valueStarts: Int32Array, lineEnds: Int32Array, values: Float64Array): void {
    const at = this.count;
    const end = line + values.length;
    this.count += values.length;
    if (this.count > this.slots.length) this.#resize(2 * this.count);
    this.slots.set(this.#previous!.slots.subarray(line, end), at);
    this.types.set(this.#previous!.types.subarray(line, end), at);
    this.valueStarts.set(valueStarts, at);
    this.lineEnds.set(lineEnds, at);
    this.values.set(values, at);
    if (this.times.length > 0) this.times.fill(NaN, at, this.count);
  }

  #setTime(i: number, t: number): void {
    if (this.times.length === 0) this.times = new Float64Array(this.slots.length).fill(NaN);
    this.times[i] = t;
  }

  #resize(room: number): void {
    const kept = Math.min(this.count, room);
    const moved = <T extends Int32Array | Uint8Array | Float64Array>(to: T, from: T): T => (
      to.set(from.subarray(0, kept)),
      to
    );
    this.slots = moved(new Int32Array(room), this.slots);
    this.valueStarts = moved(new Int32Array(room), this.valueStarts);
    this.lineEnds = moved(new Int32Array(room), this.lineEnds);
    this.types = moved(new Uint8Array(room), this.types);
    this.values = moved(new Float64Array(room), this.values);
    if (this.times.length > 0) this.times = moved(new Float64Array(room).fill(NaN), this.times);
  }
}
