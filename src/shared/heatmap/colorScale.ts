/**
 * From a count to a place on the ramp. Every scale sends the smallest positive count to at least 0 and the maximum to 1; that the ramp's
 * first colour stands out from the ground is the palette's promise. Zero and NaN have no place on the ramp: they are drawn otherwise.
 */
import { firstNotBelow } from '../model/sortedNumbers.ts';

export type ColorScaleName = 'linear' | 'sqrt' | 'log' | 'rank';

export interface ColorScale {
  readonly name: ColorScaleName;
  /** The count at the ramp's end; counts above it look the same as it. 0 if there is nothing to colour. */
  readonly max: number;
  /** The smallest positive count; the ramp's begin on the log and rank scales. */
  readonly min: number;
  /** Values below zero are coloured too, on the ramp's lower half; zero is its middle. */
  readonly signed: boolean;
  /** Place on the ramp in [0, 1] of a positive count. */
  place(count: number): number;
  /** The count at a place in [0, 1] of the ramp; the inverse of `place` up to ties of the rank scale. */
  countAt(place: number): number;
}

export const COLOR_SCALES: Readonly<Record<ColorScaleName, string>> = {
  linear: 'Linear',
  sqrt: 'Square root',
  log: 'Logarithmic',
  rank: 'Rank (even use of all colours)',
};

/** At most so many counts are sorted for the rank scale; of more, every n-th is taken. */
const RANK_SAMPLES_MAX = 65_536;

/**
 * @param counts what will be coloured; zero, negative and NaN are passed over.
 * @param max the count at the ramp's end; by default the largest of `counts`.
 * @param from the count at the ramp's begin; lower ones look the same as it. By default 0, on the log and rank scales the smallest of `counts`.
 */
export function colorScaleOf(name: ColorScaleName, counts: Float64Array, max?: number, from?: number): ColorScale {
  let least = Infinity;
  let most = 0;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i];
    if (!(count > 0) || count === Infinity) continue;
    if (count < least) least = count;
    if (count > most) most = count;
  }
  const top = max !== undefined && max > 0 && Number.isFinite(max) ? max : most;
  if (!(top > 0)) return { name, max: 0, min: 0, signed: false, place: () => 0, countAt: () => 0 };
  const low = from !== undefined && from > 0 && from < top ? from : undefined;
  const min = low ?? Math.min(least, top);
  return { name, max: top, min, signed: false, ...PLACES[name](min, top, counts, low ?? 0) };
}

/** For differences: from the largest below zero over none to the largest above, alike on both sides. Only linear and sqrt; all else is as sqrt. */
export function differenceScaleOf(name: ColorScaleName, values: Float64Array, max?: number): ColorScale {
  let most = 0;
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]) > most) most = Math.abs(values[i]);
  const top = max !== undefined && max > 0 && Number.isFinite(max) ? max : most;
  const bend = name === 'linear' ? (v: number) => v : (v: number) => Math.sign(v) * Math.sqrt(Math.abs(v));
  const unbend = name === 'linear' ? (v: number) => v : (v: number) => Math.sign(v) * v * v;
  return {
    name,
    max: top,
    min: -top,
    signed: true,
    place: (value) => (top === 0 ? 0.5 : clamp(0.5 + bend(value / top) / 2)),
    countAt: (place) => unbend(place * 2 - 1) * top,
  };
}

type Places = Pick<ColorScale, 'place' | 'countAt'>;
const clamp = (place: number): number => (place > 1 ? 1 : place > 0 ? place : 0);

const PLACES: Record<ColorScaleName, (min: number, max: number, counts: Float64Array, low: number) => Places> = {
  linear: (_min, max, _counts, low) => ({
    place: (count) => clamp((count - low) / (max - low)),
    countAt: (place) => low + place * (max - low),
  }),
  sqrt: (_min, max, _counts, low) => ({
    place: (count) => (count > low ? clamp(Math.sqrt((count - low) / (max - low))) : 0),
    countAt: (place) => low + place * place * (max - low),
  }),
  log: (min, max) => {
    const span = Math.log(max / min);
    if (!(span > 0)) return { place: () => 1, countAt: () => max };
    return { place: (count) => clamp(Math.log(count / min) / span), countAt: (place) => min * Math.exp(place * span) };
  },
  rank: (min, max, counts) => {
    const sorted = rankedSample(counts, max);
    if (sorted.length < 2) return { place: () => 1, countAt: () => max };
    const last = sorted.length - 1;
    return {
      place: (count) => (count >= max ? 1 : clamp(firstNotBelow(sorted, count) / last)),
      countAt: (place) => (place >= 1 ? max : place <= 0 ? min : sorted[Math.round(place * last)]),
    };
  },
};

function rankedSample(counts: Float64Array, max: number): Float64Array {
  const stride = Math.max(1, Math.ceil(counts.length / RANK_SAMPLES_MAX));
  const sample = new Float64Array(Math.ceil(counts.length / stride));
  let n = 0;
  for (let i = 0; i < counts.length; i += stride) if (counts[i] > 0) sample[n++] = Math.min(counts[i], max);
  return sample.subarray(0, n).sort();
}
