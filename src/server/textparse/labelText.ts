/** Names and values of labels out of a page's bytes. The same few stand in line after line, so texts that were made are used again. */
import { latin1 } from './floats.ts';

/** Texts are kept up to this length, this many of them: 512 kB at most. */
const KEPT_LENGTH_MAX = 64;
const KEPT_COUNT = 4096;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** By hash; the newest text stands. */
const kept: (string | undefined)[] = Array.from({ length: KEPT_COUNT }, () => undefined);

/** @throws TypeError for bytes that are not UTF-8. */
export function textOf(bytes: Uint8Array, from: number, to: number): string {
  if (to - from > KEPT_LENGTH_MAX) return UTF8.decode(bytes.subarray(from, to));
  let hash = 0x811c9dc5;
  let all = 0;
  for (let i = from; i < to; i++) {
    const c = bytes[i];
    all |= c;
    hash = Math.imul(hash ^ c, 0x01000193);
  }
  if (all >= 0x80) return UTF8.decode(bytes.subarray(from, to));
  const place = (hash ^ (hash >>> 15)) & (KEPT_COUNT - 1);
  const known = kept[place];
  if (known !== undefined && isText(known, bytes, from, to)) return known;
  return (kept[place] = latin1(bytes, from, to));
}

function isText(text: string, bytes: Uint8Array, from: number, to: number): boolean {
  if (text.length !== to - from) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false;
  return true;
}
