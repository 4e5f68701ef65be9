/**
 * Reads a target's pages, one after the other. A page is nearly the page before it, so each is compared with its predecessor:
 *
 *   previous   …\nrequests_total{code="200"} 1027\nrequests_total{code="500"} 3\n…
 *   segments      [------------------------]     [--------------------------]
 *   this page  …\nrequests_total{code="200"} 1031\nrequests_total{code="500"} 3\n…
 *
 * Where the bytes from one line's end to the next line's value are equal, the series is known by position and only the number is read: by a kernel in
 * WebAssembly (`kernel/`) as long as lines are plain, by `compareLine` where they are not.
 * Where they differ, the plain cursor reads on until a series is met that the previous page had; comparison goes on behind it.
 * The plain cursor alone is the oracle: `createPageReader({ compare: false })` gives the same row or the same error.
 *
 * Protobuf pages are read in full each time (`protobufPage.ts`), into the same slots and columns.
 */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import type { Labels } from '../../shared/model/labels.ts';
import type { Exemplar, Metadata, MetricType } from '../../shared/model/metadata.ts';
import {
  END,
  HELP,
  SERIES,
  TYPE,
  type EntryCursor,
  type EntryKind,
  type PageFormat,
  type TextFormat,
} from './entryCursor.ts';
import { FloatReader } from './floats.ts';
import { LineKernel } from './kernel/lineKernel.ts';
import { LinePlaces, PageLines } from './pageLines.ts';
import { createCursor } from './pageCursor.ts';
import { CLASSIC_ONLY, readProtobufPage, type PageForms, type PageSink } from './protobufPage.ts';
import { numericLabel } from './seriesScanner.ts';
import { SlotTable } from './slotTable.ts';

/** Larger pages are not kept for comparison. */
const KEPT_PAGE_BYTES_MAX = 32 * 1024 * 1024;
/** Families whose metadata is kept for a target. */
const FAMILIES_MAX = 20_000;

/** What a page holds, by lines. A slot names a series of this reader and stays the same from page to page. Lent until the next `read` of any reader. */
export interface PageRow {
  readonly count: number;
  /** Length ≥ count. */
  readonly slots: Int32Array;
  readonly values: Float64Array;
  /** Milliseconds, NaN for lines without a time; undefined if no line has one. */
  readonly times: Float64Array | undefined;
  /** Lines whose sample is a native histogram; their `values` mean nothing. */
  readonly histograms: ReadonlyMap<number, NativeHistogram>;
  readonly exemplars: readonly { readonly slot: number; readonly exemplar: Exemplar }[];
  /** By line, when what it counts began, milliseconds; empty unless they are wanted. */
  readonly starts: ReadonlyMap<number, number>;
  /** Families whose metadata is new or changed. */
  readonly metadata: ReadonlyMap<string, Metadata>;
  /** Lines known by comparison alone. */
  readonly compared: number;
  /** Whether the slots are those of the page before, in the same order. */
  readonly isAlike: boolean;
}

export interface PageReader {
  /**
   * @param bytes handed over: they are the reader's until it releases them.
   * @param forms what is wanted of what only protobuf pages have; beginnings of OpenMetrics pages are read by `StartTimeReader`.
   * @throws ParseError, PageError; what was learnt before the fault stays known.
   */
  read(bytes: Uint8Array, format: PageFormat, forms?: PageForms): PageRow;
  /** The same in steps, for pages that are large: between two of them others may run. The reader is not to be used otherwise until the last. */
  readSteps(bytes: Uint8Array, format: PageFormat, forms?: PageForms): Generator<void, PageRow>;
  /** Slots given out so far: 0 … slotCount − 1. */
  readonly slotCount: number;
  labels(slot: number): Labels;
  /** The labels of this slot will not be asked for again. */
  forgetLabels(slot: number): void;
  /** The slot that this key was given, made if there is none; for series that are made of others. `labels` is called for a key that is new. */
  slot(key: string, labels: () => Labels): number;
  /** What the pages said last of a family. */
  typeOf(metric: string): MetricType | undefined;
  /** Forget all slots and the previous page. */
  reset(): void;
}

