/**
 * Reading the log back. Frames whose checksum does not hold are never used: an incomplete end is cut and counted, a damaged middle is
 * reported and skipped to the next good frame, and rows that build on a lost row are dropped until one that stands alone.
 */
import fs from 'node:fs';
import path from 'node:path';
import { ByteReader } from '../../../shared/bytes/byteReader.ts';
import { crc32c } from '../../../shared/bytes/crc32c.ts';
import { bitsOf } from '../../../shared/model/sampleBits.ts';
import { readNativeHistogram } from '../chunkenc/nativeHistogram.ts';
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import type { TimedExemplar } from '../exemplars.ts';
import type { HeadGroup } from '../head/group.ts';
import { LooseGroup } from '../head/looseGroup.ts';
import type { Log } from '../options.ts';
import type { Labels } from '../../../shared/model/labels.ts';
import {
  FRAME_HEADER_SIZE,
  FRAME_MARK,
  frameChecksum,
  SEGMENT_HEADER_SIZE,
  SEGMENT_MAGIC,
  SEGMENT_VERSION,
  segmentName,
} from './log.ts';
import { readLabelSets, RECORD, type RowView } from './records.ts';
import { decodeCell, decodeRow } from './valueCodec.ts';

/** What replay fills. */
export interface ReplayTarget {
  restoreGroup(ref: number, kind: 'rows' | 'loose', key: string): HeadGroup;
  restoreColumn(group: HeadGroup, column: number, labels: Labels): void;
  /** The records of a group up to this sequence are in blocks. */
  sequenceInBlocks(group: HeadGroup): number;
  row(group: HeadGroup, t: number, row: RowView): void;
  cell(group: LooseGroup, column: number, t: number, low: number, high: number): void;
  histogram(group: LooseGroup, column: number, t: number, h: NativeHistogram): void;
  exemplar(group: HeadGroup, column: number, exemplar: TimedExemplar): void;
}

export interface ReplayCounts {
  records: number;
  tornRecordsCut: number;
  corruptions: number;
  corruptBytes: number;
  recordsDropped: number;
}

export class Replay {
  readonly counts: ReplayCounts = { records: 0, tornRecordsCut: 0, corruptions: 0, corruptBytes: 0, recordsDropped: 0 };
  readonly #target: ReplayTarget;
  readonly #log: Log;
  /** Groups by the number that the log gives them. */
  readonly #groups = new Map<number, HeadGroup>();
  #row = new Float64Array(64);
  #rowBits = bitsOf(this.#row);

  constructor(target: ReplayTarget, log: Log) {
    this.#target = target;
    this.#log = log;
  }

  /** @param isLast whether an incomplete end may be what a crash left; it is cut off the file then. */
  readSegment(folder: string, index: number, isLast: boolean): void {
    const file = path.join(folder, segmentName(index));
    const bytes = fs.readFileSync(file);
    if (!isSegmentHeader(bytes, index)) {
      if (isLast && bytes.length <= SEGMENT_HEADER_SIZE) {
        // The process ended while it made the segment; nothing was in it.
        this.counts.tornRecordsCut++;
        return fs.rmSync(file);
      }
      this.#reportCorrupt(file, 0, Math.min(bytes.length, SEGMENT_HEADER_SIZE));
    }
    this.readFrames(file, bytes, SEGMENT_HEADER_SIZE, isLast);
  }

  readFrames(file: string, bytes: Uint8Array, from: number, isLast: boolean): void {
    let at = from;
    while (at < bytes.length) {
      const end = frameEnd(bytes, at);
      if (end > 0) {
        this.#record(file, bytes, at, end);
        at = end;
        continue;
      }
      let next = at + 1;
      while (next < bytes.length && frameEnd(bytes, next) < 0) next++;
      if (next >= bytes.length && isLast) return this.#cut(file, at, bytes.length);
      this.#reportCorrupt(file, at, next);
      at = next;
    }
  }

