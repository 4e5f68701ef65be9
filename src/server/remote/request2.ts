/**
 * `Request` messages of remote write 2.0: texts in a table of the request, metadata with each series.
 * Source: prompb/io/prometheus/write/v2/types.proto of Prometheus.
 */
import { WireWriter } from '../../shared/bytes/protobufWire.ts';
import { labelValue, METRIC_NAME, type Labels } from '../../shared/model/labels.ts';
import type { Metadata, MetricType } from '../../shared/model/metadata.ts';
import type { OutgoingRow, OutgoingSeries } from './outgoing.ts';
import { METRIC_TYPES, writeHistogram } from './prompb.ts';
import type { RequestSamples } from './requestSamples.ts';

/** What is known of a metric family. */
export type MetadataOf = (family: string) => Metadata | undefined;

export function request2Of(
  samples: RequestSamples,
  allSeries: readonly OutgoingSeries[],
  metadataOf: MetadataOf,
): Uint8Array {
  const symbols = new Symbols();
  // The table comes first in the message, and is known last.
  const all = new WireWriter();
  for (const series of allSeries) {
    all.message(5, (out) => {
      out.packedInts(1, symbols.refsOf(series.labels));
      for (let s = samples.first(series); s >= 0; s = samples.next(s))
        writeSample(out, samples.row(s), samples.place(s), symbols);
      const metadata = metadataOfSeries(series.labels, metadataOf);
      if (metadata !== undefined) out.message(5, (message) => writeMetadata(message, metadata, symbols));
    });
  }
  const request = new WireWriter();
  for (const text of symbols.texts) request.stringAlways(4, text);
  return request.fields(all.finish()).finish();
}

/** Texts by their place; the first one is empty, as the specification has it. */
class Symbols {
  readonly #places = new Map<string, number>([['', 0]]);

  get texts(): Iterable<string> {
    return this.#places.keys();
  }

  ref(text: string): number {
    let place = this.#places.get(text);
    if (place === undefined) this.#places.set(text, (place = this.#places.size));
    return place;
  }

  refsOf(labels: Labels): number[] {
    return labels.flatMap(([name, value]) => [this.ref(name), this.ref(value)]);
  }
}

function writeSample(
  out: WireWriter,
  { t, words, histograms, exemplar }: OutgoingRow,
  at: number,
  symbols: Symbols,
): void {
  const histogram = histograms?.get(at);
  if (exemplar !== undefined)
    out.message(4, (message) => {
      message.packedInts(1, symbols.refsOf(exemplar.labels));
      message.double(2, exemplar.v).int(3, exemplar.t ?? t);
    });
  else if (histogram !== undefined) out.message(3, (message) => writeHistogram(message, histogram, t));
  else out.message(2, (sample) => void sample.fixed64(1, words[2 * at], words[2 * at + 1]).int(2, t));
}

function writeMetadata(out: WireWriter, { type, help, unit }: Metadata, symbols: Symbols): void {
  out.int(1, METRIC_TYPES[type]).int(3, symbols.ref(help)).int(4, symbols.ref(unit));
}

const SUFFIXES: readonly { readonly ends: RegExp; readonly types: readonly MetricType[] }[] = [
  { ends: /_(bucket|count|sum)$/, types: ['histogram', 'gaugehistogram', 'summary'] },
  { ends: /_total$/, types: ['counter'] },
  { ends: /_info$/, types: ['info'] },
];

/** That of the family that the series' name is of: its own name, or without what the parts of a family end with. */
function metadataOfSeries(labels: Labels, metadataOf: MetadataOf): Metadata | undefined {
  const name = labelValue(labels, METRIC_NAME);
  const own = metadataOf(name);
  if (own !== undefined) return own;
  for (const { ends, types } of SUFFIXES) {
    const family = ends.test(name) ? metadataOf(name.replace(ends, '')) : undefined;
    if (family !== undefined && types.includes(family.type)) return family;
  }
  return undefined;
}
