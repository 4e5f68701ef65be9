/** Why a box on a map is as it is: asked of the sidecar, which counts what is stored; of other sources by a query for all of the histogram's series. */
import type { DataSourceApi, PanelData } from '@grafana/data';
import type { ApiExplanation } from '../../shared/api/explain.ts';
import { explainRegion, type Explanation } from '../../shared/explain/explain.ts';
import type { Box, RegionCells } from '../../shared/explain/region.ts';
import { partOfBucket } from '../../shared/heatmap/joined.ts';
import type { HeatmapModel } from '../../shared/heatmap/model.ts';
import { boundIndex, distinctBounds } from '../../shared/heatmap/slices.ts';
import { mapsFromFrames, type FrameMap } from '../fromFrames.ts';
import { boundText } from '../links.ts';
import { askFrames, sourceOf } from './ask.ts';
import { allBuckets } from './expression.ts';
import { tr } from '../../shared/texts/texts.ts';

/** What is told of a label's value, whoever counted. */
export interface ToldValue {
  readonly value: string;
  readonly inside: number;
  readonly baseline: number;
  /** Shares in [0, 1]; NaN where the side has no observations. */
  readonly shareInside: number;
  readonly shareBaseline: number;
  readonly reading: string;
}

export interface Told {
  readonly headline: string;
  readonly inside: number;
  readonly baseline: number;
  readonly words: { readonly inside: string; readonly baseline: string };
  readonly cautions: readonly string[];
  readonly labels: readonly {
    readonly label: string;
    readonly score: number;
    readonly sameSplit: readonly string[];
    readonly values: readonly ToldValue[];
  }[];
}

interface WithResources extends DataSourceApi {
  getResource?(path: string, params: Record<string, string>, options?: object): Promise<unknown>;
}

const SIDECAR_TYPE = 'isotherm-metrics-datasource';

/** @param model the map that the box was drawn on: its slices are the grid. Rejects with words for the user. */
export async function explainBox(data: PanelData, expr: string, model: HeatmapModel, box: Box): Promise<Told> {
  const source = (await sourceOf(data)) as WithResources | undefined;
  if (source?.type === SIDECAR_TYPE && source.getResource !== undefined) {
    const told = await askSidecar(source, expr, model, box);
    if (told !== undefined) return told;
  }
  return askSeries(data, expr, model, box);
}

/** undefined where the server is none of ours: any Prometheus may stand behind the data source. */
async function askSidecar(
  source: WithResources,
  expr: string,
  { xEdges }: HeatmapModel,
  box: Box,
): Promise<Told | undefined> {
  const step = (xEdges[1] - xEdges[0]) / 1000;
  const parameters = {
    query: expr,
    start: String(xEdges[1] / 1000),
    end: String(xEdges[xEdges.length - 1] / 1000),
    step: String(step),
    from: String(box.from / 1000),
    to: String(box.to / 1000),
    lower: boundText(box.lower),
    upper: boundText(box.upper),
    baseline: 'rest',
  };
  try {
    const answer = (await source.getResource!('api/v1/explain', parameters, { showErrorAlert: false })) as {
      status: string;
      data: ApiExplanation;
    };
    if (answer?.status !== 'success') return undefined;
    const { headline, box: inside, baseline, words, cautions, labels } = answer.data;
    const of = (share: number | null): number => share ?? NaN;
    return {
      headline,
      inside: inside.count,
      baseline: baseline.count,
      words,
      cautions,
      labels: labels.map(({ label, score, sameSplit, values }) => ({
        label,
        score,
        sameSplit,
        values: values.map((value) => ({
          ...value,
          shareInside: of(value.shareInside),
          shareBaseline: of(value.shareBaseline),
        })),
      })),
    };
  } catch {
    return undefined; // Not a sidecar, or one that cannot tell of this histogram: the series themselves are asked next.
  }
}

async function askSeries(data: PanelData, expr: string, model: HeatmapModel, box: Box): Promise<Told> {
  const stepMs = model.xEdges[1] - model.xEdges[0];
  const frames = await askFrames(data, [{ refId: 'explain', expr: allBuckets(expr, stepMs) }], 'time_series');
  const { maps } = mapsFromFrames(frames, { buckets: 'cumulative', unit: undefined });
  if (maps.length === 0) throw new Error(tr('The data source has no series of this histogram in this range'));
  const cells = cellsOf(maps, model);
  const baseline = { kind: 'rest', from: cells.xEdges[0], to: cells.xEdges[cells.xEdges.length - 1] } as const;
  return toldOf(explainRegion({ cells, box: insideOf(cells, box), baseline }));
}

const toldOf = ({ inside, baseline, words, headline, labels, cautions }: Explanation): Told => ({
  headline,
  inside,
  baseline,
  words,
  cautions,
  labels,
});

/** Every label set's histogram over the slices of the map and the bounds of all. */
export function cellsOf(maps: readonly FrameMap[], { xEdges }: HeatmapModel): RegionCells {
  const yEdges = distinctBounds(maps.flatMap(({ model }) => [...model.yEdges]));
  const rows = yEdges.length - 1;
  const sliceAt = new Map(Array.from(xEdges, (time, i) => [time, i - 1]));
  const histograms = maps.map(({ model, labels }) => {
    const counts = new Float64Array((xEdges.length - 1) * rows);
    const buckets = model.yEdges.length - 1;
    const places = Array.from(model.yEdges, (bound) => boundIndex(yEdges, bound));
    for (let x = 0; x + 1 < model.xEdges.length; x++) {
      const slice = sliceAt.get(model.xEdges[x + 1]) ?? -1;
      if (slice < 0) continue;
      for (let bucket = 0; bucket < buckets; bucket++) {
        const count = model.counts[x * buckets + bucket];
        if (!(count > 0)) continue;
        const [from, to] = [places[bucket], places[bucket + 1]];
        for (let y = from; y < to; y++) counts[slice * rows + y] += count * partOfBucket(yEdges, y, from, to);
      }
    }
    return { labels: labels.filter(([name]) => name !== '__name__' && name !== 'query'), counts };
  });
  return { xEdges, yEdges, histograms };
}

/** The box on the slices and bounds of cells, widened to them. */
function insideOf({ xEdges, yEdges }: RegionCells, box: Box): Box {
  const below = (edges: Float64Array, value: number): number => edges.findLast((edge) => edge <= value) ?? edges[0];
  const above = (edges: Float64Array, value: number): number =>
    edges.find((edge) => edge >= value) ?? edges[edges.length - 1];
  return {
    from: below(xEdges, box.from),
    to: above(xEdges, box.to),
    lower: below(yEdges, box.lower),
    upper: above(yEdges, box.upper),
  };
}
