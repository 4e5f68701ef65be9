/**
 * The head of a request with a body, read only where all of it is as senders and clients of the API write it: a head of which anything else is one byte is
 * left to Node's reader, which knows what to refuse. Source: RFC 9112, sections 2 to 6.
 */
import type { PlainHead } from './plainRequest.ts';

/** Longer heads are those of browsers, and of nobody else. */
const HEAD_BYTES_MAX = 4 * 1024;
const END = Buffer.from('\r\n\r\n');
const LINE = /^POST (\/\S+) HTTP\/1\.1$/;
const FIELD = /^([a-z][a-z0-9-]*):[ \t]*([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)$/i;
const LENGTH = /\r\ncontent-length:[ \t]*/i;
const LENGTH_DIGITS_MAX = 9;

const ANY = /./;
/** Fields that do not change how a request is to be read, and what they may hold. */
const FIELDS: Readonly<Record<string, RegExp>> = {
  host: ANY,
  'user-agent': ANY,
  'content-length': /^[1-9][0-9]{0,8}$/,
  'content-type': ANY,
  'content-encoding': ANY,
  'x-prometheus-remote-write-version': ANY,
  'retry-attempt': ANY,
  accept: ANY,
  'accept-encoding': ANY,
  'accept-language': ANY,
  'sec-fetch-mode': ANY,
  traceparent: ANY,
  connection: /^keep-alive$/i,
};

/** A head as it was read once. Those that a client writes for a path differ in the digits of the size alone. */
export interface KnownHead extends PlainHead {
  readonly path: string;
  readonly beforeSize: Buffer;
  readonly afterSize: Buffer;
}

/** @returns undefined where not all of a head is there, or something in it is unusual. @param paths that are read. */
export function readHead(bytes: Buffer, paths: ReadonlyMap<string, unknown>): KnownHead | undefined {
  const end = bytes.subarray(0, HEAD_BYTES_MAX).indexOf(END);
  if (end < 0) return undefined;
  const text = bytes.toString('latin1', 0, end);
  const [line, ...lines] = text.split('\r\n');
  const path = LINE.exec(line)?.[1];
  if (path === undefined || !paths.has(path)) return undefined;
  const fields = fieldsOf(lines);
  const length = LENGTH.exec(text);
  if (fields?.host === undefined || length === null) return undefined;
  const digitsAt = length.index + length[0].length;
  const digitsEnd = digitsAt + fields['content-length'].length;
  // Copies: the bytes are a part of what holds a body.
  const beforeSize = Buffer.from(bytes.subarray(0, digitsAt));
  const afterSize = Buffer.from(bytes.subarray(digitsEnd, end + END.length));
  return { path, method: 'POST', search: '', fields, beforeSize, afterSize };
}

function fieldsOf(lines: readonly string[]): Record<string, string> | undefined {
  const fields: Record<string, string> = {};
  for (const line of lines) {
    const [, name, value] = FIELD.exec(line) ?? ['', '', ''];
    const key = name.toLowerCase();
    if (!Object.hasOwn(FIELDS, key) || !FIELDS[key].test(value) || Object.hasOwn(fields, key)) return undefined;
    fields[key] = value;
  }
  return fields;
}

/** Where the head ends and the size of the body; lent until the next call. */
const place = { end: 0, size: 0 };

/** @returns undefined where the bytes do not begin with such a head. */
export function sameHead(bytes: Buffer, { beforeSize, afterSize }: KnownHead): typeof place | undefined {
  let at = beforeSize.length;
  if (bytes.length < at || bytes.compare(beforeSize, 0, at, 0, at) !== 0) return undefined;
  const digitsEnd = Math.min(at + LENGTH_DIGITS_MAX, bytes.length);
  let size = 0;
  for (; at < digitsEnd; at++) {
    const digit = bytes[at] - 0x30;
    // No leading zero, as Node's reader takes one and nobody writes it.
    if (digit < 0 || digit > 9 || (digit === 0 && size === 0)) break;
    size = size * 10 + digit;
  }
  const end = at + afterSize.length;
  if (size === 0 || bytes.length < end || bytes.compare(afterSize, 0, afterSize.length, at, end) !== 0)
    return undefined;
  place.end = end;
  place.size = size;
  return place;
}
