/** limit_ratio: about a share of the series, the same ones in every query. Rule: Prometheus promql/engine.go, HashRatioSampler. */
import type { Aggregation } from '../../shared/promql/ast.ts';
import type { Labels } from '../../shared/model/labels.ts';
import { utf8Size, writeUtf8 } from '../../shared/bytes/utf8.ts';
import { xxhash64 } from '../../shared/bytes/xxhash64.ts';
import { QueryError } from '../storage/engine.ts';
import type { EvalContext } from './context.ts';
import type { VectorRows } from './rows.ts';

/** Whether a row is taken at a step. */
export type IsTaken = (s: number, step: number) => boolean;

/**
 * Which rows a ratio takes; undefined where it takes none at any step.
 *
 * @param ratios by step: of 0.1 the first tenth of the hashes stays, of -0.1 the last.
 */
export function takenByRatio(
  node: Aggregation,
  ratios: Float64Array,
  labels: readonly Labels[],
  { annotations }: EvalContext,
): IsTaken | undefined {
  const least = ratios.reduce((a, b) => Math.min(a, b), Infinity);
  const most = ratios.reduce((a, b) => Math.max(a, b), -Infinity);
  if (least === 0 && most === 0) return undefined;
  if (ratios.some(Number.isNaN)) throw new QueryError('execution', 'Ratio value is NaN');
  if (most > 1) annotations.invalidRatio(most, 1, node.param!, node);
  if (least < -1) annotations.invalidRatio(least, -1, node.param!, node);
  const shares = labels.map(shareOf);
  return (s, step) => {
    const ratio = Math.max(-1, Math.min(1, ratios[step]));
    return ratio > 0 ? shares[s] < ratio : ratio < 0 && shares[s] >= 1 + ratio;
  };
}

/** The rows, each at the steps at which it is taken. */
export function takenRows(rows: VectorRows, isTaken: IsTaken): VectorRows {
  return {
    ...rows,
    addUp: undefined,
    read(s, into) {
      rows.read(s, into);
      for (let i = 0; i < into.present.length; i++) {
        if (isTaken(s, i)) continue;
        into.present[i] = 0;
        into.histograms.delete(i);
      }
    },
  };
}

const HASHES = 2 ** 64;

/** Where a label set's hash lies between all of them, 0 to 1. The bytes hashed are upstream's: every text after its length. */
function shareOf(labels: Labels): number {
  const texts = labels.flat();
  const bytes = new Uint8Array(texts.reduce((sum, text) => sum + LENGTH_BYTES_MAX + utf8Size(text), 0));
  let at = 0;
  for (const text of texts) {
    const size = utf8Size(text);
    if (size < LONG) bytes[at++] = size;
    else for (const byte of [LONG, size & 255, (size >> 8) & 255, (size >> 16) & 255]) bytes[at++] = byte;
    at = writeUtf8(bytes, at, text);
  }
  return Number(xxhash64(bytes.subarray(0, at))) / HASHES;
}

/** A length of at least this many bytes follows in three more. */
const LONG = 255;
const LENGTH_BYTES_MAX = 4;
