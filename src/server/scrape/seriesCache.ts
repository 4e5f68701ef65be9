/** A target's series: which column of its group each line of its pages belongs to, and which were there last time. */
import { formatLabels, labelsFrom, labelsOf, METRIC_NAME, type Labels } from '../../shared/model/labels.ts';
import type { Metadata } from '../../shared/model/metadata.ts';
import { bitsOf, fillGaps, setStale } from '../../shared/model/sampleBits.ts';
import type { ScrapeConfig } from '../config/config.ts';
import type { RelabelRule } from '../relabel/relabel.ts';
import type { Appender, AppendOutcome, GroupWriter, Storage } from '../storage/appender.ts';
import { createPageReader, lastOf, type PageReader, type PageRow } from '../textparse/pageReader.ts';
import { CustomBucketReader } from '../textparse/customBuckets.ts';
import type { PageFormat } from '../textparse/entryCursor.ts';
import { SlotLabels } from '../textparse/slotLabels.ts';
import { StartTimeReader } from '../textparse/startTimes.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { pagePool } from '../outbound/pagePool.ts';
import { withinBucketLimits } from './bucketLimit.ts';
import { ColumnList } from './columnList.ts';
import { LoosePresence } from './loosePresence.ts';
import { appendExemplar, appendLoose } from './looseSamples.ts';
import { NO_REFUSALS, withRefusal, REPORT_NAMES_MAX, reportNames, type PageCounts, type Report } from './report.ts';
import { SampleLabelsError, seriesLabels } from './sampleLabels.ts';

/** Lines of pages gone by are forgotten when all known lines are this many times those of the last page (and this many more). */
const FORGOTTEN_FACTOR = 2;
const FORGOTTEN_SPARE = 5_000;
/** A group whose dead columns outnumber the living is left for a fresh one, so that rows stay short. */
const WIDE_FACTOR = 4;
const WIDE_SPARE = 2_000;
/** New series between two steps: some milliseconds. */
const STEP_SERIES = 500;

/** Places of a slot that has no column. */
const UNKNOWN = -1;
const DROPPED = -2;
const WAITING = -3;

export interface SeriesSettings {
  readonly targetLabels: Labels;
  readonly config: ScrapeConfig;
  readonly metricRules: readonly RelabelRule[];
}

/** A page that was read, after relabelling and limits. */
export interface ReadPage {
  readonly row: PageRow;
  readonly kept: number;
  /** By line, at the resolution that the limits ask for. */
  readonly histograms: ReadonlyMap<number, NativeHistogram>;
  /** Series that are new to the cache. */
  readonly added: number;
  /** The lines and their columns are those of the last row that the store took. */
  readonly isSteady: boolean;
}

/** The row being made: one for all targets, since a row is made and handed to the appender, which copies it, in one turn. */
let rowBuffer = new Float64Array(1024);

export class SeriesCache {
  private readonly storage: Storage;
  private readonly groupKey: string;
  private generation = 0;
  private group: GroupWriter;
  private settings: SeriesSettings;
  private nextSettings: SeriesSettings | undefined;

  private reader: PageReader;
  /** By slot: a column, or UNKNOWN, DROPPED, WAITING. */
  private places = new Int32Array(0);
  /** Labels of slots without a column: one is made when the whole page is known to be good, and never for samples with their own time. */
  private readonly waiting = new SlotLabels();
  /** By slot, what its series said last of when it began. */
  private readonly startsSaid = new Map<number, number>();
  /** Slots whose samples came outside the row: with their own time, or as native histograms. */
  private readonly loose = new Set<number>();
  private readonly loosePresence = new LoosePresence();
  private reportColumns = new Map<string, number>();

