/**
 * Reading the log back. Frames whose checksum does not hold are never used: an incomplete end is cut and counted, a damaged middle is
 * reported and skipped to the next good frame, and rows that build on a lost row are dropped until one that stands alone.
 */
import fs from 'node:fs';
import path from 'node:path';
import { ByteReader } from '../../../shared/bytes/byteReader.ts';
import { bitsOf } from '../../../shared/model/sampleBits.ts';
import { readNativeHistogram } from '../chunkenc/nativeHistogram.ts';
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import type { TimedExemplar } from '../exemplars.ts';
import { HISTOGRAM_HIGH, HISTOGRAM_LOW, type HeadGroup } from '../head/group.ts';
import { LooseGroup } from '../head/looseGroup.ts';
import type { Log } from '../options.ts';
import type { Labels } from '../../../shared/model/labels.ts';
import { CHECKPOINT_MAGIC, CHECKPOINT_VERSION, checkpointName, listCheckpoints } from './checkpoint.ts';
import { FILE_HEADER_SIZE, FRAME_HEADER_SIZE, frameEnd, isFileHeader, nextFrame } from './frame.ts';
import { listSegments, SEGMENT_MAGIC, SEGMENT_VERSION, segmentName } from './log.ts';
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
  /** All samples of a record are in. */
  filled(group: HeadGroup): void;
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

  /** Reads the newest checkpoint and the segments after it. Gives the number of the last segment, 0 if there is none. */
  readAll(folder: string): number {
    const checkpoint = listCheckpoints(folder).at(-1) ?? 0;
    if (checkpoint > 0) this.readCheckpoint(folder, checkpoint);
    const segments = listSegments(folder);
    const last = segments.at(-1) ?? 0;
    for (const index of segments) if (index >= checkpoint) this.readSegment(folder, index, index === last);
    return Math.max(last, checkpoint - 1);
  }

  /** @param isLast whether an incomplete end may be what a crash left; it is cut off the file then. */
  readSegment(folder: string, index: number, isLast: boolean): void {
    const file = path.join(folder, segmentName(index));
    const bytes = fs.readFileSync(file);
    if (!isFileHeader(bytes, SEGMENT_MAGIC, SEGMENT_VERSION, index)) {
      if (isLast && bytes.length <= FILE_HEADER_SIZE) {
        // The process ended while it made the segment; nothing was in it.
        this.counts.tornRecordsCut++;
        return fs.rmSync(file);
      }
      this.#reportCorrupt(file, 0, Math.min(bytes.length, FILE_HEADER_SIZE));
    }
    this.#frames(file, bytes, isLast);
  }

  readCheckpoint(folder: string, segment: number): void {
    const file = path.join(folder, checkpointName(segment));
    const bytes = fs.readFileSync(file);
    if (!isFileHeader(bytes, CHECKPOINT_MAGIC, CHECKPOINT_VERSION, segment)) {
      this.#reportCorrupt(file, 0, FILE_HEADER_SIZE);
    }
    this.#frames(file, bytes, false);
  }

  #frames(file: string, bytes: Uint8Array, isLast: boolean): void {
    let at = FILE_HEADER_SIZE;
    while (at < bytes.length) {
      const end = frameEnd(bytes, at);
      if (end > 0) {
        this.#record(file, bytes, at, end);
        at = end;
        continue;
      }
      const next = nextFrame(bytes, at);
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
    this.#target.filled(group);
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
    if (inBlocks) {
      group.lastTime = Math.max(group.lastTime, state.time);
    } else {
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
      if (column >= group.columnCount) continue;
      if (inBlocks) group.setLast(column, state.time, this.#rowBits[0], this.#rowBits[1]);
      else this.#target.cell(group, column, state.time, this.#rowBits[0], this.#rowBits[1]);
    }
  }

  #histogram(group: LooseGroup, input: ByteReader): void {
    const sequence = Math.floor(input.varint() / 2);
    if (sequence === group.logState.sequence + 1) group.logState.sequence = sequence;
    const column = input.varint();
    const t = input.zigzag();
    if (column >= group.columnCount) return;
    if (sequence <= this.#target.sequenceInBlocks(group)) {
      return group.setLast(column, t, HISTOGRAM_LOW, HISTOGRAM_HIGH);
    }
    this.#target.histogram(group, column, t, readNativeHistogram(input));
    this.#target.filled(group);
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
