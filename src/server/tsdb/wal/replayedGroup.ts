/**
 * A group while the log is read. Its records of samples are only collected at first: most of them are followed by a record of the chunk that
 * they became, and need not be decoded then. What is left in the end, or when an earlier chunk is missing, is decoded in its order.
 */
import { bitsOf, CELL_GAP, cellKind } from '../../../shared/model/sampleBits.ts';
import { ByteReader } from '../../../shared/bytes/byteReader.ts';
import { Chunk } from '../chunkenc/chunk.ts';
import { readNativeHistogram } from '../chunkenc/nativeHistogram.ts';
import { HISTOGRAM_HIGH, HISTOGRAM_LOW, type HeadGroup } from '../head/group.ts';
import { LooseGroup } from '../head/looseGroup.ts';
import { unpackInto } from '../head/packing.ts';
import { RestRows } from '../head/restRows.ts';
import { ChangeReader } from './changeReader.ts';
import { RECORD } from './records.ts';
import type { ReplayTarget } from './replayTarget.ts';
import { decodeCell, decodeRow } from './valueCodec.ts';

/** A record of samples that was not decoded yet. */
interface Pending {
  readonly type: number;
  readonly sequence: number;
  readonly isFresh: boolean;
  /** After its sequence. */
  readonly input: ByteReader;
}

/** A record that could not be used. */
export type OnDropped = (record: ByteReader, reason: unknown) => void;

const changeReader = new ChangeReader();
let row = new Float64Array(64);
let rowBits = bitsOf(row);

export class ReplayedGroup {
  readonly group: HeadGroup;
  readonly #target: ReplayTarget;
  readonly #onDropped: OnDropped;
  #pending: Pending[] = [];
  /** Rows of the last chunk's records that were not in it, and the last of those records. */
  #rest: { readonly bytes: Uint8Array; readonly to: number } | undefined;
  /** The values that a record builds on were decoded. */
  #hasValues = false;
  /** The newest samples of the columns are known up to this record. */
  #statedTo = 0;

  constructor(group: HeadGroup, target: ReplayTarget, onDropped: OnDropped) {
    this.group = group;
    this.#target = target;
    this.#onDropped = onDropped;
  }

  /** A record of samples. */
  collect(type: number, input: ByteReader): void {
    const header = input.varint();
    this.#pending.push({ type, sequence: Math.floor(header / 2), isFresh: header % 2 === 1, input });
  }

  /** Only in checkpoints: how far the group was, so that its order and its sequence go on. */
  state(input: ByteReader): void {
    const { group } = this;
    this.#statedTo = group.packedTo = group.logState.sequence = input.varint();
    if (input.u8() === 1) group.lastTime = Math.max(group.lastTime, input.zigzag());
    group.flushed(group.lastTime);
    for (let left = input.varint(); left > 0; left--) {
      const column = input.varint();
      const t = input.zigzag();
      const low = input.u32();
      const high = input.u32();
      if (group instanceof LooseGroup) group.setLast(column, t, low, high);
    }
  }

