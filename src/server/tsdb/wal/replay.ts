/**
 * Reading the log back. Frames whose checksum does not hold are never used: an incomplete end is cut and counted, a damaged middle is
 * reported and skipped to the next good frame, and rows that build on a lost row are dropped until one that stands alone.
 */
import fs from 'node:fs';
import path from 'node:path';
import { ByteReader } from '../../../shared/bytes/byteReader.ts';
import type { HeadGroup } from '../head/group.ts';
import type { Log } from '../options.ts';
import { CHECKPOINT_MAGIC, CHECKPOINT_VERSION } from './checkpoint.ts';
import { FILE_HEADER_SIZE, FRAME_HEADER_SIZE, hasFileHeader } from './frame.ts';
import { SEGMENT_MAGIC, SEGMENT_VERSION } from './log.ts';
import { readLogFile, type LogFile, type TakeLogFile } from './logFile.ts';
import { checkpointName, filesToReplay, listSegments, segmentName } from './logFolder.ts';
import { RECORD } from './records.ts';
import { ReplayedGroup } from './replayedGroup.ts';
import type { ReplayTarget } from './replayTarget.ts';

const SAMPLES: ReadonlySet<number> = new Set([RECORD.row, RECORD.cells, RECORD.histogram, RECORD.changes]);

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
  readonly #take: TakeLogFile;
  /** Groups by the number that the log gives them. */
  readonly #groups = new Map<number, ReplayedGroup>();
  readonly #byGroup = new Map<HeadGroup, ReplayedGroup>();

  /** @param take gives the log's files; reads them where that is not said. */
  constructor(target: ReplayTarget, log: Log, take: TakeLogFile = readLogFile) {
    this.#target = target;
    this.#log = log;
    this.#take = take;
  }

  /** Reads the newest checkpoint and the segments after it. Gives the number of the last segment, 0 if there is none. */
  readAll(folder: string): number {
    const { checkpoint, segments } = filesToReplay(folder);
    if (checkpoint > 0) this.readCheckpoint(folder, checkpoint);
    const last = listSegments(folder).at(-1) ?? 0;
    for (const index of segments) this.readSegment(folder, index, index === last);
    for (const replayed of this.#byGroup.values()) replayed.end();
    return Math.max(last, checkpoint - 1);
  }

  /** @param isLast whether an incomplete end may be what a crash left; it is cut off the file then. */
  readSegment(folder: string, index: number, isLast: boolean): void {
    const file = path.join(folder, segmentName(index));
    const read = this.#take(file);
    const { bytes } = read;
    if (!hasFileHeader(bytes, SEGMENT_MAGIC, SEGMENT_VERSION, index)) {
      if (isLast && bytes.length <= FILE_HEADER_SIZE) {
        // The process ended while it made the segment; nothing was in it.
        this.counts.tornRecordsCut++;
        return fs.rmSync(file);
      }
      this.#reportCorrupt(file, 0, Math.min(bytes.length, FILE_HEADER_SIZE));
    }
    this.#frames(file, read, isLast);
  }

  readCheckpoint(folder: string, segment: number): void {
    const file = path.join(folder, checkpointName(segment));
    const read = this.#take(file);
    if (!hasFileHeader(read.bytes, CHECKPOINT_MAGIC, CHECKPOINT_VERSION, segment)) {
      this.#reportCorrupt(file, 0, FILE_HEADER_SIZE);
    }
    this.#frames(file, read, false);
  }

  #frames(file: string, { bytes, frames }: LogFile, isLast: boolean): void {
    let at = FILE_HEADER_SIZE;
    for (let i = 0; i < frames.length; i += 2) {
      if (frames[i] > at) this.#reportCorrupt(file, at, frames[i]);
      at = frames[i + 1];
      this.#record(file, bytes, frames[i], at);
    }
    if (at >= bytes.length) return;
    if (isLast) this.#cut(file, at, bytes.length);
    else this.#reportCorrupt(file, at, bytes.length);
  }

  /** The checksum holds, so what cannot be used is of another version, or our own mistake, or builds on a record that was lost. */
  readonly #onDropped = (_: ByteReader, reason: unknown) => {
    this.counts.recordsDropped++;
    if (reason !== undefined) {
      this.#log('error', 'a log record was not understood and left out', { reason: String(reason) });
    }
  };

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
      return this.#name(ref, kind, input.text());
    }
    const replayed = this.#groups.get(ref);
    if (replayed === undefined) {
      this.counts.recordsDropped++;
      return;
    }
    const { group } = replayed;
    if (type === RECORD.series) this.#series(group, input);
    else if (SAMPLES.has(type)) replayed.collect(type, input);
    else if (type === RECORD.chunk) replayed.chunk(input);
    else if (type === RECORD.exemplar) this.#exemplar(group, input);
    else if (type === RECORD.columnState) replayed.state(input);
    else throw new Error(`record type ${type}`);
  }

  /** From here on the log means this group by the number. */
  #name(ref: number, kind: 'rows' | 'loose', key: string): void {
    const group = this.#target.restoreGroup(ref, kind, key);
    let replayed = this.#byGroup.get(group);
    if (replayed === undefined)
      this.#byGroup.set(group, (replayed = new ReplayedGroup(group, this.#target, this.#onDropped)));
    this.#groups.set(ref, replayed);
  }

  #series(group: HeadGroup, input: ByteReader): void {
    let column = input.varint();
    for (const ref of this.#target.readLabels(input)) this.#target.restoreColumn(group, column++, ref);
  }

  #exemplar(group: HeadGroup, input: ByteReader): void {
    const column = input.varint();
    const t = input.zigzag();
    const v = input.f64();
    const labels: [string, string][] = [];
    for (let left = input.varint(); left > 0; left--) labels.push([input.text(), input.text()]);
    if (column < group.columnCount) this.#target.exemplar(group, column, { t, v, labels });
  }

  #cut(file: string, at: number, size: number): void {
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
