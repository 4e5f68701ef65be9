/** Remote read of a Prometheus, as a client: chunks of series in a stream of frames. Source: its remote read specification. */
// The package has no types of its own; a declaration file cannot be imported, only referred to.
// eslint-disable-next-line @typescript-eslint/triple-slash-reference
/// <reference path="../../../shared/bytes/snappyjs.d.ts" />
import { compress } from 'snappyjs';
import { crc32c } from '../../../shared/bytes/crc32c.ts';
import { readLabelPair } from '../../../shared/bytes/labelPair.ts';
import { WireReader, WireWriter } from '../../../shared/bytes/protobufWire.ts';
import { labelsFrom, type Label, type Labels } from '../../../shared/model/labels.ts';
import type { Matcher } from '../../../shared/model/matchers.ts';
import { StorageError } from '../../storage/appender.ts';
import type { TimeRange } from '../../storage/queryable.ts';

const STREAMED_CHUNKS = 1;
const MATCH_TYPES = ['=', '!=', '=~', '!~'];
/** A frame of Prometheus has 1 MiB, or one series that has more. */
const FRAME_BYTES_MAX = 256 * 1024 * 1024;
const ERROR_TEXT_MAX = 300;

export interface ReadChunk {
  readonly encoding: number;
  readonly bytes: Uint8Array;
}

/** A series, or a part of it: the next one may be of the same series. */
export interface ReadSeries {
  readonly labels: Labels;
  readonly chunks: readonly ReadChunk[];
}

/**
 * The series that the matchers accept, with chunks that reach into the range (and beyond it).
 *
 * @throws StorageError 'io' for a server that cannot be reached or refuses, in its words.
 */
export async function* chunkedRead(
  url: URL,
  matchers: readonly Matcher[],
  range: TimeRange,
): AsyncGenerator<ReadSeries> {
  const response = await ask(url, matchers, range);
  for await (const frame of frames(response.body!)) {
    for (const message = new WireReader(frame); message.next();) {
      if (message.field === 1) yield readSeries(message.message());
      else message.skip();
    }
  }
}

async function ask(base: URL, matchers: readonly Matcher[], { minTime, maxTime }: TimeRange): Promise<Response> {
  const message = new WireWriter();
  message.message(1, (query) => {
    query.intAlways(1, minTime).intAlways(2, maxTime);
    for (const { op, name, value } of matchers) {
      query.message(3, (out) => out.int(1, MATCH_TYPES.indexOf(op)).string(2, name).string(3, value));
    }
  });
  message.intAlways(2, STREAMED_CHUNKS);
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/api/v1/read`;
  const login = decodeURIComponent(`${url.username}:${url.password}`);
  url.username = url.password = '';
  const refuse = (why: string, cause?: unknown) => new StorageError('io', `${url.href}: ${why}`, { cause });
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'x-prometheus-remote-read-version': '0.1.0',
        ...(login !== ':' && { authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
      },
      body: Buffer.from(compress(message.finish())),
    });
  } catch (error) {
    const { cause } = error as { cause?: Error };
    throw refuse(`${cause?.message ?? String(error)}; is a Prometheus there?`, error);
  }
  if (!response.ok) {
    const text = (await response.text()).trim().slice(0, ERROR_TEXT_MAX);
    throw refuse(`the server answers ${response.status}: ${text}`);
  }
  const type = response.headers.get('content-type') ?? '';
  if (!type.startsWith('application/x-streamed-protobuf'))
    throw refuse(`the server streams no chunks (it sent ${type})`);
  return response;
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
