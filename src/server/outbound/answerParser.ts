/**
 * Reads HTTP/1.1 answers out of what a socket brings, in whatever pieces it comes. Nothing is copied but the body, into its sink, and lines that
 * a piece ends within; nothing is allocated but the texts of three headers.
 *
 * As forgiving as Go's client, which the peers use: a line may end without \r, header names in any case, fields that mean nothing here are skipped.
 */

/** What is not HTTP/1. */
export class AnswerSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AnswerSyntaxError';
  }
}

/** Where bodies go. What it throws ends the answer. */
export interface BodySink {
  /** The head is read: status and headers are known. `length` is the body's if the server tells. */
  begin(answer: AnswerHead, length: number | undefined): void;
  /** The next bytes of the body, lent for the call. */
  write(bytes: Uint8Array, from: number, to: number): void;
}

export interface AnswerHead {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly location: string | undefined;
}

/** Bytes of the head, and of what follows the last chunk. */
export const HEAD_BYTES_MAX = 64 * 1024;
/** Bytes of the line before a chunk, extensions included. */
const CHUNK_LINE_BYTES_MAX = 4096;

/** Digits of a length that is a whole number for sure. */
const LENGTH_DIGITS_MAX = 15;

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;
const SEMICOLON = 0x3b;

type State = 'status' | 'headers' | 'sized' | 'untilClose' | 'chunkSize' | 'chunk' | 'chunkEnd' | 'trailers' | 'done';

export class AnswerParser implements AnswerHead {
  status = 0;
  contentType: string | undefined;
  contentEncoding: string | undefined;
  location: string | undefined;
  /** Whether the connection may be used again once the answer is whole. */
  keepsAlive = true;
  /** Whether any byte of the answer has come. */
  hasBegun = false;
  readonly #sink: BodySink;
  /** A server says the same of each page: texts are made once. */
  readonly #types = new KnownText();
  readonly #encodings = new KnownText();
  #state: State = 'status';
  /** Bytes of the head or of the trailers so far. */
  #headBytes = 0;
  #length: number | undefined;
  #isChunked = false;
  /** Bytes that the body, or the chunk, still has. */
  #left = 0;
  /** The beginning of a line whose end has not come. */
  #partial: Buffer = NO_BYTES;
  /** The line found last: bytes [lineFrom, lineTo) of `line`. */
  #line: Uint8Array = NO_BYTES;
  #lineFrom = 0;
  #lineTo = 0;

  constructor(sink: BodySink) {
    this.#sink = sink;
  }

  /** Another answer is to come. */
  start(): void {
    this.hasBegun = false;
    this.#partial = NO_BYTES;
    this.#startHead();
  }

  /**
   * Takes bytes [0, size) as they arrived.
   *
   * @returns whether the answer is whole. Bytes beyond its end are not looked at; a connection that has brought such is not kept.
   * @throws AnswerSyntaxError, and what the sink throws.
   */
  take(bytes: Uint8Array, size: number): boolean {
    if (size > 0) this.hasBegun = true;
    let at = 0;
    while (at < size && this.#state !== 'done') {
      at = this.#takesBytes() ? this.#takeBody(bytes, at, size) : this.#takeLine(bytes, at, size);
    }
    if (this.#state !== 'done') return false;
    if (at < size) this.keepsAlive = false;
    return true;
  }

  /** The connection has ended. @returns whether the answer is whole by that. */
  end(): boolean {
    this.keepsAlive = false;
    return this.#state === 'untilClose' || this.#state === 'done';
  }

  #startHead(): void {
    this.status = 0;
    this.contentType = undefined;
    this.contentEncoding = undefined;
    this.location = undefined;
    this.keepsAlive = true;
    this.#headBytes = 0;
    this.#length = undefined;
    this.#isChunked = false;
    this.#state = 'status';
  }

