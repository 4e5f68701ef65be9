/** The streamed answer to a remote read: frames of series with chunks. Source: Prometheus' remote read API, prompb/remote.proto. */
import { crc32c } from '../../../shared/bytes/crc32c.ts';
import { readLabelPair } from '../../../shared/bytes/labelPair.ts';
import { WireReader } from '../../../shared/bytes/protobufWire.ts';
import { labelsFrom, type Label, type Labels } from '../../../shared/model/labels.ts';
import { StorageError } from '../../storage/appender.ts';

/** A frame of Prometheus has 1 MiB, or one series that has more. */
const FRAME_BYTES_MAX = 256 * 1024 * 1024;

export interface ReadChunk {
  readonly encoding: number;
  readonly bytes: Uint8Array;
}

/** A series, or a part of it: the next one may be of the same series. */
export interface ReadSeries {
  readonly labels: Labels;
  readonly chunks: readonly ReadChunk[];
}

/** @throws StorageError 'io' for a stream that ends early or is damaged. */
export async function* streamedSeries(body: AsyncIterable<Uint8Array>): AsyncGenerator<ReadSeries> {
  for await (const frame of frames(body)) {
    for (const message = new WireReader(frame); message.next();) {
      if (message.field === 1) yield readSeries(message.message());
      else message.skip();
    }
  }
}

/** Length as a varint, checksum, bytes. @throws StorageError for a stream that ends early or is damaged. */
async function* frames(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Buffer = Buffer.alloc(0);
  let parts: Uint8Array[] = [];
  let needed = 1;
  let size = 0;
  for await (const part of body) {
    parts.push(part);
    size += part.length;
    if (size < needed) continue;
    held = Buffer.concat(parts);
    for (let frame = frameAt(held); ; frame = frameAt(held)) {
      if (frame === undefined || frame.end > held.length) {
        needed = frame?.end ?? held.length + 1;
        break;
      }
      const bytes = held.subarray(frame.start, frame.end);
      if (crc32c(bytes) !== held.readUInt32BE(frame.start - 4))
        throw new StorageError('io', 'a frame arrived damaged; ask again');
      yield bytes;
      held = held.subarray(frame.end);
    }
    parts = [held];
    size = held.length;
  }
  if (size > 0) throw new StorageError('io', 'the server ended its answer early; its log may say why, then ask again');
}

function frameAt(bytes: Buffer): { start: number; end: number } | undefined {
  let [size, factor] = [0, 1];
  for (let i = 0; i < bytes.length; i++, factor *= 128) {
    size += (bytes[i] & 127) * factor;
    if (bytes[i] >= 128) continue;
    if (size > FRAME_BYTES_MAX)
      throw new StorageError('io', `the server sent a frame of ${size} bytes; ask for fewer series`);
    return { start: i + 5, end: i + 5 + size };
  }
  return undefined;
}

function readSeries(series: WireReader): ReadSeries {
  const pairs: Label[] = [];
  const chunks: ReadChunk[] = [];
  while (series.next()) {
    if (series.field === 1) pairs.push(readLabelPair(series.message()));
    else if (series.field === 2) chunks.push(readChunk(series.message()));
    else series.skip();
  }
  return { labels: labelsFrom(pairs), chunks };
}

function readChunk(chunk: WireReader): ReadChunk {
  let encoding = 0;
  let bytes: Uint8Array = new Uint8Array(0);
  while (chunk.next()) {
    if (chunk.field === 3) encoding = chunk.int();
    else if (chunk.field === 4) bytes = chunk.bytes();
    else chunk.skip();
  }
  return { encoding, bytes };
}