export interface PageReaderOptions {
  /** false for the oracle, which reads every line in full. */
  readonly compare?: boolean;
  /** Takes the bytes of pages that are not needed any more, at the end of `read` or `reset`. */
  readonly release?: (bytes: Uint8Array) => void;
}

export function createPageReader({ compare = true, release = () => undefined }: PageReaderOptions = {}): PageReader {
  return new ComparingReader(compare, release);
}

/** Lines read in full between two steps: some milliseconds. */
const STEP_LINES = 500;
/** Pages up to this are read in one step. */
const STEPLESS_BYTES_MAX = 128 * 1024;

/** The page being read: one for all readers, where reading is done at once. */
const CURRENT = new PageLines();
let kernel: LineKernel | undefined;

const NO_BYTES = new Uint8Array(0);
const NO_EXEMPLARS: readonly { slot: number; exemplar: Exemplar }[] = [];
const NO_METADATA: ReadonlyMap<string, Metadata> = new Map();
const NO_HISTOGRAMS: ReadonlyMap<number, NativeHistogram> = new Map();
const NO_STARTS: ReadonlyMap<number, number> = new Map();
const NEWLINE = 0x0a;

class ComparingReader implements PageReader, PageSink {
  private readonly compare: boolean;
  private readonly release: (bytes: Uint8Array) => void;
  private readonly cursors = new Map<TextFormat, EntryCursor>();
  private readonly floats = new FloatReader();
  private readonly slots = new SlotTable();
  private readonly families = new Map<string, Metadata>();

  private previous = new LinePlaces();
  private previousBytes: Uint8Array = NO_BYTES;
  private previousFormat: PageFormat | undefined;
  /** Line of each slot in the previous page, −1 for none; made when a page first differs. */
  private lineOfSlot: Int32Array | undefined;

  private current = CURRENT;
  /** Lists and maps are made when there is something to put into them. */
  private exemplars: readonly { slot: number; exemplar: Exemplar }[] = NO_EXEMPLARS;
  private changed: ReadonlyMap<string, Metadata> = NO_METADATA;
  private histograms: ReadonlyMap<number, NativeHistogram> = NO_HISTOGRAMS;
  private starts: ReadonlyMap<number, number> = NO_STARTS;
  private timed = false;
  private compared = 0;
  private isRestAlike = false;

  constructor(compare: boolean, release: (bytes: Uint8Array) => void) {
    this.compare = compare;
    this.release = release;
  }

  get slotCount(): number {
    return this.slots.count;
  }

  labels(slot: number): Labels {
    return this.slots.labels(slot);
  }

  forgetLabels(slot: number): void {
    this.slots.forgetLabels(slot);
  }

  typeOf(metric: string): MetricType | undefined {
    return this.families.get(metric)?.type;
  }

  reset(): void {
    this.slots.clear();
    this.families.clear();
    this.forgetPrevious();
  }

  read(bytes: Uint8Array, format: PageFormat, forms = CLASSIC_ONLY): PageRow {
    return lastOf(this.readSteps(bytes, format, forms));
  }

  *readSteps(bytes: Uint8Array, format: PageFormat, forms = CLASSIC_ONLY): Generator<void, PageRow> {
    this.current = bytes.length > STEPLESS_BYTES_MAX ? new PageLines() : CURRENT;
    if (format !== this.previousFormat) this.forgetPrevious();
    this.current.begin(this.previous);
    this.exemplars = NO_EXEMPLARS;
    this.histograms = NO_HISTOGRAMS;
    this.starts = NO_STARTS;
    this.timed = false;
    this.compared = 0;
    this.isRestAlike = false;
    try {
      if (format === 'protobuf') readProtobufPage(bytes, forms, this);
      else yield* this.readLines(bytes, format);
    } catch (error) {
      this.release(bytes);
      throw error;
    }
    const row = this.current;
    const isAlike = this.isRestAlike && this.compared === row.count;
    // Handed over with the first page that is read whole; a fault in between loses none of it.
    const metadata = this.changed;
    this.changed = NO_METADATA;
    this.keep(bytes, format, isAlike);
    return {
      count: row.count,
      slots: row.slots,
      values: row.values,
      times: this.timed ? row.times : undefined,
      histograms: this.histograms,
      exemplars: this.exemplars,
      starts: this.starts,
      metadata,
      compared: this.compared,
      isAlike,
    };
  }

