/** A file of the log, read whole: its bytes, and where in them the frames are whose checksums hold. */
import fs from 'node:fs';
import { grownTo } from '../../../shared/bytes/grownArray.ts';
import { FILE_HEADER_SIZE, frameEnd, nextFrame } from './frame.ts';

export interface LogFile {
  /** Without the room behind the last record. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Start and end of each good frame, ascending. What lies between two, or behind the last, is damaged. */
  readonly frames: Uint32Array<ArrayBuffer>;
}

/** What gives the files of a log when they are asked for, in the order in which replay reads them. */
export type TakeLogFile = (file: string) => LogFile;

/** @throws what reading a file throws. */
export const readLogFile: TakeLogFile = (file) => {
  const bytes = new Uint8Array(fs.readFileSync(file));
  const frames = goodFrames(bytes);
  const end = frames.at(-1) ?? FILE_HEADER_SIZE;
  return { bytes: isRoom(bytes, end) ? bytes.subarray(0, end) : bytes, frames };
};

/** Zeros behind the last record are where the next ones were to be. */
function isRoom(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at < bytes.length; at++) if (bytes[at] !== 0) return false;
  return true;
}

function goodFrames(bytes: Uint8Array): Uint32Array<ArrayBuffer> {
  let frames = new Uint32Array(1024);
  let count = 0;
  for (let at = FILE_HEADER_SIZE; at < bytes.length;) {
    const end = frameEnd(bytes, at);
    if (end < 0) {
      at = nextFrame(bytes, at);
      continue;
    }
    frames = grownTo(frames, count + 2);
    frames[count++] = at;
    frames[count++] = end;
    at = end;
  }
  return frames.slice(0, count);
}
