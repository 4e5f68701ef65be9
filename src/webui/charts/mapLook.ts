/** How maps are coloured and what they are compared with, as the address carries it. */
import { COLOR_SCALES, type ColorScaleName } from '../../shared/heatmap/colorScale.ts';
import { differenceFrom, differenceOf } from '../../shared/heatmap/difference.ts';
import { newVersions, VERSION_LABELS, type VersionSeen } from '../../shared/explain/versions.ts';
import type { HeatmapModel } from '../../shared/heatmap/model.ts';
import { quoted } from '../../shared/model/labels.ts';
import { visible } from '../../shared/model/visible.ts';
import type { ColorBy } from '../../viz/shades.ts';
import type { GridSeries } from '../api/client.ts';
import { conditionsOf, conditionsText, conditionText, type LabelValue } from '../explain/conditions.ts';
import { gridTimes, type Grid } from '../timeRange.ts';
import type { NamedHeatmap, NamedHeatmaps } from './heatmaps.ts';

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

/** `before` is what was before a moment, `value` the maps with one value of a label, `first` the first of several maps. */
export type Comparison = 'none' | keyof typeof EARLIER | 'before' | 'value' | 'first';

export const COMPARISON_TEXTS: Readonly<Record<Comparison, string>> = {
  none: 'nothing',
  '1h': 'an hour earlier',
  '1d': 'yesterday',
  '1w': 'a week earlier',
  before: 'before a deploy',
  value: 'one value of a label',
  first: 'the first map',
};

export function comparisonOf(params: URLSearchParams): Comparison {
  const text = params.get('compare') ?? '';
  return text in COMPARISON_TEXTS ? (text as Comparison) : 'none';
}

/** Of the address, what another page needs to compare the same. */
export function comparisonParams(params: URLSearchParams): Record<string, string> {
  const names = ['compare', 'moment', 'against', 'color', 'scale'];
  return Object.fromEntries([...params].filter(([name]) => names.includes(name)));
}

/** The moment that `before` means, milliseconds: the chosen one, else the last deploy's, else the middle of the range. */
export function momentOf(
  params: URLSearchParams,
  [start, end]: readonly [number, number],
  deploys: readonly VersionSeen[] = [],
): number {
  const chosen = Number(params.get('moment') ?? NaN);
  const known = [chosen, ...deploys.map(({ time }) => time).reverse()];
  return known.find((at) => at > start && at < end) ?? (start + end) / 2;
}

/**
 * New versions, with the moment up to which all was as before: told by the maps' own labels, else by `build_info`.
 *
 * @param served series by `version` on the grid, NaN where a version is not there.
 */
export function deploysOf(maps: readonly NamedHeatmap[], served: readonly GridSeries[], grid: Grid): VersionSeen[] {
  const label = VERSION_LABELS.find((name) => maps.some(({ labels }) => (labels[name] ?? '') !== ''));
  const times = gridTimes(grid);
  const drawn = maps.map(({ labels, totals }) => ({
    version: labels[label ?? ''] ?? '',
    time: totals.times[totals.values.findIndex((total) => total > 0)],
  }));
  const told = served.map(({ metric, values }) => ({
    version: metric.version ?? '',
    time: times[values.findIndex((value) => !Number.isNaN(value))],
  }));
  const newIn = (seen: readonly VersionSeen[]) =>
    newVersions(seen.filter(({ version, time }) => version !== '' && time !== undefined));
  const own = newIn(drawn);
  // It began within the slice that ends at its first step.
  return (own.length > 0 ? own : newIn(told)).map((one) => ({ ...one, time: one.time - grid.step }));
}

/** Values by which the maps differ, those of versions first: each can be what the others are compared with. */
export function valuesOf(maps: readonly NamedHeatmap[]): LabelValue[] {
  const names = [...new Set(maps.flatMap(({ labels }) => Object.keys(labels)))];
  const rank = (name: string) => (VERSION_LABELS.includes(name) ? 0 : 1);
  return names
    .sort((a, b) => rank(a) - rank(b))
    .flatMap((label) => {
      const values = [...new Set(maps.map(({ labels }) => labels[label] ?? ''))].sort(NATURAL.compare);
      return values.length > 1 ? values.map((value) => ({ label, value })) : [];
    });
}

