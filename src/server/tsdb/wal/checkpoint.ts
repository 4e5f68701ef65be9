/**
 * What of the log before a segment is still needed: the names of groups and series, how far each was, the exemplars, and the chunks that no
 * block has (a flush leaves none, a store that is closed leaves all of the head so). Written aside and renamed; then the segments before it go.
 */
import path from 'node:path';
import type { BlockFiles } from '../block/blockFiles.ts';
import type { ExemplarStore } from '../exemplars.ts';
import type { Head } from '../head/head.ts';
import { LooseGroup } from '../head/looseGroup.ts';
import type { HeadGroup } from '../head/group.ts';
import { packAll } from '../head/packing.ts';
import { fileHeader, FrameWriter } from './frame.ts';
import { checkpointName, listCheckpoints, listSegments, segmentName } from './logFolder.ts';
import { logChunk, logExemplar, logNames, RECORD } from './records.ts';

export const CHECKPOINT_MAGIC = 0x434f5349; // "ISOC"
export const CHECKPOINT_VERSION = 2;
/** What is collected before it is written. */
const PIECE_SIZE = 1 << 20;

/**
 * The bytes of a checkpoint, group by group. A group may be added some time after `segment` has begun, if its rows up to that moment are what
 * becomes a block: then the records after it in the log are passed over or applied as in any other case.
 */
export class CheckpointEncoder {
  readonly segment: number;
  readonly #frames = new FrameWriter();
  #taken = 0;

  constructor(segment: number) {
    this.segment = segment;
    this.#frames.clear(0);
    this.#frames.out.raw(fileHeader(CHECKPOINT_MAGIC, CHECKPOINT_VERSION, segment));
  }

  /** Bytes that were not taken yet. */
  get size(): number {
    return this.#frames.out.length;
  }

  add(group: HeadGroup): void {
    // The log's own names stay as they are: this checkpoint may not reach the disk.
    const logged = group.columnsLogged;
    group.columnsLogged = -1;
    logNames(this.#frames, group);
    group.columnsLogged = logged;
    logState(this.#frames, group);
  }

  /** What no block has of a group that was added; all its rows are packed. */
  addChunks(group: HeadGroup): void {
    const { sequence } = group.logState;
    for (const chunk of group.chunks)
      logChunk(this.#frames, { group, chunk, from: sequence, to: sequence, rest: undefined });
  }

  addExemplars(head: Head, exemplars: ExemplarStore): void {
    for (const { ref, exemplar } of exemplars.entries()) {
      const [group, columns] = head.columnsOf(Uint32Array.of(ref)).entries().next().value ?? [];
      if (group !== undefined && columns !== undefined) logExemplar(this.#frames, group, columns[0].column, exemplar);
    }
  }

  /** The bytes since the last call. */
  take(): Uint8Array {
    const bytes = this.#frames.out.copy();
    this.#frames.clear((this.#taken += bytes.length));
    return bytes;
  }
}

/** All of the head as a checkpoint, piece by piece: what a store that is closed leaves behind. */
export function* snapshotOf(segment: number, head: Head, exemplars: ExemplarStore): Iterable<Uint8Array> {
  const encoder = new CheckpointEncoder(segment);
  for (const group of head.groups) {
    if (group === undefined) continue;
    packAll(group, head.arena);
    encoder.add(group);
    encoder.addChunks(group);
    if (encoder.size >= PIECE_SIZE) yield encoder.take();
  }
  encoder.addExemplars(head, exemplars);
  yield encoder.take();
}

/** Puts a checkpoint in place; what it stands for is still there. */
export async function writeCheckpoint(
  folder: string,
  segment: number,
  pieces: Iterable<Uint8Array>,
  files: BlockFiles,
): Promise<void> {
  const file = path.join(folder, checkpointName(segment));
  const aside = await files.create(`${file}.tmp`);
  try {
    for (const piece of pieces) await aside.write(piece);
    await aside.sync();
  } finally {
    await aside.close();
  }
  await files.rename(`${file}.tmp`, file);
  await files.syncFolder(folder);
}

/** Removes the segments that a checkpoint of this number stands for. */
export async function removeSegmentsBefore(folder: string, segment: number, files: BlockFiles): Promise<void> {
  for (const old of listSegments(folder).filter((index) => index < segment)) {
    await files.remove(path.join(folder, segmentName(old)));
  }
}

/** Removes the checkpoints that one of this number stands for. */
export async function removeCheckpointsBefore(folder: string, segment: number, files: BlockFiles): Promise<void> {
  for (const old of listCheckpoints(folder).filter((index) => index < segment)) {
    await files.remove(path.join(folder, checkpointName(old)));
  }
}

function logState(frames: FrameWriter, group: HeadGroup): void {
  frames.begin(RECORD.columnState);
  const { out } = frames;
  out.varint(group.ref);
  out.varint(group.logState.sequence);
  const hasTime = Number.isFinite(group.lastTime);
  out.u8(hasTime ? 1 : 0);
  if (hasTime) out.zigzag(group.lastTime);
  const columns: number[] = [];
  if (group instanceof LooseGroup) {
    for (let c = 0; c < group.columnCount; c++) if (Number.isFinite(group.columnLast(c).t)) columns.push(c);
  }
  out.varint(columns.length);
  for (const column of columns) {
    const { t, low, high } = (group as LooseGroup).columnLast(column);
    out.varint(column);
    out.zigzag(t);
    out.words(low, high);
  }
  frames.end();
}
