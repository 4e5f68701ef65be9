/** From the histograms of the data to what is drawn: in the unit asked for, folded, compared or laid over each other, with lines and marks. */
import type { DataFrame } from '@grafana/data';
import { modesOf } from '../shared/heatmap/changes.ts';
import { inUnit } from '../shared/heatmap/convert.ts';
import { differenceFrom, differenceOf } from '../shared/heatmap/difference.ts';
import { foldModel } from '../shared/heatmap/fold.ts';
import type { HeatmapModel, OverlayLine } from '../shared/heatmap/model.ts';
import { sumOf } from '../shared/heatmap/overlay.ts';
import { quantileLines } from '../shared/heatmap/quantileLines.ts';
import { labelsKey, NO_LABELS, type Labels } from '../shared/model/labels.ts';
import { facetTitles } from '../viz/facets.ts';
import type { Exemplar, Mark } from '../viz/marks.ts';
import { zoneOffsetMs } from '../viz/ticks.ts';
import { annotationMarks, concerns, exemplarsOf, modelMarks, versionMarks } from './events.ts';
import type { FrameMap } from './fromFrames.ts';
import type { HeatmapOptions } from './options.ts';
import type { Happenings } from './source/happenings.ts';
import { tr } from '../shared/texts/texts.ts';

/** One map as it is drawn. */
export interface MapView {
  readonly model: HeatmapModel;
  readonly labels: Labels;
  readonly lines: readonly OverlayLine[];
  readonly marks: readonly Mark[];
  readonly exemplars: readonly Exemplar[];
  /** Values round which observations gather; only where they are asked for and more than one. */
  readonly modes: readonly number[];
  /** The query that it answers. */
  readonly query: string;
}

export interface Views {
  readonly views: readonly MapView[];
  readonly notices: readonly string[];
}

export interface ViewsInput {
  readonly maps: readonly FrameMap[];
  readonly annotations: readonly DataFrame[];
  readonly options: HeatmapOptions;
  readonly timeZone?: string;
  /** Milliseconds: what the user chose to compare with, on the map. */
  readonly baseline?: readonly [from: number, to: number];
  /** What the panel found out beside its data. */
  readonly happenings?: Happenings;
}

/** More lines than this bury the cells. */
const LINES_MAX = 8;

export function viewsOf(input: ViewsInput): Views {
  const { options, annotations, timeZone } = input;
  const maps = input.maps.map((map) => ({ ...map, model: inUnitOf(map.model, options.colorBy) }));
  const marks = options.marks ? [...versionsIn(maps, input.happenings), ...annotationMarks(annotations)] : [];
  const exemplars = options.exemplars ? exemplarsOf(annotations) : [];
  const folded: readonly FrameMap[] =
    options.fold === 'none'
      ? maps
      : maps.map((map) => ({
          ...map,
          model: foldModel(map.model, options.fold as 'day' | 'week', (time) => zoneOffsetMs(time, timeZone)),
        }));
  const { compared, notices } = compare(folded, input, marks);
  const overlaid = options.several === 'overlay' && compared.length > 1 ? overlay(compared, options) : undefined;
  const shown = overlaid === undefined ? compared : [overlaid];
  const isTimed = options.fold === 'none';
  return {
    notices,
    views: shown.map(({ model, labels, query, lines }) => ({
      model,
      labels,
      query,
      lines: lines ?? (model.countUnit === 'shareDifference' ? [] : quantileLines(model, options.quantiles)),
      marks: isTimed
        ? [
            ...(options.marks ? modelMarks(model, options.changes) : []),
            ...(options.marks ? resetMarks(labels, input.happenings) : []),
            ...marks.filter((mark) => concerns(mark, labels)),
          ]
        : [],
      exemplars: isTimed ? exemplars : [],
      modes: options.changes && model.countUnit !== 'shareDifference' ? several(modesOf(model)) : [],
    })),
  };
}

/** Told by the maps' own labels, else by `build_info`. */
function versionsIn(maps: readonly FrameMap[], happenings: Happenings | undefined): readonly Mark[] {
  const own = versionMarks(maps);
  return own.length > 0 ? own : (happenings?.versions ?? []);
}