  #takesBytes(): boolean {
    return this.#state === 'sized' || this.#state === 'chunk' || this.#state === 'untilClose';
  }

  #takeBody(bytes: Uint8Array, at: number, size: number): number {
    if (this.#state === 'untilClose') {
      this.#sink.write(bytes, at, size);
      return size;
    }
    const to = Math.min(size, at + this.#left);
    this.#sink.write(bytes, at, to);
    this.#left -= to - at;
    if (this.#left === 0) this.#state = this.#state === 'chunk' ? 'chunkEnd' : 'done';
    return to;
  }

  /** Takes a line, or as much of it as there is. */
  #takeLine(bytes: Uint8Array, at: number, size: number): number {
    let end = at;
    while (end < size && bytes[end] !== NEWLINE) end++;
    const isWhole = end < size;
    this.#bound(end - at + this.#partial.length);
    if (isWhole && this.#partial.length === 0) {
      this.#setLine(bytes, at, end);
    } else {
      this.#partial = Buffer.concat([this.#partial, bytes.subarray(at, end)]);
      if (this.#state === 'status') checkProtocol(this.#partial, 0, this.#partial.length);
      if (!isWhole) return size;
      this.#setLine(this.#partial, 0, this.#partial.length);
      this.#partial = NO_BYTES;
    }
    this.#headBytes += this.#lineTo - this.#lineFrom + 1;
    this.#readLine();
    return end + 1;
  }

  #setLine(bytes: Uint8Array, from: number, to: number): void {
    this.#line = bytes;
    this.#lineFrom = from;
    this.#lineTo = to > from && bytes[to - 1] === RETURN ? to - 1 : to;
  }

  #bound(lineBytes: number): void {
    if (this.#state === 'chunkSize' || this.#state === 'chunkEnd') {
      if (lineBytes > CHUNK_LINE_BYTES_MAX) throw new AnswerSyntaxError('the line before a chunk does not end');
    } else if (this.#headBytes + lineBytes > HEAD_BYTES_MAX) {
      throw Object.assign(new Error('headers too large'), { code: 'UND_ERR_HEADERS_OVERFLOW' });
    }
  }

  #readLine(): void {
    const isEmpty = this.#lineFrom === this.#lineTo;
    switch (this.#state) {
      case 'status':
        return this.#readStatus();
      case 'headers':
        return isEmpty ? this.#endHead() : this.#readHeader();
      case 'chunkSize':
        return this.#readChunkSize();
      case 'chunkEnd':
        if (!isEmpty) throw new AnswerSyntaxError('a chunk is longer than it says');
        this.#state = 'chunkSize';
        return;
      case 'trailers':
        if (isEmpty) this.#state = 'done';
        return;
      default:
        throw new Error(`no line is awaited in ${this.#state}`);
    }
  }

  /** `HTTP/1.1 200 OK` */
  #readStatus(): void {
    const line = this.#line;
    const from = this.#lineFrom;
    checkProtocol(line, from, this.#lineTo);
    const minor = line[from + 7];
    for (let i = from + 9; i < from + 12; i++) {
      if (i >= this.#lineTo || !isDigit(line[i])) throw new AnswerSyntaxError('the first line has no status');
      this.status = this.status * 10 + line[i] - 0x30;
    }
    if (!isDigit(minor) || line[from + 8] !== SPACE) throw new AnswerSyntaxError('the first line has no version');
    this.keepsAlive = minor !== 0x30;
    this.#state = 'headers';
  }

  #readHeader(): void {
    const line = this.#line;
    const from = this.#lineFrom;
    // A continued line: none of the fields that count here is ever continued.
    if (line[from] === SPACE || line[from] === TAB) return;
    let colon = from;
    while (colon < this.#lineTo && line[colon] !== COLON) colon++;
    if (colon === this.#lineTo || colon === from) throw new AnswerSyntaxError('a header has no name');
    switch (colon - from) {
      case 8:
        if (nameIs(line, from, 'location')) this.location = this.#value(colon);
        break;
      case 10:
        if (nameIs(line, from, 'connection')) this.#readConnection(this.#value(colon).toLowerCase());
        break;
      case 12:
        if (nameIs(line, from, 'content-type')) this.contentType ??= this.#known(this.#types, colon);
        break;
      case 14:
        if (nameIs(line, from, 'content-length')) this.#readLength(colon);
        break;
      case 16:
        if (nameIs(line, from, 'content-encoding'))
          this.contentEncoding = this.#known(this.#encodings, colon).toLowerCase();
        break;
      case 17:
        if (nameIs(line, from, 'transfer-encoding')) this.#readTransfer(this.#value(colon).toLowerCase());
        break;
    }
  }

  #readConnection(value: string): void {
    const words = value.split(',').map((word) => word.trim());
    if (words.includes('close')) this.keepsAlive = false;
    else if (words.includes('keep-alive')) this.keepsAlive = true;
  }

  #readLength(colon: number): void {
    const line = this.#line;
    const [from, to] = this.#trim(colon);
    let length = to > from && to - from <= LENGTH_DIGITS_MAX ? 0 : NaN;
    for (let i = from; i < to; i++) length = isDigit(line[i]) ? length * 10 + line[i] - 0x30 : NaN;
    if (Number.isNaN(length) || (this.#length !== undefined && this.#length !== length))
      throw new AnswerSyntaxError(`Content-Length is ${JSON.stringify(this.#value(colon))}`);
    this.#length = length;
  }

  #readTransfer(value: string): void {
    if (value === 'identity') return;
    if (value !== 'chunked') throw new AnswerSyntaxError(`Transfer-Encoding is ${JSON.stringify(value)}`);
    this.#isChunked = true;
  }

  #endHead(): void {
    // What comes before the answer, such as 103 with hints for browsers.
    if (this.status >= 100 && this.status < 200) return this.#startHead();
    const isBodiless = this.status === 204 || this.status === 304;
    const length = isBodiless ? 0 : this.#isChunked ? undefined : this.#length;
    this.#sink.begin(this, length);
    this.#headBytes = 0;
    this.#left = length ?? 0;
    if (length !== undefined) this.#state = length === 0 ? 'done' : 'sized';
    else this.#state = this.#isChunked ? 'chunkSize' : 'untilClose';
  }

  #readChunkSize(): void {
    let size = 0;
    let at = this.#lineFrom;
    for (; at < this.#lineTo; at++) {
      const digit = hexDigit(this.#line[at]);
      if (digit < 0) break;
      size = size * 16 + digit;
    }
    const after = this.#line[at];
    const hasEnded = at === this.#lineTo || after === SEMICOLON || after === SPACE || after === TAB;
    if (at === this.#lineFrom || !hasEnded || size > Number.MAX_SAFE_INTEGER)
      throw new AnswerSyntaxError('a chunk does not begin with its size');
    this.#left = size;
    this.#headBytes = 0;
    this.#state = size === 0 ? 'trailers' : 'chunk';
  }

  /** The field's text, white space around it taken off. */
  #value(colon: number): string {
    const [from, to] = this.#trim(colon);
    return latin1(this.#line, from, to);
  }

  #known(text: KnownText, colon: number): string {
    const [from, to] = this.#trim(colon);
    return text.read(this.#line, from, to);
  }

  /** Where the field's text is, without the white space around it. */
  #trim(colon: number): readonly [from: number, to: number] {
    const line = this.#line;
    let from = colon + 1;
    let to = this.#lineTo;
    while (from < to && (line[from] === SPACE || line[from] === TAB)) from++;
    while (to > from && (line[to - 1] === SPACE || line[to - 1] === TAB)) to--;
    return [from, to];
  }
}

