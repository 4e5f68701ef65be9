/**
 * Memory for the numbers of results, used again. To the collector a few new megabytes are reason enough to look through the whole heap, which takes as
 * long as writing them; and the system would have to make as many pages anew.
 */
import { isOwn, release } from '../../shared/bytes/release.ts';

/** What is smaller does not matter, and what is larger is not kept. */
const KEPT_BYTES_MIN = 256 * 1024;
const KEPT_BYTES_MAX = 16 * 1024 * 1024;

/** Of this thread; nobody else has it. */
let kept: ArrayBuffer | undefined;

/** Room for numbers, which are any. */
export function takeNumbers(count: number): Float64Array<ArrayBuffer> {
  const bytes = Float64Array.BYTES_PER_ELEMENT * count;
  // A result that somebody keeps is not to hold many times what it needs.
  const fits =
    kept !== undefined && bytes >= KEPT_BYTES_MIN && bytes <= kept.byteLength && 4 * bytes >= kept.byteLength;
  if (!fits) return new Float64Array(count);
  const buffer = kept!;
  kept = undefined;
  return new Float64Array(buffer, 0, count);
}

/** @param numbers all that were taken, or the first of them; nothing looks into them any more. */
export function giveBackNumbers(numbers: Float64Array): void {
  const { buffer } = numbers;
  const { byteLength } = buffer;
  // Shared, or handed over already.
  if (!isOwn(buffer) || byteLength === 0) return;
  const isKept = byteLength >= KEPT_BYTES_MIN && byteLength <= KEPT_BYTES_MAX && byteLength > (kept?.byteLength ?? 0);
  const [given, other] = isKept ? [buffer, kept] : [kept, buffer];
  kept = given;
  if (other !== undefined) release(new Uint8Array(other));
}
