/** Large results of range queries as columns, in place of JSON: see shared/api/matrixColumns.ts. */
import { hasMatrixForm, matrixOpening, type MatrixRowHead } from '../../../shared/api/matrixColumns.ts';
import { TRUNCATED } from '../../../shared/api/prometheus.ts';
import { labelsRecord } from '../../../shared/model/labels.ts';
import type { AnswerFormat, QueryResult, StepGrid, StepMatrix } from '../../storage/engine.ts';
import { bitsOf, isThere } from './answerPieces.ts';

/** Smaller answers are JSON, and as such are kept for those who ask again. */
export const COLUMNS_CELLS_MIN = 100_000;

/** What of a result goes out as columns; undefined for what has to be JSON. */
export function columnsOf({ value }: QueryResult, { columns, stats }: AnswerFormat) {
  if (columns !== true || stats || !hasMatrixForm || value.kind !== 'matrix') return undefined;
  const { matrix, grid } = value;
  return matrix.histograms === undefined && matrix.values.length >= COLUMNS_CELLS_MIN ? { matrix, grid } : undefined;
}

/** The whole answer in two pieces, each in a buffer of its own; the values of a matrix without empty rows are its own buffer. */
export function* matrixAnswer(
  { matrix, grid }: { readonly matrix: StepMatrix; readonly grid: StepGrid },
  { warnings, infos }: Pick<QueryResult, 'warnings' | 'infos'>,
  format: AnswerFormat,
): Generator<Uint8Array<ArrayBuffer>> {
  const { count } = grid;
  const rows: number[] = [];
  const heads: MatrixRowHead[] = [];
  const present: (Uint8Array | undefined)[] = [];
  for (let row = 0; row < Math.min(matrix.labels.length, format.limit); row++) {
    const bits = bitsOf(matrix, row);
    if (!isThere(bits)) continue;
    const hasGaps = !isWhole(bits, count);
    rows.push(row);
    heads.push({ metric: labelsRecord(matrix.labels[row]), ...(hasGaps && { hasGaps }) });
    present.push(hasGaps ? bits : undefined);
  }
  const told = [...warnings, ...(format.warnings ?? [])];
  if (matrix.labels.length > format.limit) told.push(TRUNCATED);
  const head = {
    start: grid.start,
    step: grid.stepMs,
    steps: count,
    rows: heads,
    ...(told.length > 0 && { warnings: told }),
    ...(infos.length > 0 && { infos }),
  };
  yield matrixOpening({ head, present }, (text) => Buffer.from(text));
  const values = valuesOf(matrix.values, rows, count);
  if (values.length > 0) yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Whether the first `count` bits are set. */
function isWhole(bits: Uint8Array, count: number): boolean {
  const bytes = count >> 3;
  for (let i = 0; i < bytes; i++) if (bits[i] !== 0xff) return false;
  const rest = (1 << (count & 7)) - 1;
  return (bits[bytes] & rest) === rest || rest === 0;
}

function valuesOf(values: Float64Array, rows: readonly number[], count: number): Float64Array<ArrayBuffer> {
  const isOwn = values.buffer[Symbol.toStringTag] === 'ArrayBuffer' && values.byteLength === values.buffer.byteLength;
  if (isOwn && rows.length * count === values.length) return values as Float64Array<ArrayBuffer>;
  const taken = new Float64Array(rows.length * count);
  rows.forEach((row, k) => taken.set(values.subarray(row * count, (row + 1) * count), k * count));
  return taken;
}
