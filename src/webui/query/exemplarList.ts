/** Traces that stand for single observations of the queried series. */
import { useMemo } from 'react';
import { ask } from '../api/client.ts';
import { useFetched } from '../api/useFetched.ts';
import type { SeriesExemplar } from '../charts/heatmaps.ts';
import type { Grid } from '../timeRange.ts';

interface ApiSeriesExemplars {
  readonly seriesLabels: Readonly<Record<string, string>>;
  readonly exemplars: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: string;
    readonly timestamp: number;
  }[];
}

const TRACE = /^(trace_?id|traceid)$/i;

/** Largest values first: the slow requests one would look into. None while there is no grid. */
export function useExemplars(expr: string, grid: Pick<Grid, 'start' | 'end'> | undefined): readonly SeriesExemplar[] {
  const found = useFetched(
    grid === undefined ? undefined : `${expr} ${grid.start} ${grid.end}`,
    async (signal) => {
      const params = { query: expr, start: String(grid!.start / 1000), end: String(grid!.end / 1000) };
      return (await ask<readonly ApiSeriesExemplars[]>('query_exemplars', params, signal)).data;
    },
    expr,
  );
  return useMemo(() => (found.data ?? []).flatMap(listed).sort((a, b) => b.value - a.value), [found.data]);
}

const listed = ({ seriesLabels, exemplars }: ApiSeriesExemplars): SeriesExemplar[] =>
  exemplars.map(({ labels, value, timestamp }) => ({
    time: timestamp * 1000,
    value: Number(value),
    labels: Object.entries(labels),
    series: seriesLabels,
  }));

/** undefined where none of its labels names a trace. */
export function traceOf({ labels }: SeriesExemplar): string | undefined {
  return labels.find(([name]) => TRACE.test(name))?.[1];
}
