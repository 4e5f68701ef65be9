/** The columns of a group with their labels: a part of a block's index that most blocks of a group have alike. Drawn in docs/block.md. */
import { createHash } from 'node:crypto';
import { ByteReader } from '../../../shared/bytes/byteReader.ts';
import { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import type { Labels } from '../../../shared/model/labels.ts';
import { readLabelSets, writeLabelSets } from '../wal/records.ts';

export const SECTION_HASH_SIZE = 16;

export interface LabelSection {
  /** Column numbers in the chunks, ascending. */
  readonly columns: Int32Array;
  readonly labels: readonly Labels[];
}

export function encodeSection({ columns, labels }: LabelSection): Uint8Array {
  const out = new ByteWriter(1024);
  out.varint(columns.length);
  let last = -1;
  for (const column of columns) {
    out.varint(column - last);
    last = column;
  }
  writeLabelSets(out, labels);
  return out.copy();
}

export function decodeSection(bytes: Uint8Array): LabelSection {
  const input = new ByteReader(bytes);
  const columns = new Int32Array(input.varint());
  for (let i = 0, column = -1; i < columns.length; i++) columns[i] = column += input.varint();
  return { columns, labels: readLabelSets(input) };
}

/** Tells sections apart: strong enough that equal hashes are equal sections. */
export function sectionHash(bytes: Uint8Array): string {
  return createHash('sha256')
    .update(bytes)
    .digest('hex')
    .slice(0, 2 * SECTION_HASH_SIZE);
}
