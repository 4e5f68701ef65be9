/**
 * The newest rows of a loose group, which stay unpacked when the older ones become a chunk: taken out of its slabs, logged beside the chunk as rows
 * are, and put back. Drawn in docs/wal.md, "Chunks".
 */
import { ByteReader } from '../../../shared/bytes/byteReader.ts';
import { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import { bitsOf, CELL_GAP, cellKind } from '../../../shared/model/sampleBits.ts';
import { readNativeHistogram, writeNativeHistogram } from '../chunkenc/nativeHistogram.ts';
import { StagedCells } from '../stagedCells.ts';
import { LogState } from '../wal/logState.ts';
import { decodeRow, encodeRow } from '../wal/valueCodec.ts';
import type { HeadRows } from './headRows.ts';
import type { LooseGroup } from './looseGroup.ts';

/** In place of a chunk's version. */
const ROWS = 0;

interface HistogramCell {
  readonly row: number;
  readonly column: number;
  readonly h: NativeHistogram;
}

const cells = new StagedCells();
const tokens = new ByteWriter();

export class RestRows {
  readonly times: Float64Array;
  readonly #columns: number;
  /** Row after row. */
  readonly #values: Float64Array;
  readonly #bits: Uint32Array;
  readonly #histograms: HistogramCell[] = [];

  private constructor(times: Float64Array, columns: number, values: Float64Array) {
    this.times = times;
    this.#columns = columns;
    this.#values = values;
    this.#bits = bitsOf(values);
  }

  /** A copy of the rows from `from` on. */
  static of(rows: HeadRows, columns: number, from: number): RestRows {
    const times = rows.times.slice(from);
    const rest = new RestRows(times, columns, new Float64Array(times.length * columns));
    const bits = rest.#bits;
    let words: Uint32Array | undefined;
    for (let column = 0; column < columns; column++) {
      const cells = rows.readColumn(column, from);
      words ??= bitsOf(cells);
      for (let row = 0, word = 2 * column, at = 2 * from; row < times.length; row++, word += 2 * columns, at += 2) {
        bits[word] = words[at];
        bits[word + 1] = words[at + 1];
      }
      const histograms = rows.columnHistograms(column, from, rows.times.length);
      if (histograms !== undefined) for (const [row, h] of histograms) rest.#histograms.push({ row, column, h });
    }
    return rest;
  }

  /** Whether bytes of the log are such rows; a chunk otherwise. */
  static isRows(bytes: Uint8Array): boolean {
    return bytes[0] === ROWS;
  }

  static read(input: ByteReader): RestRows {
    input.u8();
    const times = new Float64Array(input.varint());
    const columns = input.varint();
    const rest = new RestRows(times, columns, new Float64Array(times.length * columns));
    const state = new LogState();
    for (let row = 0; row < times.length; row++) {
      times[row] = (row === 0 ? 0 : times[row - 1]) + input.zigzag();
      const size = input.varint();
      decodeRow(
        new ByteReader(input.raw(size)),
        state,
        rest.#bits.subarray(2 * row * columns, 2 * (row + 1) * columns),
        columns,
      );
    }
    for (let left = input.varint(); left > 0; left--)
      rest.#histograms.push({ row: input.varint(), column: input.varint(), h: readNativeHistogram(input) });
    return rest;
  }

  writeTo(out: ByteWriter): void {
    out.u8(ROWS);
    out.varint(this.times.length);
    out.varint(this.#columns);
    const state = new LogState();
    for (let row = 0; row < this.times.length; row++) {
      out.zigzag(this.times[row] - (row === 0 ? 0 : this.times[row - 1]));
      tokens.clear();
      encodeRow(tokens, state, this.#values, this.#bits, row * this.#columns, this.#columns);
      out.varint(tokens.length);
      out.append(tokens);
    }
    out.varint(this.#histograms.length);
    for (const { row, column, h } of this.#histograms) {
      out.varint(row);
      out.varint(column);
      writeNativeHistogram(out, h);
    }
  }

  /** As their columns' newest samples, and no more. */
  rememberIn(group: LooseGroup): void {
    const bits = this.#bits;
    for (let row = 0, cell = 0; row < this.times.length; row++)
      for (let column = 0; column < this.#columns; column++, cell++)
        if (cellKind(bits, cell) !== CELL_GAP)
          group.setLast(column, this.times[row], bits[2 * cell], bits[2 * cell + 1]);
  }

  putInto(group: LooseGroup): void {
    const bits = this.#bits;
    for (const { row, column, h } of this.#histograms) {
      const word = 2 * (row * this.#columns + column);
      const at = group.setSample(column, this.times[row], bits[word], bits[word + 1]);
      if (at >= 0) group.setHistogram(at, column, h);
    }
    cells.clear();
    for (let row = 0; row < this.times.length; row++)
      for (let column = 0, cell = row * this.#columns; column < this.#columns; column++, cell++)
        if (cellKind(bits, cell) !== CELL_GAP) cells.push(column, this.times[row], bits[2 * cell], bits[2 * cell + 1]);
    group.setSamples(cells);
  }
}
