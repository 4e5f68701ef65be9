/** What one receiver is sent: series as they are named there, and samples of theirs that wait. */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { WireWriter } from '../../shared/bytes/protobufWire.ts';
import { labelsFrom, labelsKey, NO_LABELS, type Labels } from '../../shared/model/labels.ts';
import type { Exemplar } from '../../shared/model/metadata.ts';
import { bitsOf, CELL_GAP, cellKind } from '../../shared/model/sampleBits.ts';
import type { WriteMessage } from '../config/config.ts';
import { relabel, type RelabelRule } from '../relabel/relabel.ts';
import type { GroupWriter, SeriesRef } from '../storage/appender.ts';
import type { Committed } from './feed.ts';

/** A series as the receiver gets it. */
export interface OutgoingSeries {
  /** For version 2; none for version 1, which keeps the label fields of the series' `TimeSeries` instead. */
  readonly labels: Labels;
  readonly labelFields: Uint8Array;
  /** Samples of a series go with the same request of those that are under way at a time, and so stay in order. */
  readonly hash: number;
  /** Which requests are being made of its samples, and where these begin and end. For RequestSamples alone. */
  readonly chain: { owner: number; first: number; last: number };
}

/** Samples with one time: a row, or a single one. */
export interface OutgoingRow {
  readonly t: number;
  readonly series: readonly OutgoingSeries[];
  /** Low and high word of each sample, so that stale marks stay what they are. Length = 2 × series. */
  readonly words: Uint32Array;
  /** By place in `series`. */
  readonly histograms?: ReadonlyMap<number, NativeHistogram>;
  readonly exemplar?: Exemplar;
}

export function samplesIn(rows: readonly OutgoingRow[]): number {
  return rows.reduce((sum, { series }) => sum + series.length, 0);
}

/** What is sent, by kind. */
export type KindCounts = Record<'samples' | 'histograms' | 'exemplars', number>;

export const noneOfAnyKind = (): KindCounts => ({ samples: 0, histograms: 0, exemplars: 0 });

/** Adds to `sum`, in place. */
export function addKinds(sum: KindCounts, added: Readonly<KindCounts>): void {
  sum.samples += added.samples;
  sum.histograms += added.histograms;
  sum.exemplars += added.exemplars;
}

/** All of a row are of one kind. */
export function kindOf({ exemplar, histograms }: OutgoingRow): keyof KindCounts {
  if (exemplar !== undefined) return 'exemplars';
  return histograms === undefined ? 'samples' : 'histograms';
}

export function kindsIn(rows: readonly OutgoingRow[]): KindCounts {
  const counts = noneOfAnyKind();
  for (const row of rows) counts[kindOf(row)] += row.series.length;
  return counts;
}

/** Series outside rows whose names are kept; beyond, all are made anew. */
const NAMES_MAX = 200_000;
/** Label fields lie in pieces of so many bytes: a buffer for each series would take more than the fields do. */
const FIELDS_SIZE = 64 * 1024;

const NO_FIELDS = new Uint8Array(0);

export class OutgoingNames {
  readonly #rules: readonly RelabelRule[];
  readonly #external: Labels;
  readonly #byColumn = new WeakMap<GroupWriter, (OutgoingSeries | undefined)[]>();
  #byLabels = new Map<string, OutgoingSeries | undefined>();
  #byRef = new Map<SeriesRef, OutgoingSeries | undefined>();
  #fields = NO_FIELDS;
  #fieldsUsed = 0;

  readonly #message: WriteMessage;

  constructor(rules: readonly RelabelRule[], external: Labels, message: WriteMessage = 'prometheus.WriteRequest') {
    this.#message = message;
    this.#rules = rules;
    this.#external = external;
  }

