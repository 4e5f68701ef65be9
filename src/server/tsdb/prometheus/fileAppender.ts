/** A file written from its beginning to its end, in large pieces. */
import fs from 'node:fs';

const PIECE_BYTES = 1024 * 1024;

export class FileAppender {
  readonly #fd: number;
  readonly #pieces: Uint8Array[] = [];
  #pending = 0;
  /** Bytes appended so far. */
  place = 0;

  constructor(file: string) {
    this.#fd = fs.openSync(file, 'wx');
  }

  /** Copies the bytes. */
  append(bytes: Uint8Array): void {
    this.#pieces.push(bytes.slice());
    this.#pending += bytes.length;
    this.place += bytes.length;
    if (this.#pending >= PIECE_BYTES) this.#write();
  }

  /** Zero bytes up to a multiple of `size`. */
  pad(size: number): void {
    const over = this.place % size;
    if (over > 0) this.append(new Uint8Array(size - over));
  }

  /** Synced and closed. */
  close(): void {
    try {
      this.#write();
      fs.fsyncSync(this.#fd);
    } finally {
      fs.closeSync(this.#fd);
    }
  }

  #write(): void {
    const bytes = Buffer.concat(this.#pieces.splice(0));
    this.#pending = 0;
    for (let done = 0; done < bytes.length;) done += fs.writeSync(this.#fd, bytes, done);
  }
}
