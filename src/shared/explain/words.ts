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

/** `1 slow request`, `2 slow requests`: a count of what a Wording names. @param text the count as it is to be written. */
export function countedText(count: number, words: string, text = String(count)): string {
  const one = words.replace(/\b(request|observation|other)s\b/, '$1');
  return `${text} ${count === 1 ? one : words}`;
}

/**
 * @param noun what is observed: `requests`.
 * @param place where the box lies among all values: above or below most of them, or neither.
 */
export function wordingOf(noun: string, place: 'slow' | 'fast' | 'selected', baseline: Baseline): Wording {
  const inside = `${place} ${noun}`;
  switch (baseline.kind) {
    case 'rest':
      return { inside, baseline: 'others' };
    case 'sameTime':
      return { inside, baseline: 'others at the same time' };
    case 'earlier':
      return { inside, baseline: `${inside} earlier` };
    case 'box':
      return { inside, baseline: `${noun} in the other box` };
    case 'before':
      return { inside, baseline: `${inside} before the deploy` };
    case 'value':
      return { inside: `other ${inside}`, baseline: `${inside} with ${pairText(baseline.label, baseline.value)}` };
  }
}
