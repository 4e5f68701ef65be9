import { COLOR_SCALES, type ColorScaleName } from '../shared/heatmap/colorScale.ts';
import { PALETTES, type PaletteName } from '../shared/heatmap/palettes.ts';
import type { YScaleName } from '../viz/axisScale.ts';
import { tr } from '../shared/texts/texts.ts';

/** What colours tell: the numbers of the data as they are, or made into counts, rates, densities or shares. */
export type ColorMode = 'data' | 'count' | 'rate' | 'density' | 'columnShare' | 'totalShare';
/** What each map is compared with. */
export type CompareMode = 'none' | 'before' | 'first' | 'query';

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
  readonly colorBy: ColorMode;
  /** What is at the ramp's begin and end, of one slice, as text: may hold variables; empty takes what there is. */
  readonly colorMin: string;
  readonly colorMax: string;
  /** Several maps: the same colour is the same count in all. */
  readonly sharedColors: boolean;
  /** Whether a series with `le` counts the observations ≤ le, or those of its bucket alone. */
  readonly buckets: 'auto' | 'cumulative' | 'separate';
  readonly legend: boolean;
  readonly tooltip: boolean;
  /** The standard option's thresholds as limits. */
  readonly thresholds: boolean;
  /** The buckets that quantiles lie in, as bands. */
  readonly bands: boolean;
  /** Several histograms: a map each, or one map of all of them with the lines of each. */
  readonly several: 'facets' | 'overlay';
  readonly compare: CompareMode;
  readonly fold: 'none' | 'day' | 'week';
  /** Beside each map its distribution over all times. */
  readonly side: boolean;
  /** New versions, annotations, changes of buckets. */
  readonly marks: boolean;
  /** Where the distribution changes for good, and round which values observations gather. */
  readonly changes: boolean;
  readonly exemplars: boolean;
  /** Address of the sidecar's web UI, for a way there; may hold variables. */
  readonly webUrl: string;
}

export const DEFAULT_OPTIONS: HeatmapOptions = {
  quantiles: [0.5, 0.95, 0.99],
  limits: '',
  yScale: 'log',
  palette: 'isotherm',
  colorScale: 'sqrt',
  colorBy: 'data',
  colorMin: '',
  colorMax: '',
  sharedColors: true,
  buckets: 'auto',
  legend: true,
  tooltip: true,
  thresholds: false,
  bands: false,
  several: 'facets',
  compare: 'none',
  fold: 'none',
  side: false,
  marks: true,
  changes: false,
  exemplars: true,
  webUrl: '',
};

export const COLOR_MODES: Readonly<Record<ColorMode, string>> = {
  data: tr('As in the data'),
  count: 'Observations',
  rate: tr('Observations a second'),
  density: tr('Density (per unit of the axis)'),
  columnShare: tr('Share of the column'),
  totalShare: tr('Share of all'),
};

export const COMPARE_MODES: Readonly<Record<CompareMode, string>> = {
  none: 'Nothing',
  before: tr('Before the last new version or annotation'),
  first: tr('The first map'),
  query: tr('The next query (such as offset 1d)'),
};

export const SEVERAL: Readonly<Record<HeatmapOptions['several'], string>> = {
  facets: tr('A map each'),
  overlay: tr('One map, lines of each'),
};

export const FOLDS: Readonly<Record<HeatmapOptions['fold'], string>> = {
  none: 'Time',
  day: tr('Hour of day'),
  week: tr('Hour of week'),
};

export const Y_SCALES: Readonly<Record<YScaleName, string>> = {
  log: 'Logarithmic',
  linear: 'Linear',
  symlog: tr('Symmetric log (values below zero)'),
};

export const BUCKET_KINDS: Readonly<Record<HeatmapOptions['buckets'], string>> = {
  auto: 'Auto',
  cumulative: tr('Cumulative (≤ le)'),
  separate: tr('Each bucket for itself'),
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
  const bound = (value: unknown): string =>
    typeof value === 'string' ? value.trim() : (number(value)?.toString() ?? '');
  return {
    quantiles: quantilesOf(given.quantiles),
    limits: typeof given.limits === 'string' ? given.limits : DEFAULT_OPTIONS.limits,
    yScale: oneOf(Y_SCALES, given.yScale, DEFAULT_OPTIONS.yScale),
    yMin: number(given.yMin),
    yMax: number(given.yMax),
    unit: typeof given.unit === 'string' && given.unit !== '' ? given.unit : undefined,
    palette: oneOf(PALETTES, given.palette, DEFAULT_OPTIONS.palette),
    colorScale: oneOf(COLOR_SCALES, given.colorScale, DEFAULT_OPTIONS.colorScale),
    colorBy: oneOf(COLOR_MODES, given.colorBy, DEFAULT_OPTIONS.colorBy),
    colorMin: bound(given.colorMin),
    colorMax: bound(given.colorMax),
    sharedColors: given.sharedColors ?? DEFAULT_OPTIONS.sharedColors,
    buckets: oneOf(BUCKET_KINDS, given.buckets, DEFAULT_OPTIONS.buckets),
    legend: given.legend ?? DEFAULT_OPTIONS.legend,
    tooltip: given.tooltip ?? DEFAULT_OPTIONS.tooltip,
    thresholds: given.thresholds ?? DEFAULT_OPTIONS.thresholds,
    bands: given.bands ?? DEFAULT_OPTIONS.bands,
    several: oneOf(SEVERAL, given.several, DEFAULT_OPTIONS.several),
    compare: oneOf(COMPARE_MODES, given.compare, DEFAULT_OPTIONS.compare),
    fold: oneOf(FOLDS, given.fold, DEFAULT_OPTIONS.fold),
    side: given.side ?? DEFAULT_OPTIONS.side,
    marks: given.marks ?? DEFAULT_OPTIONS.marks,
    changes: given.changes ?? DEFAULT_OPTIONS.changes,
    exemplars: given.exemplars ?? DEFAULT_OPTIONS.exemplars,
    webUrl: typeof given.webUrl === 'string' ? given.webUrl : DEFAULT_OPTIONS.webUrl,
  };
}

/** A bound of the colours, its variables filled in: `500`, `1.5k`, `40 %`; undefined where there is none. NaN for what cannot be read. */
export function readColorBound(text: string): number | undefined {
  if (text.trim() === '') return undefined;
  const parts = /^([+]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(k|M|G|%)?(?:\/s)?$/.exec(text.trim());
  const factor = { k: 1e3, M: 1e6, G: 1e9, '%': 0.01 }[parts?.[2] ?? ''] ?? 1;
  return parts === null ? NaN : Number(parts[1]) * factor;
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

/** Its schemes are linear; its opacities may be powers, of which the root is the usual one. */
function colorScaleOfCore(mode: unknown, scale: unknown, exponent: unknown): ColorScaleName {
  if (mode !== 'opacity') return 'linear';
  return scale === 'exponential' && typeof exponent === 'number' && exponent < 1 ? 'sqrt' : 'linear';
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
    colorMin: String(at(old, 'color', 'min') ?? ''),
    colorMax: String(at(old, 'color', 'max') ?? ''),
    colorScale: colorScaleOfCore(at(old, 'color', 'mode'), at(old, 'color', 'scale'), at(old, 'color', 'exponent')),
    exemplars: at(old, 'exemplars') === undefined || at(old, 'exemplars', 'color') !== null,
    legend: at(old, 'legend', 'show') !== false,
    tooltip: at(old, 'tooltip', 'mode') !== 'none' && at(old, 'tooltip', 'show') !== false,
  };
}
