/** What a comparison says, in words. */
import { quoted } from '../model/labels.ts';
import type { Baseline } from './region.ts';

/** Longer label values are cut where they are told in a sentence. */
const VALUE_CHARS_MAX = 64;

export interface Wording {
  /** The observations inside the box: `slow requests`. */
  readonly inside: string;
  /** Those of the baseline: `others`. */
  readonly baseline: string;
}

/** 0.914 → `91 %`; nothing but all is `100 %`, and nothing but none is `0 %`. */
export function shareText(share: number): string {
  if (!Number.isFinite(share)) return '–';
  const percent = share * 100;
  if (percent === 0 || percent === 100) return `${percent} %`;
  if (percent < 0.1) return '< 0.1 %';
  if (percent > 99.9) return '> 99.9 %';
  if (percent < 10) return `${percent.toFixed(1)} %`;
  return percent > 99 ? `${percent.toFixed(1)} %` : `${Math.round(percent)} %`;
}

/** `version="v2"`, or `no version` where the label is absent. */
export function pairText(label: string, value: string): string {
  if (value === '') return `no ${label}`;
  return `${label}=${quoted(value.length > VALUE_CHARS_MAX ? `${value.slice(0, VALUE_CHARS_MAX)}…` : value)}`;
}

/** `version="v2" holds 91 % of the slow requests and 12 % of the others`. */
export function readingOf(pair: string, shareInside: number, shareBaseline: number, words: Wording): string {
  return `${pair} holds ${shareText(shareInside)} of the ${words.inside} and ${shareText(shareBaseline)} of the ${words.baseline}`;
}

/**
 * @param noun what is observed: `requests`.
 * @param place where the box lies among all values: above or below most of them, or neither.
 */
export function wordingOf(noun: string, place: 'slow' | 'fast' | 'selected', baseline: Baseline['kind']): Wording {
  const told: Readonly<Record<Baseline['kind'], string>> = {
    rest: 'others',
    sameTime: 'others at the same time',
    earlier: `${place} ${noun} earlier`,
    box: `${noun} in the other box`,
  };
  return { inside: `${place} ${noun}`, baseline: told[baseline] };
}
