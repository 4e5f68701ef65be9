/**
 * Every byte of a real file is where `src/server/tsdb/docs` draws it: read here from the pages alone, by nothing of the store but its checksum. A field
 * that is added, moved or left out leaves bytes over, or runs out of them.
 */
import fs from 'node:fs';
import path from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { crc32c } from '../../src/shared/bytes/crc32c.ts';
import { openTsdb } from '../../src/server/tsdb/db.ts';
import { HISTORY_OPTIONS, writeStoreHistory } from '../support/storeHistory.ts';
import { makeFolder } from '../support/tsdbSamples.ts';

let folder: string;
beforeAll(async () => {
  const open = makeFolder();
  folder = makeFolder();
  // Rows are packed early, so that the log has chunks too.
  const db = await openTsdb({ path: open, ...HISTORY_OPTIONS }, { rowBytesKept: 0 });
  await writeStoreHistory(db);
  fs.cpSync(open, folder, { recursive: true });
  await db.close();
  fs.rmSync(open, { recursive: true });
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

const filesOf = (part: string, ending: string) =>
  fs
    .readdirSync(path.join(folder, part))
    .filter((name) => name.endsWith(ending))
    .map((name) => fs.readFileSync(path.join(folder, part, name)));

class Cursor {
  readonly bytes: Buffer;
  at: number;
  readonly end: number;

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    [this.bytes, this.at, this.end] = [bytes, at, end];
  }

  get left(): number {
    return this.end - this.at;
  }

  raw(size: number): Buffer {
    if (size > this.left) throw new Error(`${size} bytes at ${this.at} are beyond ${this.end}`);
    return this.bytes.subarray(this.at, (this.at += size));
  }

  u8 = () => this.raw(1)[0];
  u32 = () => this.raw(4).readUInt32LE();
  f64 = () => this.raw(8).readDoubleLE();
  text = () => this.raw(this.v()).toString();

  v = (): number => {
    for (let n = 0, scale = 1; ; scale *= 128) {
      const byte = this.u8();
      n += (byte & 127) * scale;
      if (byte < 128) return n;
    }
  };

  z = (): number => {
    const n = this.v();
    return n % 2 === 0 ? n / 2 : -(n + 1) / 2;
  };

  number(): void {
    if (this.v() === 1) this.f64();
  }

  times<T>(count: number, read: (i: number) => T): T[] {
    return Array.from({ length: count }, (_, i) => read(i));
  }

  many<T>(read: (i: number) => T): T[] {
    return this.times(this.v(), read);
  }

  isAtEnd(): void {
    expect(this.left).toBe(0);
  }
}

const checked = (bytes: Buffer) => crc32c(bytes);

/** Magic, version, number, checksum. */
function header(bytes: Buffer, magic: string): number {
  expect(bytes.subarray(0, 4).toString()).toBe(magic);
  expect(bytes.readUInt32LE(12)).toBe(checked(bytes.subarray(0, 12)));
  return bytes.readUInt32LE(4);
}

function labelSets(input: Cursor): [string, string][][] {
  const known: string[] = [];
  const text = () => {
    const place = input.v();
    if (place > 0) return known[place - 1];
    known.push(input.text());
    return known.at(-1)!;
  };
  return input.many(() => input.many((): [string, string] => [text(), text()]));
}

function histogram(input: Cursor): void {
  input.z();
  const flags = input.u8();
  for (const _ of 'zcn') input.number();
  input.f64();
  for (const _ of '+-') {
    input.many(() => [input.z(), input.v()]);
    input.many(() => input.number());
  }
  if ((flags & 1) !== 0) input.many(() => input.number());
}

function summary(input: Cursor): void {
  const flags = input.u8();
  input.times(((flags & 1) !== 0 ? 1 : 0) + ((flags & 4) !== 0 ? 2 : 0) + 1, () => input.number());
}

function runs(input: Cursor, strides: number, neverFalls: boolean): void {
  if (input.v() > 1) input.z();
  let codes = 0;
  for (let s = 0; s < strides; s++) {
    const mode = input.v() % 8;
    if (mode >= 4) input.u8();
    if (mode !== 0) codes += input.v();
    input.z();
    input.z();
    if (mode === 3) input.v();
    if (!neverFalls) summary(input);
  }
  input.raw(codes);
}

function ulps(input: Cursor, strides: number, neverFalls: boolean): void {
  let codes = 0;
  for (let s = 0; s < strides; s++) {
    input.v();
    input.u8();
    codes += input.v();
    input.f64();
    input.f64();
    if (!neverFalls) summary(input);
  }
  input.raw(codes);
}

/** Gives its rows and the encodings of its columns. */
function chunk(bytes: Buffer): { rows: number; encodings: number[] } {
  const input = new Cursor(bytes);
  expect(input.u8()).toBe(2);
  const rows = input.v();
  input.z();
  if (rows > 1) {
    input.times(5, input.v);
    input.raw(input.v());
  }
  let end = 0;
  const ends = [...input.many(() => (end += input.v())), rows];
  const patterns = input.many(() => {
    const kinds: number[] = [];
    while (kinds.length < rows) for (let run = input.v(), i = Math.floor(run / 4); i > 0; i--) kinds.push(run % 4);
    expect(kinds).toHaveLength(rows);
    return kinds;
  });
  const sizes = input.many(() => [input.v(), input.v()][1]);
  const encodings = sizes.map((size) => {
    const region = new Cursor(bytes, input.at, input.at + size);
    input.raw(size);
    const head = region.u8();
    const encoding = head & 15;
    const kinds = (head & 16) !== 0 ? patterns[region.v()] : new Array<number>(rows).fill(0);
    const neverFalls = (head & 32) !== 0;
    const withSamples = ends.filter((to, s) => kinds.slice(s > 0 ? ends[s - 1] : 0, to).includes(0)).length;
    if (encoding === 1) region.f64();
    if (encoding === 5) {
      region.u8();
      region.many(() => [region.v(), region.f64()]);
    }
    if (encoding === 6) ulps(region, withSamples, neverFalls);
    if (encoding === 7) region.v();
    if ([2, 3, 4, 5].includes(encoding)) {
      if ((head & 64) !== 0) region.times(2, region.z);
      else runs(region, withSamples, neverFalls);
    }
    region.isAtEnd();
    return encoding;
  });
  input.many(() => [input.v(), input.many(() => [input.v(), histogram(input)])]);
  input.isAtEnd();
  return { rows, encodings };
}

test('blocks: header, chunks, sections of labels, index, footer; and what is in each chunk', () => {
  const encodings = new Set<number>();
  for (const bytes of filesOf('blocks', '.block')) {
    expect(header(bytes, 'ISOB')).toBe(2);
    const footer = new Cursor(bytes, bytes.length - 24);
    const [place, length, checksum] = [footer.f64(), footer.u32(), footer.u32()];
    expect(footer.raw(4).toString()).toBe('ISOB');
    expect(footer.u32()).toBe(checked(bytes.subarray(-24, -4)));
    expect(place + length + 24).toBe(bytes.length);
    expect(checked(bytes.subarray(place, place + length))).toBe(checksum);
    const index = new Cursor(bytes, place, place + length);
    index.v();
    index.many(index.v);
    const pieces: [from: number, to: number][] = [[0, 16]];
    const frames = index.many(() => {
      const [from, size, unpacked, sum] = [index.v(), index.v(), index.v(), index.u32()];
      expect(checked(bytes.subarray(from, from + size))).toBe(sum);
      pieces.push([from, from + size]);
      const labels = zstdDecompressSync(bytes.subarray(from, from + size));
      expect(labels).toHaveLength(unpacked);
      return labels;
    });
    index.many(() => {
      expect([0, 1]).toContain(index.u8());
      index.text();
      index.v();
      const [frame, from, size] = [index.v(), index.v(), index.v()];
      index.raw(16);
      const section = new Cursor(frames[frame], from, from + size);
      expect(section.many(section.v)).toHaveLength(labelSets(section).length);
      section.isAtEnd();
      let [end, last] = [0, 0];
      index.many(() => {
        const [from, size, rows, first] = [end + index.v(), index.v(), index.v(), last + index.z()];
        last = first + index.v();
        const stored = new Cursor(bytes, from, (end = from + size));
        pieces.push([from, from + 8 + stored.u32()]);
        const content = bytes.subarray(from + 8, pieces.at(-1)![1]);
        expect(stored.u32()).toBe(checked(content));
        const found = chunk(content);
        expect(found.rows).toBe(rows);
        for (const encoding of found.encodings) encodings.add(encoding);
      });
    });
    index.isAtEnd();
    // Nothing lies between them.
    pieces.sort(([a], [b]) => a - b);
    pieces.forEach(([, to], i) => expect(pieces[i + 1]?.[0] ?? place).toBe(to));
  }
  expect([...encodings].sort()).toEqual([1, 2, 4, 5, 6, 7]);
});

test('tombstones: header, length, checksum, label sets, ranges', () => {
  const bytes = fs.readFileSync(path.join(folder, 'tombstones'));
  expect(header(bytes, 'ISOT')).toBe(1);
  const input = new Cursor(bytes, 16);
  expect(input.u32()).toBe(bytes.length - 24);
  expect(input.u32()).toBe(checked(bytes.subarray(24)));
  const sets = labelSets(input);
  expect(sets.map(() => input.many(() => [input.z(), input.v()]).length)).toEqual(sets.map(() => 1));
  input.isAtEnd();
});

const unzigzag = (n: number) => (n % 2 === 0 ? n / 2 : -(n + 1) / 2);

/** What is in a token of a row, or of one cell. */
interface Token {
  readonly cells: number;
  readonly isMark: boolean;
  readonly change: number;
  /** No change: a value, and whether it is a decimal. */
  readonly start?: { readonly v: number; readonly isDecimal: boolean };
}

function token(input: Cursor, change: number): Token {
  const code = input.v();
  const rest = Math.floor(code / 4);
  const one = { cells: 1, isMark: false, change };
  if (code % 4 === 3) return { ...one, cells: Math.floor(rest / 2), isMark: true };
  if (code % 4 === 1) return { ...one, change: unzigzag(rest) };
  if (code % 4 === 0 && rest % 2 === 0) return { ...one, cells: rest / 2 };
  if (code % 4 === 0)
    return { ...one, cells: Math.floor(rest / 8) + 1, change: change + (Math.floor(rest / 2) % 4) + 1 };
  if (rest >= 64) return { ...one, start: { v: input.z() / 10 ** (rest - 64), isDecimal: true } };
  const bytes = Buffer.alloc(8);
  input.raw((rest % 8) + 1).copy(bytes, rest >> 3);
  return { ...one, start: { v: bytes.readDoubleLE(), isDecimal: false } };
}

/** Cells of a row, or of one column, as changes; `seen` is told of those of a fresh row. */
function values(input: Cursor, cells: number, isRow: boolean, seen?: (token: Token) => void): void {
  let change = 0;
  for (let done = 0; done < cells;) {
    const ended: Token = { cells: cells - done, isMark: false, change };
    const next = isRow && input.left === 0 ? ended : token(input, change);
    change = next.change;
    for (let i = 0; i < next.cells; i++) seen?.(next);
    done += next.cells;
    expect(done).toBeLessThanOrEqual(cells);
  }
}

/** What rows of changes learn of a column. */
interface Learnt {
  own: number;
  growth: number;
  isFloat: boolean;
  isSigned: boolean;
  isGone: boolean;
}

/** A group, as far as its rows of changes build on it. */
class Rows {
  readonly columns: Learnt[] = [];
  width = 0;
  count = 0;
  run = 4;

  /** From a fresh record. */
  constructor(input: Cursor) {
    let before = 0;
    this.width = input.v();
    values(input, this.width, true, ({ isMark, change, start }) => {
      const v = isMark ? 0 : (start?.v ?? change);
      const isFloat = start?.isDecimal === false;
      const growth = !isFloat && Math.abs(v - before) <= Math.abs(v) / 2 ? 1 / 2 : 1;
      this.columns.push({ own: isFloat ? 2 ** 40 : 1, growth, isFloat, isSigned: false, isGone: isMark });
      if (!isFloat) before = v;
    });
  }
}

class Bits {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return 8 * this.#bytes.length - this.at;
  }

  bit = () => (this.#bytes[this.at >> 3] >> (this.at++ & 7)) & 1;
  number = (width: number) => Array.from({ length: width }, this.bit).reduce((n, bit, i) => n + bit * 2 ** i, 0);

  /** Quotient and remainder; undefined after ten ones. */
  rice(mean: number, more: number): number | undefined {
    let k = more;
    for (let power = 2; power <= mean; power *= 2) k++;
    let quotient = 0;
    while (quotient < 10 && this.bit() === 1) quotient++;
    return quotient < 10 ? quotient * 2 ** k + this.number(k) : undefined;
  }
}

/** Cells of a row as changes, in bits. */
function changes(input: Cursor, rows: Rows): void {
  const weight = 1 / Math.min(8, ++rows.count + 1);
  const runs: number[] = [];
  const events = input.left > 0 ? input.v() : 0;
  const bits = new Bits(input.raw(input.left));
  for (let i = 0; i < events; i++) {
    const run = bits.rice(rows.run, 0) ?? bits.number(bits.number(6));
    runs.push(run);
    rows.run += (run - rows.run) / 8;
  }
  bits.at = Math.ceil(bits.at / 8) * 8;
  let quiet = runs.shift() ?? Infinity;
  let change = 0;
  for (let c = 0; c < rows.width; c++) {
    const column = (rows.columns[c] ??= { own: 1, growth: 1, isFloat: false, isSigned: false, isGone: false });
    const isChained = !column.isFloat && column.growth < column.own;
    const mean = isChained ? column.growth : column.own;
    const isQuiet = column.isGone || mean < 1 / 4;
    let residual = 0;
    let most = Infinity;
    if (isQuiet && quiet > 0) {
      quiet--;
      if (column.isGone || (change === 0 && column.own < 1 / 4)) continue;
    } else {
      if (isQuiet) quiet = runs.shift() ?? Infinity;
      const code = bits.rice(mean, column.isSigned ? 1 : 0);
      const escape = code === undefined ? bits.number(7) : 0;
      if (escape >= 80 && escape < 82) {
        column.isGone = true;
        continue;
      }
      if (escape >= 64) {
        column.isFloat = escape === 82;
        expect(escape === 82 || escape <= 73).toBe(true);
        bits.number(escape === 82 ? 64 : bits.number(6));
        Object.assign(column, { own: column.isFloat ? 2 ** 40 : 1, growth: 1, isGone: false });
        continue;
      }
      if (code === undefined) {
        residual = unzigzag(bits.number(escape));
        column.isSigned ||= residual < 0;
        most = 16;
      } else {
        residual = column.isSigned ? unzigzag(code + (isQuiet ? 1 : 0)) : code + (isQuiet ? 1 : 0);
      }
      column.isGone = false;
    }
    const moved = isChained ? residual + change : residual;
    const grown = moved - change;
    column.own += (Math.min(Math.abs(moved), most * (column.own + 1)) - column.own) * weight;
    column.growth += (Math.min(Math.abs(grown), most * (column.growth + 1)) - column.growth) * weight;
    if (!column.isFloat) change = moved;
  }
  expect(runs).toEqual([]);
  expect(bits.left).toBeGreaterThanOrEqual(0);
  expect(bits.left).toBeLessThan(8);
}

/** The newest rows of a loose group. */
function rest(input: Cursor): void {
  expect(input.u8()).toBe(0);
  const [rows, columns] = [input.v(), input.v()];
  input.times(rows, () => {
    input.z();
    const size = input.v();
    values(new Cursor(input.bytes, input.at, input.at + size), columns, true);
    input.raw(size);
  });
  input.many(() => [input.v(), input.v(), histogram(input)]);
  input.isAtEnd();
}

/** By group: rows that the next one builds on. */
const rowsOf = new Map<number, Rows>();

/** Payloads behind the group's number, by type. */
const RECORDS: Readonly<Record<number, (input: Cursor, group: number) => void>> = {
  1: (input) => void (expect([0, 1]).toContain(input.u8()), input.text()),
  2: (input) => void [input.v(), labelSets(input)],
  3: (input, group) => {
    expect(input.v() % 2).toBe(1);
    input.z();
    rowsOf.set(group, new Rows(input));
  },
  4: (input) => {
    input.v();
    input.many(() => {
      if (input.v() % 2 === 1) input.z();
      values(input, 1, false);
    });
  },
  5: (input) => void [input.v(), input.v(), input.z(), histogram(input)],
  6: (input) => void [input.v(), input.z(), input.f64(), input.many(() => [input.text(), input.text()])],
  7: (input) => {
    input.v();
    if (input.u8() === 1) input.z();
    input.many(() => [input.v(), input.z(), input.raw(8)]);
  },
  8: (input) => {
    input.times(2, input.v);
    const size = input.v();
    if (size > 0) rest(new Cursor(input.bytes, input.at, input.at + size));
    input.raw(size);
    chunk(input.raw(input.left));
  },
  9: (input, group) => {
    expect(input.v() % 2).toBe(0);
    input.z();
    const rows = rowsOf.get(group)!;
    rows.width += input.z();
    changes(input, rows);
  },
};

test.each([
  ['.wal', 'ISOW', 5, [1, 2, 3, 4, 5, 6, 8, 9]],
  ['.checkpoint', 'ISOC', 2, [1, 2, 6, 7]],
])('the log: *%s, its frames and what is in each record', (ending, magic, version, types) => {
  const seen = new Set<number>();
  for (const bytes of filesOf('wal', ending)) {
    expect(header(bytes, magic)).toBe(version);
    const input = new Cursor(bytes, 16);
    while (input.left > 0) {
      const place = input.at;
      expect(input.u8()).toBe(0xb5);
      const [type, length, checksum] = [input.u8(), input.u32(), input.u32()];
      const record = new Cursor(bytes, input.at, input.at + length);
      const payload = input.raw(length);
      expect(crc32c(payload, 0, length, crc32c(bytes, place + 1, place + 6, place))).toBe(checksum);
      const group = record.v();
      RECORDS[type](record, group);
      record.isAtEnd();
      seen.add(type);
    }
  }
  expect([...seen].sort()).toEqual(types);
});
