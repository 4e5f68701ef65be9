/** A file read here and there, mostly forwards: a window of it is kept. */
import fs from 'node:fs';
import { TruncatedError } from '../../../shared/bytes/byteReader.ts';

const WINDOW_BYTES = 1024 * 1024;

export class FileWindow {
  readonly file: string;
  readonly size: number;
  readonly #fd: number;
  #window = new Uint8Array(0);
  #from = 0;

  constructor(file: string) {
    this.file = file;
    this.#fd = fs.openSync(file, 'r');
    this.size = fs.fstatSync(this.#fd).size;
  }

  /** Up to `size` bytes from `place` on, fewer at the file's end; valid for good. */
  upTo(place: number, size: number): Uint8Array {
    const end = Math.min(place + size, this.size);
    if (place < this.#from || end > this.#from + this.#window.length) this.#load(place, Math.max(size, WINDOW_BYTES));
    return this.#window.subarray(place - this.#from, Math.max(place, end) - this.#from);
  }

  /** @throws TruncatedError where the file ends before. */
  exactly(place: number, size: number): Uint8Array {
    if (place + size > this.size) throw new TruncatedError(this.size);
    return this.upTo(place, size);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }

  #load(place: number, size: number): void {
    const bytes = new Uint8Array(Math.max(0, Math.min(size, this.size - place)));
    let done = 0;
    while (done < bytes.length) {
      const count = fs.readSync(this.#fd, bytes, done, bytes.length - done, place + done);
      if (count === 0) break;
      done += count;
    }
    this.#window = bytes.subarray(0, done);
    this.#from = place;
  }
}
