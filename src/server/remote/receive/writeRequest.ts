/**
 * A remote write request of version 1, read into an appender: what the kernel reads by the kernel, series that it does not know and all that is seldom by
 * the general reader. Source: prompb/remote.proto and prompb/types.proto of Prometheus, which leaves metadata out.
 */
import { readLabelPair } from '../../../shared/bytes/labelPair.ts';
import { WireReader } from '../../../shared/bytes/protobufWire.ts';
import { labelsFrom, type Label } from '../../../shared/model/labels.ts';
import type { Exemplar } from '../../../shared/model/metadata.ts';
import { metricTypeAt, readHistogram, type WireHistogram } from '../prompb.ts';
import { keepMetadata, type Intake } from './intake.ts';
import type { WriteKernel } from './writeKernel.ts';
import { appendSeries, WriteOutcome, type WireSample, type WrittenSeries } from './writtenSeries.ts';

/** Tag of a label as it is usually written: number and wire type in one byte. */
const LABELS = 0x0a;

export class WriteRequest {
  readonly outcome = new WriteOutcome();
  readonly #intake: Intake;

  constructor(intake: Intake) {
    this.#intake = { ...intake, startZeros: false };
  }

  /** The message that the kernel holds. @throws WireError when it is no WriteRequest. */
  appendUnfolded(kernel: WriteKernel): void {
    const size = kernel.message.length;
    for (let at = 0; at < size;) {
      const stopped = kernel.read(at, this.#intake.maxTime);
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
    const { outcome } = this;
    for (let from = 0, to = 0; from < count; from = to) {
      const number = groups[from];
      while (to < count && groups[to] === number) to++;
      outcome.samples += this.#intake.appender.appendCells(kernel.group(number), kernel, from, to, outcome.refuse);
    }
  }

  /** Reads one field. @returns where the next one begins. */
  #appendField(message: Uint8Array, at: number, kernel: WriteKernel | undefined): number {
    const reader = new WireReader(message.subarray(at));
    reader.next();
    if (reader.field === 3) readFamily(reader.message(), this.#intake);
    else if (reader.field !== 1) reader.skip();
    if (reader.field !== 1) return at + reader.position;
    const bytes = reader.bytes();
    const end = at + reader.position;
    const from = end - bytes.length;
    const series = readTimeSeries(bytes);
    const place = appendSeries(series, this.#intake, this.outcome);
    if (place !== undefined && series.labelBytes >= 0)
      kernel?.learn(from, from + series.labelBytes, place.group, place.column);
    return end;
  }
}

/** A `TimeSeries`. `labelBytes`: how many bytes at the beginning are the labels, -1 where they stand elsewhere too. */
export function readTimeSeries(bytes: Uint8Array): WrittenSeries & { readonly labelBytes: number } {
  const pairs: Label[] = [];
  const samples: WireSample[] = [];
  const histograms: WireHistogram[] = [];
  const exemplars: Exemplar[] = [];
  let labelBytes = 0;
  const series = new WireReader(bytes);
  for (let at = 0; series.next(); at = series.position) {
    if (series.field === 1) {
      // The kernel takes a run of such fields for the labels.
      const isNext = at === labelBytes && bytes[at] === LABELS;
      pairs.push(readLabelPair(series.message()));
      labelBytes = isNext ? series.position : -1;
    } else if (series.field === 2) samples.push(readSample(series.message()));
    else if (series.field === 3) exemplars.push(readExemplar(series.message()));
    else if (series.field === 4) histograms.push(readHistogram(series.message()));
    else series.skip();
  }
  return { labels: labelsFrom(pairs), samples, histograms, exemplars, labelBytes };
}

/** A `MetricMetadata`. */
function readFamily(r: WireReader, intake: Intake): void {
  let type = 0;
  let [family, help, unit] = ['', '', ''];
  while (r.next()) {
    if (r.field === 1) type = r.int();
    else if (r.field === 2) family = r.string();
    else if (r.field === 4) help = r.string();
    else if (r.field === 5) unit = r.string();
    else r.skip();
  }
  keepMetadata(intake, family, { type: metricTypeAt(type), help, unit });
}

/** A `Sample` of either version; only 2.0 tells when its series began. */
export function readSample(sample: WireReader): WireSample {
  let [low, high] = [0, 0];
  let [t, start] = [0, 0];
  while (sample.next()) {
    if (sample.field === 1) [low, high] = sample.fixed64();
    else if (sample.field === 2) t = sample.int();
    else if (sample.field === 3) start = sample.int();
    else sample.skip();
  }
  return { t, low, high, start };
}

function readExemplar(r: WireReader): Exemplar {
  const pairs: Label[] = [];
  let [v, t] = [0, 0];
  while (r.next()) {
    if (r.field === 1) pairs.push(readLabelPair(r.message()));
    else if (r.field === 2) v = r.double();
    else if (r.field === 3) t = r.int();
    else r.skip();
  }
  return { labels: labelsFrom(pairs), v, t };
}
