/** What a histogram cannot answer, and buckets that would. */
import { limitShares } from './limitShares.ts';
import type { HeatmapModel } from './model.ts';
import { quantileLines, quantileName } from './quantileLines.ts';
import { isSameBound } from './slices.ts';

export type FindingKind = 'overflow' | 'first' | 'quantile' | 'limit' | 'few' | 'unused';

export interface Finding {
  readonly kind: FindingKind;
  /** One sentence for the user, with numbers. */
  readonly text: string;
}

export interface Diagnosis {
  /** What matters most first; none if the buckets serve. */
  readonly findings: readonly Finding[];
  /** Upper bounds, in the unit of the y axis, that would answer what these do not; undefined where these serve. */
  readonly suggested?: readonly number[];
}

export interface DoctorInput {
  readonly model: HeatmapModel;
  readonly quantiles: readonly number[];
  readonly limits: readonly number[];
  readonly formatY: (value: number) => string;
  readonly formatShare: (share: number) => string;
}

/** More than this share beyond the last bound hides the tail. */
const OVERFLOW_FROM = 0.001;
/** More than this share in the first bucket hides the body. */
const FIRST_FROM = 0.5;
/** A quantile whose bucket is wider than this factor says little. */
const WIDE_FROM = 2;
/** What the buckets leave open of a limit's share. */
const OPEN_FROM = 0.005;
const FEW_BUCKETS = 6;
const SUGGESTED_MAX = 20;
/** Steps of a decade for suggested bounds; at most a factor of 1.5 apart. */
const LADDER = [1, 1.5, 2, 3, 4, 5, 7.5];

/** Looks at all slices together. Native histograms have buckets everywhere, so that little is left to say of them. */
export function diagnose({ model, quantiles, limits, formatY, formatShare }: DoctorInput): Diagnosis {
  const whole = inOneSlice(model);
  const rows = whole.yEdges.length - 1;
  const total = whole.counts.reduce((sum, count) => sum + count, 0);
  if (!(total > 0)) return { findings: [] };
  const share = (row: number): number => whole.counts[row] / total;
  const findings: Finding[] = [];
  const last = whole.yEdges[rows - 1];
  const overflow = model.openTop && rows > 1 ? share(rows - 1) : 0;
  if (overflow > OVERFLOW_FROM) {
    const lost = quantiles.filter((q) => q > 1 - overflow).map(quantileName);
    const so = lost.length > 0 ? `, so ${lost.join(' and ')} read as ${formatY(last)} however slow they are` : '';
    findings.push({
      kind: 'overflow',
      text: `${formatShare(overflow)} lie over the last bound, ${formatY(last)}${so}`,
    });
  }
  const first = firstRow(whole);
  if (model.openBottom && rows > 2 && first >= 0 && share(first) > FIRST_FROM) {
    findings.push({
      kind: 'first',
      text: `${formatShare(share(first))} lie in the first bucket, up to ${formatY(whole.yEdges[first + 1])}: what changes below it is not seen`,
    });
  }
  for (const line of quantileLines(whole, quantiles)) {
    const [low, high] = [line.lows?.[0] ?? NaN, line.highs?.[0] ?? NaN];
    if (!(low > 0) || high === Infinity || high / low <= WIDE_FROM * (1 + 1e-9)) continue;
    findings.push({
      kind: 'quantile',
      text: `${line.name} lies somewhere between ${formatY(low)} and ${formatY(high)}: ${formatY(line.values[0])} is a guess within one bucket`,
    });
  }
  for (const { limit, least, most } of limitShares(whole, limits)) {
    const isBound = [...whole.yEdges].some((bound) => isSameBound(bound, limit));
    if (isBound || !(most - least > OPEN_FROM)) continue;
    findings.push({
      kind: 'limit',
      text: `${formatY(limit)} is no bucket bound: the share under it is between ${formatShare(least)} and ${formatShare(most)}`,
    });
  }
  if (rows < FEW_BUCKETS) findings.push({ kind: 'few', text: `There are only ${rows} buckets` });
  if (findings.length === 0) return { findings };
  return { findings, suggested: suggestedBounds(whole, limits, overflow > OVERFLOW_FROM) };
}

function inOneSlice(model: HeatmapModel): HeatmapModel {
  const rows = Math.max(0, model.yEdges.length - 1);
  const counts = new Float64Array(rows);
  for (let i = 0; i < model.counts.length; i++) if (model.counts[i] > 0) counts[i % rows] += model.counts[i];
  const { xEdges } = model;
  return { ...model, xEdges: Float64Array.of(xEdges[0], xEdges[xEdges.length - 1]), counts, joined: undefined };
}

/** The lowest row with observations, if it is one of the two that begin at or under 0. */
function firstRow({ yEdges, counts }: HeatmapModel): number {
  const row = counts.findIndex((count) => count > 0);
  return row >= 0 && yEdges[row] <= 0 ? row : -1;
}

/**
 * From where one in a hundred is faster to where one in a thousand is slower, in steps of at most 1.5, the limits among them; beyond the bounds that there
 * are, where much lies beyond, as far again as it can only be guessed.
 */
function suggestedBounds(whole: HeatmapModel, limits: readonly number[], overflows: boolean): number[] {
  const [low, high] = quantileLines(whole, [0.01, 0.999]);
  const finite = [...whole.yEdges].filter((bound) => Number.isFinite(bound) && bound > 0);
  if (finite.length === 0) return [...limits];
  const lowest = low.lows![0] > 0 ? low.lows![0] : finite[0] / 16;
  const highest = overflows ? finite[finite.length - 1] * 8 : Math.min(high.highs![0], finite[finite.length - 1] * 8);
  const ladder: number[] = [];
  for (let decade = Math.floor(Math.log10(lowest)); 10 ** decade <= highest; decade++) {
    for (const step of LADDER) {
      const bound = Number((step * 10 ** decade).toPrecision(6));
      if (bound >= lowest * (1 - 1e-9) && bound <= highest * 1.5) ladder.push(bound);
    }
  }
  const every = Math.max(1, Math.ceil(ladder.length / Math.max(4, SUGGESTED_MAX - limits.length)));
  const kept = ladder.filter((_, i) => i % every === 0 || i === ladder.length - 1);
  return [...kept, ...limits.filter((limit) => limit > 0 && !kept.some((bound) => isSameBound(bound, limit)))].sort(
    (a, b) => a - b,
  );
}
