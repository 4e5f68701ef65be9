/** The streamed form of a remote read: frames of chunks, a series at a time. Source: Prometheus' remote read API, prompb/remote.proto. */
import { crc32c } from '../../shared/bytes/crc32c.ts';
import { WireWriter } from '../../shared/bytes/protobufWire.ts';
import type { Label, Labels } from '../../shared/model/labels.ts';
import { bitsOf } from '../../shared/model/sampleBits.ts';
import type { SeriesSamples } from '../remote/prompb.ts';
import { seriesChunks, type EncodedChunk } from '../tsdb/prometheus/seriesChunks.ts';

export const STREAMED_TYPE = 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse';

/** Frames go out together until they have this many bytes. */
const PIECE_BYTES = 64 * 1024;

/**
 * Frames of one query's series, which come sorted by labels. A frame has chunks of one series; a series whose chunks take more than
 * `frameBytesMax` goes on in the next frame.
 *
 * @param index of the query in its request.
 */
export async function* streamedFrames(
  allSeries: AsyncIterable<SeriesSamples>,
  index: number,
  frameBytesMax: number,
): AsyncGenerator<Uint8Array> {
  let pending: Uint8Array[] = [];
  let size = 0;
  for await (const { labels, times, values, histograms } of allSeries) {
    const chunks = seriesChunks({ labels, times, bits: bitsOf(values), histograms });
    for (const part of inFrames(chunks, frameBytesMax - labelBytes(labels))) {
      const frame = framed(message(labels, part, index));
      pending.push(frame);
      size += frame.length;
      if (size < PIECE_BYTES) continue;
      yield Buffer.concat(pending);
      [pending, size] = [[], 0];
    }
  }
  if (size > 0) yield Buffer.concat(pending);
}

/** Chunks gathered until they have more bytes than a frame is to have; one chunk at least. */
function* inFrames(chunks: Iterable<EncodedChunk>, bytesMax: number): Generator<EncodedChunk[]> {
  let part: EncodedChunk[] = [];
  let left = bytesMax;
  for (const chunk of chunks) {
    part.push(chunk);
    left -= chunk.bytes.length;
    if (left > 0) continue;
    yield part;
    [part, left] = [[], bytesMax];
  }
  if (part.length > 0) yield part;
}

/** About what labels take in a message. */
const labelBytes = (labels: Labels) => labels.reduce((sum, [name, value]) => sum + name.length + value.length + 6, 0);

/** A `ChunkedReadResponse`. */
function message(labels: Labels, chunks: readonly EncodedChunk[], index: number): Uint8Array {
  const out = new WireWriter();
  out.message(1, (series) => {
    for (const pair of labels) series.message(1, (field) => writeLabel(field, pair));
    for (const chunk of chunks) series.message(2, (field) => writeChunk(field, chunk));
  });
  return out.int(2, index).finish();
}

const writeLabel = (out: WireWriter, [name, value]: Label) => void out.string(1, name).string(2, value);

const writeChunk = (out: WireWriter, { minTime, maxTime, encoding, bytes }: EncodedChunk) =>
  void out.int(1, minTime).int(2, maxTime).int(3, encoding).bytesField(4, bytes);

/** The length as a varint, the checksum with its highest byte first, the message. */
function framed(body: Uint8Array): Uint8Array {
  const head: number[] = [];
  let rest = body.length;
  for (; rest > 0x7f; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
  head.push(rest);
  const frame = new Uint8Array(head.length + 4 + body.length);
  frame.set(head);
  new DataView(frame.buffer).setUint32(head.length, crc32c(body));
  frame.set(body, head.length + 4);
  return frame;
}
