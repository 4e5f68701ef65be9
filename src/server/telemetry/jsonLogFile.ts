/** A log of its own in a file: a line of JSON an event, appended. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { createLog, type Log } from './log.ts';

export interface JsonLogFile {
  /** Never throws: what cannot be written is told once. */
  readonly log: Log;
  close(): void;
}

/**
 * @param complain told when the file cannot be opened or written; then nothing is logged.
 */
export function openJsonLog(path: string, complain: (why: string) => void): JsonLogFile {
  let file: number | undefined;
  const give = (error: unknown) => {
    close();
    complain((error as Error).message);
  };
  const close = () => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  try {
    file = openSync(path, 'a');
  } catch (error) {
    give(error);
  }
  const write = (line: string) => {
    if (file === undefined) return;
    try {
      writeSync(file, line);
    } catch (error) {
      give(error);
    }
  };
  return { log: createLog({ level: 'debug', format: 'json', write }), close };
}
