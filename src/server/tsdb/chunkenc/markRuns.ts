/** Runs of like cells, as chunks of all versions have them: length times four plus kind, until all rows are told. */
import type { ByteReader } from '../../../shared/bytes/byteReader.ts';
import type { ByteWriter } from '../../../shared/bytes/byteWriter.ts';

export function writeMarks(out: ByteWriter, kinds: Uint8Array): void {
  for (let i = 0; i < kinds.length;) {
    const from = i;
    while (i < kinds.length && kinds[i] === kinds[from]) i++;
    out.varint((i - from) * 4 + kinds[from]);
  }
}

/** Fills `kinds`. */
export function readMarks(input: ByteReader, kinds: Uint8Array): void {
  for (let i = 0; i < kinds.length;) {
    const run = input.varint();
    const length = run >> 2;
    if (length === 0 || i + length > kinds.length) throw new Error('marks that do not fit their rows');
    kinds.fill(run & 3, i, i + length);
    i += length;
  }
}