/** Resets of counters with the map's labels; what is told of one label more or less is not its own. */
function resetMarks(labels: Labels, happenings: Happenings | undefined): readonly Mark[] {
  const own = new Map(labels);
  return (happenings?.resets ?? [])
    .filter((reset) => reset.labels.every(([name, value]) => own.get(name) === value))
    .map(({ time }): Mark => ({ kind: 'reset', time, text: tr('counters began anew') }));
}

const several = (modes: readonly number[]): readonly number[] => (modes.length > 1 ? modes : []);

function inUnitOf(model: HeatmapModel, colorBy: HeatmapOptions['colorBy']): HeatmapModel {
  return colorBy === 'count' ? inUnit(model, 'count') : colorBy === 'rate' ? inUnit(model, 'perSecond') : model;
}

interface Shown extends FrameMap {
  readonly lines?: readonly OverlayLine[];
}

function compare(
  maps: readonly FrameMap[],
  { options, baseline }: ViewsInput,
  marks: readonly Mark[],
): { readonly compared: readonly Shown[]; readonly notices: readonly string[] } {
  if (baseline !== undefined) return comparedWithTimes(maps, baseline);
  switch (options.compare) {
    case 'none':
      return { compared: maps, notices: [] };
    case 'before': {
      const times = marks.map(({ time }) => time);
      const starts = maps.map(({ model }) => model.xEdges[1]);
      const within = times.filter((time) => time > Math.min(...starts));
      if (within.length === 0) {
        return {
          compared: maps,
          notices: [tr('No new version and no annotation in this range, so there is nothing to compare with')],
        };
      }
      return comparedWithTimes(maps, [-Infinity, Math.max(...within)]);
    }
    case 'first': {
      if (maps.length < 2)
        return { compared: maps, notices: [tr('There is only one histogram: nothing to compare with')] };
      const [first, ...rest] = maps;
      return { compared: rest.map((map) => ({ ...map, model: differenceOf(map.model, first.model) })), notices: [] };
    }
    case 'query':
      return comparedWithQuery(maps);
  }
}

function comparedWithTimes(maps: readonly FrameMap[], [from, to]: readonly [number, number]) {
  const compared = maps.flatMap((map) => {
    const model = differenceFrom(map.model, from, to);
    return model === undefined ? [] : [{ ...map, model }];
  });
  const lost = maps.length - compared.length;
  const notices =
    lost > 0 ? [tr('{0} of {1} maps have nothing observed at the time to compare with', lost, maps.length)] : [];
  return compared.length > 0 ? { compared, notices } : { compared: maps, notices };
}

/** Maps of the first query against those of the next one with the same labels. */
function comparedWithQuery(maps: readonly FrameMap[]) {
  const queries = [...new Set(maps.map(({ query }) => query))];
  const keyOf = ({ labels }: FrameMap): string => labelsKey(labels.filter(([name]) => name !== 'query'));
  const [now, then] = queries;
  const compared = maps
    .filter(({ query }) => query === now)
    .flatMap((map) => {
      const other = maps.find((one) => one.query === then && keyOf(one) === keyOf(map));
      if (other === undefined) return [];
      const labels = map.labels.filter(([name]) => name !== 'query');
      return [{ ...map, labels, model: { ...differenceOf(map.model, other.model), title: map.model.title } }];
    });
  if (compared.length > 0) return { compared, notices: [] };
  return {
    compared: maps,
    notices: [tr('No second query with histograms of the same labels: add one, such as the first with offset 1d')],
  };
}

/** One map of all, with each one's own lines. */
function overlay(maps: readonly FrameMap[], options: HeatmapOptions): Shown | undefined {
  const sum = sumOf(maps.map(({ model }) => model));
  if (sum.kind === 'empty' || sum.countUnit === 'shareDifference') return undefined;
  const titles = facetTitles(maps.map(({ labels }) => labels)).map((title) => title.replace(/\b[\w.]+=/g, ''));
  // The middle and the slow end of each; with many histograms only the slow end.
  const qs = options.quantiles.length * maps.length <= LINES_MAX ? options.quantiles : options.quantiles.slice(-1);
  const lines = maps.flatMap(({ model }, i) =>
    quantileLines(model, qs).map((line) => ({ ...line, name: `${titles[i]} ${line.name}`, group: i })),
  );
  return { model: sum, labels: NO_LABELS, query: maps[0].query, lines: lines.slice(0, LINES_MAX) };
}