  slot(key: string, labels: () => Labels): number {
    const bytes = Buffer.from(key);
    return this.slots.slot(PROTOBUF_KIND, bytes, 0, bytes.length, labels);
  }

  add(slot: number, v: number, t: number | undefined, type: MetricType): void {
    if (t !== undefined) this.timed = true;
    this.current.add(slot, 0, 0, type, v, t ?? NaN);
  }

  addHistogram(slot: number, h: NativeHistogram, t: number | undefined, type: MetricType): void {
    this.histograms = added(this.histograms, NO_HISTOGRAMS, this.current.count, h);
    this.add(slot, NaN, t, type);
  }

  addExemplar(slot: number, exemplar: Exemplar): void {
    if (this.exemplars === NO_EXEMPLARS) this.exemplars = [];
    (this.exemplars as { slot: number; exemplar: Exemplar }[]).push({ slot, exemplar });
  }

  addStart(start: number): void {
    this.starts = added(this.starts, NO_STARTS, this.current.count - 1, start);
  }

  declare(metric: string, change: Partial<Metadata>): void {
    const known = this.families.get(metric);
    if (known === undefined && this.families.size >= FAMILIES_MAX) return;
    const next: Metadata = { type: 'unknown', help: '', unit: '', ...known, ...change };
    if (known !== undefined && next.type === known.type && next.help === known.help && next.unit === known.unit) return;
    this.families.set(metric, next);
    this.changed = added(this.changed, NO_METADATA, metric, next);
  }

  private *readLines(bytes: Uint8Array, format: TextFormat): Generator<void, void> {
    const cursor = this.cursorOf(format);
    cursor.open(bytes);
    kernel ??= new LineKernel();
    kernel.open();
    let line = 0;
    let full = 0;
    for (;;) {
      line = this.compareFrom(line, bytes, cursor);
      if (this.endsAlike(line, bytes, cursor)) return;
      // Reading in full until a line is met that the previous page had too.
      for (let known = -1; known < 0;) {
        const kind = cursor.next();
        if (kind === END) return;
        if (kind === SERIES) {
          if (++full % STEP_LINES === 0 && this.current !== CURRENT) {
            yield;
            kernel.open();
          }
          const slot = this.readSeries(bytes, format, cursor);
          known = this.previousLineOf(slot);
          if (known >= 0) line = known + 1;
          else if (line < this.previous.count) known = line;
        } else {
          this.readDeclaration(kind, cursor);
        }
      }
    }
  }

  /** Reads lines by comparison, from the cursor's place on. Leaves the cursor behind the last line that was alike. */
  private compareFrom(from: number, bytes: Uint8Array, cursor: EntryCursor): number {
    const { previous, current } = this;
    // Equal bytes mean equal labels only under an equal type.
    const typeBefore = from === 0 ? 'unknown' : previous.type(from - 1);
    if (numericLabel(cursor.type) !== numericLabel(typeBefore)) return from;
    let at = cursor.offset;
    let line = from;
    while (line < previous.count) {
      // Where lines have changed their order, the next one is seldom the next one; that is found out more cheaply in plain.
      if (line > from || from === 0) {
        const end = kernel!.read(previous, this.previousBytes, line, bytes, at, current);
        if (end > line) at = current.lineEnds[current.count - 1];
        line = end;
        if (line === previous.count) break;
      }
      at = this.compareLine(line, bytes, at, cursor);
      if (at < 0) break;
      line++;
    }
    if (line > from) cursor.seek(current.lineEnds[current.count - 1], previous.type(line - 1));
    this.compared += line - from;
    return line;
  }

