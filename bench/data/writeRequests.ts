/** Samples as remote write sends them, and the sending. */
import { compress } from 'snappyjs';
import { WireWriter } from '../../src/shared/bytes/protobufWire.ts';
import type { Labels } from '../../src/shared/model/labels.ts';

/** A compressed request of version 1: a sample of each series. */
export function writeRequest(labels: readonly Labels[], values: Float64Array, t: number): Uint8Array<ArrayBuffer> {
  const out = new WireWriter();
  labels.forEach((own, i) =>
    out.message(1, (series) => {
      for (const [name, text] of own) series.message(1, (label) => label.string(1, name).string(2, text));
      series.message(2, (sample) => sample.double(1, values[i]).int(2, t));
    }),
  );
  return new Uint8Array(compress(out.finish().slice()));
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
