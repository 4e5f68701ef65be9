/** The head of Prometheus (chunks_head/, wal/, wbl/) → bulk load: what is in no block yet. */
import fs from 'node:fs';
import path from 'node:path';
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import type { Labels } from '../../../shared/model/labels.ts';
import type { Exemplar } from '../../../shared/model/metadata.ts';
import type { TimeRange } from '../../storage/queryable.ts';
import type { BulkLoad } from '../bulk/loadDoor.ts';
import type { SeriesBuffer } from '../bulk/seriesBuffer.ts';
import { EXEMPLARS_MAX } from '../exemplars.ts';
import { isDeleted } from '../deletedCells.ts';
import { decodeChunk } from './chunkEncoding.ts';
import type { OnDamage } from './damage.ts';
import { headChunks } from './headChunks.ts';
import { readRecord, type RecordSink } from './headRecords.ts';
import { logFiles, logRecords } from './logRecords.ts';

/** Buffers are looked at after so many log records. */
const RECORDS_AT_ONCE = 64;

export interface HeadOptions {
  /** In-order samples before it are in blocks. */
  readonly minTime: number;
  /** Samples up to here were loaded before. */
  readonly after: number;
  readonly onDamage: OnDamage;
  /** Told the share of the log's bytes that is read. */
  readonly progress: (share: number) => void;
}

export interface HeadLoaded {
  readonly exemplars: readonly { readonly labels: Labels; readonly exemplar: Exemplar }[];
  readonly unknownSeries: number;
}

export async function loadHead(folder: string, load: BulkLoad, options: HeadOptions): Promise<HeadLoaded> {
  const loading = new HeadLoading(folder, load, options);
  loading.readSeries();
  await loading.readChunks();
  await loading.readLog('wal', options.minTime);
  await loading.readLog('wbl', -Infinity);
  await load.pack();
  return loading;
}

class HeadLoading implements HeadLoaded {
  readonly exemplars: { labels: Labels; exemplar: Exemplar }[] = [];
  unknownSeries = 0;
  readonly #folder: string;
  readonly #load: BulkLoad;
  readonly #options: HeadOptions;
  readonly #buffers = new Map<number, SeriesBuffer>();
  readonly #deleted = new Map<number, TimeRange[]>();
  /** By series: up to where its in-order samples are in chunks. */
  readonly #chunked = new Map<number, number>();
  readonly #touched = new Set<SeriesBuffer>();

  constructor(folder: string, load: BulkLoad, options: HeadOptions) {
    this.#folder = folder;
    this.#load = load;
    this.#options = options;
  }

  /** Names and deletions first: a deletion stands in the log after what it deletes. */
  readSeries(): void {
    this.#walkLog('wal', this.#options.onDamage, {
      series: (ref, labels) => void (this.#buffers.has(ref) || this.#buffers.set(ref, this.#load.series(labels))),
      deleted: (ref, minTime, maxTime) => {
        this.#deleted.set(ref, [...(this.#deleted.get(ref) ?? []), { minTime, maxTime }]);
      },
    });
  }

  async readChunks(): Promise<void> {
    const { minTime, onDamage } = this.#options;
    let isDamaged = false;
    const onFault: OnDamage = (damage) => {
      isDamaged = true;
      onDamage(damage);
    };
    for (const chunk of headChunks(path.join(this.#folder, 'chunks_head'), onFault)) {
      const { series, outOfOrder, file, offset } = chunk;
      if (!outOfOrder && chunk.maxTime < minTime) continue;
      const from = outOfOrder ? -Infinity : minTime;
      const sink = {
        float: (t: number, low: number, high: number) => this.#float(series, t, low, high, from),
        histogram: (t: number, h: NativeHistogram) => this.#histogram(series, t, h, from),
      };
      try {
        decodeChunk(chunk.encoding, chunk.bytes, sink);
      } catch (error) {
        onFault({ file, offset, what: `a chunk cannot be read: ${(error as Error).message}` });
        continue;
      }
      if (!outOfOrder) this.#chunked.set(series, Math.max(chunk.maxTime, this.#chunked.get(series) ?? -Infinity));
      await this.#admit();
    }
    // The log has what a lost chunk had.
    if (isDamaged) this.#chunked.clear();
  }

  async readLog(part: 'wal' | 'wbl', minTime: number): Promise<void> {
    const newerThanChunks = (ref: number) =>
      part === 'wal' ? Math.max(minTime, (this.#chunked.get(ref) ?? -Infinity) + 1) : minTime;
    const sink: RecordSink = {
      float: (ref, t, low, high) => this.#float(ref, t, low, high, newerThanChunks(ref)),
      histogram: (ref, t, h) => this.#histogram(ref, t, h, newerThanChunks(ref)),
      exemplar: (ref, t, v, labels) => this.#exemplar(ref, { t, v, labels }),
    };
    const files = logFiles(path.join(this.#folder, part));
    const total = files.reduce((sum, file) => sum + fs.statSync(file).size, 0);
    // What cannot be read was told when the series were read.
    const onDamage = part === 'wal' ? () => undefined : this.#options.onDamage;
    let [before, records] = [0, 0];
    for (const file of files) {
      for (const record of logRecords([file], onDamage)) {
        this.#apply(record.bytes, sink, onDamage, file, record.offset);
        if (++records % RECORDS_AT_ONCE !== 0) continue;
        await this.#admit();
        this.#options.progress((before + record.offset) / total);
      }
      before += fs.statSync(file).size;
    }
    await this.#admit();
  }

  #walkLog(part: string, onDamage: OnDamage, sink: RecordSink): void {
    for (const { bytes, file, offset } of logRecords(logFiles(path.join(this.#folder, part)), onDamage)) {
      this.#apply(bytes, sink, onDamage, file, offset);
    }
  }

  #apply(bytes: Uint8Array, sink: RecordSink, onDamage: OnDamage, file: string, offset: number): void {
    try {
      readRecord(bytes, sink);
    } catch (error) {
      onDamage({ file, offset, what: `a record cannot be read: ${(error as Error).message}` });
    }
  }

  #float(ref: number, t: number, low: number, high: number, from: number): void {
    const buffer = this.#wanted(ref, t, from);
    if (buffer === undefined) return;
    buffer.float(t, low, high);
    this.#touched.add(buffer);
  }

  #histogram(ref: number, t: number, h: NativeHistogram, from: number): void {
    const buffer = this.#wanted(ref, t, from);
    if (buffer === undefined) return;
    buffer.histogram(t, h);
    this.#touched.add(buffer);
  }

  #exemplar(ref: number, exemplar: Exemplar): void {
    const buffer = this.#buffers.get(ref);
    if (buffer === undefined || (exemplar.t ?? 0) <= this.#options.after) return;
    if (this.exemplars.length >= 2 * EXEMPLARS_MAX) this.exemplars.splice(0, EXEMPLARS_MAX);
    this.exemplars.push({ labels: buffer.labels, exemplar });
  }

  #wanted(ref: number, t: number, from: number): SeriesBuffer | undefined {
    if (t < from || t <= this.#options.after) return undefined;
    const buffer = this.#buffers.get(ref);
    if (buffer === undefined) {
      this.unknownSeries++;
      return undefined;
    }
    const deleted = this.#deleted.get(ref);
    return deleted !== undefined && isDeleted(t, deleted) ? undefined : buffer;
  }

  async #admit(): Promise<void> {
    for (const buffer of this.#touched) await this.#load.admit(buffer);
    this.#touched.clear();
  }
}
