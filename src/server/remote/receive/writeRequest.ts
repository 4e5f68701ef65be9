/**
 * A remote write request of version 1, read into an appender: what the kernel reads by the kernel, series that it does not know and all that is seldom by
 * the general reader.
 */
import { readLabelPair } from '../../../shared/bytes/labelPair.ts';
import { WireReader } from '../../../shared/bytes/protobufWire.ts';
import { labelsFrom, METRIC_NAME, type Label, type Labels } from '../../../shared/model/labels.ts';
import type { Appender, AppendOutcome, CellColumns, SampleGroup } from '../../storage/appender.ts';
import type { WriteKernel } from './writeKernel.ts';

/** Tag of a label as it is usually written: number and wire type in one byte. */
const LABELS = 0x0a;

export interface Refusals {
  readonly refused: ReadonlyMap<AppendOutcome, number>;
  /** Samples of series without a metric name. */
  readonly nameless: number;
}

export class WriteRequest {
  readonly #appender: Appender;
  readonly #maxTime: number;
  readonly #refused = new Map<AppendOutcome, number>();
  readonly #refuse = (outcome: AppendOutcome) => void this.#refused.set(outcome, (this.#refused.get(outcome) ?? 0) + 1);
  #nameless = 0;

  /** @param maxTime samples after it are refused, milliseconds. */
  constructor(appender: Appender, maxTime: number) {
    this.#appender = appender;
    this.#maxTime = maxTime;
  }

  get refusals(): Refusals {
    return { refused: this.#refused, nameless: this.#nameless };
  }

  /** The message that the kernel holds. @throws WireError when it is no WriteRequest. */
  appendUnfolded(kernel: WriteKernel): void {
    const size = kernel.message.length;
    for (let at = 0; at < size;) {
      const stopped = kernel.read(at, this.#maxTime);
      this.#appendRead(kernel);
      at = stopped > at ? stopped : this.#appendField(kernel.message, at, kernel);
    }
  }

  /** @throws WireError when the bytes are no WriteRequest. */
  append(message: Uint8Array): void {
    for (let at = 0; at < message.length;) at = this.#appendField(message, at, undefined);
  }

  /** Runs of samples of a group. */
  #appendRead(kernel: WriteKernel): void {
    const { groups, count } = kernel;
    for (let from = 0, to = 0; from < count; from = to) {
      const number = groups[from];
      while (to < count && groups[to] === number) to++;
      this.#appender.appendCells(kernel.group(number), kernel, from, to, this.#refuse);
    }
  }

  /** Reads one field. @returns where the next one begins. */
  #appendField(message: Uint8Array, at: number, kernel: WriteKernel | undefined): number {
    const reader = new WireReader(message.subarray(at));
    reader.next();
    if (reader.field !== 1) {
      reader.skip();
      return at + reader.position;
    }
    const bytes = reader.bytes();
    const end = at + reader.position;
    const series = readSeries(bytes);
    const { labels, samples } = series;
    if (!labels.some(([name]) => name === METRIC_NAME)) {
      this.#nameless += samples.length;
      return end;
    }
    const group = this.#appendSamples(labels, samples);
    if (group !== undefined && series.labelBytes >= 0)
      kernel?.learn(end - bytes.length, end - bytes.length + series.labelBytes, group.group, group.column);
    return end;
  }

  #appendSamples(labels: Labels, samples: readonly WireSample[]): { group: SampleGroup; column: number } | undefined {
    const young = samples.filter(({ t }) => t <= this.#maxTime);
    for (let i = young.length; i < samples.length; i++) this.#refuse('outOfBounds');
    if (young.length === 0) return undefined;
    const place = this.#appender.place(labels);
    this.#appender.appendCells(place.group, cellsOf(young, place.column), 0, young.length, this.#refuse);
    return place;
  }
}

interface WireSample {
  readonly t: number;
  readonly low: number;
  readonly high: number;
}

function cellsOf(samples: readonly WireSample[], column: number): CellColumns {
  return {
    columns: new Int32Array(samples.length).fill(column),
    times: Float64Array.from(samples, ({ t }) => t),
    bits: Uint32Array.from(samples.flatMap(({ low, high }) => [low, high])),
  };
}

/** `labelBytes`: how many bytes at the beginning are the labels, -1 where they stand elsewhere too. */
function readSeries(bytes: Uint8Array): { labels: Labels; samples: readonly WireSample[]; labelBytes: number } {
  const pairs: Label[] = [];
  const samples: WireSample[] = [];
  let labelBytes = 0;
  const series = new WireReader(bytes);
  for (let at = 0; series.next(); at = series.position) {
    if (series.field === 1) {
      // The kernel takes a run of such fields for the labels.
      const isNext = at === labelBytes && bytes[at] === LABELS;
      pairs.push(readLabelPair(series.message()));
      labelBytes = isNext ? series.position : -1;
    } else if (series.field === 2) samples.push(readSample(series.message()));
    else series.skip();
  }
  return { labels: labelsFrom(pairs), samples, labelBytes };
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