  /** By column: the last page it stood on, by the page's number. */
  private seenOn = new Uint32Array(64);
  private page = 0;
  /** Lines of the last page that could be read. */
  private lineCount = 0;
  /** Columns present in the last row that the store took, and in the one being made. */
  private present = new ColumnList();
  private presentNext = new ColumnList();
  /** The last row that the store took is a page's, all of it, each line another column; and whether the one being made is. */
  private isSteady = false;
  private isSteadyNext = false;
  /** The lines of the steady page are the group's first columns, in order. */
  private isInOrder = false;
  /** Lines of the last page that were not dropped. */
  private kept = 0;

  constructor(storage: Storage, groupKey: string, settings: SeriesSettings) {
    this.storage = storage;
    this.groupKey = groupKey;
    this.settings = settings;
    this.group = storage.group(groupKey);
    this.reader = readerOf(settings.config);
  }

  /** By metric family, as the last pages had it. */
  get metadata(): ReadonlyMap<string, Metadata> {
    return this.group.metadata;
  }

  /** New rules, from the next page on: every line is looked at again; what was present is remembered, so that it can go stale. */
  configure(settings: SeriesSettings): void {
    this.nextSettings = settings;
  }

  private takeSettings(): void {
    const settings = this.nextSettings;
    if (settings === undefined) return;
    const { customBuckets, startTimes } = this.settings.config;
    if (settings.config.customBuckets !== customBuckets || settings.config.startTimes !== startTimes) {
      this.reader.reset();
      this.reader = readerOf(settings.config);
    }
    this.settings = settings;
    this.nextSettings = undefined;
    this.forgetLines();
    this.isSteady = false;
    this.reportColumns.clear();
  }

  /**
   * Reads a page into the row that `appendPage` will write.
   *
   * @param bytes handed over; they go back to the pool when the next page needs them no more.
   * @throws ParseError, PageError, SampleLabelsError: then nothing of the page is to be appended.
   */
  readPage(bytes: Uint8Array, format: PageFormat): ReadPage {
    return lastOf(this.readSteps(bytes, format));
  }

  /** The same in steps; between two of them others may run, but nothing may be appended here. */
  *readSteps(bytes: Uint8Array, format: PageFormat): Generator<void, ReadPage> {
    this.takeSettings();
    const { nativeHistograms, alwaysClassicHistograms, startTimes } = this.settings.config;
    this.forgetDead();
    const forms = { native: nativeHistograms, classic: alwaysClassicHistograms, starts: startTimes };
    const row = yield* this.reader.readSteps(bytes, format, forms);
    this.lineCount = row.count;
    return yield* this.place(row);
  }

  /** Finds the columns of a page's lines. */
  private *place(row: PageRow): Generator<void, ReadPage> {
    const { limits } = this.settings.config;
    const isSteady = this.isSteady && row.isAlike && row.times === undefined;
    const kept = isSteady ? this.kept : yield* this.placeLines(row);
    if (limits.samples > 0 && kept > limits.samples) {
      throw new SampleLabelsError(
        `the page has ${kept} samples after relabelling, over sample_limit: ${limits.samples}; raise it or drop series with metric_relabel_configs`,
        'samples',
      );
    }
    const histograms = row.histograms.size === 0 ? row.histograms : this.limitBuckets(row);
    const added = this.waiting.size === 0 ? 0 : yield* this.makeColumns(row, histograms);
    this.kept = kept;
    return { row, kept, added, isSteady, histograms };
  }

  /** @returns how many lines are not dropped. */
  private *placeLines(row: PageRow): Generator<void, number> {
    let kept = 0;
    let fresh = 0;
    for (let i = 0; i < row.count; i++) {
      const slot = row.slots[i];
      if (slot >= this.places.length) this.growPlaces(slot);
      let place = this.places[slot];
      if (place === UNKNOWN) {
        if (++fresh % STEP_SERIES === 0) yield;
        place = this.placeSlot(slot);
      }
      if (place !== DROPPED) kept++;
    }
    return kept;
  }

