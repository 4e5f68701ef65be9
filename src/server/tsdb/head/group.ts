/** A group in the head: its columns, its newest rows, its packed chunks, and what the log knows of it. */
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import type { Labels } from '../../../shared/model/labels.ts';
import type { Metadata } from '../../../shared/model/metadata.ts';
import type { GroupRef, GroupWriter, SeriesRef } from '../../storage/appender.ts';
import type { SeriesTable } from '../index/seriesTable.ts';
import { LogState } from '../wal/valueCodec.ts';
import { RowStore } from './rowStore.ts';

/** `rows`: filled by appendRow. `loose`: filled sample by sample, in any order of time. */
export type GroupKind = 'rows' | 'loose';

/** A column whose series is unknown: the log lost the record that named it. */
export const NO_SERIES: SeriesRef = 0;

export class HeadGroup implements GroupWriter {
  readonly ref: GroupRef;
  readonly key: string;
  readonly kind: GroupKind;
  readonly rows = new RowStore();
  /** Native histogram samples of unpacked rows: row → column → sample. The cell itself holds a NaN. */
  readonly histograms = new Map<number, Map<number, NativeHistogram>>();
  readonly metadata = new Map<string, Metadata>();
  readonly logState = new LogState();
  /** Columns whose names are in the log; the group itself is if this is not negative. */
  columnsLogged = -1;
  /** Time of the newest row; nothing that is stored in the group is newer. */
  lastTime = -Infinity;
  /** Time of the newest row that the appender `stagedBy` holds for its commit. */
  stagedTime = -Infinity;
  stagedBy = 0;
  readonly #series: SeriesTable;
  readonly #onColumn: (group: HeadGroup, column: number, ref: SeriesRef) => void;
  readonly #refs: SeriesRef[] = [];
  readonly #columns = new Map<SeriesRef, number>();

  constructor(
    ref: GroupRef,
    key: string,
    kind: GroupKind,
    series: SeriesTable,
    onColumn: (group: HeadGroup, column: number, ref: SeriesRef) => void,
  ) {
    this.ref = ref;
    this.key = key;
    this.kind = kind;
    this.#series = series;
    this.#onColumn = onColumn;
  }

  get columnCount(): number {
    return this.#refs.length;
  }

  /** By column. */
  get refs(): readonly SeriesRef[] {
    return this.#refs;
  }

  column(labels: Labels): number {
    return this.columnOf(this.#series.refOf(labels));
  }

  columnOf(ref: SeriesRef): number {
    const known = this.#columns.get(ref);
    if (known !== undefined) return known;
    const column = this.#refs.length;
    this.#refs.push(ref);
    this.#columns.set(ref, column);
    this.#onColumn(this, column, ref);
    return column;
  }

  columnLabels(column: number): Labels {
    return this.#series.labels(this.#refs[column]);
  }

  /** Replay: puts a series at a column, with unknown ones before it where the log lost their names. */
  restoreColumn(column: number, ref: SeriesRef): void {
    while (this.#refs.length < column) this.#refs.push(NO_SERIES);
    if (this.#refs.length > column || this.#columns.has(ref)) return;
    this.columnOf(ref);
  }

  /** Gives the count of cells that are no gaps. */
  appendRow(t: number, values: Float64Array, bits: Uint32Array, from: number, length: number): number {
    this.lastTime = t;
    return this.rows.append(t, values, bits, from, length);
  }

  setHistogram(row: number, column: number, h: NativeHistogram): void {
    let byColumn = this.histograms.get(row);
    if (byColumn === undefined) this.histograms.set(row, (byColumn = new Map()));
    byColumn.set(column, h);
  }
}
