/** Query results as the API's JSON, written piece by piece: an answer of any size needs the memory of one piece. */
import { TRUNCATED } from '../../../shared/api/prometheus.ts';
import { histogramJson } from '../../../shared/api/histogramJson.ts';
import { labelsJson } from '../../../shared/api/labelsJson.ts';
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import type { AnswerFormat, QueryResult, QueryValue, StepGrid, StepMatrix } from '../../storage/engine.ts';
import { JsonBytes } from './jsonBytes.ts';
import { statsJson } from './statsJson.ts';

/** Samples of one series between two looks at whether a piece is full. */
const SAMPLES_A_LOOK = 2048;

/** Around the rows of a range query's answer that has nothing else to tell. */
export const ANSWER_START = '{"status":"success","data":{"resultType":"matrix","result":[';
export const ANSWER_END = ']}}';

/**
 * The whole answer, `{"status":"success",…}`, as consecutive pieces, each in a buffer of its own.
 *
 * @param totalMs that the query waited and ran.
 * @param places is filled with where the rows of a matrix stand: first byte, first sample, end of the last sample, a row after the other.
 */
export function* answerPieces(
  result: QueryResult,
  format: AnswerFormat,
  totalMs: number,
  places?: number[],
): Generator<Uint8Array<ArrayBuffer>> {
  const { value, warnings, infos } = result;
  const out = new JsonBytes();
  out.text('{"status":"success","data":{"resultType":');
  yield* writeValue(out, value, format.limit, places);
  if (format.stats) out.text(`,"stats":${JSON.stringify(statsJson(result.stats, totalMs))}`);
  out.text('}');
  const told = [...warnings, ...(format.warnings ?? [])];
  if (seriesCount(value) > format.limit) told.push(TRUNCATED);
  if (told.length > 0) out.text(`,"warnings":${JSON.stringify(told)}`);
  if (infos.length > 0) out.text(`,"infos":${JSON.stringify(infos)}`);
  out.text('}');
  yield out.take();
}

