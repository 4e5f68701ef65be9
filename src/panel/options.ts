import { COLOR_SCALES, type ColorScaleName } from '../shared/heatmap/colorScale.ts';
import { PALETTES, type PaletteName } from '../shared/heatmap/palettes.ts';
import type { YScaleName } from '../viz/axisScale.ts';

/** What the user can choose. Everything has a default, and options of older or other panels may lack or misspell any of it. */
export interface HeatmapOptions {
  /** Fractions in [0, 1] that get a line. */
  readonly quantiles: readonly number[];
  /** Limits as people write them, `250ms, 1s`; may hold variables. */
  readonly limits: string;
  readonly yScale: YScaleName;
  /** In the metric's unit; empty shows the rows that hold observations. */
  readonly yMin?: number;
  readonly yMax?: number;
  /** Grafana's name of the bounds' unit; empty takes it from the data or the metric's name. */
  readonly unit?: string;
  readonly palette: PaletteName;
  readonly colorScale: ColorScaleName;
  /** The count of one slice at the ramp's end; empty takes the largest. */
  readonly colorMax?: number;
  /** Several maps: the same colour is the same count in all. */
  readonly sharedColors: boolean;
  /** Whether a series with `le` counts the observations ≤ le, or those of its bucket alone. */
  readonly buckets: 'auto' | 'cumulative' | 'separate';
  readonly legend: boolean;
  readonly tooltip: boolean;
}

export const DEFAULT_OPTIONS: HeatmapOptions = {
  quantiles: [0.5, 0.95, 0.99],
  limits: '',
  yScale: 'log',
  palette: 'isotherm',
  colorScale: 'sqrt',
  sharedColors: true,
  buckets: 'auto',
  legend: true,
  tooltip: true,
};

export const Y_SCALES: Readonly<Record<YScaleName, string>> = {
  log: 'Logarithmic',
  linear: 'Linear',
  symlog: 'Symmetric log (values below zero)',
};

export const BUCKET_KINDS: Readonly<Record<HeatmapOptions['buckets'], string>> = {
  auto: 'Auto',
  cumulative: 'Cumulative (≤ le)',
  separate: 'Each bucket for itself',
};

/** More lines than this bury the cells. */
export const QUANTILES_MAX = 8;

/** Options as they are stored, made whole: what is missing or makes no sense has its default. */
export function completeOptions(stored: Partial<HeatmapOptions> | undefined): HeatmapOptions {
  const given = stored ?? {};
  const oneOf = <T extends string>(names: Readonly<Record<T, unknown>>, value: unknown, otherwise: T): T =>
    typeof value === 'string' && Object.hasOwn(names, value) ? (value as T) : otherwise;
  const number = (value: unknown): number | undefined =>
    typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  return {
    quantiles: quantilesOf(given.quantiles),
    limits: typeof given.limits === 'string' ? given.limits : DEFAULT_OPTIONS.limits,
    yScale: oneOf(Y_SCALES, given.yScale, DEFAULT_OPTIONS.yScale),
    yMin: number(given.yMin),
    yMax: number(given.yMax),
    unit: typeof given.unit === 'string' && given.unit !== '' ? given.unit : undefined,
    palette: oneOf(PALETTES, given.palette, DEFAULT_OPTIONS.palette),
    colorScale: oneOf(COLOR_SCALES, given.colorScale, DEFAULT_OPTIONS.colorScale),
    colorMax: number(given.colorMax),
    sharedColors: given.sharedColors ?? DEFAULT_OPTIONS.sharedColors,
    buckets: oneOf(BUCKET_KINDS, given.buckets, DEFAULT_OPTIONS.buckets),
    legend: given.legend ?? DEFAULT_OPTIONS.legend,
    tooltip: given.tooltip ?? DEFAULT_OPTIONS.tooltip,
  };
}

/** A quantile as people give it: 0.95, '0.95', 'p95', '95'. Numbers over 1 are per cent. NaN for what is none. */
function quantileOf(entry: unknown): number {
  const isText = typeof entry === 'string' && entry.trim() !== '';
  const n = isText ? Number(entry.trim().replace(/^p/i, '')) : entry;
  if (typeof n !== 'number' || !(n >= 0 && n <= 100)) return NaN;
  const isPerCent = n > 1 || (isText && /^\s*p/i.test(entry));
  return isPerCent ? Number((n / 100).toPrecision(12)) : n;
}

export function unreadableQuantiles(entries: readonly string[]): string[] {
  return entries.filter((entry) => Number.isNaN(quantileOf(entry)));
}

/** Ascending, each once; what is no quantile is left out. */
export function quantilesOf(stored: unknown): number[] {
  if (!Array.isArray(stored)) return [...DEFAULT_OPTIONS.quantiles];
  const fractions = stored.map(quantileOf).filter((q) => !Number.isNaN(q));
  return [...new Set(fractions)].sort((a, b) => a - b).slice(0, QUANTILES_MAX);
}

/** Takes over what Grafana's own heatmap panel was set to; what has no counterpart here is left to the defaults. */
export function optionsFromCoreHeatmap(old: unknown): Partial<HeatmapOptions> {
  const at = (value: unknown, ...path: string[]): unknown =>
    path.reduce<unknown>(
      (v, key) => (v !== null && typeof v === 'object' ? (v as Record<string, unknown>)[key] : undefined),
      value,
    );
  const scheme = String(at(old, 'color', 'scheme') ?? '');
  const warm = /^(Oranges|Reds|YlOrRd|YlOrBr|OrRd|Inferno|Magma|Plasma|Warm|RdYlGn|Spectral|Turbo)$/i;
  const palette: PaletteName = warm.test(scheme)
    ? 'ember'
    : /^(Blues|GnBu|PuBu|BuGn|Cool)$/i.test(scheme)
      ? 'lagoon'
      : /^Greys$/i.test(scheme)
        ? 'graphite'
        : 'isotherm';
  const scaleType = at(old, 'rowsFrame', 'layout') === 'linear' ? 'linear' : at(old, 'yAxis', 'scale');
  return {
    palette,
    yScale: scaleType === 'linear' ? 'linear' : 'log',
    unit: at(old, 'yAxis', 'unit') as string | undefined,
    yMin: at(old, 'yAxis', 'min') as number | undefined,
    yMax: at(old, 'yAxis', 'max') as number | undefined,
    colorMax: at(old, 'color', 'max') as number | undefined,
    legend: at(old, 'legend', 'show') !== false,
    tooltip: at(old, 'tooltip', 'mode') !== 'none' && at(old, 'tooltip', 'show') !== false,
  };
}
