/**
 * Instant vectors over a grid, as the evaluator passes them between nodes: series by series, each a row over all steps.
 * Rows are computed when they are read, so that an aggregation over ten thousand rates holds one of them at a time.
 */
import type { Label, Labels } from '../../shared/model/labels.ts';
import { labelsKey, labelValue, METRIC_NAME } from '../../shared/model/labels.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { QueryError, type StepMatrix } from '../storage/engine.ts';
import type { Budget } from './budget.ts';
import { takeNumbers } from './resultMemory.ts';

/** One series over a grid of T steps. A step with a histogram is present and its value is NaN. */
export interface Row {
  readonly values: Float64Array;
  /** 1 where the series has a sample. Length T. */
  readonly present: Uint8Array;
  /** By step; empty where the row has none. */
  readonly histograms: Map<number, NativeHistogram>;
}

export interface VectorRows {
  readonly labels: readonly Labels[];
  /** Whether any row may carry native histograms. */
  readonly hasHistograms: boolean;
  /** Whose metric's name is dropped when all is evaluated, by series; only where that is put off. */
  readonly drops?: readonly boolean[];
  /** Adds rows up by group without reading each, where something is known of that. */
  readonly addUp?: AddUp;
  /** Overwrites `into` with the row of `series`. May cost as much as computing it: read each row once, or materialize. */
  read(series: number, into: Row): void;
}

/** Adds up rows. @param groupOf by row. */
export type AddUp = (groupOf: Int32Array, sums: GroupSums) => Promise<void>;

/** Takes what is to be added to a group's sum: rows, which are overwritten afterwards, and values of single steps. */
export interface GroupSums {
  /** Row `s` of the group has a sample. */
  met(group: number, s: number): void;
  add(group: number, row: Row): void;
  addAt(group: number, step: number, value: number): void;
}

export function newRow(steps: number): Row {
  return { values: new Float64Array(steps), present: new Uint8Array(steps), histograms: new Map() };
}

export function clearRow(row: Row): void {
  row.present.fill(0);
  clearHistograms(row);
}

/** Clearing makes a new table, also where nothing is in the old one. */
export function clearHistograms({ histograms }: Row): void {
  if (histograms.size > 0) histograms.clear();
}

/** Rows held in memory. */
export function heldRows(labels: readonly Labels[], rows: readonly Row[], drops?: VectorRows['drops']): VectorRows {
  return {
    labels,
    hasHistograms: rows.some((row) => row.histograms.size > 0),
    drops,
    read(series, into) {
      const row = rows[series];
      into.values.set(row.values);
      into.present.set(row.present);
      clearHistograms(into);
      for (const [step, h] of row.histograms) into.histograms.set(step, h);
    },
  };
}

/** The rows without native histograms; `onIgnored` hears of it where there were any. */
export function floatRows(source: VectorRows, onIgnored: () => void): VectorRows {
  if (!source.hasHistograms) return source;
  return {
    labels: source.labels,
    hasHistograms: false,
    drops: source.drops,
    read(s, into) {
      source.read(s, into);
      if (into.histograms.size === 0) return;
      for (const step of into.histograms.keys()) into.present[step] = 0;
      into.histograms.clear();
      onIgnored();
    },
  };
}

/** Its number, and whether it is there. */
const HELD_CELL_BYTES = 9;
/** What a native histogram takes besides its buckets. */
const HISTOGRAM_BYTES = 400;

function bytesOf(histograms: Row['histograms']): number {
  let bytes = 0;
  for (const { positiveBuckets, negativeBuckets } of histograms.values())
    bytes += HISTOGRAM_BYTES + 8 * (positiveBuckets.length + negativeBuckets.length);
  return bytes;
}

/** Reads every row once and holds them. */
export async function materialize(source: VectorRows, steps: number, budget: Budget): Promise<Row[]> {
  const rows: Row[] = [];
  for (let s = 0; s < source.labels.length; s++) {
    budget.hold(steps, steps * HELD_CELL_BYTES);
    const row = newRow(steps);
    source.read(s, row);
    budget.take(bytesOf(row.histograms));
    rows.push(row);
    if (budget.isDue()) await budget.pause();
  }
  return rows;
}

