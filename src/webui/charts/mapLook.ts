/** How maps are coloured and what they are compared with, as the address carries it. */
import { COLOR_SCALES, type ColorScaleName } from '../../shared/heatmap/colorScale.ts';
import { differenceFrom, differenceOf } from '../../shared/heatmap/difference.ts';
import type { HeatmapModel } from '../../shared/heatmap/model.ts';
import type { ColorBy } from '../../viz/shades.ts';
import type { NamedHeatmap } from './heatmaps.ts';

export interface MapLook {
  readonly colorBy: ColorBy;
  readonly colorScale: ColorScaleName;
}

export const PLAIN_LOOK: MapLook = { colorBy: 'count', colorScale: 'sqrt' };

export const COLOR_BY_TEXTS: Readonly<Record<ColorBy, string>> = {
  count: 'counts',
  density: 'density',
  columnShare: 'share of the column',
  totalShare: 'share of all',
};

export const SCALE_TEXTS: Readonly<Record<ColorScaleName, string>> = {
  sqrt: 'square root',
  linear: 'linear',
  log: 'logarithmic',
  rank: 'rank',
};

export function lookOf(params: URLSearchParams): MapLook {
  const [by, scale] = [params.get('color') ?? '', params.get('scale') ?? ''];
  return {
    colorBy: by in COLOR_BY_TEXTS ? (by as ColorBy) : PLAIN_LOOK.colorBy,
    colorScale: scale in COLOR_SCALES ? (scale as ColorScaleName) : PLAIN_LOOK.colorScale,
  };
}

export const EARLIER = { '1h': 3_600_000, '1d': 86_400_000, '1w': 604_800_000 } as const;

/** `first` is the first of several maps, `before` what was before a moment. */
export type Comparison = 'none' | keyof typeof EARLIER | 'first' | 'before';

export const COMPARISON_TEXTS: Readonly<Record<Comparison, string>> = {
  none: 'nothing',
  '1h': 'an hour earlier',
  '1d': 'a day earlier',
  '1w': 'a week earlier',
  before: 'before a moment',
  first: 'the first map',
};

export function comparisonOf(params: URLSearchParams): Comparison {
  const text = params.get('compare') ?? '';
  return text in COMPARISON_TEXTS ? (text as Comparison) : 'none';
}

/** The moment that `before` means, milliseconds; the middle of the range where none is chosen. */
export function momentOf(params: URLSearchParams, range: readonly [number, number]): number {
  const at = Number(params.get('moment') ?? NaN);
  return at > range[0] && at < range[1] ? at : (range[0] + range[1]) / 2;
}

interface Compared {
  readonly maps: readonly NamedHeatmap[];
  readonly notices: readonly string[];
}

/** Each map against the one of the same title that was asked for an earlier range, on the times of the first. */
export function comparedWith(maps: readonly NamedHeatmap[], earlier: readonly NamedHeatmap[]): Compared {
  const byTitle = new Map(earlier.map((map) => [map.title, map]));
  return differences(maps, 'an earlier one', (map) => {
    const other = byTitle.get(map.title);
    return other && differenceOf(map.model, other.model);
  });
}

/** Each of the other maps against the first one. */
export function comparedWithFirst([first, ...rest]: readonly NamedHeatmap[]): Compared {
  if (rest.length === 0) return { maps: [first], notices: ['There is one map only, and nothing to compare it with.'] };
  const compared = differences(rest, 'the first one', (map) => differenceOf(map.model, first.model));
  const titled = compared.maps.map((map) => ({ ...map, title: `${map.title} against ${first.title}` }));
  return { ...compared, maps: titled };
}

/** Each map's slices against all that it observed before a moment. */
export function comparedWithBefore(maps: readonly NamedHeatmap[], moment: number): Compared {
  return differences(maps, 'what was before', (map) => differenceFrom(map.model, -Infinity, moment));
}

function differences(
  maps: readonly NamedHeatmap[],
  other: string,
  difference: (map: NamedHeatmap) => HeatmapModel | undefined,
): Compared {
  const compared = maps.flatMap((map) => {
    const model = difference(map);
    return model === undefined || model.counts.every(Number.isNaN) ? [] : [{ ...map, model, lines: [] }];
  });
  const lost = maps.length - compared.length;
  if (compared.length === 0)
    return { maps, notices: [`Nothing was observed in ${other}, so the maps are shown as they are.`] };
  return {
    maps: compared,
    notices: lost === 0 ? [] : [`${lost} of ${maps.length} maps have nothing observed in ${other}.`],
  };
}