/** Each piece is made when the one before has been taken. */
export async function* inTurn(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

function seriesCount(value: QueryValue): number {
  if (value.kind === 'raw') return value.series.length;
  return value.kind === 'matrix' || value.kind === 'vector' ? value.matrix.labels.length : 0;
}

function* writeValue(
  out: JsonBytes,
  value: QueryValue,
  limit: number,
  places?: number[],
): Generator<Uint8Array<ArrayBuffer>> {
  const { grid } = value;
  switch (value.kind) {
    case 'string':
      return out.text(`"string","result":[${secondsText(grid.start)},${JSON.stringify(value.text)}]`);
    case 'scalar':
      out.text(`"scalar","result":[${secondsText(grid.start)},"`);
      out.number(value.matrix.values[0]);
      return out.text('"]');
    case 'vector':
      out.text('"vector","result":[');
      yield* writeVector(out, value.matrix, grid.start, limit);
      return out.text(']');
    case 'matrix':
      out.text('"matrix","result":[');
      yield* writeMatrix(out, value.matrix, grid, limit, places);
      return out.text(']');
    case 'raw': {
      out.text('"matrix","result":[');
      let separator = '';
      for (const { labels, times, values, histograms } of value.series.slice(0, limit)) {
        out.text(`${separator}{"metric":${labelsJson(labels)}`);
        const openings = openingsOf(times);
        yield* writeSamples(out, openings, values, 0, undefined, histograms);
        out.text('}');
        separator = ',';
      }
      return out.text(']');
    }
  }
}

function* writeVector(out: JsonBytes, matrix: StepMatrix, t: number, limit: number) {
  const { labels, values, histograms, present, presentStride } = matrix;
  const time = secondsText(t);
  let separator = '';
  const count = Math.min(labels.length, limit);
  for (let s = 0; s < count; s++) {
    if ((present[s * presentStride] & 1) === 0) continue;
    out.text(`${separator}{"metric":${labelsJson(labels[s])},`);
    const h = histograms?.get(s);
    if (h !== undefined) out.text(`"histogram":[${time},${histogramJson(h)}]}`);
    else {
      out.text(`"value":[${time},"`);
      out.number(values[s]);
      out.text('"]}');
    }
    separator = ',';
    if (out.isFull) yield out.take();
  }
}

function* writeMatrix(out: JsonBytes, matrix: StepMatrix, grid: StepGrid, limit: number, places?: number[]) {
  const { labels, values, histograms } = matrix;
  const openings = openingsOf(Float64Array.from({ length: grid.count }, (_, i) => grid.start + i * grid.stepMs));
  let separator = '';
  const count = Math.min(labels.length, limit);
  for (let s = 0; s < count; s++) {
    const bits = bitsOf(matrix, s);
    if (!isThere(bits)) continue;
    const row = s * grid.count;
    out.text(separator);
    const start = out.length;
    out.text(`{"metric":${labelsJson(labels[s])}`);
    const samples = out.length + VALUES_START.length;
    yield* writeSamples(out, openings, values, row, bits, histograms);
    places?.push(start, samples, out.length - 1);
    out.text('}');
    separator = ',';
  }
}

/** Which steps of a row are there. */
export const bitsOf = ({ present, presentStride }: StepMatrix, row: number) =>
  present.subarray(row * presentStride, (row + 1) * presentStride);

/** Whether any step is there. */
export const isThere = (bits: Uint8Array) => bits.some((byte) => byte !== 0);

const VALUES_START = ',"values":[';

/** By place in `values`. */
type Histograms = ReadonlyMap<number, NativeHistogram> | undefined;

/** What stands before the value of each sample, `,[1767225600.5,"`, as bytes: that of sample i is [from[i], from[i + 1]). */
export interface Openings {
  readonly bytes: Uint8Array;
  readonly from: Int32Array;
  readonly times: Float64Array;
}

/** Brackets, quote, and a time of 20 digits and its point. */
const OPENING_BYTES_MAX = 30;

export function openingsOf(times: Float64Array): Openings {
  const bytes = new Uint8Array(times.length * OPENING_BYTES_MAX);
  const from = new Int32Array(times.length + 1);
  let at = 0;
  times.forEach((t, i) => {
    const text = `,[${secondsText(t)},"`;
    for (let k = 0; k < text.length; k++) bytes[at++] = text.charCodeAt(k);
    from[i + 1] = at;
  });
  return { bytes, from, times };
}

/**
 * `,"values":[…]` and `,"histograms":[…]` of one series, each only where it has such samples.
 *
 * @param bits tell which samples are there; all of them if undefined.
 */
function* writeSamples(
  out: JsonBytes,
  openings: Openings,
  values: Float64Array,
  row: number,
  bits: Uint8Array | undefined,
  histograms: Histograms,
) {
  const count = openings.times.length;
  const met: number[] = [];
  let isFirst = true;
  for (let from = 0; from < count; from += SAMPLES_A_LOOK) {
    const to = Math.min(count, from + SAMPLES_A_LOOK);
    isFirst = writeFloats(out, openings, values, row, bits, histograms, met, from, to, isFirst);
    if (out.isFull) yield out.take();
  }
  if (!isFirst) out.text(']');
  for (const [k, i] of met.entries()) {
    const h = histogramJson(histograms!.get(row + i)!);
    out.text(`${k === 0 ? ',"histograms":[' : ','}[${secondsText(openings.times[i])},${h}]`);
    if (out.isFull) yield out.take();
  }
  if (met.length > 0) out.text(']');
}

const QUOTE_AND_BRACKET = Uint8Array.of(0x22, 0x5d);

/** The floats among samples [from, to); which others there are is put down in `met`. @returns whether there was none so far. */
function writeFloats(
  out: JsonBytes,
  openings: Openings,
  values: Float64Array,
  row: number,
  bits: Uint8Array | undefined,
  histograms: Histograms,
  met: number[],
  from: number,
  to: number,
  isFirst: boolean,
): boolean {
  for (let i = from; i < to; i++) {
    if (bits !== undefined && (bits[i >> 3] & (1 << (i & 7))) === 0) continue;
    if (histograms?.has(row + i) === true) {
      met.push(i);
      continue;
    }
    if (isFirst) out.text(VALUES_START);
    writeSample(out, openings, i, values[row + i], isFirst);
    isFirst = false;
  }
  return isFirst;
}

/** Sample i of a row; the first one stands without its comma. */
export function writeSample(out: JsonBytes, { bytes, from }: Openings, i: number, v: number, isFirst: boolean): void {
  out.bytes(bytes, from[i] + (isFirst ? 1 : 0), from[i + 1]);
  out.number(v);
  out.bytes(QUOTE_AND_BRACKET, 0, 2);
}

/** Seconds, with three decimals where there are milliseconds. */
function secondsText(t: number): string {
  const ms = Math.abs(t % 1000);
  const whole = Math.trunc(t / 1000);
  if (ms === 0) return String(whole);
  return `${t < 0 && whole === 0 ? '-0' : whole}.${String(ms).padStart(3, '0')}`;
}
