/** Requests of remote write 2.0 whose samples say when their series began. */
import { compress } from 'snappyjs';
import { WireWriter } from '../../src/shared/bytes/protobufWire.ts';

export interface SeriesSince {
  readonly name: string;
  /** Number, help and unit. */
  readonly metadata?: readonly [type: number, help: string, unit: string];
  /** Milliseconds. A native histogram holds `v` observations in one bucket. */
  readonly samples: readonly { readonly t: number; readonly start: number; readonly v: number }[];
  readonly isHistogram?: boolean;
}

export function postSince(url: string, all: readonly SeriesSince[]): Promise<Response> {
  const symbols = [''];
  const ref = (text: string) => (symbols.includes(text) ? symbols.indexOf(text) : symbols.push(text) - 1);
  const out = new WireWriter();
  for (const { name, metadata, samples, isHistogram } of all)
    out.message(5, (series) => {
      series.packedInts(1, [ref('__name__'), ref(name), ref('job'), ref('j')]);
      for (const { t, start, v } of samples)
        if (isHistogram) series.message(3, (h) => writeHistogram(h, t, start, v));
        else series.message(2, (sample) => void sample.double(1, v).int(2, t).int(3, start));
      if (metadata === undefined) return;
      const [type, help, unit] = metadata;
      series.message(5, (message) => void message.int(1, type).int(3, ref(help)).int(4, ref(unit)));
    });
  for (const symbol of symbols) out.stringAlways(4, symbol);
  return fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
      'content-encoding': 'snappy',
    },
    body: new Uint8Array(compress(out.finish())),
  });
}

function writeHistogram(out: WireWriter, t: number, start: number, v: number): void {
  out.intAlways(1, v).double(3, v).zigzag(4, 2).double(5, 0.001).intAlways(6, 0);
  out.message(11, (span) => void span.zigzag(1, 3).int(2, 1));
  out.packedZigzag(12, [v]).int(15, t).int(17, start);
}
