/** The files of a log by their names: segments, and checkpoints that stand for the segments before them. */
import fs from 'node:fs';
import path from 'node:path';

export function segmentName(index: number): string {
  return `${String(index).padStart(8, '0')}.wal`;
}

/** Numbers of the segments in a folder, ascending. */
export function listSegments(folder: string): number[] {
  return numbersOf(folder, /^\d{8}\.wal$/);
}

export function checkpointName(segment: number): string {
  return `${String(segment).padStart(8, '0')}.checkpoint`;
}

/** Numbers of the checkpoints in a folder, ascending: each stands for all segments before that number. */
export function listCheckpoints(folder: string): number[] {
  return numbersOf(folder, /^\d{8}\.checkpoint$/);
}

/** The segment in which what came at `t` was written: the first one that was written at or after it; undefined where none was. */
export function segmentAt(folder: string, t: number): number | undefined {
  return listSegments(folder).find(
    (index) =>
      (fs.statSync(path.join(folder, segmentName(index)), { throwIfNoEntry: false })?.mtimeMs ?? -Infinity) >= t,
  );
}

/** What a log is read from: the newest checkpoint, 0 where there is none, and the segments from it on. */
export function filesToReplay(folder: string): { readonly checkpoint: number; readonly segments: readonly number[] } {
  const checkpoint = listCheckpoints(folder).at(-1) ?? 0;
  return { checkpoint, segments: listSegments(folder).filter((index) => index >= checkpoint) };
}

/** Bytes of all files of a log: segments and checkpoints. */
export function logSize(folder: string): number {
  let size = 0;
  for (const name of namesIn(folder)) {
    size += fs.statSync(path.join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return size;
}

function numbersOf(folder: string, pattern: RegExp): number[] {
  const names = namesIn(folder).filter((name) => pattern.test(name));
  return names.map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b);
}

/** None where the folder was removed: what is asked of the store meanwhile is answered. */
function namesIn(folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