  private limitBuckets(row: PageRow): ReadonlyMap<number, NativeHistogram> {
    const { limits } = this.settings.config;
    const fitting = new Map<number, NativeHistogram>();
    for (const [line, h] of row.histograms) {
      if (this.places[row.slots[line]] === DROPPED) continue;
      const limited = withinBucketLimits(h, limits);
      if (limited === undefined) {
        throw new SampleLabelsError(
          `${formatLabels(this.labelsOfSlot(row.slots[line])).slice(0, 200)}: more buckets than native_histogram_bucket_limit: ${limits.nativeBuckets} even at the coarsest resolution; raise it or drop the series with metric_relabel_configs`,
          'nativeBuckets',
        );
      }
      fitting.set(line, limited);
    }
    return fitting;
  }

  /** Appends a page that was read: samples, stale markers for what vanished, report samples; and what does not come in rows. */
  appendPage(appender: Appender, t: number, page: ReadPage, report: (counts: PageCounts) => Report): AppendOutcome {
    const { row } = page;
    if (row.starts.size > 0) this.appendStarts(appender, t, page);
    const values = page.isSteady ? this.fillSteady(row) : undefined;
    const filled =
      values === undefined ? this.fillRow(appender, t, page) : { values, duplicates: 0, refused: NO_REFUSALS };
    let lateExemplars = 0;
    for (const { slot, exemplar } of row.exemplars) {
      if (this.places[slot] === DROPPED) continue;
      if (appendExemplar(appender, this.labelsOfSlot(slot), exemplar, t) === 'outOfOrder') lateExemplars++;
    }
    for (const [metric, metadata] of row.metadata) appender.setMetadata(this.group, metric, metadata);
    const { duplicates, refused } = filled;
    const counts = { scraped: row.count, kept: page.kept, added: page.added, duplicates, refused, lateExemplars };
    return this.finishRow(appender, t, filled.values, report(counts), page.isSteady);
  }

  /** Of the beginnings that the page tells, those that it did not tell before. */
  private appendStarts(appender: Appender, t: number, { row, histograms }: ReadPage): void {
    const times = this.ownTimes(row);
    const columns: number[] = [];
    const starts: number[] = [];
    for (const [line, start] of row.starts) {
      const slot = row.slots[line];
      if (start === 0 || this.startsSaid.get(slot) === start) continue;
      this.startsSaid.set(slot, start);
      const column = this.places[slot];
      const own = times?.[line] ?? NaN;
      const at = Number.isNaN(own) ? t : own;
      const histogram = histograms.get(line);
      if (column === DROPPED) continue;
      if (histogram !== undefined) appender.appendCreatedHistogram(this.labelsOfSlot(slot), at, start, histogram);
      else if (at === own) appender.appendCreated(this.labelsOfSlot(slot), at, start);
      else {
        columns.push(column);
        starts.push(start);
      }
    }
    if (columns.length > 0)
      appender.appendCreatedColumns(this.group, t, Uint32Array.from(columns), Float64Array.from(starts));
  }

  /** A page like the one before: each value goes to the column that its line had. */
  private fillSteady(row: PageRow): Float64Array {
    const values = this.beginRow();
    if (this.isInOrder) {
      values.set(row.values.subarray(0, row.count));
      return values;
    }
    const { places } = this;
    const { slots } = row;
    for (let i = 0; i < row.count; i++) {
      const column = places[slots[i]];
      if (column >= 0) values[column] = row.values[i];
    }
    return values;
  }

