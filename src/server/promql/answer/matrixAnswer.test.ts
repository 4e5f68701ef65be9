/** An answer as columns says what the same answer says as JSON. */
import fc from 'fast-check';
import { readMatrix } from '../../../shared/api/matrixColumns.ts';
import type { ApiQueryData, ApiSuccess } from '../../../shared/api/prometheus.ts';
import { labelsOf } from '../../../shared/model/labels.ts';
import { answerFromApi, seriesOfColumns, type Answer } from '../../frames/series.ts';
import type { QueryResult, StepMatrix } from '../../storage/engine.ts';
import { answerPieces } from './answerPieces.ts';
import { columnsOf, matrixAnswer } from './matrixAnswer.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const STATS = { samplesRead: 0, parseMs: 0, selectMs: 0, evalMs: 0 };
const plain = { limit: Infinity, stats: false, columns: true };

const matrices = fc
  .tuple(fc.integer({ min: 1, max: 70 }), fc.array(fc.dictionary(fc.string(), fc.string()), { maxLength: 5 }))
  .chain(([count, names]) => {
    const cells = fc.array(fc.double(), { minLength: count * names.length, maxLength: count * names.length });
    // All, none, or some of the steps of a row.
    const row = fc.oneof(fc.constant(true), fc.constant(false), fc.array(fc.boolean(), { maxLength: count }));
    return fc.tuple(
      fc.constant(count),
      fc.constant(names),
      cells,
      fc.array(row, { minLength: names.length, maxLength: names.length }),
    );
  })
  .map(([count, names, cells, rows]) => {
    const presentStride = (count + 7) >> 3;
    const present = new Uint8Array(names.length * presentStride);
    rows.forEach((there, r) => {
      for (let i = 0; i < count; i++) {
        const isThere = typeof there === 'boolean' ? there : there[i] === true;
        if (isThere) present[r * presentStride + (i >> 3)] |= 1 << (i & 7);
      }
    });
    const matrix: StepMatrix = {
      labels: names.map(labelsOf),
      values: Float64Array.from(cells),
      present,
      presentStride,
    };
    return { matrix, grid: { start: 1_500, end: 1_500 + (count - 1) * 250, stepMs: 250, count } };
  });

/** Labels without the prototype that their maker gave them. */
const comparable = (answer: Answer) =>
  answer.kind === 'string' ? [] : answer.series.map(({ labels, ...rest }) => ({ labels: { ...labels }, ...rest }));

test('law: rows, times, values and notes are those of the JSON', () => {
  fc.assert(
    fc.property(matrices, fc.array(fc.string()), fc.integer({ min: 1, max: 6 }), (found, warnings, limit) => {
      const result: QueryResult = { value: { kind: 'matrix', ...found }, warnings, infos: ['i'], stats: STATS };
      const json = JSON.parse(
        text(Buffer.concat([...answerPieces(result, { ...plain, limit }, 0)])),
      ) as ApiSuccess<ApiQueryData>;
      const columns = readMatrix(Buffer.concat([...matrixAnswer(found, result, { ...plain, limit })]), text);
      expect(comparable({ kind: 'matrix', series: seriesOfColumns(columns) })).toEqual(
        comparable(answerFromApi(json.data)).map(({ histograms: _, ...rest }) => rest),
      );
      expect([columns.head.warnings, columns.head.infos]).toEqual([json.warnings, json.infos]);
    }),
  );
});

const matrix: StepMatrix = {
  labels: [labelsOf({ a: 'b' })],
  values: Float64Array.of(1, NaN, -0),
  present: Uint8Array.of(0b111),
  presentStride: 1,
};
const grid = { start: 0, end: 2, stepMs: 1, count: 3 };
const whole = () => Buffer.concat([...matrixAnswer({ matrix, grid }, { warnings: [], infos: [] }, plain)]);

test('a matrix without gaps goes out as the memory that it is', () => {
  const [, values] = matrixAnswer({ matrix, grid }, { warnings: [], infos: [] }, plain);
  expect(values.buffer).toBe(matrix.values.buffer);
});

test('bytes at any place of a buffer are read', () => {
  const moved = new Uint8Array(whole().length + 3);
  moved.set(whole(), 3);
  expect(readMatrix(moved.subarray(3), text).values).toEqual(matrix.values);
});

test('an answer that was cut off is refused, wherever', () => {
  for (let size = 1; size < whole().length; size++)
    expect(() => readMatrix(whole().subarray(0, size), text)).toThrow(/end early/);
});

test('another version is refused, and named', () => {
  expect(() => readMatrix(Uint8Array.of(2, 0, 0, 0), text)).toThrow('columns of version 2, where 1 is read');
});

test('small ones, histograms, and those that are asked for statistics stay JSON', () => {
  const large = { ...matrix, values: new Float64Array(100_000) };
  const goes = (own: StepMatrix, format: object) =>
    columnsOf(
      { value: { kind: 'matrix', grid, matrix: own }, warnings: [], infos: [], stats: STATS },
      { ...plain, ...format },
    ) !== undefined;
  expect(goes(large, {})).toBe(true);
  expect(goes({ ...large, values: new Float64Array(99_999) }, {})).toBe(false);
  expect(goes({ ...large, histograms: new Map() }, {})).toBe(false);
  expect(goes(large, { stats: true })).toBe(false);
  expect(goes(large, { columns: false })).toBe(false);
});
