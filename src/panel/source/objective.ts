/** From a box on the map to an objective: the file of a few lines from which burn-rate alerts, budgets and a dashboard are made (docs/slo.md). */
import { histogramQueryOf, siblingSelector, type HistogramQuery } from '../../shared/explain/histogramQuery.ts';
import { formatDuration } from '../../shared/model/durations.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import type { MapBox } from '../../ui/HeatmapCanvas.tsx';

/** Percent, the most ambitious first. */
const OBJECTIVES = [99.99, 99.95, 99.9, 99.5, 99, 98, 95, 90];

/**
 * That observations are under a box's lower bound, as YAML; undefined where the expression is no classic histogram's, or not one of seconds.
 *
 * @param share of the observations in the box's time that are over the bound: what is promised is what is nearly kept now.
 */
export function objectiveOf(text: string, box: Pick<MapBox, 'lower' | 'upper'>, share: number): string | undefined {
  const query = queryOf(text);
  const limitMs = 1000 * (box.lower > 0 ? box.lower : box.upper);
  const underMs = Math.round(limitMs);
  const isWhole = Math.abs(limitMs - underMs) < 1e-6 * underMs;
  if (query === undefined || !query.metric.endsWith('_seconds') || !(underMs > 0 && isWhole)) return undefined;
  const objective = OBJECTIVES.find((percent) => percent <= 100 * (1 - share)) ?? OBJECTIVES.at(-1);
  const name = query.metric.replace(/_seconds$/, '').replaceAll('_', ' ');
  return [
    'slos:',
    `  - name: ${JSON.stringify(`${name} under ${formatDuration(underMs)}`)}`,
    `    objective: ${objective} # percent`,
    ...(query.by === undefined || query.by.length === 0 ? [] : [`    by: ${JSON.stringify(query.by)}`]),
    '    latency:',
    `      histogram: ${JSON.stringify(siblingSelector(query, ''))}`,
    `      under: ${formatDuration(underMs)}`,
    '',
  ].join('\n');
}

function queryOf(text: string): HistogramQuery | undefined {
  try {
    return histogramQueryOf(parseExpr(text, { experimental: true }));
  } catch {
    return undefined; // Not a histogram's, or no PromQL.
  }
}
