/** Limits over a heatmap, such as a service level's latency: how people write them, and how they are drawn. */
import type { LimitShares } from '../shared/heatmap/limitShares.ts';
import { formatShare, secondsPerUnit, type FormatValue } from './format.ts';

/** More lines than this bury the cells. */
export const LIMITS_MAX = 4;

/** A line across the whole map. */
export interface LimitLine extends LimitShares {
  /** `≤ 250 ms 99.2 %`, with `about` where the buckets leave it open. */
  readonly text: string;
}

const SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  sec: 1,
  m: 60,
  min: 60,
  h: 3600,
};
const LIMIT = /([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([a-zµμ]*)/giu;

export interface ReadLimits {
  /** In the unit of the y axis, ascending, each once. */
  readonly limits: readonly number[];
  /** What could not be read. */
  readonly unreadable: string;
}

/**
 * Limits as people write them: `250ms, 1s`; a number without a unit is in that of the y axis.
 *
 * @param unit of the y axis, as Grafana names it.
 */
export function readLimits(text: string, unit: string): ReadLimits {
  const perUnit = secondsPerUnit(unit);
  const limits: number[] = [];
  const unreadable: string[] = [];
  for (const part of text
    .split(/[,;]/)
    .map((one) => one.trim())
    .filter((one) => one !== '')) {
    const rest = part.replace(LIMIT, (whole, number: string, suffix: string) => {
      const seconds = suffix === '' ? undefined : SECONDS[suffix.toLowerCase()];
      if (suffix !== '' && (seconds === undefined || perUnit === undefined)) return whole;
      limits.push(
        seconds === undefined || perUnit === undefined ? Number(number) : (Number(number) * seconds) / perUnit,
      );
      return '';
    });
    if (rest.trim() !== '') unreadable.push(part);
  }
  return { limits: [...new Set(limits)].sort((a, b) => a - b).slice(0, LIMITS_MAX), unreadable: unreadable.join(', ') };
}

/** A share that the buckets leave open by less is told without `about`. */
const CERTAIN = 0.001;

/** @param limits with the shares under them. */
export function limitLines(limits: readonly LimitShares[], formatY: FormatValue): LimitLine[] {
  return limits.map((shares) => {
    const about = shares.most - shares.least > CERTAIN ? '≈ ' : '';
    const share = Number.isNaN(shares.share) ? '' : `  ${about}${formatShare(shares.share)}`;
    return { ...shares, text: `≤ ${formatY(shares.limit)}${share}` };
  });
}
