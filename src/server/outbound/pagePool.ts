/**
 * Memory for bodies, lent and given back, so that a scrape allocates none: memory outside the JavaScript heap that comes and goes with every page
 * makes the collector walk the whole heap again and again.
 */

/** Sizes grow by a quarter of a power of two, so that at most a fifth of a buffer is unused. */
const SIZE_MIN = 4096;
const STEPS_PER_DOUBLING = 4;
/** Buffers that nobody has on loan are kept up to this many bytes together. */
const IDLE_BYTES_MAX = 4 * 1024 * 1024;

export class PagePool {
  readonly #idle = new Map<number, ArrayBuffer[]>();
  #idleBytes = 0;
  /** What is given back twice, or was never lent, is not taken in. */
  readonly #lent = new WeakSet<ArrayBufferLike>();

  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** At least `size` bytes with anything in them. */
  take(size: number): Uint8Array<ArrayBuffer> {
    const length = lengthFor(size);
    let buffer = this.#idle.get(length)?.pop();
    if (buffer === undefined) buffer = Buffer.allocUnsafeSlow(length).buffer;
    else this.#idleBytes -= length;
    this.#lent.add(buffer);
    return new Uint8Array(buffer);
  }

  /** Ends a loan, given any view of the buffer. Bytes that are not this pool's are left to the collector. */
  giveBack({ buffer }: Uint8Array): void {
    if (!(buffer instanceof ArrayBuffer) || !this.#lent.delete(buffer)) return;
    const length = buffer.byteLength;
    if (this.#idleBytes + length > IDLE_BYTES_MAX) return;
    const list = this.#idle.get(length);
    if (list === undefined) this.#idle.set(length, [buffer]);
    else list.push(buffer);
    this.#idleBytes += length;
  }
}

function lengthFor(size: number): number {
  if (size <= SIZE_MIN) return SIZE_MIN;
  const step = 2 ** Math.floor(Math.log2(size - 1)) / STEPS_PER_DOUBLING;
  return Math.ceil(size / step) * step;
}

/** The pages of all scrapes. */
export const pagePool = new PagePool();
