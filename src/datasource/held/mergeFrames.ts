/**
 * An answer that was given before and the new part of it, as one answer: what the server would say if it were asked for the whole range. Pure.
 *
 * Every sample of a range query depends on its own step alone, so steps may be taken from two answers; what belongs to the range as a whole (which series
 * are there, which buckets, where rows begin) is worked out anew.
 */
import type { DataFrame, Field } from '@grafana/data';
import { parseBound } from '../../shared/heatmap/fromBuckets.ts';
import { labelsKey, labelsOf, compareLabels } from '../../shared/model/labels.ts';
import { firstNotBelow } from '../../shared/model/sortedNumbers.ts';

export interface Part {
  readonly frames: readonly DataFrame[];
  /** Milliseconds: the part has all steps from then on. */
  readonly sinceMs: number;
}

/** Shapes that grow by rows in order of time. Tables and numbers of one moment do not. */
const GROWS = new Set(['timeseries-multi', 'heatmap-rows', 'heatmap-cells']);
/** The most points that a range query answers with. */
const GRID_STEPS_MAX = 11_000;

export function canGrow(frames: readonly DataFrame[]): boolean {
  return frames.every(
    (frame) => isExemplars(frame) || (GROWS.has(frame.meta?.type ?? '') && frame.fields[0]?.type === 'time'),
  );
}

/** @param fromMs the first step of the whole range; what is before is forgotten. */
export function mergeFrames(held: readonly DataFrame[], { frames: fresh, sinceMs }: Part, fromMs: number): DataFrame[] {
  const later = new Map(fresh.map((frame) => [keyOf(frame), frame]));
  const merged: DataFrame[] = [];
  for (const frame of held) {
    const key = keyOf(frame);
    const grown = mergeOne(frame, later.get(key), sinceMs, fromMs);
    later.delete(key);
    if (grown !== undefined) merged.push(grown);
  }
  for (const frame of later.values()) {
    const cut = mergeOne(undefined, frame, sinceMs, fromMs);
    if (cut !== undefined) merged.push(cut);
  }
  return inOrder(merged);
}

/** By query, then as the labels go, exemplars last: the same order however the answer came together. */
export function inOrder(frames: readonly DataFrame[]): DataFrame[] {
  const keyed = frames.map((frame) => ({
    frame,
    refId: frame.refId ?? '',
    late: Number(isExemplars(frame)),
    labels: labelsOfFrame(frame),
  }));
  keyed.sort(
    (a, b) => a.late - b.late || (a.refId < b.refId ? -1 : a.refId > b.refId ? 1 : compareLabels(a.labels, b.labels)),
  );
  return keyed.map(({ frame }) => frame);
}

const isExemplars = (frame: DataFrame): boolean => frame.name === 'exemplar';

function labelsOfFrame(frame: DataFrame) {
  // The last field of each shape bears the labels; in rows one of them is the bucket's own.
  const labels = labelsOf(frame.fields[frame.fields.length - 1]?.labels ?? {});
  return frame.meta?.type === 'heatmap-rows' ? labels.filter(([name]) => name !== 'le') : labels;
}

function keyOf(frame: DataFrame): string {
  return JSON.stringify([
    frame.refId ?? '',
    isExemplars(frame) ? 'exemplar' : frame.meta?.type,
    isExemplars(frame) ? '' : labelsKey(labelsOfFrame(frame)),
  ]);
}

function mergeOne(
  held: DataFrame | undefined,
  fresh: DataFrame | undefined,
  sinceMs: number,
  fromMs: number,
): DataFrame | undefined {
  const shape = fresh ?? held!;
  const [old, young] = [rowsBetween(held, fromMs, sinceMs), rowsBetween(fresh, Math.max(sinceMs, fromMs), Infinity)];
  if (old.count + young.count === 0) return undefined;
  const fields = isExemplars(shape)
    ? sameNames(held, fresh, '')
    : shape.meta?.type === 'heatmap-rows'
      ? sameBuckets(held, fresh)
      : shape.fields.map((field, i): FieldPair => ({
          like: field,
          held: held?.fields[i],
          fresh: fresh?.fields[i],
          missing: null,
        }));
  const joined = fields.map(({ like, held: a, fresh: b, missing }) => ({
    ...like,
    // What Grafana worked out of the values before is no longer so.
    state: undefined,
    values: [...column(a, old, missing), ...column(b, young, missing)],
  }));
  const meta = withResets(shape.meta, held, fresh, sinceMs, fromMs);
  const frame = { ...shape, meta, fields: joined, length: old.count + young.count } as DataFrame;
  return shape.meta?.type === 'heatmap-rows' ? wholeRows(frame) : frame;
}

type Meta = DataFrame['meta'];
const resetsOf = (meta: Meta): readonly number[] | undefined => meta?.custom?.resets as readonly number[] | undefined;

