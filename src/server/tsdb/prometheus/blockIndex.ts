/** The index of a Prometheus block, versions 1 and 2, read here and there. Source: tsdb/docs/format/index.md there. */
import { crc32c } from '../../../shared/bytes/crc32c.ts';
import { labelsFrom, type Label, type Labels } from '../../../shared/model/labels.ts';
import { BigEndianReader } from './bigEndian.ts';
import { ForeignFileError } from './damage.ts';
import { FileWindow } from './fileWindow.ts';

export const INDEX_MAGIC = 0xbaaad700;
export const TOC_SIZE = 52;
const VARINT_BYTES_MAX = 10;
/** What series of version 2 begin at multiples of. */
export const SERIES_ALIGN = 16;

/** Where a chunk lies, and its times. */
export interface ChunkRef {
  readonly minTime: number;
  readonly maxTime: number;
  readonly segment: number;
  readonly offset: number;
}

export interface IndexedSeries {
  readonly labels: Labels;
  readonly chunks: readonly ChunkRef[];
}

export class BlockIndex {
  readonly #file: FileWindow;
  readonly #version: number;
  readonly #symbols: Symbols;
  readonly #postingsTable: number;

  /** @throws ForeignFileError */
  constructor(path: string) {
    this.#file = new FileWindow(path);
    const head = new BigEndianReader(this.#read(0, 5));
    if (head.u32() !== INDEX_MAGIC) throw this.#fault(0, 'no index of Prometheus');
    this.#version = head.u8();
    if (this.#version !== 1 && this.#version !== 2) throw this.#fault(4, `an index of version ${this.#version}`);
    const toc = this.#read(this.#file.size - TOC_SIZE, TOC_SIZE);
    const input = new BigEndianReader(toc);
    const symbols = input.i64();
    input.raw(4 * 8 - 8);
    input.raw(8);
    this.#postingsTable = input.i64();
    if (input.u32() !== crc32c(toc, 0, TOC_SIZE - 4)) throw this.#fault(this.#file.size - TOC_SIZE, 'a damaged table');
    this.#symbols = new Symbols(this.#section(symbols), symbols, this.#version);
  }

  /** The refs of all series by the pair of two of their labels, ascending. Series without a label have '' there. */
  groups(first: string, second: string): Map<string, Uint32Array> {
    const places: { name: string; value: string; place: number }[] = [];
    const table = new BigEndianReader(this.#section(this.#postingsTable));
    for (let left = table.u32(); left > 0; left--) {
      table.uvarint();
      const [name, value, place] = [table.text(), table.text(), table.uvarint()];
      if (name === first || name === second || (name === '' && value === '')) places.push({ name, value, place });
    }
    const all = places.find(({ name }) => name === '');
    const refs = all === undefined ? new Uint32Array(0) : this.#postings(all.place);
    const valuesOf = (wanted: string) => {
      const values = [''];
      const byRef = new Uint32Array(refs.length);
      for (const { name, value, place } of places) {
        if (name !== wanted || name === '') continue;
        markAll(refs, this.#postings(place), byRef, values.length);
        values.push(value);
      }
      return { values, byRef };
    };
    const [a, b] = [valuesOf(first), valuesOf(second)];
    const lists = new Map<string, number[]>();
    refs.forEach((ref, i) => {
      const key = `${a.values[a.byRef[i]]}\xff${b.values[b.byRef[i]]}`;
      const list = lists.get(key);
      if (list === undefined) lists.set(key, [ref]);
      else list.push(ref);
    });
    return new Map([...lists].map(([key, list]) => [key, Uint32Array.from(list)]));
  }

  /** @throws ForeignFileError, TruncatedError */
  series(ref: number): IndexedSeries {
    const place = this.#version === 1 ? ref : ref * SERIES_ALIGN;
    const head = new BigEndianReader(this.#file.upTo(place, VARINT_BYTES_MAX));
    const size = head.uvarint();
    const bytes = this.#read(place + head.at, size + 4);
    if (new BigEndianReader(bytes, size).u32() !== crc32c(bytes, 0, size)) throw this.#fault(place, 'a damaged series');
    const input = new BigEndianReader(bytes, 0, size);
    const labels: Label[] = [];
    for (let left = input.uvarint(); left > 0; left--) {
      labels.push([this.#symbols.text(input.uvarint()), this.#symbols.text(input.uvarint())]);
    }
    return { labels: labelsFrom(labels), chunks: readChunkRefs(input) };
  }

  close(): void {
    this.#file.close();
  }

  #postings(place: number): Uint32Array {
    const input = new BigEndianReader(this.#section(place));
    return Uint32Array.from({ length: input.u32() }, () => input.u32());
  }

  /** A part that says its length and carries a checksum. */
  #section(place: number): Uint8Array {
    const size = new BigEndianReader(this.#read(place, 4)).u32();
    const bytes = this.#read(place + 4, size + 4);
    if (new BigEndianReader(bytes, size).u32() !== crc32c(bytes, 0, size))
      throw this.#fault(place, 'a damaged section');
    return bytes.subarray(0, size);
  }

  #read(place: number, size: number): Uint8Array {
    if (place < 0 || place + size > this.#file.size) throw this.#fault(place, 'the file ends early');
    return this.#file.exactly(place, size);
  }

  #fault(place: number, what: string): ForeignFileError {
    return new ForeignFileError(this.#file.file, place, what);
  }
}

function readChunkRefs(input: BigEndianReader): ChunkRef[] {
  const chunks: ChunkRef[] = [];
  let [ref, maxTime] = [0, 0];
  for (let i = 0, count = input.uvarint(); i < count; i++) {
    const minTime = i === 0 ? input.varint() : maxTime + input.uvarint();
    maxTime = minTime + input.uvarint();
    ref += i === 0 ? input.uvarint() : input.varint();
    chunks.push({ minTime, maxTime, segment: Math.floor(ref / 2 ** 32), offset: ref % 2 ** 32 });
  }
  return chunks;
}

/** Both ascending: writes `mark` where a ref of the list is. */
function markAll(refs: Uint32Array, list: Uint32Array, marks: Uint32Array, mark: number): void {
  for (let i = 0, j = 0; i < refs.length && j < list.length; i++) {
    if (refs[i] !== list[j]) continue;
    marks[i] = mark;
    j++;
  }
}

/** The texts of the index: by number in version 2, by place in the file in version 1. */
class Symbols {
  readonly #bytes: Uint8Array;
  readonly #starts = new Map<number, number>();
  readonly #texts = new Map<number, string>();

  constructor(bytes: Uint8Array, place: number, version: number) {
    this.#bytes = bytes;
    const input = new BigEndianReader(bytes);
    for (let i = 0, count = input.u32(); i < count; i++) {
      this.#starts.set(version === 1 ? place + 4 + input.at : i, input.at);
      input.raw(input.uvarint());
    }
  }

  text(ref: number): string {
    let text = this.#texts.get(ref);
    if (text !== undefined) return text;
    const start = this.#starts.get(ref);
    if (start === undefined) throw new Error(`the index names a text ${ref} that it does not have`);
    this.#texts.set(ref, (text = new BigEndianReader(this.#bytes, start).text()));
    return text;
  }
}
