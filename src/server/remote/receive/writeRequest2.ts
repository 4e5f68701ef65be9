/**
 * A remote write request of version 2, read into an appender: texts are in a table of the request, and labels are numbers into it.
 * Source: prompb/io/prometheus/write/v2/types.proto of Prometheus, and the specification of remote write 2.0.
 */
import { WireReader } from '../../../shared/bytes/protobufWire.ts';
import { labelsFrom, labelValue, METRIC_NAME, type Label, type Labels } from '../../../shared/model/labels.ts';
import type { Exemplar, Metadata, MetricType } from '../../../shared/model/metadata.ts';
import { metricTypeAt, readHistogram, readNumbers, type WireHistogram } from '../prompb.ts';
import { keepMetadata, type Intake } from './intake.ts';
import { readSample } from './writeRequest.ts';
import { appendSeries, WriteOutcome, type WireSample } from './writtenSeries.ts';

/** @throws WireError when the bytes are no Request; what is wrong with a series alone is in the outcome. */
export function appendRequest2(message: Uint8Array, intake: Intake): WriteOutcome {
  const outcome = new WriteOutcome();
  const symbols: string[] = [];
  const all: Uint8Array[] = [];
  for (const request = new WireReader(message); request.next();) {
    if (request.field === 4) symbols.push(request.string());
    else if (request.field === 5) all.push(request.bytes());
    else request.skip();
  }
  for (const bytes of all) appendSeries2(readSeries2(bytes), symbols, intake, outcome);
  return outcome;
}

interface Series2 {
  readonly labelRefs: readonly number[];
  readonly samples: readonly WireSample[];
  readonly histograms: readonly WireHistogram[];
  readonly metadata: Metadata2;
  readonly exemplars: readonly { readonly labelRefs: readonly number[]; readonly v: number; readonly t: number }[];
}

/** Texts by their places in the table. */
interface Metadata2 {
  readonly type: number;
  readonly helpRef: number;
  readonly unitRef: number;
}

function readSeries2(bytes: Uint8Array): Series2 {
  const labelRefs: number[] = [];
  const samples: WireSample[] = [];
  const histograms: WireHistogram[] = [];
  const exemplars: Series2['exemplars'][number][] = [];
  let metadata: Metadata2 = { type: 0, helpRef: 0, unitRef: 0 };
  for (const r = new WireReader(bytes); r.next();) {
    if (r.field === 1) readNumbers(r, labelRefs);
    else if (r.field === 2) samples.push(readSample(r.message()));
    else if (r.field === 3) histograms.push(readHistogram(r.message()));
    else if (r.field === 4) exemplars.push(readExemplar2(r.message()));
    else if (r.field === 5) metadata = readMetadata2(r.message());
    else r.skip();
  }
  return { labelRefs, samples, histograms, metadata, exemplars };
}

function readMetadata2(r: WireReader): Metadata2 {
  let [type, helpRef, unitRef] = [0, 0, 0];
  while (r.next()) {
    if (r.field === 1) type = r.int();
    else if (r.field === 3) helpRef = r.int();
    else if (r.field === 4) unitRef = r.int();
    else r.skip();
  }
  return { type, helpRef, unitRef };
}

function readExemplar2(r: WireReader): Series2['exemplars'][number] {
  const labelRefs: number[] = [];
  let [v, t] = [0, 0];
  while (r.next()) {
    if (r.field === 1) readNumbers(r, labelRefs);
    else if (r.field === 2) v = r.double();
    else if (r.field === 3) t = r.int();
    else r.skip();
  }
  return { labelRefs, v, t };
}

function appendSeries2(series: Series2, symbols: readonly string[], intake: Intake, outcome: WriteOutcome): void {
  const labels = labelsAt(series.labelRefs, symbols);
  if (typeof labels === 'string') return void outcome.faults.add(labels);
  const metadata = metadataAt(series.metadata, symbols);
  if (typeof metadata === 'string') return void outcome.faults.add(metadata);
  const { samples, histograms } = series;
  // Prometheus sends exemplars in series of their own, though the specification, and its receiver, want a sample beside them.
  if (samples.length + histograms.length + series.exemplars.length === 0)
    return void outcome.faults.add('a series has neither a sample nor a histogram nor an exemplar');
  const exemplars: Exemplar[] = [];
  for (const { labelRefs, v, t } of series.exemplars) {
    const own = labelsAt(labelRefs, symbols);
    if (typeof own === 'string') outcome.faults.add(`an exemplar: ${own}`);
    else exemplars.push({ labels: own, v, t });
  }
  const before = outcome.samples + outcome.histograms;
  appendSeries({ labels, samples, histograms, exemplars }, intake, outcome);
  if (outcome.samples + outcome.histograms > before) keepMetadata(intake, familyOf(labels, metadata.type), metadata);
}

/** Metadata by its places in the table, or what is wrong with these. */
function metadataAt({ type, helpRef, unitRef }: Metadata2, symbols: readonly string[]): Metadata | string {
  const beyond = [helpRef, unitRef].find((ref) => ref !== 0 && ref >= symbols.length);
  if (beyond !== undefined) return `metadata reference ${beyond} is beyond the ${symbols.length} symbols`;
  return { type: metricTypeAt(type), help: symbols[helpRef] ?? '', unit: symbols[unitRef] ?? '' };
}

const FAMILY_PARTS: Partial<Record<MetricType, RegExp>> = {
  histogram: /_(bucket|count|sum)$/,
  gaugehistogram: /_(bucket|g?count|g?sum)$/,
  summary: /_(count|sum)$/,
};

/** The family of a series: metadata comes with each of them. */
function familyOf(labels: Labels, type: MetricType): string {
  const name = labelValue(labels, METRIC_NAME);
  const part = FAMILY_PARTS[type];
  return part === undefined ? name : name.replace(part, '');
}

/** Labels by their places in the table, or what is wrong with these. */
function labelsAt(refs: readonly number[], symbols: readonly string[]): Labels | string {
  if (refs.length % 2 !== 0) return `${refs.length} label references are no pairs`;
  const beyond = refs.find((ref) => ref >= symbols.length);
  if (beyond !== undefined) return `label reference ${beyond} is beyond the ${symbols.length} symbols`;
  const pairs: Label[] = [];
  const names = new Set<string>();
  for (let i = 0; i < refs.length; i += 2) {
    const name = symbols[refs[i]];
    if (name === '') return 'a label has no name';
    if (names.has(name)) return `label ${JSON.stringify(name)} is there twice`;
    names.add(name);
    pairs.push([name, symbols[refs[i + 1]]]);
  }
  return labelsFrom(pairs);
}