  /** Any other page; what does not come in rows is appended here. */
  private fillRow(appender: Appender, t: number, { row, histograms }: ReadPage): FilledRow {
    const { trackTimestampsStaleness } = this.settings.config;
    const times = this.ownTimes(row);
    const hasOwnTime = (line: number) => times !== undefined && !Number.isNaN(times[line]);
    const isLoose = (line: number) => hasOwnTime(line) || histograms.has(line);
    const anyLoose = times !== undefined || histograms.size > 0;
    const values = this.beginRow();
    let duplicates = 0;
    let refused = NO_REFUSALS;
    for (let i = 0; i < row.count; i++) {
      const slot = row.slots[i];
      const column = this.places[slot];
      if (column === DROPPED) continue;
      if (anyLoose && isLoose(i)) {
        const labels = this.labelsOfSlot(slot);
        const outcome = appendLoose(
          appender,
          labels,
          { t, own: hasOwnTime(i) ? times![i] : t },
          histograms.get(i) ?? row.values[i],
        );
        if (outcome === 'duplicate') duplicates++;
        else if (outcome !== 'ok') refused = withRefusal(refused, outcome);
        else if (!hasOwnTime(i) || trackTimestampsStaleness) this.loosePresence.see(labels);
        continue;
      }
      if (this.seenOn[column] === this.page) {
        duplicates++;
        continue;
      }
      this.seenOn[column] = this.page;
      this.presentNext.push(column);
      values[column] = row.values[i];
    }
    this.isSteadyNext = !anyLoose && duplicates === 0;
    this.isInOrder = this.presentNext.count === row.count && this.presentNext.isInOrder();
    return { values, duplicates, refused };
  }

  /** Appends a row without a page: all that was present goes stale; `report` says why. */
  appendAbsence(appender: Appender, t: number, report: Report): AppendOutcome {
    this.takeSettings();
    this.forgetWaiting();
    return this.finishRow(appender, t, this.beginRow(), report, false);
  }

  /** Appends the end of the target: everything goes stale, the report samples too. */
  appendEnd(appender: Appender, t: number): AppendOutcome {
    const values = this.beginRow();
    const bits = bitsOf(values);
    for (const column of this.reportColumns.values()) setStale(bits, column);
    return this.finishRow(appender, t, values, [], false);
  }

  /** The store took the row: what stood in it is what may vanish next. */
  committed(): void {
    this.loosePresence.committed();
    // A steady row has left the list of columns as it was.
    if (this.isSteady) return;
    [this.present, this.presentNext] = [this.presentNext, this.present];
    this.isSteady = this.isSteadyNext;
    this.leaveWideGroup();
  }

  private placeSlot(slot: number): number {
    const { targetLabels, config, metricRules } = this.settings;
    const labels = seriesLabels(this.reader.labels(slot), targetLabels, config, metricRules);
    if (labels !== undefined) this.waiting.set(slot, labels);
    else this.reader.forgetLabels(slot);
    return (this.places[slot] = labels === undefined ? DROPPED : WAITING);
  }

  private growPlaces(slot: number): void {
    const places = new Int32Array(Math.max(slot + 1, this.reader.slotCount)).fill(UNKNOWN);
    places.set(this.places);
    this.places = places;
  }

  /** Of the lines with a time of their own, undefined if there are none that count. */
  private ownTimes(row: PageRow): Float64Array | undefined {
    return this.settings.config.honorTimestamps ? row.times : undefined;
  }

  /** @returns how many series are new to this cache. */
  private *makeColumns(row: PageRow, histograms: ReadPage['histograms']): Generator<void, number> {
    const times = this.ownTimes(row);
    let added = 0;
    let made = 0;
    for (let i = 0; i < row.count; i++) {
      const slot = row.slots[i];
      if (this.places[slot] !== WAITING) continue;
      if (histograms.has(i) || (times !== undefined && !Number.isNaN(times[i]))) {
        if (!this.loose.has(slot)) added++;
        this.loose.add(slot);
        continue;
      }
      if (++made % STEP_SERIES === 0) yield;
      const column = this.group.column(this.labelsOfSlot(slot));
      this.places[slot] = column;
      this.waiting.delete(slot);
      this.reader.forgetLabels(slot);
      if (!this.wasSeen(column)) added++;
    }
    return added;
  }

  private labelsOfSlot(slot: number): Labels {
    return this.waiting.get(slot) ?? this.group.columnLabels(this.places[slot]);
  }

  /** Slots of a page that was not appended are looked at again when they come back. */
  private forgetWaiting(): void {
    for (const slot of this.waiting.slots()) this.places[slot] = UNKNOWN;
    this.waiting.clear();
    this.loose.clear();
  }

