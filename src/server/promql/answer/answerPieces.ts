/** Query results as the API's JSON, written piece by piece: an answer of any size needs the memory of one piece. */
import { TRUNCATED } from '../../../shared/api/prometheus.ts';
import { histogramJson } from '../../../shared/api/histogramJson.ts';
import { labelsJson } from '../../../shared/api/labelsJson.ts';
import { formatPlain } from '../../../shared/model/numberText.ts';
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import type {
  AnswerFormat,
  AnswerPieces,
  QueryResult,
  QueryValue,
  StepGrid,
  StepMatrix,
} from '../../storage/engine.ts';
import { timesOf } from '../grid.ts';
import { JsonBytes } from './jsonBytes.ts';
import { writeSamples, type SampledRow } from './sampleTexts.ts';
import { statsJson } from './statsJson.ts';

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
export const inTurn = (pieces: Iterable<Uint8Array>, areHandedOver = false): AnswerPieces =>
  new InTurn(pieces[Symbol.iterator](), areHandedOver);

/** Once only; an async generator over another takes three promises for each piece. */
class InTurn implements AnswerPieces, AsyncIterator<Uint8Array> {
  readonly areHandedOver: boolean;
  readonly #pieces: Iterator<Uint8Array>;

  constructor(pieces: Iterator<Uint8Array>, areHandedOver: boolean) {
    this.areHandedOver = areHandedOver;
    this.#pieces = pieces;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    return this.#pieces.next();
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    return this.#pieces.return?.() ?? { done: true, value: undefined };
  }
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
      // In digits, however large or small, as upstream writes scalars alone.
      return out.text(`"scalar","result":[${secondsText(grid.start)},"${formatPlain(value.matrix.values[0])}"]`);
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
        yield* writeSeries(out, { times, values, at: 0, bits: undefined }, histograms);
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
  const times = timesOf(grid);
  let separator = '';
  const count = Math.min(labels.length, limit);
  for (let s = 0; s < count; s++) {
    const bits = bitsOf(matrix, s);
    if (!isThere(bits)) continue;
    out.text(separator);
    const start = out.length;
    out.text(`{"metric":${labelsJson(labels[s])}`);
    const samples = out.length + VALUES_START.length;
    yield* writeSeries(out, { times, values, at: s * grid.count, bits }, histograms);
    places?.push(start, samples, out.length - 1);
    out.text('}');
    // Most rows are about as long as the first one.
    if (separator === '') out.expect(ROOM_FOR_LONGER * (count - s) * (out.length - start));
    separator = ',';
  }
}

const ROOM_FOR_LONGER = 1.1;

/** Which steps of a row are there. */
export const bitsOf = ({ present, presentStride }: StepMatrix, row: number) =>
  present.subarray(row * presentStride, (row + 1) * presentStride);

/** Whether any step is there. */
export const isThere = (bits: Uint8Array) => bits.some(isAnySet);

const isAnySet = (byte: number) => byte !== 0;

const VALUES_START = ',"values":[';

/** By place in `values`. */
type Histograms = ReadonlyMap<number, NativeHistogram> | undefined;

/**
 * `,"values":[…]` and `,"histograms":[…]` of one series, each only where it has such samples.
 *
 * @param histograms by place in the row's values.
 */
function* writeSeries(out: JsonBytes, row: SampledRow, histograms: Histograms) {
  const met = histograms === undefined ? [] : histogramsIn(row, histograms);
  const floats = met.length === 0 ? row : { ...row, bits: bitsWithout(row, met) };
  const writing = writeSamples(out, floats, VALUES_START);
  let step = writing.next();
  for (; step.done !== true; step = writing.next()) if (out.isFull) yield out.take();
  if (step.value) out.text(']');
  for (const [k, i] of met.entries()) {
    const h = histogramJson(histograms!.get(row.at + i)!);
    out.text(`${k === 0 ? ',"histograms":[' : ','}[${secondsText(row.times[i])},${h}]`);
    if (out.isFull) yield out.take();
  }
  if (met.length > 0) out.text(']');
}

/** Which samples are native histograms. */
function histogramsIn({ times, at, bits }: SampledRow, histograms: NonNullable<Histograms>): number[] {
  const found: number[] = [];
  for (let i = 0; i < times.length; i++)
    if ((bits === undefined || (bits[i >> 3] & (1 << (i & 7))) !== 0) && histograms.has(at + i)) found.push(i);
  return found;
}

function bitsWithout({ times, bits }: SampledRow, left: readonly number[]): Uint8Array {
  const kept = bits?.slice() ?? new Uint8Array((times.length + 7) >> 3).fill(0xff);
  for (const i of left) kept[i >> 3] &= ~(1 << (i & 7));
  return kept;
}

/** Seconds, with three decimals where there are milliseconds. */
function secondsText(t: number): string {
  const ms = Math.abs(t % 1000);
  const whole = Math.trunc(t / 1000);
  if (ms === 0) return String(whole);
  return `${t < 0 && whole === 0 ? '-0' : whole}.${String(ms).padStart(3, '0')}`;
}
