/** Which answers are kept, and how: as they are sent. */
import { release } from '../../shared/bytes/release.ts';
import type { Labels } from '../../shared/model/labels.ts';
import { giveBackNumbers } from '../promql/resultMemory.ts';
import { answerPieces, bitsOf, isThere } from '../promql/answer/answerPieces.ts';
import { columnsOf, matrixAnswer } from '../promql/answer/matrixAnswer.ts';
import type { KeptAnswer } from '../promql/answer/continuedAnswer.ts';
import type { AnswerFormat, AnswerPieces, QueryResult, StepGrid, StepMatrix } from '../storage/engine.ts';
import { KEPT_BYTES_MAX } from './resultCache.ts';

/** The rows of an answer, in the order in which they are written. */
export type AnswerRows = Pick<KeptAnswer, 'labels' | 'places'>;

/** An answer of this form has nothing in it but the rows. */
export const isPlain = ({ limit, stats, fresh, warnings }: AnswerFormat) =>
  limit === Infinity && !stats && fresh !== true && (warnings ?? []).length === 0;

/** The steps of a result, if they can be kept: numbers only, and nothing to be told with them. */
export function keepable({ value, warnings, infos }: QueryResult): StepMatrix | undefined {
  if (value.kind !== 'matrix' || value.matrix.histograms !== undefined) return undefined;
  return warnings.length === 0 && infos.length === 0 ? value.matrix : undefined;
}

/** An answer as it is written, and the rows in it. */
export interface WrittenRows {
  readonly pieces: Generator<Uint8Array<ArrayBuffer>>;
  /** Asked when all pieces are taken; undefined where the answer cannot be kept. */
  readonly rows: () => AnswerRows | undefined;
}

/** @param totalMs that the query waited and ran. @param isKept whether its rows are wanted. */
export function writtenRows(result: QueryResult, format: AnswerFormat, totalMs: number, isKept: boolean): WrittenRows {
  const columns = columnsOf(result, format);
  if (columns !== undefined) return { pieces: matrixAnswer(columns, result, format), rows: () => undefined };
  const matrix = isKept ? keepable(result) : undefined;
  const places: number[] | undefined = matrix && [];
  const pieces = lastly(answerPieces(result, format, totalMs, places), result);
  return { pieces, rows: () => matrix && { labels: labelsWritten(matrix), places: places! } };
}

/** Gives the numbers of a matrix back, once they are written. */
function* lastly<T>(pieces: Generator<T>, { value }: QueryResult): Generator<T> {
  yield* pieces;
  if (value.kind === 'matrix') giveBackNumbers(value.matrix.values);
}

/** The labels of those rows that are written. */
const labelsWritten = (matrix: StepMatrix): readonly Labels[] =>
  matrix.labels.filter((_, row) => isThere(bitsOf(matrix, row)));

/**
 * Pieces on their way to who asked. If they are not too many they go there as one, which is handed to `keep` first.
 *
 * @param rows asked when all pieces are there; undefined where the answer is not to be kept.
 */
export async function* keptOnTheWay(
  pieces: AnswerPieces,
  grid: StepGrid,
  rows: () => AnswerRows | undefined,
  keep: (answer: KeptAnswer) => void,
): AsyncGenerator<Uint8Array> {
  let gathered: Uint8Array[] | undefined = [];
  let size = 0;
  for await (const piece of pieces) {
    size += piece.length;
    gathered?.push(piece);
    if (size <= KEPT_BYTES_MAX) continue;
    yield* gathered ?? [piece];
    gathered = undefined;
  }
  if (gathered === undefined) return;
  const body = Buffer.concat(gathered);
  if (pieces.areHandedOver === true) gathered.forEach(release);
  const found = rows();
  if (found !== undefined) keep({ ...found, grid, body });
  yield body;
}
