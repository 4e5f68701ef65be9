/** An answer whose first steps are copied, as they are written, from an earlier one; the others come from an evaluation of them alone. */
import { labelsJson } from '../../../shared/api/labelsJson.ts';
import { compareLabels, type Labels } from '../../../shared/model/labels.ts';
import type { StepGrid, StepMatrix } from '../../storage/engine.ts';
import { timesOf } from '../grid.ts';
import { ANSWER_END, ANSWER_START, bitsOf, isThere } from './answerPieces.ts';
import { JsonBytes } from './jsonBytes.ts';
import { writeSamples } from './sampleTexts.ts';

/** An answer that is kept as it was sent: a range query's, whole, with numbers only and nothing to be told. Its rows are sorted by their labels. */
export interface KeptAnswer {
  readonly grid: StepGrid;
  readonly labels: readonly Labels[];
  /** Where the rows stand in it, three numbers a row: its first byte, its first sample, and the end of its last sample. */
  readonly places: readonly number[];
  readonly body: Uint8Array;
}

/** The part of a kept answer that stands for the first `count` steps of another one. */
export interface KeptPart {
  readonly kept: KeptAnswer;
  readonly count: number;
}

/** @param tail the steps of `grid` after those that are kept; its rows are sorted by their labels. @returns the whole, which can be kept in turn. */
export function continuedAnswer({ kept, count }: KeptPart, tail: StepMatrix | undefined, grid: StepGrid): KeptAnswer {
  const steps = grid.count - count;
  const tailStart = grid.start + count * grid.stepMs;
  const times = timesOf({ ...grid, start: tailStart, count: steps });
  const out = new JsonBytes(kept.body.length + kept.labels.length * steps * NEW_SAMPLE_BYTES);
  const labels: Labels[] = [];
  const places: number[] = [];
  out.text(ANSWER_START);
  for (const row of mergedRows(kept.labels, tail?.labels ?? [])) {
    const bits = row.tail < 0 ? undefined : bitsOf(tail!, row.tail);
    const isContinued = bits !== undefined && isThere(bits);
    const samples = row.kept < 0 ? NONE : samplesBetween(kept, row.kept, grid.start, tailStart);
    // A row that was there before the first step only leaves no trace.
    if (samples.from === samples.to && !isContinued) continue;
    if (labels.length > 0) out.text(',');
    places.push(out.length);
    if (row.kept >= 0) out.copy(kept.body, kept.places[3 * row.kept], kept.places[3 * row.kept + 1]);
    else out.text(`{"metric":${labelsJson(row.labels)},"values":[`);
    places.push(out.length);
    out.copy(kept.body, samples.from, samples.to);
    if (isContinued) {
      const added = { times, values: tail!.values, at: row.tail * steps, bits };
      for (const _ of writeSamples(out, added, samples.from === samples.to ? '' : ','));
    }
    places.push(out.length);
    out.text(']}');
    labels.push(row.labels);
  }
  out.text(ANSWER_END);
  return { grid, labels, places, body: out.take() };
}

/** A time and a number, about. */
const NEW_SAMPLE_BYTES = 40;
const NONE = { from: 0, to: 0 };

const OPENING = 0x5b;
const CLOSING = 0x5d;
const COMMA = 0x2c;
const POINT = 0x2e;
const MINUS = 0x2d;
const ZERO = 0x30;

/** Where a row's samples in [start, end) stand: `[time,"value"],[time,"value"],…`. */
function samplesBetween({ body, places }: KeptAnswer, row: number, start: number, end: number) {
  let from = places[3 * row + 1];
  let to = places[3 * row + 2];
  // Both ends move by a few steps at a time.
  while (from < to && timeAt(body, from) < start) from = Math.min(to, body.indexOf(CLOSING, from) + 2);
  while (from < to) {
    const last = body.lastIndexOf(OPENING, to - 1);
    if (timeAt(body, last) < end) break;
    to = Math.max(from, last - 1);
  }
  return { from, to };
}

/** Milliseconds, of a sample that begins at `at`: seconds, with three decimals or none. */
function timeAt(body: Uint8Array, at: number): number {
  const isNegative = body[at + 1] === MINUS;
  let digits = 0;
  let decimals = 0;
  let isPast = false;
  for (let i = at + (isNegative ? 2 : 1); body[i] !== COMMA; i++) {
    if (body[i] === POINT) isPast = true;
    else {
      digits = digits * 10 + (body[i] - ZERO);
      if (isPast) decimals++;
    }
  }
  const t = decimals === 0 ? digits * 1000 : digits;
  return isNegative ? -t : t;
}

interface MergedRow {
  readonly labels: Labels;
  /** Where it is in either, -1 where it is not. */
  readonly kept: number;
  readonly tail: number;
}

/** Rows of both, by their labels, as both are sorted. */
function mergedRows(kept: readonly Labels[], tail: readonly Labels[]): MergedRow[] {
  const rows: MergedRow[] = [];
  let k = 0;
  let t = 0;
  while (k < kept.length || t < tail.length) {
    const order = k === kept.length ? 1 : t === tail.length ? -1 : compareLabels(kept[k], tail[t]);
    rows.push({ labels: order <= 0 ? kept[k] : tail[t], kept: order <= 0 ? k : -1, tail: order >= 0 ? t : -1 });
    if (order <= 0) k++;
    if (order >= 0) t++;
  }
  return rows;
}
