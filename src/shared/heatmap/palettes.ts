/**
 * Colour ramps for counts. Each palette has one ramp for dark and one for light grounds: the fewest observations stand out from the ground by
 * a contrast of at least 3:1, the most observations are farthest from it, and lightness only ever goes one way, so that the ramps read without
 * colour vision too. Control points are ours; between them colours are mixed in OKLab.
 */
export type PaletteName = 'isotherm' | 'ember' | 'lagoon' | 'graphite';
export type ThemeMode = 'dark' | 'light';

export interface Palette {
  readonly label: string;
  /** Control points from one observation to the most, as #rrggbb. */
  readonly dark: readonly string[];
  readonly light: readonly string[];
  /** Colours of lines over the cells, of hues that the ramp leaves out; first, second, … line. */
  readonly lines: Readonly<Record<ThemeMode, readonly string[]>>;
}

const PINKS = { dark: ['#ffffff', '#ffb8d9', '#ff6fae'], light: ['#14161a', '#b3114f', '#e8467f'] } as const;
const BLUES = { dark: ['#ffffff', '#a6e3ff', '#45bdf5'], light: ['#14161a', '#0a4f9e', '#0c86c9'] } as const;
const WARMS = { dark: ['#ffffff', '#ffd27a', '#ff944d'], light: ['#14161a', '#a13a00', '#e0620d'] } as const;

export const PALETTES: Readonly<Record<PaletteName, Palette>> = {
  isotherm: {
    label: 'Isotherm (violet, teal, yellow)',
    dark: ['#6a5fd0', '#3f86c9', '#23a5b0', '#3fc48a', '#a5dc4e', '#fdf29a'],
    light: ['#35915a', '#1a7f8a', '#2b66a8', '#4a45a3', '#521f7c', '#2a0a45'],
    lines: PINKS,
  },
  ember: {
    label: 'Ember (violet, red, yellow)',
    dark: ['#8a4fc0', '#bd4aa8', '#e5576f', '#f58143', '#fbb53f', '#fdf3ae'],
    light: ['#c76d2b', '#c8553c', '#b53d58', '#8b2a6c', '#581f66', '#260b3a'],
    lines: BLUES,
  },
  lagoon: {
    label: 'Lagoon (blues)',
    dark: ['#3f74ad', '#4b93c8', '#66b1dc', '#8fcdea', '#bfe5f5', '#f0fbff'],
    light: ['#4d89b8', '#3f7db4', '#2c659e', '#204e83', '#163863', '#0a2140'],
    lines: WARMS,
  },
  graphite: {
    label: 'Graphite (greys)',
    dark: ['#6c7078', '#868a92', '#a3a7ae', '#c2c5ca', '#e0e2e5', '#ffffff'],
    light: ['#84878d', '#73767d', '#595c63', '#41444a', '#2a2c31', '#121316'],
    lines: BLUES,
  },
};

/** The ramp of differences: from less through none, which is the ground, to more. Blue and orange are told apart without colour vision for red and green. */
const DIFFERENCE: Palette = {
  label: 'Difference (blue less, orange more)',
  dark: ['#b5e0ff', '#4aa3ea', '#2b5f8c', '#23262b', '#8a4f24', '#ef8a3c', '#ffd9a8'],
  light: ['#08305f', '#2a72b8', '#9cc4e4', '#f2f3f4', '#f3c49c', '#cc6218', '#6b2600'],
  lines: { dark: ['#ffffff', '#e3c8ff', '#c08bff'], light: ['#14161a', '#6a2ea8', '#9a5fd0'] },
};

/** What a map can be drawn with: a palette of counts, or that of differences. */
export type RampName = PaletteName | 'difference';

export const RAMPS: Readonly<Record<RampName, Palette>> = { ...PALETTES, difference: DIFFERENCE };

export const RAMP_SIZE = 256;

const ramps = new Map<string, Uint8ClampedArray>();

/** The ramp of a palette as RGBA bytes, RAMP_SIZE colours from fewest to most. Shared between callers: do not write to it. */
export function colorRamp(name: RampName, mode: ThemeMode): Uint8ClampedArray {
  const key = `${name} ${mode}`;
  let ramp = ramps.get(key);
  if (ramp === undefined) {
    ramp = mixRamp(RAMPS[name][mode]);
    ramps.set(key, ramp);
  }
  return ramp;
}

function mixRamp(points: readonly string[]): Uint8ClampedArray {
  const lab = points.map((hex) => toOklab(parseHex(hex)));
  const ramp = new Uint8ClampedArray(RAMP_SIZE * 4);
  for (let i = 0; i < RAMP_SIZE; i++) {
    const at = (i / (RAMP_SIZE - 1)) * (lab.length - 1);
    const k = Math.min(Math.floor(at), lab.length - 2);
    const f = at - k;
    const [r, g, b] = fromOklab([0, 1, 2].map((c) => lab[k][c] * (1 - f) + lab[k + 1][c] * f));
    ramp.set([r * 255, g * 255, b * 255, 255], i * 4);
  }
  return ramp;
}

/** #rrggbb as three numbers in [0, 1]. */
export function parseHex(hex: string): number[] {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255);
}

const linear = (c: number): number => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const gamma = (c: number): number => (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055);

/** sRGB in [0, 1] to OKLab. Source: Björn Ottosson, "A perceptual color space for image processing". */
export function toOklab(rgb: readonly number[]): number[] {
  const [r, g, b] = rgb.map(linear);
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromOklab(lab: readonly number[]): number[] {
  const l = (lab[0] + 0.3963377774 * lab[1] + 0.2158037573 * lab[2]) ** 3;
  const m = (lab[0] - 0.1055613458 * lab[1] - 0.0638541728 * lab[2]) ** 3;
  const s = (lab[0] - 0.0894841775 * lab[1] - 1.291485548 * lab[2]) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((c) => Math.min(1, Math.max(0, gamma(Math.min(1, Math.max(0, c))))));
}

/** Relative luminance of an sRGB colour in [0, 1]. Source: WCAG 2.2, "relative luminance". */
export function luminance(rgb: readonly number[]): number {
  const [r, g, b] = rgb.map(linear);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast ratio of two sRGB colours, from 1 to 21. Source: WCAG 2.2, "contrast ratio". */
export function contrast(a: readonly number[], b: readonly number[]): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}
