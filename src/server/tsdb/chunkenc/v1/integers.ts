/** Version 1: runs of integers. Drawn in docs/chunks.md, "Version 1". */
import { BitReader } from '../../../../shared/bytes/bits.ts';
import type { ByteReader } from '../../../../shared/bytes/byteReader.ts';
import { unzigzag } from '../riceReader.ts';

/** What is coded: what a value has over the smallest; a step, never negative; a step, zigzagged; nothing, all steps are alike. */
const MODE = { direct: 0, steps: 1, zigzag: 2, steady: 3 } as const;

const bitReader = new BitReader();

/** Reads `n` values; the reader's end is that of the run. */
export function readIntegers(input: ByteReader, values: Float64Array, n: number): void {
  const header = input.u8();
  const mode = header >> 6;
  const k = header & 63;
  const base = input.zigzag();
  if (mode === MODE.steady) {
    const step = input.zigzag();
    for (let i = 0; i < n; i++) values[i] = base + i * step;
    return;
  }
  bitReader.reset(input.bytes, input.at, input.end);
  if (mode === MODE.direct) {
    for (let i = 0; i < n; i++) values[i] = base + bitReader.rice(k);
    return;
  }
  let v = base;
  values[0] = v;
  if (mode === MODE.steps) {
    for (let i = 1; i < n; i++) values[i] = v += bitReader.rice(k);
    return;
  }
  for (let i = 1; i < n; i++) {
    v += unzigzag(bitReader.rice(k));
    values[i] = v;
  }
}
