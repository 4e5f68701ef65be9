/** Which queries are running, in a file: what a process that ended suddenly was at is said at the next start. */
import fs from 'node:fs';

/** Of an entry; longer queries are cut. */
const ENTRY_BYTES = 1024;

export interface ActiveQueries {
  /** Notes a query that begins. @returns what to call when it ends. */
  begin(query: string, startedAt: number): () => void;
  close(): void;
}

export interface ActiveQuery {
  readonly query: string;
  /** Seconds since 1970. */
  readonly timestampSec: number;
}

/** The queries that the file names; none where there is no file. */
export function readActiveQueries(file: string): ActiveQuery[] {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return text.split('\n').flatMap((line) => {
    if (line.trim() === '') return [];
    try {
      return [JSON.parse(line) as ActiveQuery];
    } catch {
      // A write was torn; that something ran is still worth telling.
      return [{ query: line.trim(), timestampSec: NaN }];
    }
  });
}

/** @param entries queries that run at a time; of more than these, the further ones are not noted. */
export function openActiveQueries(file: string, entries: number): ActiveQueries {
  const fd = fs.openSync(file, 'w');
  const blank = Buffer.alloc(ENTRY_BYTES, ' ');
  blank[ENTRY_BYTES - 1] = 0x0a;
  for (let i = 0; i < entries; i++) fs.writeSync(fd, blank, 0, ENTRY_BYTES, i * ENTRY_BYTES);
  const free = Array.from({ length: entries }, (_, i) => entries - 1 - i);
  let isClosed = false;
  const write = (slot: number, bytes: Buffer) => {
    if (!isClosed) fs.writeSync(fd, bytes, 0, ENTRY_BYTES, slot * ENTRY_BYTES);
  };
  return {
    begin(query, startedAt) {
      const slot = free.pop();
      if (slot === undefined) return () => undefined;
      write(slot, entryOf({ query, timestampSec: Math.floor(startedAt / 1000) }));
      return () => {
        write(slot, blank);
        free.push(slot);
      };
    },
    close() {
      isClosed = true;
      fs.closeSync(fd);
    },
  };
}

/** Padded to its length. */
function entryOf({ query, timestampSec }: ActiveQuery): Buffer {
  let kept = query;
  let text = JSON.stringify({ query: kept, timestampSec });
  while (Buffer.byteLength(text) > ENTRY_BYTES - 1) {
    kept = kept.slice(0, Math.floor(kept.length * 0.9));
    text = JSON.stringify({ query: `${kept}…`, timestampSec });
  }
  const entry = Buffer.alloc(ENTRY_BYTES, ' ');
  entry.write(text);
  entry[ENTRY_BYTES - 1] = 0x0a;
  return entry;
}