/** Labels that say what a metric is: what an operator makes of it is something else. */
/** In the order in which labels stand. */
const LAST_METRIC_LABEL = '__unit__';
const METRIC_LABELS: ReadonlySet<string> = new Set([METRIC_NAME, '__type__', LAST_METRIC_LABEL]);
const saysMetric = ([name]: Label) => METRIC_LABELS.has(name);

/** The labels without the metric's name, type and unit. */
export function withoutName(labels: Labels): Labels {
  return labels.some(saysMetric) ? labels.filter((label) => !saysMetric(label)) : labels;
}

/** Label sets of many series are asked for again with every query, and are the same arrays then. */
const unnamedSets = new WeakMap<Labels, Labels>();

function unnamedSet(labels: Labels): Labels {
  let unnamed = unnamedSets.get(labels);
  if (unnamed === undefined) unnamedSets.set(labels, (unnamed = withoutName(labels)));
  return unnamed;
}

/** The rows of another vector under other labels. */
export class RelabeledRows implements VectorRows {
  readonly labels: readonly Labels[];
  readonly hasHistograms: boolean;
  readonly drops: VectorRows['drops'];
  readonly addUp: VectorRows['addUp'];
  readonly #source: VectorRows;

  constructor(source: VectorRows, labels: readonly Labels[], drops: VectorRows['drops']) {
    this.labels = labels;
    this.hasHistograms = source.hasHistograms;
    this.drops = drops;
    this.addUp = source.addUp;
    this.#source = source;
  }

  read(s: number, into: Row): void {
    this.#source.read(s, into);
  }
}

/**
 * The same rows under other labels. Rows whose labels become equal are joined where they never meet at a step.
 *
 * @param areSeries they are not joined: upstream refuses two of them that have samples anywhere in the range
 *   where they come of range vectors.
 * @throws QueryError where two of them do.
 */
export async function relabeled(
  source: VectorRows,
  labels: readonly Labels[],
  steps: number,
  budget: Budget,
  areSeries = false,
): Promise<VectorRows> {
  const { drops } = source;
  const distinct = new Set(labels.map(labelsKey)).size;
  if (distinct === labels.length) return new RelabeledRows(source, labels, drops);
  const rows = await materialize(source, steps, budget);
  if (areSeries) refuseEqual(labels, rows);
  return joined(labels, rows, drops);
}

/** @throws QueryError where two rows with samples have equal labels, whether or not they meet at a step. */
function refuseEqual(labels: readonly Labels[], rows: readonly Row[]): void {
  const keys = labels.filter((_, s) => rows[s].present.includes(1)).map(labelsKey);
  if (new Set(keys).size < keys.length) throw sameLabelSet();
}

/** Copies the sample of a step. @throws QueryError where `row` has one there already. */
export function putCell(row: Row, from: Row, i: number): void {
  if (row.present[i] === 1) throw sameLabelSet();
  row.present[i] = 1;
  row.values[i] = from.values[i];
  const histogram = from.histograms.get(i);
  if (histogram !== undefined) row.histograms.set(i, histogram);
}

/** Adds the samples of `from` to `row`, and gives `row`. */
function joinInto(row: Row, from: Row): Row {
  for (let i = 0; i < row.present.length; i++) {
    if (from.present[i] !== 0) putCell(row, from, i);
  }
  return row;
}

/** Rows under equal labels as one, for results whose rows never meet. */
export function joined(labels: readonly Labels[], rows: readonly Row[], drops?: VectorRows['drops']): VectorRows {
  const indexByKey = new Map<string, number>();
  const keptLabels: Labels[] = [];
  const keptDrops: boolean[] = [];
  const kept: Row[] = [];
  rows.forEach((row, s) => {
    const key = labelsKey(labels[s]);
    const known = indexByKey.get(key);
    if (known !== undefined) return void joinInto(kept[known], row);
    indexByKey.set(key, kept.length);
    keptLabels.push(labels[s]);
    keptDrops.push(drops?.[s] === true);
    kept.push(row);
  });
  return heldRows(keptLabels, kept, drops && keptDrops);
}

