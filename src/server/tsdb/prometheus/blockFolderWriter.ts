/** Writes one block folder of Prometheus: aside, synced, then named by its ULID. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { crc32c } from '../../../shared/bytes/crc32c.ts';
import type { Labels } from '../../../shared/model/labels.ts';
import type { TimeRange } from '../../storage/queryable.ts';
import { syncFolder } from '../syncFolder.ts';
import { BigEndianWriter } from './bigEndianWriter.ts';
import type { ChunkRef } from './blockIndex.ts';
import { ENCODING_XOR } from './chunkEncoding.ts';
import { FileAppender } from './fileAppender.ts';
import { TOMBSTONES_MAGIC } from './foreignBlock.ts';
import { IndexWriter } from './indexWriter.ts';
import type { EncodedChunk } from './seriesChunks.ts';

const CHUNKS_MAGIC = 0x85bd40dd;
const SEGMENT_BYTES_MAX = 512 * 1024 * 1024;
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export class BlockFolderWriter {
  readonly #folder: string;
  readonly #ulid = newUlid(Date.now());
  readonly #range: TimeRange;
  readonly #aside: string;
  readonly #index: IndexWriter;
  readonly #stats = { numSamples: 0, numFloatSamples: 0, numHistogramSamples: 0, numSeries: 0, numChunks: 0 };
  #segment: FileAppender;
  #segmentNumber = 0;

  /**
   * @param range of the block, both inclusive.
   * @param texts every label name and value of the series to come.
   */
  constructor(folder: string, range: TimeRange, texts: Iterable<string>) {
    this.#folder = folder;
    this.#range = range;
    this.#aside = path.join(folder, `${this.#ulid}.tmp-for-creation`);
    fs.mkdirSync(path.join(this.#aside, 'chunks'), { recursive: true });
    this.#segment = this.#openSegment();
    this.#index = new IndexWriter(path.join(this.#aside, 'index'), texts);
  }

  get samples(): number {
    return this.#stats.numSamples;
  }

  /** @param labels greater than those of the series before. A series without chunks is left out. */
  add(labels: Labels, chunks: Iterable<EncodedChunk>): void {
    const refs: ChunkRef[] = [];
    for (const { encoding, bytes, minTime, maxTime, samples } of chunks) {
      if (this.#segment.place + bytes.length + 16 > SEGMENT_BYTES_MAX) {
        this.#segment.close();
        this.#segmentNumber++;
        this.#segment = this.#openSegment();
      }
      refs.push({ minTime, maxTime, segment: this.#segmentNumber, offset: this.#segment.place });
      const out = new BigEndianWriter(bytes.length + 16);
      out.uvarint(bytes.length);
      const from = out.length;
      out.u8(encoding);
      out.raw(bytes);
      out.u32(crc32c(out.written, from));
      this.#segment.append(out.written);
      this.#stats.numChunks++;
      this.#stats.numSamples += samples;
      this.#stats[encoding === ENCODING_XOR ? 'numFloatSamples' : 'numHistogramSamples'] += samples;
    }
    if (refs.length === 0) return;
    this.#index.add(labels, refs);
    this.#stats.numSeries++;
  }

  /** The block is there when this returns; nothing is if it has no series. */
  async close(): Promise<void> {
    this.#segment.close();
    this.#index.close();
    if (this.#stats.numSeries === 0) return this.discard();
    const tombstones = new BigEndianWriter();
    tombstones.u32(TOMBSTONES_MAGIC);
    tombstones.u8(1);
    tombstones.u32(0);
    this.#writeFile('tombstones', tombstones.written);
    const { minTime, maxTime } = this.#range;
    const meta = {
      ulid: this.#ulid,
      minTime,
      maxTime: maxTime + 1,
      stats: this.#stats,
      compaction: { level: 1, sources: [this.#ulid] },
      version: 1,
    };
    this.#writeFile('meta.json', Buffer.from(`${JSON.stringify(meta, undefined, '\t')}\n`));
    await syncFolder(this.#aside);
    fs.renameSync(this.#aside, path.join(this.#folder, this.#ulid));
    await syncFolder(this.#folder);
  }

  discard(): void {
    fs.rmSync(this.#aside, { recursive: true, force: true });
  }

  #openSegment(): FileAppender {
    const name = String(this.#segmentNumber + 1).padStart(6, '0');
    const segment = new FileAppender(path.join(this.#aside, 'chunks', name));
    const head = new BigEndianWriter();
    head.u32(CHUNKS_MAGIC);
    head.u32(1 << 24);
    segment.append(head.written);
    return segment;
  }

  #writeFile(name: string, bytes: Uint8Array): void {
    fs.writeFileSync(path.join(this.#aside, name), bytes, { flush: true });
  }
}

/** 48 bits of time and 80 of chance, five a letter. */
export function newUlid(t: number): string {
  let bits = (BigInt(t) << 80n) | BigInt(`0x${randomBytes(10).toString('hex')}`);
  let text = '';
  for (let i = 0; i < 26; i++, bits >>= 5n) text = CROCKFORD[Number(bits & 31n)] + text;
  return text;
}
