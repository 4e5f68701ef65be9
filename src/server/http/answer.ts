/** From pieces of text to a response: buffered while small, streamed with back-pressure when large, compressed as the client asks. */
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { release } from '../../shared/bytes/release.ts';
import { jsonGzip, TEXT_BYTES_MAX } from '../gzip/jsonGzip.ts';
import type { AnswerPieces } from '../storage/engine.ts';
import { acceptClauses } from './accept.ts';

/** Text is gathered to pieces of about this many characters before it becomes bytes. */
const PIECE_CHARS = 64 * 1024;
/** Answers up to this size go out as one body; larger ones are streamed. */
const BUFFERED_BYTES_MAX = 1024 * 1024;
/** Below this size compression costs more than it saves. */
const COMPRESSED_BYTES_MIN = 1024;
/** What a body becomes smaller by at least, mostly: a chunk of its compressed form is asked for from another thread, and one is quicker than many. */
const COMPRESSED_SHARE = 4;
const COMPRESSED_CHUNK_MIN = 4 * 1024;
/** Up to this size it is compressed where it is, which takes two milliseconds at most: going to another thread and back takes a third of one. */
const COMPRESSED_HERE_MAX = 256 * 1024;
/** JSON from this size on is compressed by our own kernel, up to what that takes: two milliseconds as well (docs/decisions/048). Below, zlib is as quick. */
const JSON_GZIP_MIN = 8 * 1024;
/** What our JSON begins with. */
const BRACE = 0x7b;
/**
 * Speed before size: the link is rarely the bottleneck, a core of a small machine is. Numbers in text repeat what stands near, if anything: a window of
 * 8 KB finds more than one of 32, as what is near is written shorter, and needs less memory.
 */
const GZIP = { level: 1, windowBits: 13 };
const ZSTD_LEVEL = 1;

export const JSON_TYPE = 'application/json';
export const TEXT_TYPE = 'text/plain; charset=utf-8';
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Answers of the API are data: nothing in them is to be run or framed. */
export const DATA_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

/** Small JSON, whole and uncompressed. As bytes: of text the framework would add a charset to the type, which JSON's has not. */
export function sendJson(reply: FastifyReply, json: string): FastifyReply {
  return reply.type(JSON_TYPE).send(Buffer.from(json));
}

export type Encoding = 'zstd' | 'gzip' | 'identity';

const zstdOptions: zlib.ZstdOptions = { params: { [zlib.constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL } };
const gzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gzip);
const zstd = promisify<Buffer, zlib.ZstdOptions, Buffer>(zlib.zstdCompress);

/** What clients take is mostly the same. */
let asked: { readonly header: string | undefined; readonly encoding: Encoding } | undefined;

/** The best of our encodings among those that the client takes, by its q-values. */
export function acceptedEncoding(header: string | undefined): Encoding {
  if (asked === undefined || asked.header !== header) asked = { header, encoding: bestEncoding(header) };
  return asked.encoding;
}

function bestEncoding(header: string | undefined): Encoding {
  let best: Encoding = 'identity';
  let bestQ = 0;
  const q = new Map(acceptClauses((header ?? '').toLowerCase()).map((clause) => [clause.name, clause.q]));
  for (const encoding of ['zstd', 'gzip'] as const) {
    const weight = q.get(encoding) ?? q.get('*') ?? 0;
    if (weight > bestQ) [best, bestQ] = [encoding, weight];
  }
  return best;
}

/** Sends pieces of text as one response. The pieces are asked for as the client takes them. */
export function sendTexts(
  request: FastifyRequest,
  reply: FastifyReply,
  texts: Iterable<string>,
  contentType = JSON_TYPE,
): Promise<FastifyReply> {
  return sendPieces(request, reply, bytesOf(texts), contentType);
}

/** The same of bytes. */
export async function sendPieces(
  request: FastifyRequest,
  reply: FastifyReply,
  pieces: Iterable<Uint8Array> | AnswerPieces,
  contentType = JSON_TYPE,
): Promise<FastifyReply> {
  reply.type(contentType).header('vary', varyWith(reply, 'Accept-Encoding'));
  const { content, encoding } = await bodyOf(request.headers['accept-encoding'], pieces);
  if (encoding !== 'identity') reply.header('content-encoding', encoding);
  return reply.send(content);
}

/** What is sent: as a whole, or as it is made. */
export interface Body {
  readonly content: Buffer | Readable;
  readonly encoding: Encoding;
}

