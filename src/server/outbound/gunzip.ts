/**
 * Unpacks small gzip bodies on the spot, into memory of the pool, with one decompressor for all of them.
 *
 * `gunzipSync` makes a decompressor and its output anew for each body: 190 kB outside the heap for a page of 70 kB, which costs twice the time and makes
 * the collector walk the whole heap every few seconds. Node has no public call that uses one again; so this asks the stream's own handle, and does
 * without where a Node has another one.
 */
import { constants, createGunzip, gunzipSync, type Gunzip } from 'node:zlib';
import { pagePool } from './pagePool.ts';

/** What a stream of node:zlib works with: bytes in and out, then what is left of both in the state. */
interface Handle {
  writeSync(
    flush: number,
    from: Uint8Array,
    at: number,
    size: number,
    to: Uint8Array,
    toAt: number,
    room: number,
  ): void;
  reset(): void;
}
type Inner = Gunzip & { readonly _handle?: Partial<Handle> | null; readonly _writeState?: Uint32Array };

const SIZE_FIRST = 16 * 1024;

export class Unzipper {
  #stream: Inner | undefined;
  /** How often a handle was made. */
  handles = 0;

  /**
   * @param sizeMax at most so many bytes are unpacked.
   * @returns memory of the pool; undefined for more than `sizeMax`.
   * @throws the errors of node:zlib.
   */
  unzip(bytes: Uint8Array, sizeMax: number): Uint8Array | undefined {
    const stream = this.#ready();
    const handle = stream._handle;
    const state = stream._writeState;
    if (!isHandle(handle) || state === undefined) return unzipPlain(bytes, sizeMax);
    let out = pagePool.take(Math.min(claimedSize(bytes) + 1, sizeMax + 1));
    let size = 0;
    for (let left = bytes.length; ;) {
      handle.writeSync(constants.Z_FINISH, bytes, bytes.length - left, left, out, size, out.length - size);
      if (stream.errored) {
        pagePool.giveBack(out);
        throw stream.errored;
      }
      size = out.length - state[0];
      left = state[1];
      if (state[0] > 0 && size <= sizeMax) return out.subarray(0, size);
      const grown = size > sizeMax ? undefined : pagePool.take(2 * out.length);
      grown?.set(out);
      pagePool.giveBack(out);
      if (grown === undefined) return undefined;
      out = grown;
    }
  }

  /** A stream at its beginning. After a fault it is of no more use. */
  #ready(): Inner {
    const known = this.#stream;
    if (known !== undefined && !known.destroyed && isHandle(known._handle)) {
      known._handle.reset();
      return known;
    }
    this.handles++;
    // The fault is thrown here; that the stream tells of it too is of no interest.
    return (this.#stream = createGunzip().on('error', () => undefined));
  }
}

function isHandle(handle: Partial<Handle> | null | undefined): handle is Handle {
  return typeof handle?.writeSync === 'function' && typeof handle.reset === 'function';
}

/** Without the handle. */
function unzipPlain(bytes: Uint8Array, sizeMax: number): Uint8Array | undefined {
  try {
    return gunzipSync(bytes, { maxOutputLength: sizeMax });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw error;
  }
}

/** Gzip ends with the size that it unpacks to. It may lie. */
export function claimedSize(bytes: Uint8Array): number {
  if (bytes.length < 4) return SIZE_FIRST;
  return new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4).getUint32(0, true);
}
