/**
 * Reads the log and checks its frames on a thread of its own, a file ahead of replay: from the first moment of a start on, while the program is
 * still being loaded. Replay itself stays on one thread (docs/decisions/042).
 */
import fs from 'node:fs';
import path from 'node:path';
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import { logSize } from './logFolder.ts';
import { readLogFile, type LogFile, type TakeLogFile } from './logFile.ts';

/** A smaller log is read sooner than a thread is there. */
const AHEAD_BYTES_MIN = 4 * 1024 * 1024;
/** No file came for so long: the thread is not waited for any more. */
const PATIENCE_MS = 20_000;

/** Sources are run as they are; bundles stand beside each other. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './readAheadWorker.ts' : './readAheadWorker.mjs',
  import.meta.url,
);

/** Counters that both threads share, by their places. */
export const FILES_READ = 0;
export const FILES_TAKEN = 1;

export interface ReadAheadOrder {
  readonly folder: string;
  readonly counters: Int32Array;
  readonly port: MessagePort;
}

/** A file as it was when it was read; without content where it could not be read. */
export interface AheadFile {
  readonly file: string;
  readonly mark: string;
  readonly read: LogFile | undefined;
}

export interface LogAhead {
  /** Waits, and holds the thread meanwhile. A file that is not the one read ahead, or has changed since then, is read here. */
  readonly take: TakeLogFile;
  close(): Promise<void>;
}

/** Whether a file is still what was read: segments only grow. */
export function markOf(file: string): string {
  const { ino, size, mtimeMs } = fs.statSync(file);
  return `${ino} ${size} ${mtimeMs}`;
}

/**
 * Begins to read the log of a data folder. Nobody needs to have the folder open: it is only read.
 *
 * @param bytesMin a log of fewer bytes is left to its replay: undefined.
 */
export function readLogAhead(dataFolder: string, bytesMin = AHEAD_BYTES_MIN): LogAhead | undefined {
  const folder = path.join(dataFolder, 'wal');
  if (logSize(folder) < bytesMin) return undefined;
  const counters = new Int32Array(new SharedArrayBuffer(8));
  const { port1, port2 } = new MessageChannel();
  const order: ReadAheadOrder = { folder, counters, port: port2 };
  const worker = new Worker(ENTRY, { workerData: order, transferList: [port2] });
  worker.unref();
  port1.unref();
  let isGone = false;
  worker.once('error', () => (isGone = true)).once('exit', () => (isGone = true));
  let taken = 0;

  const next = (): AheadFile | undefined => {
    if (isGone) return (receiveMessageOnPort(port1) as { message: AheadFile } | undefined)?.message;
    if (Atomics.load(counters, FILES_READ) <= taken) Atomics.wait(counters, FILES_READ, taken, PATIENCE_MS);
    const received = receiveMessageOnPort(port1) as { message: AheadFile } | undefined;
    if (received === undefined) isGone = true;
    return received?.message;
  };

  return {
    take: (file) => {
      const ahead = next();
      taken++;
      Atomics.add(counters, FILES_TAKEN, 1);
      Atomics.notify(counters, FILES_TAKEN);
      const isRight = ahead?.read !== undefined && ahead.file === file && ahead.mark === markOf(file);
      return isRight ? ahead.read! : readLogFile(file);
    },
    close: async () => {
      isGone = true;
      port1.close();
      await worker.terminate();
    },
  };
}
