/** Writes an index of version 2, as Prometheus' blocks have it. Source: tsdb/docs/format/index.md there. */
import { compareText, type Labels } from '../../../shared/model/labels.ts';
import { BigEndianWriter } from './bigEndianWriter.ts';
import { INDEX_MAGIC, SERIES_ALIGN, type ChunkRef } from './blockIndex.ts';
import { FileAppender } from './fileAppender.ts';

const VERSION = 2;
const POSTINGS_ALIGN = 4;

export class IndexWriter {
  readonly #file: FileAppender;
  readonly #symbols: ReadonlyMap<string, number>;
  readonly #symbolsPlace: number;
  readonly #seriesPlace: number;
  readonly #all: number[] = [];
  /** Name → value → series. */
  readonly #postings = new Map<string, Map<string, number[]>>();
  readonly #entry = new BigEndianWriter(1024);

  /** @param texts every label name and value of the series to come, in any order. */
  constructor(path: string, texts: Iterable<string>) {
    const sorted = [...new Set(texts)].sort(compareText);
    this.#symbols = new Map(sorted.map((text, i) => [text, i]));
    this.#file = new FileAppender(path);
    const head = new BigEndianWriter();
    head.u32(INDEX_MAGIC);
    head.u8(VERSION);
    this.#file.append(head.written);
    const symbols = new BigEndianWriter(4096);
    symbols.u32(sorted.length);
    for (const text of sorted) symbols.text(text);
    this.#symbolsPlace = this.#section(symbols);
    this.#file.pad(SERIES_ALIGN);
    this.#seriesPlace = this.#file.place;
  }

  /** @param labels greater than those before. @param chunks ascending in time and place, at least one. */
  add(labels: Labels, chunks: readonly ChunkRef[]): void {
    this.#file.pad(SERIES_ALIGN);
    const ref = this.#file.place / SERIES_ALIGN;
    this.#all.push(ref);
    const entry = this.#entry;
    entry.clear();
    entry.uvarint(labels.length);
    for (const [name, value] of labels) {
      entry.uvarint(this.#symbols.get(name)!);
      entry.uvarint(this.#symbols.get(value)!);
      this.#post(name, value, ref);
    }
    writeChunkRefs(entry, chunks);
    const size = new BigEndianWriter(8);
    size.uvarint(entry.length);
    this.#file.append(size.written);
    entry.crc();
    this.#file.append(entry.written);
  }

  /** Writes postings and tables; the file is whole then. */
  close(): void {
    const labelIndices = this.#file.place;
    const empty = new BigEndianWriter();
    empty.u32(0);
    const labelTable = this.#section(empty);
    this.#file.pad(POSTINGS_ALIGN);
    const postings = this.#file.place;
    const table = new BigEndianWriter(4096);
    const names = [...this.#postings].sort((a, b) => compareText(a[0], b[0]));
    table.u32(1 + names.reduce((sum, [, values]) => sum + values.size, 0));
    this.#writePostings(table, '', '', this.#all);
    for (const [name, values] of names) {
      const sorted = [...values].sort((a, b) => compareText(a[0], b[0]));
      for (const [value, refs] of sorted) this.#writePostings(table, name, value, refs);
    }
    const postingsTable = this.#section(table);
    const toc = new BigEndianWriter();
    for (const place of [this.#symbolsPlace, this.#seriesPlace, labelIndices, labelTable, postings, postingsTable]) {
      toc.u64(place);
    }
    toc.crc();
    this.#file.append(toc.written);
    this.#file.close();
  }

  #post(name: string, value: string, ref: number): void {
    let values = this.#postings.get(name);
    if (values === undefined) this.#postings.set(name, (values = new Map()));
    const refs = values.get(value);
    if (refs === undefined) values.set(value, [ref]);
    else refs.push(ref);
  }

  #writePostings(table: BigEndianWriter, name: string, value: string, refs: readonly number[]): void {
    this.#file.pad(POSTINGS_ALIGN);
    const list = new BigEndianWriter(4 * refs.length + 8);
    list.u32(refs.length);
    for (const ref of refs) list.u32(ref);
    table.uvarint(2);
    table.text(name);
    table.text(value);
    table.uvarint(this.#section(list));
  }

  /** Length, bytes, checksum; gives its place. */
  #section(content: BigEndianWriter): number {
    const { place } = this.#file;
    const size = new BigEndianWriter();
    size.u32(content.length);
    this.#file.append(size.written);
    content.crc();
    this.#file.append(content.written);
    return place;
  }
}

function writeChunkRefs(entry: BigEndianWriter, chunks: readonly ChunkRef[]): void {
  entry.uvarint(chunks.length);
  let [ref, maxTime] = [0, 0];
  chunks.forEach((chunk, i) => {
    const next = chunk.segment * 2 ** 32 + chunk.offset;
    if (i === 0) entry.varint(chunk.minTime);
    else entry.uvarint(chunk.minTime - maxTime);
    entry.uvarint(chunk.maxTime - chunk.minTime);
    if (i === 0) entry.uvarint(next);
    else entry.varint(next - ref);
    [ref, maxTime] = [next, chunk.maxTime];
  });
}
