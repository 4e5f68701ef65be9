/** The entry of the thread that reads a log ahead of its replay, file by file in replay's order. */
import path from 'node:path';
import { workerData } from 'node:worker_threads';
import { checkpointName, filesToReplay, segmentName } from './logFolder.ts';
import { readLogFile, type LogFile } from './logFile.ts';
import { FILES_READ, FILES_TAKEN, markOf, type AheadFile, type ReadAheadOrder } from './readAhead.ts';

/** Files that wait to be taken: each may be as large as a segment. */
const WAITING_MAX = 2;

const { folder, counters, port } = workerData as ReadAheadOrder;

function aheadOf(file: string): AheadFile {
  try {
    // The mark is older than what is read, so that it differs where the file grows meanwhile.
    return { file, mark: markOf(file), read: readLogFile(file) };
  } catch {
    // Who takes it reads it again, and tells what is wrong.
    return { file, mark: '', read: undefined };
  }
}

function send(ahead: AheadFile, read: LogFile | undefined): void {
  port.postMessage(ahead, read === undefined ? [] : [read.bytes.buffer, read.frames.buffer]);
  Atomics.add(counters, FILES_READ, 1);
  Atomics.notify(counters, FILES_READ);
}

const { checkpoint, segments } = filesToReplay(folder);
const names = [...(checkpoint > 0 ? [checkpointName(checkpoint)] : []), ...segments.map(segmentName)];
names.forEach((name, sent) => {
  for (let taken = Atomics.load(counters, FILES_TAKEN); sent - taken >= WAITING_MAX;) {
    Atomics.wait(counters, FILES_TAKEN, taken);
    taken = Atomics.load(counters, FILES_TAKEN);
  }
  const ahead = aheadOf(path.join(folder, name));
  send(ahead, ahead.read);
});
port.close();
