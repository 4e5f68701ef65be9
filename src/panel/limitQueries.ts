/** Limits that a query gives: the option names it by its letter, `B`, beside others as text, `250ms, B`. */
import type { DataFrame } from '@grafana/data';

export interface QueriedLimits {
  /** The option with the queries' last values in their place. */
  readonly text: string;
  /** What is left to draw: the limits' own frames are no histograms. */
  readonly frames: readonly DataFrame[];
}

const LETTER = /^[A-Z]$/;

export function limitsFromQueries(option: string, frames: readonly DataFrame[]): QueriedLimits {
  const parts = option.split(/[,;]/).map((part) => part.trim());
  const named = new Set(parts.filter((part) => LETTER.test(part) && frames.some(({ refId }) => refId === part)));
  if (named.size === 0) return { text: option, frames };
  const texts = parts.flatMap((part) => (named.has(part) ? lastValues(frames, part).map(String) : [part]));
  return { text: texts.join(', '), frames: frames.filter(({ refId }) => !named.has(refId ?? '')) };
}

/** Of each series of a query the newest value that is a number. */
function lastValues(frames: readonly DataFrame[], query: string): number[] {
  return frames
    .filter(({ refId }) => refId === query)
    .flatMap(({ fields }) => fields.filter(({ type }) => type === 'number'))
    .flatMap(({ values }) => {
      for (let i = values.length - 1; i >= 0; i--) if (Number.isFinite(values[i])) return [values[i] as number];
      return [];
    });
}
