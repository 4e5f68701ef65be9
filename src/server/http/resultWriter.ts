/** Query results as the API's JSON, written piece by piece: an answer of any size needs one piece of memory. */
import { formatValue } from '../../shared/api/prometheus.ts';
import type { Labels } from '../../shared/model/labels.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import type { QueryResult, QueryValue, StepGrid, StepMatrix } from '../storage/engine.ts';
import { histogramJson } from './histogramJson.ts';

/** Samples to a piece of text. */
const SAMPLES_A_PIECE = 512;
export const TRUNCATED = 'results truncated due to limit';

export interface WriteOptions {
  /** At most this many series; more are cut, with a warning. */
  readonly limit: number;
  readonly stats: boolean;
  /** Milliseconds the request waited and ran, for the statistics. */
  readonly totalMs: number;
}

/** The whole answer, `{"status":"success",…}`, as consecutive texts. */
export function* queryResultJson(result: QueryResult, options: WriteOptions): Generator<string> {
  yield '{"status":"success","data":{"resultType":';
  yield* valueJson(result.value, options.limit);
  if (options.stats) yield `,"stats":${JSON.stringify(statsOf(result, options.totalMs))}`;
  yield '}';
  const cut = seriesCount(result.value) > options.limit;
  yield* annotationsJson(cut ? [...result.warnings, TRUNCATED] : result.warnings, result.infos);
  yield '}';
}

/** `,"warnings":[…],"infos":[…]`, each only where there are any. */
export function* annotationsJson(warnings: readonly string[], infos: readonly string[] = []): Generator<string> {
  if (warnings.length > 0) yield `,"warnings":${JSON.stringify(warnings)}`;
  if (infos.length > 0) yield `,"infos":${JSON.stringify(infos)}`;
}

export function labelsJson(labels: Labels): string {
  let text = '{';
  for (let i = 0; i < labels.length; i++) {
    text += `${i === 0 ? '' : ','}${JSON.stringify(labels[i][0])}:${JSON.stringify(labels[i][1])}`;
  }
  return text + '}';
}

/** Seconds, with three decimals where there are milliseconds. */
export function secondsText(t: number): string {
  const ms = Math.abs(t % 1000);
  const whole = Math.trunc(t / 1000);
  if (ms === 0) return String(whole);
  return `${t < 0 && whole === 0 ? '-0' : whole}.${String(ms).padStart(3, '0')}`;
}

function seriesCount(value: QueryValue): number {
  if (value.kind === 'raw') return value.series.length;
  return value.kind === 'matrix' || value.kind === 'vector' ? value.matrix.labels.length : 0;
}

function* valueJson(value: QueryValue, limit: number): Generator<string> {
  switch (value.kind) {
    case 'string':
      yield `"string","result":[${secondsText(value.grid.start)},${JSON.stringify(value.text)}]`;
      return;
    case 'scalar':
      yield `"scalar","result":[${secondsText(value.grid.start)},"${formatValue(value.matrix.values[0])}"]`;
      return;
    case 'vector':
      yield '"vector","result":[';
      yield* vectorJson(value.matrix, value.grid.start, limit);
      yield ']';
      return;
    case 'matrix':
      yield '"matrix","result":[';
      yield* matrixJson(value.matrix, value.grid, limit);
      yield ']';
      return;
    case 'raw': {
      yield '"matrix","result":[';
      let separator = '';
      for (const { labels, times, values, histograms } of value.series.slice(0, limit)) {
        yield `${separator}{"metric":${labelsJson(labels)}`;
        yield* samplesJson(
          times.length,
          (i) => secondsText(times[i]),
          values,
          0,
          () => true,
          (i) => histograms?.get(i),
        );
        yield '}';
        separator = ',';
      }
      yield ']';
    }
  }
}

function* vectorJson({ labels, values, histograms, present, presentStride }: StepMatrix, t: number, limit: number) {
  const time = secondsText(t);
  let separator = '';
  const count = Math.min(labels.length, limit);
  for (let s = 0; s < count; s++) {
    if ((present[s * presentStride] & 1) === 0) continue;
    const h = histograms?.get(s);
    const sample =
      h === undefined ? `"value":[${time},"${formatValue(values[s])}"]` : `"histogram":[${time},${histogramJson(h)}]`;
    yield `${separator}{"metric":${labelsJson(labels[s])},${sample}}`;
    separator = ',';
  }
}

function* matrixJson(matrix: StepMatrix, grid: StepGrid, limit: number) {
  const { labels, values, histograms, present, presentStride } = matrix;
  const times = Array.from({ length: grid.count }, (_, i) => secondsText(grid.start + i * grid.stepMs));
  let separator = '';
  const seriesWritten = Math.min(labels.length, limit);
  for (let s = 0; s < seriesWritten; s++) {
    const row = s * grid.count;
    const bits = s * presentStride;
    if (!anyBit(present, bits, presentStride)) continue;
    yield `${separator}{"metric":${labelsJson(labels[s])}`;
    yield* samplesJson(
      grid.count,
      (i) => times[i],
      values,
      row,
      (i) => (present[bits + (i >> 3)] & (1 << (i & 7))) !== 0,
      (i) => histograms?.get(row + i),
    );
    yield '}';
    separator = ',';
  }
}

function anyBit(present: Uint8Array, from: number, length: number): boolean {
  for (let i = from; i < from + length; i++) if (present[i] !== 0) return true;
  return false;
}

/** `,"values":[…]` and `,"histograms":[…]` of one series, each only where it has such samples. */
function* samplesJson(
  count: number,
  timeText: (i: number) => string,
  values: Float64Array,
  row: number,
  isPresent: (i: number) => boolean,
  histogramAt: (i: number) => NativeHistogram | undefined,
): Generator<string> {
  const histogramIndices: number[] = [];
  let piece = ',"values":[';
  let written = 0;
  for (let i = 0; i < count; i++) {
    if (!isPresent(i)) continue;
    if (histogramAt(i) !== undefined) {
      histogramIndices.push(i);
      continue;
    }
    piece += `${written === 0 ? '' : ','}[${timeText(i)},"${formatValue(values[row + i])}"]`;
    written++;
    if (written % SAMPLES_A_PIECE === 0) {
      yield piece;
      piece = '';
    }
  }
  if (written > 0) yield piece + ']';
  for (const [k, i] of histogramIndices.entries()) {
    yield `${k === 0 ? ',"histograms":[' : ','}[${timeText(i)},${histogramJson(histogramAt(i)!)}]`;
  }
  if (histogramIndices.length > 0) yield ']';
}

function statsOf({ stats }: QueryResult, totalMs: number) {
  const runMs = stats.parseMs + stats.selectMs + stats.evalMs;
  return {
    timings: {
      evalTotalTime: (stats.selectMs + stats.evalMs) / 1000,
      resultSortTime: 0,
      queryPreparationTime: stats.selectMs / 1000,
      innerEvalTime: stats.evalMs / 1000,
      execQueueTime: Math.max(0, totalMs - runMs) / 1000,
      execTotalTime: totalMs / 1000,
    },
    samples: {
      totalQueryableSamples: stats.samplesRead,
      peakSamples: stats.samplesRead,
      samplesRead: stats.samplesRead,
    },
  };
}