  /** What the records up to here became. */
  chunk(input: ByteReader): void {
    const { group } = this;
    const [from, to, restSize] = [input.varint(), input.varint(), input.varint()];
    const rest = restSize > 0 ? { bytes: input.raw(restSize), to } : undefined;
    const bytes = input.raw(input.end - input.at);
    const inBlocks = to <= this.#target.sequenceInBlocks(group);
    const chunk = inBlocks ? new Chunk(bytes) : this.#target.keepChunk(bytes);
    this.#pending = this.#pending.filter(({ sequence }) => sequence < from || sequence > to);
    if (inBlocks) {
      group.flushed(chunk.maxTime);
      if (rest !== undefined) rememberLast(this.#loose(), rest.bytes);
      this.#rest = undefined;
    } else {
      // An earlier chunk was lost, or never logged: its rows come before these.
      const follows = this.#rest === undefined || this.#rest.to === from - 1;
      if (this.#pending.length > 0 || !follows) {
        this.decode();
        this.#target.packRows(group);
      }
      this.#rest = rest;
      this.#target.chunk(group, chunk);
    }
    if (to > this.#statedTo) group.sawChunk(chunk);
    group.packedTo = group.logState.sequence = Math.max(group.logState.sequence, to);
    this.#hasValues = false;
  }

  /** Decodes what no chunk has. */
  decode(): void {
    const [pending, rest] = [this.#pending, this.#rest];
    this.#pending = [];
    this.#rest = undefined;
    if (rest !== undefined) this.#putBack(this.#loose(), rest.bytes);
    for (const record of pending) {
      try {
        this.#decodeRecord(record);
      } catch (error) {
        // The values after it are not what a record behind it builds on.
        this.#hasValues = false;
        this.#onDropped(record.input, error);
      }
    }
  }

  #putBack(group: LooseGroup, rest: Uint8Array): void {
    if (RestRows.isRows(rest)) {
      const rows = RestRows.read(new ByteReader(rest));
      rows.putInto(group);
      this.#target.restored(rows.times);
    } else {
      const chunk = new Chunk(rest);
      unpackInto(group, chunk);
      this.#target.restored(chunk.times);
    }
  }

  /** All of the log was read. */
  end(): void {
    this.decode();
    const { logState } = this.group;
    logState.sequence = Math.max(logState.sequence, this.#target.sequenceInBlocks(this.group));
  }

  #decodeRecord({ type, sequence, isFresh, input }: Pending): void {
    const { group } = this;
    const state = group.logState;
    const inBlocks = sequence <= this.#target.sequenceInBlocks(group);
    if (type === RECORD.histogram) {
      if (sequence === state.sequence + 1) state.sequence = sequence;
      this.#histogram(input, inBlocks);
    } else {
      if (isFresh) {
        state.reset();
        this.#hasValues = true;
      } else if (!this.#hasValues || sequence !== state.sequence + 1) {
        return this.#onDropped(input, undefined);
      }
      state.sequence = sequence;
      if (type !== RECORD.cells) this.#row(type, input, inBlocks);
      else this.#cells(input, inBlocks);
    }
    this.#target.filled(group);
  }

  #row(type: number, input: ByteReader, inBlocks: boolean): void {
    const { group } = this;
    const state = group.logState;
    const isChanges = type === RECORD.changes;
    if (isChanges) state.time += state.step += input.zigzag();
    else state.time += input.zigzag();
    const length = isChanges ? state.columns + input.zigzag() : input.varint();
    if (length > row.length) {
      row = new Float64Array(2 * length);
      rowBits = bitsOf(row);
    }
    if (isChanges) changeReader.read(input, state, rowBits, length);
    else decodeRow(input, state, rowBits, length);
    state.columns = length;
    if (group instanceof LooseGroup)
      return this.#looseRow(group, state.time, Math.min(length, group.columnCount), inBlocks);
    if (inBlocks) {
      group.lastTime = Math.max(group.lastTime, state.time);
      group.flushed(state.time);
      return;
    }
    const known = Math.min(length, group.columnCount);
    this.#target.row(group, state.time, { values: row, bits: rowBits, from: 0, length: known });
  }

  /** Samples of one time: what is a gap in the row was not among them. */
  #looseRow(group: LooseGroup, t: number, length: number, inBlocks: boolean): void {
    for (let column = 0; column < length; column++) {
      if (cellKind(rowBits, column) === CELL_GAP) continue;
      const [low, high] = [rowBits[2 * column], rowBits[2 * column + 1]];
      if (inBlocks) group.setLast(column, t, low, high);
      else this.#target.cell(group, column, t, low, high);
    }
  }

  #cells(input: ByteReader, inBlocks: boolean): void {
    const group = this.#loose();
    const state = group.logState;
    let column = 0;
    for (let left = input.varint(); left > 0; left--) {
      const step = input.varint();
      const zigzag = Math.floor(step / 2);
      column += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      if (step % 2 === 1) state.time += input.zigzag();
      decodeCell(input, state, column, rowBits, 0);
      if (column >= group.columnCount) continue;
      if (inBlocks) group.setLast(column, state.time, rowBits[0], rowBits[1]);
      else this.#target.cell(group, column, state.time, rowBits[0], rowBits[1]);
    }
  }

  #histogram(input: ByteReader, inBlocks: boolean): void {
    const group = this.#loose();
    const column = input.varint();
    const t = input.zigzag();
    if (column >= group.columnCount) return;
    if (inBlocks) group.setLast(column, t, HISTOGRAM_LOW, HISTOGRAM_HIGH);
    else this.#target.histogram(group, column, t, readNativeHistogram(input));
  }

  #loose(): LooseGroup {
    if (this.group instanceof LooseGroup) return this.group;
    throw new Error('single samples in a group of rows');
  }
}

/** Of rows beside a chunk that are in a block: their samples are not put back, but are their series' newest. */
function rememberLast(group: LooseGroup, rest: Uint8Array): void {
  if (RestRows.isRows(rest)) RestRows.read(new ByteReader(rest)).rememberIn(group);
  else group.sawChunk(new Chunk(rest));
}
