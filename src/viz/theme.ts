import { colorRamp, type RampName, type ThemeMode } from '../shared/heatmap/palettes.ts';

/** What the map takes from its surroundings. Colours are opaque #rrggbb. */
export interface VizTheme {
  readonly mode: ThemeMode;
  /** The ground that the map stands on; palettes are chosen to contrast with it. */
  readonly background: string;
  readonly text: string;
  readonly textDim: string;
  readonly grid: string;
  readonly accent: string;
  readonly fontFamily: string;
  /** CSS pixels of axis text. */
  readonly fontSize: number;
}

const FONT = "Inter, 'Helvetica Neue', 'Segoe UI', Roboto, Arial, sans-serif";

export const DARK_THEME: VizTheme = {
  mode: 'dark',
  background: '#14161a',
  text: '#d8dade',
  textDim: '#9da1a8',
  grid: '#2a2d33',
  accent: '#7fb2ff',
  fontFamily: FONT,
  fontSize: 12,
};

export const LIGHT_THEME: VizTheme = {
  mode: 'light',
  background: '#ffffff',
  text: '#24292e',
  textDim: '#5c6370',
  grid: '#e3e5e9',
  accent: '#2764c4',
  fontFamily: FONT,
  fontSize: 12,
};

/** The colours of a raster: a ramp for counts, and RGBA for what is not a count. */
export interface RasterPalette {
  /** RGBA, RAMP_SIZE colours from fewest to most. */
  readonly ramp: Uint8ClampedArray;
  /** RGBA of a cell in which nothing was observed. */
  readonly zero: readonly number[];
  /** RGBA of the lines of the hatch that stands for "no data". */
  readonly gap: readonly number[];
  /** How much of the ground, in [0, 1], shines through the hatch lines of open-ended rows. */
  readonly hatch: number;
  /** RGB of the ground. */
  readonly ground: readonly number[];
}

export function rasterPalette(name: RampName, theme: Pick<VizTheme, 'mode' | 'background'>): RasterPalette {
  const dark = theme.mode === 'dark';
  const ground = [1, 3, 5].map((i) => parseInt(theme.background.slice(i, i + 2), 16));
  const ink = dark ? 255 : 20;
  return {
    ramp: colorRamp(name, theme.mode),
    zero: [ink, ink, ink, dark ? 9 : 8],
    gap: [ink, ink, ink, dark ? 34 : 38],
    hatch: 0.42,
    ground,
  };
}