/** A text that is nearly always the one before: that one is given again. */
class KnownText {
  #bytes: Uint8Array = NO_BYTES;
  #text = '';

  read(line: Uint8Array, from: number, to: number): string {
    const bytes = this.#bytes;
    let same = bytes.length === to - from;
    for (let i = 0; same && i < bytes.length; i++) same = bytes[i] === line[from + i];
    if (same) return this.#text;
    this.#bytes = new Uint8Array(line.subarray(from, to));
    return (this.#text = latin1(line, from, to));
  }
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
}

const NO_BYTES = Buffer.alloc(0);
const PROTOCOL = Buffer.from('HTTP/1.');

/** What speaks another protocol is told from its first bytes; it might never send a line's end. */
function checkProtocol(bytes: Uint8Array, from: number, to: number): void {
  for (let i = 0; i < PROTOCOL.length && from + i < to; i++) {
    if (bytes[from + i] !== PROTOCOL[i]) throw new AnswerSyntaxError('expected HTTP/1.1');
  }
  if (to === from) throw new AnswerSyntaxError('expected HTTP/1.1');
}

/** Whether the bytes from `from` on are this name, which has letters and hyphens only, in any case. */
function nameIs(bytes: Uint8Array, from: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) if ((bytes[from + i] | 0x20) !== name.charCodeAt(i)) return false;
  return true;
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

function hexDigit(c: number): number {
  if (isDigit(c)) return c - 0x30;
  const letter = c | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
