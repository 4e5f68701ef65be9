/** Takes an answer's body into memory of the pool, within the bounds. */
import type { AnswerHead, BodySink } from './answerParser.ts';
import { checkBodySize, checkCoding, holdBodyBytes, isPacked, releaseBodyBytes, unpackBody } from './body.ts';
import { pagePool } from './pagePool.ts';

/** A length that the server tells is believed up to this; beyond, memory grows as bytes come. */
const TRUSTED_LENGTH_MAX = 1024 * 1024;
const FIRST_SIZE = 16 * 1024;

const NO_BYTES = new Uint8Array(0);

export class PageSink implements BodySink {
  /** Whether a body is wanted. Throws if not; then the answer is given up. */
  readonly #check: (head: AnswerHead) => void;
  #limit = 0;
  #coding = '';
  #bytes: Uint8Array = NO_BYTES;
  #size = 0;
  #held = 0;

  constructor(check: (head: AnswerHead) => void) {
    this.#check = check;
  }

  /** @param limit bytes after decompression; 0 for the general bound. */
  start(limit: number): void {
    this.drop();
    this.#limit = limit;
  }

  begin(head: AnswerHead, length: number | undefined): void {
    this.#check(head);
    this.#coding = head.contentEncoding ?? '';
    checkCoding(this.#coding);
    if (length !== undefined) checkBodySize(length, this.#limit);
    this.#grow(Math.min(length ?? FIRST_SIZE, TRUSTED_LENGTH_MAX));
  }

  write(bytes: Uint8Array, from: number, to: number): void {
    const size = this.#size + to - from;
    checkBodySize(size, this.#limit);
    if (size > this.#bytes.length) this.#grow(Math.max(size, 2 * this.#bytes.length));
    this.#bytes.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), this.#size);
    this.#size = size;
  }

  /** The page, unpacked. It is the caller's, who gives it back to the pool. */
  finish(): Uint8Array | Promise<Uint8Array> {
    const body = this.#bytes.subarray(0, this.#size);
    if (isPacked(this.#coding)) return this.#unpack(body);
    this.#bytes = NO_BYTES;
    this.drop();
    return body;
  }

  async #unpack(body: Uint8Array): Promise<Uint8Array> {
    try {
      return await unpackBody(body, this.#coding, this.#limit);
    } finally {
      this.drop();
    }
  }

  /** Gives up what there is of a body. */
  drop(): void {
    pagePool.giveBack(this.#bytes);
    releaseBodyBytes(this.#held);
    this.#bytes = NO_BYTES;
    this.#size = 0;
    this.#held = 0;
  }

  #grow(size: number): void {
    const grown = pagePool.take(size);
    try {
      holdBodyBytes(grown.length - this.#held);
    } catch (error) {
      pagePool.giveBack(grown);
      throw error;
    }
    this.#held = grown.length;
    grown.set(this.#bytes.subarray(0, this.#size));
    pagePool.giveBack(this.#bytes);
    this.#bytes = grown;
  }
}
