/**
 * What of the log before a segment is still needed once its samples are in blocks: the names of groups and series, how far each was, and the
 * exemplars. Written aside and renamed; then the segments before it go.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { BlockFiles } from '../block/blockFiles.ts';
import type { ExemplarStore } from '../exemplars.ts';
import type { Head } from '../head/head.ts';
import { LooseGroup } from '../head/looseGroup.ts';
import type { HeadGroup } from '../head/group.ts';
import { FILE_HEADER_SIZE, fileHeader, FrameWriter } from './frame.ts';
import { listSegments, segmentName } from './log.ts';
import { logExemplar, logNames, RECORD } from './records.ts';

export const CHECKPOINT_MAGIC = 0x434f5349; // "ISOC"
export const CHECKPOINT_VERSION = 2;

export function checkpointName(segment: number): string {
  return `${String(segment).padStart(8, '0')}.checkpoint`;
}

/** Numbers of the checkpoints in a folder, ascending: each stands for all segments before that number. */
export function listCheckpoints(folder: string): number[] {
  const names = fs.readdirSync(folder).filter((name) => /^\d{8}\.checkpoint$/.test(name));
  return names.map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b);
}

/**
 * The bytes of a checkpoint, group by group. A group may be added some time after `segment` has begun, if its rows up to that moment are what
 * becomes a block: then the records after it in the log are passed over or applied as in any other case.
 */
export class CheckpointEncoder {
  readonly segment: number;
  readonly #frames = new FrameWriter();

  constructor(segment: number) {
    this.segment = segment;
    this.#frames.clear(FILE_HEADER_SIZE);
  }

  add(group: HeadGroup): void {
    // The log's own names stay as they are: this checkpoint may not reach the disk.
    const logged = group.columnsLogged;
    group.columnsLogged = -1;
    logNames(this.#frames, group);
    group.columnsLogged = logged;
    logState(this.#frames, group);
  }

  finish(head: Head, exemplars: ExemplarStore): Uint8Array {
    const frames = this.#frames;
    for (const { ref, exemplar } of exemplars.entries()) {
      const [group, columns] = head.columnsOf(Uint32Array.of(ref)).entries().next().value ?? [];
      if (group !== undefined && columns !== undefined) logExemplar(frames, group, columns[0].column, exemplar);
    }
    const header = fileHeader(CHECKPOINT_MAGIC, CHECKPOINT_VERSION, this.segment);
    const bytes = new Uint8Array(header.length + frames.out.length);
    bytes.set(header);
    bytes.set(frames.out.written, header.length);
    return bytes;
  }
}

/** Puts a checkpoint in place and removes what it stands for. */
export async function writeCheckpoint(
  folder: string,
  segment: number,
  bytes: Uint8Array,
  files: BlockFiles,
): Promise<void> {
  const file = path.join(folder, checkpointName(segment));
  const aside = await files.create(`${file}.tmp`);
  try {
    await aside.write(bytes);
    await aside.sync();
  } finally {
    await aside.close();
  }
  await files.rename(`${file}.tmp`, file);
  await files.syncFolder(folder);
  for (const old of listSegments(folder).filter((index) => index < segment)) {
    await files.remove(path.join(folder, segmentName(old)));
  }
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