  /** Reads one line by comparison, whatever stands behind its labels. @returns where it ends; negative if it differs. */
  private compareLine(line: number, bytes: Uint8Array, at: number, cursor: EntryCursor): number {
    const { previous, previousBytes, floats, current } = this;
    let p = line === 0 ? 0 : previous.lineEnds[line - 1];
    let q = at;
    for (const valueStart = previous.valueStarts[line]; p < valueStart; p++, q++)
      if (previousBytes[p] !== bytes[q]) return -1;
    const v = floats.read(bytes, q);
    if (!floats.ok || floats.end === q) return -1;
    let end = floats.end;
    let t = NaN;
    if (bytes[end] !== NEWLINE) {
      end = cursor.readTail(end);
      t = cursor.t;
      if (!Number.isNaN(t)) this.timed = true;
      if (cursor.exemplar !== undefined) this.addExemplar(previous.slots[line], cursor.exemplar);
    }
    current.add(previous.slots[line], q, end, previous.type(line), v, t);
    return end;
  }

  /** Whether all lines are read and the rest of the page is that of the previous one. */
  private endsAlike(line: number, bytes: Uint8Array, cursor: EntryCursor): boolean {
    const { previous, previousBytes } = this;
    if (line === 0 || line < previous.count) return false;
    let p = previous.lineEnds[line - 1];
    if (previousBytes.length - p !== bytes.length - cursor.offset) return false;
    for (let q = cursor.offset; q < bytes.length; p++, q++) if (previousBytes[p] !== bytes[q]) return false;
    this.isRestAlike = true;
    return true;
  }

  private readSeries(bytes: Uint8Array, format: TextFormat, cursor: EntryCursor): number {
    const kind = KEY_KINDS[format][numericLabel(cursor.type)];
    const slot = this.slots.slot(kind, bytes, cursor.seriesStart, cursor.seriesEnd, () => cursor.labels());
    if (!Number.isNaN(cursor.t)) this.timed = true;
    if (cursor.exemplar !== undefined) this.addExemplar(slot, cursor.exemplar);
    this.current.add(slot, cursor.valueStart, cursor.offset, cursor.type, cursor.v, cursor.t);
    return slot;
  }

  private previousLineOf(slot: number): number {
    if (this.previous.count === 0) return -1;
    if (this.lineOfSlot === undefined) {
      this.lineOfSlot = new Int32Array(this.slots.count).fill(-1);
      for (let i = 0; i < this.previous.count; i++) this.lineOfSlot[this.previous.slots[i]] = i;
    }
    return slot < this.lineOfSlot.length ? this.lineOfSlot[slot] : -1;
  }

  private readDeclaration(kind: EntryKind, cursor: EntryCursor): void {
    if (kind === TYPE) this.declare(cursor.metric, { type: cursor.type });
    else if (kind === HELP) this.declare(cursor.metric, { help: cursor.text });
    else this.declare(cursor.metric, { unit: cursor.text });
  }

  private cursorOf(format: TextFormat): EntryCursor {
    let cursor = this.cursors.get(format);
    if (cursor === undefined) this.cursors.set(format, (cursor = createCursor(format)));
    return cursor;
  }

  private keep(bytes: Uint8Array, format: PageFormat, isAlike: boolean): void {
    this.release(this.previousBytes);
    this.previousBytes = bytes;
    this.lineOfSlot = undefined;
    this.previousFormat = format;
    if (!this.compare || format === 'protobuf' || bytes.length > KEPT_PAGE_BYTES_MAX) this.forgetPrevious();
    else this.previous.keep(this.current, isAlike);
  }

  private forgetPrevious(): void {
    this.previous.forget();
    this.release(this.previousBytes);
    this.previousBytes = NO_BYTES;
    this.previousFormat = undefined;
    this.lineOfSlot = undefined;
  }
}

/** Takes all steps at once. */
export function lastOf<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** `map` with one more entry; a new one in place of `none`, which all share. */
function added<K, V>(map: ReadonlyMap<K, V>, none: ReadonlyMap<K, V>, key: K, v: V): ReadonlyMap<K, V> {
  return map === none ? new Map([[key, v]]) : (map as Map<K, V>).set(key, v);
}

/** The same bytes under another type may mean other labels (`le="1"` is `le="1.0"` in a histogram only). */
const KEY_KINDS = {
  text: { '': 0, le: 1, quantile: 2 },
  openMetrics: { '': 3, le: 4, quantile: 5 },
} as const;
const PROTOBUF_KIND = 6;
