/** Samples as remote write sends them, and the sending. */
import { compress } from 'snappyjs';
import { ByteWriter } from '../../src/shared/bytes/byteWriter.ts';
import { WireWriter } from '../../src/shared/bytes/protobufWire.ts';
import type { Labels } from '../../src/shared/model/labels.ts';

const SERIES = 0x0a;
const SAMPLE = 0x12;
const VALUE = 0x09;
const TIME = 0x10;

/** Compressed requests of version 1. The labels are written once: making a day's requests takes longer than sending them otherwise. */
export class RequestWriter {
  readonly #labels: readonly Uint8Array[];
  readonly #out = new ByteWriter();
  readonly #sample = new ByteWriter();

  constructor(series: readonly Labels[]) {
    this.#labels = series.map((own) => {
      const out = new WireWriter();
      for (const [name, text] of own) out.message(1, (label) => label.string(1, name).string(2, text));
      return out.finish().slice();
    });
  }

  /** A sample of each series, or of series [from, to), at each time. `values`: time after time, each by series. */
  request(
    values: Float64Array,
    times: readonly number[],
    from = 0,
    to = this.#labels.length,
  ): Uint8Array<ArrayBuffer> {
    const out = this.#out;
    const sample = this.#sample;
    out.clear();
    times.forEach((t, row) => {
      for (let i = from; i < to; i++) {
        const v = values[row * this.#labels.length + i];
        sample.clear();
        // A zero is not written.
        if (!Object.is(v, 0)) {
          sample.u8(VALUE);
          sample.f64(v);
        }
        sample.u8(TIME);
        sample.varint(t);
        const labels = this.#labels[i];
        out.u8(SERIES);
        out.varint(labels.length + 2 + sample.length);
        out.raw(labels);
        out.u8(SAMPLE);
        out.u8(sample.length);
        out.append(sample);
      }
    });
    return new Uint8Array(compress(out.copy()));
  }
}

export async function sendRequest(url: string, body: Uint8Array<ArrayBuffer>): Promise<void> {
  const headers = {
    'Content-Type': 'application/x-protobuf',
    'Content-Encoding': 'snappy',
    'X-Prometheus-Remote-Write-Version': '0.1.0',
  };
  const answer = await fetch(`${url}/api/v1/write`, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
}
