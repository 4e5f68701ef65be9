/**
 * Keeps pushed groups over restarts: a file of records, appended and synced before a push is answered.
 *
 *   record   [ length u32 LE ][ CRC-32C of the body u32 LE ][ body ]
 *
 * A torn last record is dropped when the file is opened. The file is written anew when most of it is history.
 */
import { mkdir, open, readFile, rename, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32c } from '../../shared/bytes/crc32c.ts';

const HEADER_BYTES = 8;
/** History that is no reason to write the file anew. */
const SPARE_BYTES = 4 * 1024 * 1024;

export interface OpenedJournal {
  readonly journal: PushJournal;
  /** Bodies in the order of their writing. */
  readonly bodies: readonly Uint8Array[];
  /** Bytes at the end that are no record. */
  readonly tornBytes: number;
}

export class PushJournal {
  private readonly path: string;
  private file: FileHandle;
  private size: number;
  private waiting: Uint8Array[] = [];
  private work: Promise<void> = Promise.resolve();
  /** The flush that will take what waits now. */
  private next: Promise<void> | undefined;

  private constructor(path: string, file: FileHandle, size: number) {
    this.path = path;
    this.file = file;
    this.size = size;
  }

  /** @param folder made if it is not there. Rejects with the system's error. */
  static async open(folder: string): Promise<OpenedJournal> {
    await mkdir(folder, { recursive: true });
    const path = join(folder, 'journal');
    const file = await open(path, 'a+');
    const bytes = await readFile(path);
    const { bodies, end } = readRecords(bytes);
    if (end < bytes.length) await file.truncate(end);
    return { journal: new PushJournal(path, file, end), bodies, tornBytes: bytes.length - end };
  }

  /** Resolves when the body is on disk. Those that come while a sync is under way share the next one. */
  append(body: Uint8Array): Promise<void> {
    this.waiting.push(frame(body));
    this.next ??= this.after(() => {
      this.next = undefined;
      return this.flush();
    });
    return this.next;
  }

  /** Whether the file is mostly history, `liveBytes` being what it would be. */
  isLong(liveBytes: number): boolean {
    return this.size > SPARE_BYTES + 2 * liveBytes;
  }

  /**
   * Puts a file of these records in place of this one. They are asked for when its turn comes: what was appended until then is in the old file,
   * and must be among them.
   */
  rewrite(bodies: () => readonly Uint8Array[]): Promise<void> {
    return this.after(() => this.replace(bodies()));
  }

  async close(): Promise<void> {
    await this.work.catch(() => undefined);
    await this.file.close();
  }

  private after(work: () => Promise<void>): Promise<void> {
    return (this.work = this.work.catch(() => undefined).then(work));
  }

  private async flush(): Promise<void> {
    const bytes = Buffer.concat(this.waiting.splice(0));
    try {
      await this.file.appendFile(bytes);
      await this.file.datasync();
      this.size += bytes.length;
    } catch (error) {
      // Half a record would hide all that follow it.
      await this.file.truncate(this.size).catch(() => undefined);
      throw error;
    }
  }

  private async replace(bodies: readonly Uint8Array[]): Promise<void> {
    const next = await open(`${this.path}.tmp`, 'w+');
    const bytes = Buffer.concat(bodies.map(frame));
    await next.writeFile(bytes);
    await next.sync();
    await next.close();
    await rename(`${this.path}.tmp`, this.path);
    const folder = await open(dirname(this.path), 'r');
    await folder.sync();
    await folder.close();
    await this.file.close();
    this.file = await open(this.path, 'a+');
    this.size = bytes.length;
  }
}

function frame(body: Uint8Array): Uint8Array {
  const framed = Buffer.alloc(HEADER_BYTES + body.length);
  framed.writeUInt32LE(body.length, 0);
  framed.writeUInt32LE(crc32c(body), 4);
  framed.set(body, HEADER_BYTES);
  return framed;
}

function readRecords(bytes: Buffer): { bodies: Uint8Array[]; end: number } {
  const bodies: Uint8Array[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    const body = bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length);
    if (body.length < length || crc32c(body) !== bytes.readUInt32LE(at + 4)) break;
    bodies.push(body);
    at += HEADER_BYTES + length;
  }
  return { bodies, end: at };
}
