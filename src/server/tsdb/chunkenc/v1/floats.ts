/** Version 1: floats by XOR. Drawn in docs/chunks.md, "Version 1". */
import { BitReader } from '../../../../shared/bytes/bits.ts';
import type { ByteReader } from '../../../../shared/bytes/byteReader.ts';

const bitReader = new BitReader();

/**
 * First value plain, then for each: 0 (same bits), or 1, then 0 (its changed bits lie within the window of the one before), or
 * 1 with a new window (leading zeros 6 bits, width less one 6 bits); then the window's bits.
 */
export function readXor(input: ByteReader, bits: Uint32Array, n: number): void {
  bitReader.reset(input.bytes, input.at, input.end);
  bits[0] = bitReader.bits(32);
  bits[1] = bitReader.bits(32);
  let shift = 0;
  let width = 0;
  for (let i = 1; i < n; i++) {
    bits[2 * i] = bits[2 * i - 2];
    bits[2 * i + 1] = bits[2 * i - 1];
    if (bitReader.bits(1) === 0) continue;
    if (bitReader.bits(1) === 1) {
      const leading = bitReader.bits(6);
      width = bitReader.bits(6) + 1;
      shift = 64 - leading - width;
    }
    const lowWidth = Math.max(0, Math.min(width, 32 - shift));
    if (lowWidth > 0) bits[2 * i] ^= bitReader.bits(lowWidth) << shift;
    if (width > lowWidth) bits[2 * i + 1] ^= bitReader.bits(width - lowWidth) << Math.max(0, shift - 32);
  }
}