  /** By column; undefined for what relabelling drops. */
  columnsOf(group: GroupWriter): readonly (OutgoingSeries | undefined)[] {
    let columns = this.#byColumn.get(group);
    if (columns === undefined) this.#byColumn.set(group, (columns = []));
    while (columns.length < group.columnCount) columns.push(this.#name(group.columnLabels(columns.length)));
    return columns;
  }

  of(labels: Labels): OutgoingSeries | undefined {
    return this.#known(this.#byLabels, labelsKey(labels), labels);
  }

  /** Of a series that is read from the store. */
  ofStored(ref: SeriesRef, labels: Labels): OutgoingSeries | undefined {
    return this.#known(this.#byRef, ref, labels);
  }

  /** Lets go of what {@link ofStored} keeps: a backlog asks for each series of the store, which the columns of the groups name already. */
  forgetStored(): void {
    this.#byRef.clear();
  }

  #known<K>(names: Map<K, OutgoingSeries | undefined>, key: K, labels: Labels): OutgoingSeries | undefined {
    const known = names.get(key);
    if (known !== undefined || names.has(key)) return known;
    if (names.size >= NAMES_MAX) names.clear();
    const named = this.#name(labels);
    names.set(key, named);
    return named;
  }

  #name(labels: Labels): OutgoingSeries | undefined {
    const renamed = relabel(labelsFrom([...this.#external, ...labels]), this.#rules);
    if (renamed === undefined || renamed.length === 0) return undefined;
    const out = new WireWriter();
    for (const [name, value] of renamed) out.message(1, (pair) => void pair.string(1, name).string(2, value));
    const labelFields = this.#keep(out.finish());
    const hash = hashOf(labelFields);
    return this.#message === 'prometheus.WriteRequest'
      ? { labels: NO_LABELS, labelFields, hash, chain: newChain() }
      : { labels: renamed, labelFields: NO_FIELDS, hash, chain: newChain() };
  }

  #keep(fields: Uint8Array): Uint8Array {
    if (this.#fieldsUsed + fields.length > this.#fields.length) {
      this.#fields = new Uint8Array(Math.max(FIELDS_SIZE, fields.length));
      this.#fieldsUsed = 0;
    }
    const kept = this.#fields.subarray(this.#fieldsUsed, this.#fieldsUsed + fields.length);
    kept.set(fields);
    this.#fieldsUsed += fields.length;
    return kept;
  }
}

const newChain = () => ({ owner: 0, first: -1, last: -1 });

/** FNV-1a. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

export interface SendKinds {
  readonly histograms: boolean;
  readonly exemplars: boolean;
}

/** What of a commit is sent. */
export function rowsOf(committed: Committed, names: OutgoingNames, kinds: SendKinds): OutgoingRow[] {
  const rows: OutgoingRow[] = [];
  for (const { group, t, values } of committed.rows) {
    const row = packed(t, values, names.columnsOf(group));
    if (row.series.length > 0) rows.push(row);
  }
  for (const { labels, t, values, histogram } of committed.samples) {
    const series = histogram === undefined || kinds.histograms ? names.of(labels) : undefined;
    if (series === undefined) continue;
    const words = bitsOf(values).slice();
    rows.push(
      histogram === undefined
        ? { t, series: [series], words }
        : { t, series: [series], words, histograms: new Map([[0, histogram]]) },
    );
  }
  for (const { labels, exemplar } of kinds.exemplars ? committed.exemplars : []) {
    const series = names.of(labels);
    if (series !== undefined && exemplar.t !== undefined)
      rows.push({ t: exemplar.t, series: [series], words: new Uint32Array(2), exemplar });
  }
  return rows;
}

/** The cells of a row that are samples or stale marks. */
export function packed(t: number, values: Float64Array, columns: readonly (OutgoingSeries | undefined)[]): OutgoingRow {
  const bits = bitsOf(values);
  const series: OutgoingSeries[] = [];
  const words = new Uint32Array(2 * values.length);
  for (let c = 0; c < values.length; c++) {
    const named = columns[c];
    if (named === undefined || (values[c] !== values[c] && cellKind(bits, c) === CELL_GAP)) continue;
    words[2 * series.length] = bits[2 * c];
    words[2 * series.length + 1] = bits[2 * c + 1];
    series.push(named);
  }
  return { t, series, words: words.subarray(0, 2 * series.length) };
}