const NATURAL = new Intl.Collator('en', { numeric: true });

/** The value that the others are compared with: the chosen one, else the first by which maps differ. */
export function againstOf(params: URLSearchParams, values: readonly LabelValue[]): LabelValue | undefined {
  return conditionsOf(params.get('against')).find(({ op }) => op === '=') ?? values[0];
}

/** A value to compare with, as the address and the API carry it. */
export const againstText = (against: LabelValue): string => conditionText({ ...against, op: '=' });

/** Each map against the one of the same title that was asked for an earlier range, on the times of the first. */
export function comparedWith(maps: readonly NamedHeatmap[], earlier: readonly NamedHeatmap[]): NamedHeatmaps {
  const byTitle = new Map(earlier.map((map) => [map.title, map]));
  return differences(maps, 'the earlier range', (map) => {
    const other = byTitle.get(map.title);
    return other && differenceOf(map.model, other.model);
  });
}

/** Each of the other maps against the first one. */
export function comparedWithFirst([first, ...rest]: readonly NamedHeatmap[]): NamedHeatmaps {
  if (rest.length === 0) return { maps: [first], notices: ['There is one map only, and nothing to compare it with.'] };
  const compared = differences(rest, 'the first one', (map) => differenceOf(map.model, first.model));
  const titled = compared.maps.map((map) => ({ ...map, title: `${map.title} against ${first.title}` }));
  return { ...compared, maps: titled };
}

/** Each map against the one that has another value of one label, and the same ones of all others. */
export function comparedWithValue(maps: readonly NamedHeatmap[], against: LabelValue | undefined): NamedHeatmaps {
  if (against === undefined)
    return { maps, notices: ['No label differs between these maps: draw one map for each value of a label first.'] };
  const { label, value } = against;
  const keyOf = ({ labels }: NamedHeatmap) =>
    conditionsText(
      Object.entries({ ...labels, [label]: value })
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, own]) => ({ label: name, op: '=', value: own })),
    );
  const isBaseline = ({ labels }: NamedHeatmap) => (labels[label] ?? '') === value;
  const baselines = new Map(maps.filter(isBaseline).map((map) => [keyOf(map), map]));
  const others = maps.filter((map) => !isBaseline(map));
  if (others.length === 0) return { maps, notices: [`All maps have ${label}=${quoted(value)}: nothing to compare.`] };
  const compared = differences(others, `maps with ${label}=${quoted(value)}`, (map) => {
    const other = baselines.get(keyOf(map));
    return other && differenceOf(map.model, other.model);
  });
  if (compared.maps === others) return { ...compared, maps };
  const name = visible(value === '' ? `no ${label}` : value);
  return { ...compared, maps: compared.maps.map((map) => ({ ...map, title: `${map.title} against ${name}` })) };
}

/** Each map's slices against all that it observed before a moment. */
export function comparedWithBefore(maps: readonly NamedHeatmap[], moment: number): NamedHeatmaps {
  return differences(maps, 'what was before', (map) => differenceFrom(map.model, -Infinity, moment));
}

function differences(
  maps: readonly NamedHeatmap[],
  other: string,
  difference: (map: NamedHeatmap) => HeatmapModel | undefined,
): NamedHeatmaps {
  const compared = maps.flatMap((map) => {
    const model = difference(map);
    return model === undefined || model.counts.every(Number.isNaN) ? [] : [{ ...map, model, lines: [] }];
  });
  const lost = maps.length - compared.length;
  if (compared.length === 0)
    return { maps, notices: [`Nothing was observed in ${other}, so the maps are shown as they are.`] };
  return {
    maps: compared,
    notices: lost === 0 ? [] : [`${lost} of ${maps.length} maps are left out: nothing was observed in ${other}.`],
  };
}