  #record(file: string, bytes: Uint8Array, at: number, end: number): void {
    this.counts.records++;
    try {
      this.#apply(bytes[at + 1], new ByteReader(bytes, at + FRAME_HEADER_SIZE, end));
    } catch (error) {
      // The checksum holds, so this is a record of another version or our own mistake: not used, and said.
      this.counts.recordsDropped++;
      this.#log('error', 'a log record was not understood and left out', { file, at, reason: String(error) });
    }
  }

  #apply(type: number, input: ByteReader): void {
    const ref = input.varint();
    if (type === RECORD.group) {
      const kind = input.u8() === 0 ? 'rows' : 'loose';
      this.#groups.set(ref, this.#target.restoreGroup(ref, kind, input.text()));
      return;
    }
    const group = this.#groups.get(ref);
    if (group === undefined) {
      this.counts.recordsDropped++;
      return;
    }
    if (type === RECORD.series) this.#series(group, input);
    else if (type === RECORD.row || type === RECORD.cells) this.#changes(type, group, input);
    else if (type === RECORD.histogram && group instanceof LooseGroup) this.#histogram(group, input);
    else if (type === RECORD.exemplar) this.#exemplar(group, input);
    else if (type === RECORD.columnState) this.#columnState(group, input);
    else throw new Error(`record type ${type}`);
  }

  #series(group: HeadGroup, input: ByteReader): void {
    let column = input.varint();
    for (const labels of readLabelSets(input)) this.#target.restoreColumn(group, column++, labels);
  }

  #changes(type: number, group: HeadGroup, input: ByteReader): void {
    const header = input.varint();
    const sequence = Math.floor(header / 2);
    const state = group.logState;
    if (header % 2 === 1) state.reset();
    else if (sequence !== state.sequence + 1) {
      this.counts.recordsDropped++;
      return;
    }
    state.sequence = sequence;
    const inBlocks = sequence <= this.#target.sequenceInBlocks(group);
    if (type === RECORD.row) this.#decodeRow(group, input, inBlocks);
    else if (group instanceof LooseGroup) this.#decodeCells(group, input, inBlocks);
    else throw new Error('single samples in a group of rows');
  }

  #decodeRow(group: HeadGroup, input: ByteReader, inBlocks: boolean): void {
    const state = group.logState;
    state.time += input.zigzag();
    const length = input.varint();
    if (length > this.#row.length) {
      this.#row = new Float64Array(2 * length);
      this.#rowBits = bitsOf(this.#row);
    }
    decodeRow(input, state, this.#rowBits, length);
    const known = Math.min(length, group.columnCount);
    if (!inBlocks) {
      this.#target.row(group, state.time, { values: this.#row, bits: this.#rowBits, from: 0, length: known });
    }
  }

  #decodeCells(group: LooseGroup, input: ByteReader, inBlocks: boolean): void {
    const state = group.logState;
    let column = 0;
    for (let left = input.varint(); left > 0; left--) {
      const step = input.varint();
      const zigzag = Math.floor(step / 2);
      column += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      if (step % 2 === 1) state.time += input.zigzag();
      decodeCell(input, state, column, this.#rowBits, 0);
      if (inBlocks || column >= group.columnCount) continue;
      this.#target.cell(group, column, state.time, this.#rowBits[0], this.#rowBits[1]);
    }
  }

  #histogram(group: LooseGroup, input: ByteReader): void {
    const sequence = Math.floor(input.varint() / 2);
    if (sequence === group.logState.sequence + 1) group.logState.sequence = sequence;
    if (sequence <= this.#target.sequenceInBlocks(group)) return;
    const column = input.varint();
    const t = input.zigzag();
    if (column < group.columnCount) this.#target.histogram(group, column, t, readNativeHistogram(input));
  }

  #exemplar(group: HeadGroup, input: ByteReader): void {
    const column = input.varint();
    const t = input.zigzag();
    const v = input.f64();
    const labels: [string, string][] = [];
    for (let left = input.varint(); left > 0; left--) labels.push([input.text(), input.text()]);
    if (column < group.columnCount) this.#target.exemplar(group, column, { t, v, labels });
  }

  /** Only in checkpoints: how far a group was, so that its order and its sequence go on. */
  #columnState(group: HeadGroup, input: ByteReader): void {
    group.logState.sequence = input.varint();
    if (input.u8() === 1) group.lastTime = Math.max(group.lastTime, input.zigzag());
    for (let left = input.varint(); left > 0; left--) {
      const column = input.varint();
      const t = input.zigzag();
      const low = input.u32();
      const high = input.u32();
      if (group instanceof LooseGroup) group.setLast(column, t, low, high);
    }
  }

  #cut(file: string, at: number, size: number): void {
    if (at === size) return;
    fs.truncateSync(file, at);
    this.counts.tornRecordsCut++;
    this.#log('warn', 'cut an incomplete record off the end of the log', { file, at, bytes: size - at });
  }

  #reportCorrupt(file: string, from: number, to: number): void {
    this.counts.corruptions++;
    this.counts.corruptBytes += to - from;
    this.#log('error', 'the log is damaged; went on at the next good record', { file, from, to });
  }
}

function isSegmentHeader(bytes: Uint8Array, index: number): boolean {
  if (bytes.length < SEGMENT_HEADER_SIZE) return false;
  const input = new ByteReader(bytes);
  const known = input.u32() === SEGMENT_MAGIC && input.u32() === SEGMENT_VERSION && input.u32() === index;
  return known && input.u32() === crc32c(bytes, 0, 12);
}

/** Where the frame at `at` ends; negative where there is no good frame. */
function frameEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== FRAME_MARK || at + FRAME_HEADER_SIZE > bytes.length) return -1;
  const header = new ByteReader(bytes, at + 2);
  const end = at + FRAME_HEADER_SIZE + header.u32();
  if (end > bytes.length || header.u32() !== frameChecksum(bytes, at, end, at)) return -1;
  return end;
}