  private wasSeen(column: number): boolean {
    return column < this.seenOn.length && this.seenOn[column] > 0;
  }

  /** A row of gaps, as wide as the group. Report columns are made first, so that they fit. */
  private beginRow(): Float64Array {
    this.page++;
    this.presentNext.count = 0;
    this.isSteadyNext = false;
    this.loosePresence.begin();
    const count = this.group.columnCount + REPORT_NAMES_MAX;
    if (this.seenOn.length < count) this.seenOn = grown(this.seenOn, count);
    for (const name of reportNames(this.settings.config.extraScrapeMetrics)) this.reportColumn(name);
    if (rowBuffer.length < this.group.columnCount) rowBuffer = grown(rowBuffer, this.group.columnCount);
    const values = rowBuffer.subarray(0, this.group.columnCount);
    fillGaps(values);
    return values;
  }

  private finishRow(
    appender: Appender,
    t: number,
    values: Float64Array,
    report: Report,
    isSteady: boolean,
  ): AppendOutcome {
    if (!isSteady) this.endVanished(values);
    this.isSteady = isSteady;
    this.loosePresence.appendEnds(appender, t);
    for (const [name, value] of report) values[this.reportColumn(name)] = value;
    return appender.appendRow(this.group, t, values);
  }

  private endVanished(values: Float64Array): void {
    const bits = bitsOf(values);
    const { columns, count } = this.present;
    for (let i = 0; i < count; i++) if (this.seenOn[columns[i]] !== this.page) setStale(bits, columns[i]);
  }

  private reportColumn(name: string): number {
    let column = this.reportColumns.get(name);
    if (column === undefined) {
      const own = labelsOf({ [METRIC_NAME]: name });
      column = this.group.column(labelsFrom([...own, ...this.settings.targetLabels]));
      this.reportColumns.set(name, column);
    }
    return column;
  }

  private forgetDead(): void {
    if (this.reader.slotCount <= FORGOTTEN_SPARE + FORGOTTEN_FACTOR * this.lineCount) return;
    this.forgetLines();
  }

  /** Every line is read in full and looked at again. */
  private forgetLines(): void {
    this.forgetWaiting();
    this.startsSaid.clear();
    this.places = new Int32Array(0);
    this.reader.reset();
  }

  /** After a row was taken. The series present go stale in the old group's books only by going on in the new one. */
  private leaveWideGroup(): void {
    if (this.group.columnCount <= WIDE_SPARE + WIDE_FACTOR * this.present.count) return;
    const living = Array.from(this.present.columns.subarray(0, this.present.count), (column) =>
      this.group.columnLabels(column),
    );
    const width = this.group.columnCount;
    do this.group = this.storage.group(`${this.groupKey}#${++this.generation}`);
    while (this.group.columnCount >= width);
    this.forgetLines();
    this.reportColumns.clear();
    this.isSteady = false;
    this.present.count = 0;
    this.seenOn = new Uint32Array(64);
    for (const labels of living) {
      const column = this.group.column(labels);
      this.present.push(column);
      if (column >= this.seenOn.length) this.seenOn = grown(this.seenOn, column + 1);
      this.seenOn[column] = this.page;
    }
  }
}

/** A row, and what came of its lines. */
interface FilledRow extends Pick<PageCounts, 'duplicates' | 'refused'> {
  readonly values: Float64Array;
}

function readerOf({ customBuckets, startTimes }: ScrapeConfig): PageReader {
  const plain = createPageReader({ release: (bytes) => pagePool.giveBack(bytes) });
  const reader = startTimes ? new StartTimeReader(plain) : plain;
  return customBuckets ? new CustomBucketReader(reader) : reader;
}

function grown<T extends Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>(from: T, length: number): T {
  const Kind = from.constructor as new (length: number) => T;
  const to = new Kind(Math.max(length, from.length * 2));
  to.set(from);
  return to;
}