/** @param accepted the client's `Accept-Encoding`. */
export async function bodyOf(accepted: string | undefined, pieces: Iterable<Uint8Array> | AnswerPieces): Promise<Body> {
  const encoding = acceptedEncoding(accepted);
  const rest = iteratorOf(pieces);
  const areOurs = 'areHandedOver' in pieces && pieces.areHandedOver === true;
  const first: Buffer[] = [];
  let size = 0;
  // What is one piece is there as a whole already, however large.
  while (size <= BUFFERED_BYTES_MAX || first.length === 1) {
    const next = await rest.next();
    if (next.done === true) return gathered(first, areOurs, encoding);
    first.push(bufferOf(next.value));
    size += next.value.length;
  }
  const source = Readable.from(chained(first, rest), { objectMode: false, highWaterMark: PIECE_CHARS });
  if (encoding === 'identity') return { content: source, encoding };
  const compressor = encoding === 'gzip' ? zlib.createGzip(GZIP) : zlib.createZstdCompress(zstdOptions);
  source.once('error', (error) => compressor.destroy(error));
  compressor.once('close', () => source.destroy());
  return { content: source.pipe(compressor), encoding };
}

/** @param areOurs whether nothing else looks into the pieces. */
function gathered(pieces: readonly Buffer[], areOurs: boolean, encoding: Encoding): Body | Promise<Body> {
  if (pieces.length === 1) return whole(pieces[0], areOurs, encoding);
  const content = Buffer.concat(pieces);
  if (areOurs) pieces.forEach(release);
  return whole(content, true, encoding);
}

function whole(body: Buffer, isOurs: boolean, encoding: Encoding): Body | Promise<Body> {
  if (encoding === 'identity' || body.length < COMPRESSED_BYTES_MIN) return { content: body, encoding: 'identity' };
  return smaller(body, isOurs, encoding);
}

async function smaller(body: Buffer, isOurs: boolean, encoding: 'gzip' | 'zstd'): Promise<Body> {
  const chunkSize = Math.max(COMPRESSED_CHUNK_MIN, Math.ceil(body.length / COMPRESSED_SHARE));
  const content = await compressed(body, encoding, chunkSize);
  if (isOurs) release(body);
  return { content, encoding };
}

function compressed(body: Buffer, encoding: 'gzip' | 'zstd', chunkSize: number): Buffer | Promise<Buffer> {
  const isHere = body.length <= COMPRESSED_HERE_MAX;
  if (encoding === 'gzip' && isForKernel(body)) return jsonGzip(body);
  if (encoding === 'gzip') return (isHere ? zlib.gzipSync : gzip)(body, { ...GZIP, chunkSize });
  return (isHere ? zlib.zstdCompressSync : zstd)(body, { ...zstdOptions, chunkSize });
}

const isForKernel = (body: Buffer) =>
  body.length >= JSON_GZIP_MIN && body.length <= TEXT_BYTES_MAX && body[0] === BRACE;

function* bytesOf(texts: Iterable<string>): Generator<Buffer, undefined> {
  let pending = '';
  for (const text of texts) {
    pending += text;
    if (pending.length < PIECE_CHARS) continue;
    yield Buffer.from(pending);
    pending = '';
  }
  if (pending !== '') yield Buffer.from(pending);
}

type Pieces = Iterator<Uint8Array> | AsyncIterator<Uint8Array>;

const iteratorOf = (pieces: Iterable<Uint8Array> | AnswerPieces): Pieces =>
  Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();

/** The same memory. */
const bufferOf = ({ buffer, byteOffset, length }: Uint8Array) => Buffer.from(buffer, byteOffset, length);

/** Pieces that were taken already, and the rest. */
export async function* chained(first: readonly Uint8Array[], rest: Pieces): AsyncGenerator<Buffer> {
  try {
    yield* first.map(bufferOf);
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield bufferOf(next.value);
  } finally {
    await rest.return?.();
  }
}

export function varyWith(reply: FastifyReply, name: string): string {
  const vary = reply.getHeader('vary');
  return typeof vary === 'string' ? `${vary}, ${name}` : name;
}

/** `{"status":"success","data":[…]}` of items that are JSON already, with warnings. */
export function* listJson(items: Iterable<string>, warnings: readonly string[] = []): Generator<string> {
  let separator = '{"status":"success","data":[';
  for (const item of items) {
    yield separator + item;
    separator = ',';
  }
  if (separator !== ',') yield separator;
  yield ']';
  if (warnings.length > 0) yield `,"warnings":${JSON.stringify(warnings)}`;
  yield '}';
}

export function* dataJson(data: unknown): Generator<string> {
  yield `{"status":"success","data":${JSON.stringify(data)}}`;
}