/** Where counters began anew, of both parts, if both tell: of its first step none knows. */
function withResets(
  meta: Meta,
  held: DataFrame | undefined,
  fresh: DataFrame | undefined,
  sinceMs: number,
  fromMs: number,
): Meta {
  const parts = [held, fresh].flatMap((frame) => (frame === undefined ? [] : [resetsOf(frame.meta)]));
  if (parts.every((resets) => resets === undefined)) return meta;
  const before = resetsOf(held?.meta)?.filter((time) => time > fromMs && time <= sinceMs) ?? [];
  const after = resetsOf(fresh?.meta)?.filter((time) => time > Math.max(fromMs, sinceMs)) ?? [];
  const resets = parts.includes(undefined) ? undefined : [...before, ...after];
  return { ...meta, custom: { ...meta?.custom, resets } };
}

interface Rows {
  readonly from: number;
  readonly count: number;
}

/** Rows whose time is at fromMs or later, and before toMs. */
function rowsBetween(frame: DataFrame | undefined, fromMs: number, toMs: number): Rows {
  const times = (frame?.fields[0]?.values ?? []) as ArrayLike<number>;
  const from = firstNotBelow(times, fromMs);
  return { from, count: Math.max(0, firstNotBelow(times, toMs) - from) };
}

interface FieldPair {
  readonly like: Field;
  readonly held?: Field;
  readonly fresh?: Field;
  /** Stands where one of both has no such field. */
  readonly missing: unknown;
}

function column(field: Field | undefined, { from, count }: Rows, missing: unknown): unknown[] {
  return field === undefined
    ? new Array<unknown>(count).fill(missing)
    : Array.from(field.values).slice(from, from + count);
}

/** Buckets of both, ascending, however their bounds are spelled. */
function sameBuckets(held: DataFrame | undefined, fresh: DataFrame | undefined): FieldPair[] {
  const buckets = new Map<number, { held?: Field; fresh?: Field }>();
  for (const [side, frame] of [
    ['held', held],
    ['fresh', fresh],
  ] as const) {
    for (const field of frame?.fields.slice(1) ?? []) {
      const bound = parseBound(field.labels?.le ?? field.name);
      buckets.set(bound, { ...buckets.get(bound), [side]: field });
    }
  }
  const time = (fresh ?? held)!.fields[0];
  const rows = [...buckets]
    .sort(([a], [b]) => a - b)
    .map(([, pair]): FieldPair => ({ like: (pair.fresh ?? pair.held)!, ...pair, missing: null }));
  return [{ like: time, held: held?.fields[0], fresh: fresh?.fields[0], missing: null }, ...rows];
}

/** Time and value, then a column for each label of either, as they are sorted. */
function sameNames(held: DataFrame | undefined, fresh: DataFrame | undefined, missing: unknown): FieldPair[] {
  const names = [...new Set([...(held?.fields ?? []), ...(fresh?.fields ?? [])].map(({ name }) => name))];
  const [time, value, ...labels] = names;
  return [time, value, ...labels.sort()].map((name) => {
    const [a, b] = [held, fresh].map((frame) => frame?.fields.find((field) => field.name === name));
    return { like: (b ?? a)!, held: a, fresh: b, missing };
  });
}

/** Without buckets and rows at the ends that have nothing, and with a row for each step between. */
function wholeRows(frame: DataFrame): DataFrame | undefined {
  const [time, ...buckets] = frame.fields;
  const fields = buckets.filter(({ values }) => values.some((value) => value !== null));
  if (fields.length === 0) return undefined;
  const present = (row: number): boolean => fields.some(({ values }) => values[row] !== null);
  let first = 0;
  let last = frame.length - 1;
  while (!present(first)) first++;
  while (!present(last)) last--;
  const times = Array.from(time.values as ArrayLike<number>).slice(first, last + 1);
  const stepMs = time.config.interval ?? 0;
  const steps = stepMs > 0 ? (times[times.length - 1] - times[0]) / stepMs + 1 : times.length;
  const isOnGrid =
    Number.isInteger(steps) &&
    steps <= GRID_STEPS_MAX &&
    steps > times.length &&
    times.every((t) => Number.isInteger((t - times[0]) / stepMs));
  const grid = isOnGrid ? Array.from({ length: steps }, (_, i) => times[0] + i * stepMs) : times;
  const places = isOnGrid ? new Map(times.map((t, i) => [t, first + i])) : undefined;
  const onGrid = ({ values }: Field): unknown[] =>
    places === undefined
      ? Array.from(values).slice(first, last + 1)
      : grid.map((t) => (places.has(t) ? values[places.get(t)!] : null));
  return {
    ...frame,
    length: grid.length,
    fields: [{ ...time, values: grid }, ...fields.map((field) => ({ ...field, values: onGrid(field) }))],
  };
}
