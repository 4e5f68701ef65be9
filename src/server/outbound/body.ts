/** Reads an answer's body, bounded before and after decompression. */
import { promisify } from 'node:util';
import { gunzip, inflate, zstdDecompress } from 'node:zlib';
import { claimedSize, Unzipper } from './gunzip.ts';
import { BodySizeError, FetchError } from './httpFault.ts';

/** No page is larger than this, whatever `body_size_limit` says; larger ones would not be metrics. */
export const BODY_BYTES_MAX = 64 * 1024 * 1024;
/** Bytes of all bodies under way together. A scrape that would go over it fails, and the next one tries again. */
const IN_FLIGHT_BYTES_MAX = 256 * 1024 * 1024;
/** A page that unpacks to no more than this is unpacked at once; sending it to another thread and back would cost more. */
const INLINE_BYTES_MAX = 1024 * 1024;

let inFlight = 0;

/** Bytes held by bodies that are being read. */
export function bodyBytesInFlight(): number {
  return inFlight;
}

/** Counts bytes in, until `releaseBodyBytes` counts them out. @throws FetchError when there would be too many. */
export function holdBodyBytes(bytes: number): void {
  if (inFlight + bytes > IN_FLIGHT_BYTES_MAX)
    throw new FetchError('too many large pages are being read at once; set body_size_limit for the large ones');
  inFlight += bytes;
}

export function releaseBodyBytes(bytes: number): void {
  inFlight -= bytes;
}

type Decompress = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array> | Uint8Array;

const gunzipAway = promisify(gunzip);
const inflateAway = promisify(inflate);
const zstdAway = promisify(zstdDecompress);

const CODINGS: Readonly<Record<string, Decompress>> = {
  '': (bytes) => bytes,
  identity: (bytes) => bytes,
  gzip: gunzipPage,
  'x-gzip': gunzipPage,
  deflate: (bytes, options) => inflateAway(bytes, options),
  zstd: (bytes, options) => zstdAway(bytes, options),
};

const unzipper = new Unzipper();

function gunzipPage(bytes: Uint8Array, options: { maxOutputLength: number }): Promise<Uint8Array> | Uint8Array {
  const page =
    claimedSize(bytes) > INLINE_BYTES_MAX
      ? undefined
      : unzipper.unzip(bytes, Math.min(INLINE_BYTES_MAX, options.maxOutputLength));
  return page ?? gunzipAway(bytes, options);
}

/** What the request may ask for. */
export const ACCEPTED_CODINGS = 'gzip, zstd, deflate';

/**
 * @param limit bytes after decompression; 0 for BODY_BYTES_MAX alone.
 * @throws FetchError when a bound is met or the body is not what its coding says.
 */
export async function readBody(chunks: AsyncIterable<Uint8Array>, coding: string, limit: number): Promise<Uint8Array> {
  checkCoding(coding);
  let held = 0;
  try {
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of chunks) {
      size += chunk.length;
      checkBodySize(size, limit);
      holdBodyBytes(chunk.length);
      held += chunk.length;
      parts.push(chunk);
    }
    return await unpackBody(parts.length === 1 ? parts[0] : Buffer.concat(parts, size), coding, limit);
  } finally {
    releaseBodyBytes(held);
  }
}

export function isPacked(coding: string): boolean {
  return coding !== '' && coding !== 'identity';
}

/** @throws FetchError for a coding that was not asked for. */
export function checkCoding(coding: string): void {
  if (!Object.hasOwn(CODINGS, coding))
    throw new FetchError(`the answer's Content-Encoding ${JSON.stringify(coding)} is not one of ${ACCEPTED_CODINGS}`);
}

/** @throws FetchError for a body of more bytes than are allowed. */
export function checkBodySize(size: number, limit: number): void {
  const bound = boundOf(limit);
  if (size <= bound) return;
  const which =
    bound === limit ? `body_size_limit of ${limit} bytes` : `bound of ${bound} bytes that holds for every page`;
  throw new BodySizeError(`the page is larger than the ${which}; is this the metrics page?`);
}

/** A whole body without its coding, itself if it has none. @throws FetchError */
export async function unpackBody(bytes: Uint8Array, coding: string, limit: number): Promise<Uint8Array> {
  if (!isPacked(coding)) return bytes;
  try {
    return await CODINGS[coding](bytes, { maxOutputLength: boundOf(limit) });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'ERR_BUFFER_TOO_LARGE') checkBodySize(Infinity, limit);
    if (!code.startsWith('Z_') && !code.startsWith('ZSTD_')) throw error;
    const why = `the answer is not ${coding}, though its Content-Encoding says so (${(error as Error).message})`;
    throw new FetchError(why, { cause: error });
  }
}

function boundOf(limit: number): number {
  return limit > 0 ? Math.min(limit, BODY_BYTES_MAX) : BODY_BYTES_MAX;
}
