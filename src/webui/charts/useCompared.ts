/** Maps, or how they differ from what the address says that they are compared with. */
import { useMemo } from 'react';
import type { VersionSeen } from '../../shared/explain/versions.ts';
import { queryRange, type GridSeries } from '../api/client.ts';
import { useFetched } from '../api/useFetched.ts';
import { versusOf } from '../explain/box.ts';
import type { LabelValue } from '../explain/conditions.ts';
import { chartDomain, gridKey, type Grid } from '../timeRange.ts';
import type { NamedHeatmaps } from './heatmaps.ts';
import {
  againstOf,
  comparedWith,
  comparedWithBefore,
  comparedWithFirst,
  comparedWithValue,
  comparisonOf,
  deploysOf,
  EARLIER,
  momentOf,
  valuesOf,
} from './mapLook.ts';

/** What there is to compare with, and what of it is chosen. */
export interface ComparisonChoices {
  /** How many maps there are. */
  readonly count: number;
  /** Milliseconds that the maps show. */
  readonly range: readonly [start: number, end: number];
  readonly deploys: readonly VersionSeen[];
  readonly moment: number;
  readonly values: readonly LabelValue[];
  readonly against: LabelValue | undefined;
}

export interface Compared extends NamedHeatmaps {
  readonly busy: boolean;
  readonly choices: ComparisonChoices;
}

/** How maps are asked for, and made. */
export interface MapSource<Answer> {
  readonly ask: (grid: Grid, signal: AbortSignal) => Promise<Answer>;
  /** @param grid of the maps that they are compared with, so that their columns find theirs. */
  readonly mapsOf: (answer: Answer, grid: Grid) => NamedHeatmaps;
}

const NO_SERIES: readonly GridSeries[] = [];

/**
 * @param own the maps of an expression over a grid.
 * @param source by which `own` was made, for an earlier range.
 */
export function useCompared<Answer>(
  expr: string,
  grid: Grid,
  own: NamedHeatmaps,
  params: URLSearchParams,
  source: MapSource<Answer>,
): Compared {
  const comparison = comparisonOf(params);
  const shift = comparison in EARLIER ? EARLIER[comparison as keyof typeof EARLIER] : 0;
  const key = `${expr} ${gridKey(grid)}`;
  const earlier = useFetched(
    shift === 0 || own.maps.length === 0 ? undefined : `${key} ${shift}`,
    async (signal) => {
      const then = { ...grid, start: grid.start - shift, end: grid.end - shift };
      return { answer: await source.ask(then, signal), grid };
    },
    `${expr} ${comparison}`,
  );
  const needsDeploys = comparison === 'before' || versusOf(params) === 'deploy';
  const served = useFetched(
    needsDeploys && own.maps.length > 0 ? key : undefined,
    async (signal) => ({ series: await askVersions(expr, grid, signal), grid }),
    expr,
  );
  const choices = useMemo((): ComparisonChoices => {
    const range = chartDomain(grid);
    const { series, grid: asked } = served.data ?? { series: NO_SERIES, grid };
    const deploys = needsDeploys ? deploysOf(own.maps, series, asked) : [];
    const values = valuesOf(own.maps);
    const moment = momentOf(params, range, deploys);
    return { count: own.maps.length, range, deploys, moment, values, against: againstOf(params, values) };
  }, [own, served.data, needsDeploys, params]);
  return useMemo(() => {
    const answer = (compared: NamedHeatmaps, busy = false): Compared => ({
      maps: compared.maps,
      notices: [...own.notices, ...compared.notices],
      busy,
      choices,
    });
    const asTheyAre = { maps: own.maps, notices: [] };
    if (own.maps.length === 0 || comparison === 'none') return answer(asTheyAre);
    if (comparison === 'first') return answer(comparedWithFirst(own.maps));
    if (comparison === 'value') return answer(comparedWithValue(own.maps, choices.against));
    if (comparison === 'before') {
      const { maps, notices } = comparedWithBefore(own.maps, choices.moment);
      const isGuess = choices.deploys.length === 0 && !params.has('moment') && !served.loading;
      return answer({ maps, notices: isGuess ? [...notices, NO_DEPLOY] : notices }, served.loading);
    }
    if (earlier.error !== undefined) return answer({ maps: own.maps, notices: [earlier.error.message] });
    if (earlier.data === undefined) return answer(asTheyAre, true);
    return answer(comparedWith(own.maps, source.mapsOf(earlier.data.answer, earlier.data.grid).maps), earlier.loading);
  }, [own, comparison, choices, earlier.data, earlier.error, earlier.loading, served.loading]);
}

async function askVersions(expr: string, grid: Grid, signal: AbortSignal): Promise<readonly GridSeries[]> {
  // The parser of PromQL is no part of what every page loads first.
  const { versionsExpr } = await import('../../shared/explain/counters.ts');
  const versions = versionsExpr(expr);
  return versions === undefined ? NO_SERIES : (await queryRange(versions, grid, signal)).data;
}

const NO_DEPLOY =
  'No new version was seen in this range, so its middle is taken: choose the moment of the deploy above.';