const sameLabelSet = () => new QueryError('execution', 'vector cannot contain metrics with the same labelset');

/** What dropping names depends on. */
export interface NameRemoval {
  readonly budget: Budget;
  /** Names are dropped when all is evaluated: till then they are only marked. */
  readonly delaysNames: boolean;
}

/** Drops the metric's name, or marks that it is to be. @param areSeries as for relabeled() */
export async function unnamed(
  source: VectorRows,
  steps: number,
  removal: NameRemoval,
  areSeries = false,
): Promise<VectorRows> {
  const { labels } = source;
  if (removal.delaysNames) return new RelabeledRows(source, labels, new Array<boolean>(labels.length).fill(true));
  const renamed = labels.map(unnamedSet);
  if (areOfOneMetric(labels)) return new RelabeledRows(source, renamed, undefined);
  return relabeled(source, renamed, steps, removal.budget, areSeries);
}

/** Where all rows bear the same name, type and unit, no two of them can become equal. */
function areOfOneMetric(labels: readonly Labels[]): boolean {
  for (const set of labels) if (!areAlike(set, labels[0])) return false;
  return true;
}

function areAlike(a: Labels, b: Labels): boolean {
  if (saysMetricAlone(a) && saysMetricAlone(b) && a[0] === b[0]) return true;
  for (const name of METRIC_LABELS) if (labelValue(a, name) !== labelValue(b, name)) return false;
  return true;
}

/** Whether the first label says it, which is mostly the very same in all series, and no other. */
const saysMetricAlone = (labels: Labels) =>
  labels.length > 0 && labels[0][0] === METRIC_NAME && (labels.length === 1 || labels[1][0] > LAST_METRIC_LABEL);

/** Drops the names that were marked. */
export async function withNamesDropped(source: VectorRows, steps: number, budget: Budget): Promise<VectorRows> {
  const { drops } = source;
  if (drops === undefined || !drops.includes(true)) return source;
  const renamed = source.labels.map((labels, s) => (drops[s] ? withoutName(labels) : labels));
  return relabeled(source, renamed, steps, budget);
}

/** Sets a bit where a byte is 1, from a byte of `bits` on. */
function putBits(bytes: Uint8Array, bits: Uint8Array, at: number): void {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === 1) bits[at + (i >> 3)] |= 1 << (i & 7);
}

/**
 * What is answered: rows that have a sample at all, with a bit per step. Room is made for as many as may be held; the system gives memory for what
 * is written, so that empty rows take none, and nothing is copied as rows come.
 */
export async function matrixOf(
  source: VectorRows,
  steps: number,
  budget: Budget,
  order?: Int32Array,
): Promise<StepMatrix> {
  const labels: Labels[] = [];
  const histograms = new Map<number, NativeHistogram>();
  const stride = (steps + 7) >> 3;
  const count = source.labels.length;
  const room = Math.min(count, steps > 0 ? Math.floor(budget.samplesLeft / steps) : count);
  const values = takeNumbers(room * steps);
  const present = new Uint8Array(room * stride);
  const row = newRow(steps);
  for (let at = 0; at < count; at++) {
    const s = order === undefined ? at : order[at];
    source.read(s, row);
    if (row.present.includes(1)) {
      budget.hold(steps, 8 * steps + stride);
      budget.take(bytesOf(row.histograms));
      const out = labels.length;
      labels.push(source.labels[s]);
      values.set(row.values, out * steps);
      putBits(row.present, present, out * stride);
      for (const [step, h] of row.histograms) histograms.set(out * steps + step, h);
    }
    if (budget.isDue()) await budget.pause();
  }
  const kept = labels.length;
  return {
    labels,
    values: values.subarray(0, kept * steps),
    present: present.subarray(0, kept * stride),
    presentStride: stride,
    ...(histograms.size > 0 ? { histograms } : {}),
  };
}
