/** Which samples are deleted: ranges of time by series. The file that keeps them is drawn in docs/tombstones.md. */
import fs from 'node:fs';
import path from 'node:path';
import { ByteReader } from '../../shared/bytes/byteReader.ts';
import { ByteWriter } from '../../shared/bytes/byteWriter.ts';
import { crc32c } from '../../shared/bytes/crc32c.ts';
import type { Labels } from '../../shared/model/labels.ts';
import { StorageError, type SeriesRef } from '../storage/appender.ts';
import type { TimeRange } from '../storage/queryable.ts';
import type { SeriesTable } from './index/seriesTable.ts';
import { syncFolder } from './syncFolder.ts';
import { FILE_HEADER_SIZE, fileHeader, isFileHeader } from './wal/frame.ts';
import { readLabelSets, writeLabelSets } from './wal/records.ts';

export const TOMBSTONES_FILE = 'tombstones';
export const TOMBSTONES_MAGIC = 0x544f5349; // "ISOT"
export const TOMBSTONES_VERSION = 1;
/** Ranges that are kept; a deletion that makes more is followed by a cleaning. */
export const TOMBSTONES_MAX = 1_000_000;

/** Ranges of a series: ascending, none touches the next, both ends inclusive, milliseconds. */
export type DeletedRanges = readonly TimeRange[];

export class Tombstones {
  readonly #folder: string;
  #ranges = new Map<SeriesRef, DeletedRanges>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  get isEmpty(): boolean {
    return this.#ranges.size === 0;
  }

  /** How many ranges there are, over all series. */
  get size(): number {
    let size = 0;
    for (const ranges of this.#ranges.values()) size += ranges.length;
    return size;
  }

  /** The series that have any. */
  get refs(): Iterable<SeriesRef> {
    return this.#ranges.keys();
  }

  of(ref: SeriesRef): DeletedRanges | undefined {
    return this.#ranges.get(ref);
  }

  /**
   * Reads the file, if there is one. Series that the store does not know any more are passed over.
   *
   * @throws StorageError 'corrupt': without the file, what was deleted would be there again.
   */
  load(series: SeriesTable): void {
    for (const { labels, ranges } of readTombstones(this.#folder)) {
      const ref = series.find(labels);
      if (ref !== undefined) this.#ranges.set(ref, ranges);
    }
  }

  /** Adds ranges; they hold once they are on disk. */
  async add(added: ReadonlyMap<SeriesRef, TimeRange>, series: SeriesTable): Promise<void> {
    if (added.size === 0) return;
    const next = new Map(this.#ranges);
    for (const [ref, range] of added) next.set(ref, withRange(next.get(ref) ?? [], range));
    await this.#replace(next, series);
  }

  /** All that is deleted is out of the files. */
  async clear(series: SeriesTable): Promise<void> {
    if (this.#ranges.size > 0) await this.#replace(new Map(), series);
  }

  /** Forgets what cannot match any more. The file follows with the next change; until then it says what is true but not needed. */
  retain(isHeld: (ref: SeriesRef) => boolean, minTime: number): void {
    for (const [ref, ranges] of this.#ranges) {
      const kept = ranges.filter(({ maxTime }) => maxTime >= minTime);
      if (kept.length === 0 || !isHeld(ref)) this.#ranges.delete(ref);
      else this.#ranges.set(ref, kept);
    }
  }

  async #replace(next: Map<SeriesRef, DeletedRanges>, series: SeriesTable): Promise<void> {
    const entries = [...next].map(([ref, ranges]) => ({ labels: series.labels(ref), ranges }));
    await writeTombstones(this.#folder, entries);
    this.#ranges = next;
  }
}

/** Whether the ranges have all of [minTime, maxTime] among them. */
export function covers(ranges: DeletedRanges, minTime: number, maxTime: number): boolean {
  return ranges.some((range) => range.minTime <= minTime && range.maxTime >= maxTime);
}

/** Ranges with one more, joined where they touch. */
export function withRange(ranges: DeletedRanges, { minTime, maxTime }: TimeRange): DeletedRanges {
  const apart = (range: TimeRange) => range.maxTime < minTime - 1 || range.minTime > maxTime + 1;
  const touching = ranges.filter((range) => !apart(range));
  const joined = {
    minTime: touching.reduce((min, range) => Math.min(min, range.minTime), minTime),
    maxTime: touching.reduce((max, range) => Math.max(max, range.maxTime), maxTime),
  };
  return [...ranges.filter(apart), joined].sort((a, b) => a.minTime - b.minTime);
}

interface Tombstone {
  readonly labels: Labels;
  readonly ranges: DeletedRanges;
}

async function writeTombstones(folder: string, entries: readonly Tombstone[]): Promise<void> {
  const file = path.join(folder, TOMBSTONES_FILE);
  try {
    const handle = await fs.promises.open(`${file}.tmp`, 'w');
    try {
      await handle.writeFile(encodeTombstones(entries));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.promises.rename(`${file}.tmp`, file);
    await syncFolder(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    const hint = full ? 'free some room and ask again' : 'check the disk and ask again';
    throw new StorageError(full ? 'disk_full' : 'io', `cannot write ${file} (${code ?? String(error)}); ${hint}`, {
      cause: error,
    });
  }
}

export function encodeTombstones(entries: readonly Tombstone[]): Uint8Array {
  const out = new ByteWriter(1024);
  writeLabelSets(
    out,
    entries.map(({ labels }) => labels),
  );
  for (const { ranges } of entries) {
    out.varint(ranges.length);
    for (const { minTime, maxTime } of ranges) {
      out.zigzag(minTime);
      out.varint(maxTime - minTime);
    }
  }
  const file = new ByteWriter(FILE_HEADER_SIZE + 8 + out.length);
  file.raw(fileHeader(TOMBSTONES_MAGIC, TOMBSTONES_VERSION, 0));
  file.u32(out.length);
  file.u32(crc32c(out.written));
  file.raw(out.written);
  return file.copy();
}

/** @throws StorageError 'corrupt' when the checksum does not hold. Empty where there is no file. */
export function readTombstones(folder: string): readonly Tombstone[] {
  const file = path.join(folder, TOMBSTONES_FILE);
  if (!fs.existsSync(file)) return [];
  const bytes = fs.readFileSync(file);
  const damaged = () =>
    new StorageError(
      'corrupt',
      `${file} is damaged; put it back from a copy, or remove it: what was deleted since the last cleaning is there again then`,
    );
  if (!isFileHeader(bytes, TOMBSTONES_MAGIC, TOMBSTONES_VERSION, 0) || bytes.length < FILE_HEADER_SIZE + 8) {
    throw damaged();
  }
  const input = new ByteReader(bytes, FILE_HEADER_SIZE);
  const [size, checksum] = [input.u32(), input.u32()];
  if (bytes.length !== FILE_HEADER_SIZE + 8 + size || crc32c(bytes, FILE_HEADER_SIZE + 8) !== checksum) throw damaged();
  return readLabelSets(input).map((labels) => {
    const ranges: TimeRange[] = [];
    for (let left = input.varint(); left > 0; left--) {
      const minTime = input.zigzag();
      ranges.push({ minTime, maxTime: minTime + input.varint() });
    }
    return { labels, ranges };
  });
}
