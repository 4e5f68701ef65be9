/** The models that are served, with what is known of each. */
import { visible } from '../../shared/model/visible.ts';
import { queryDistribution, queryInstant, queryRange } from '../api/client.ts';
import type { Grid } from '../timeRange.ts';
import { sliceWindow } from '../timeRange.ts';
import { SYSTEMS, WANTED_NAMES, questionsOf } from './systems.ts';
import type { MeasureId, QuantileQuestion, Question } from './systems.ts';

export interface ModelRow {
  readonly system: string;
  readonly title: string;
  readonly values: ReadonlyMap<MeasureId, Float64Array>;
}

export interface Board {
  readonly grid: Grid;
  readonly rows: readonly ModelRow[];
  /** What could not be asked, in words. */
  readonly faults: readonly string[];
}

export async function fetchBoard(grid: Grid, intervalMs: number, signal: AbortSignal): Promise<Board> {
  const names = await queryInstant(`group by (__name__) ({__name__=~"${WANTED_NAMES.join('|')}"})`, grid.end, signal);
  const present = new Set(names.map(({ metric }) => metric.__name__));
  const windowMs = Math.max(sliceWindow(grid.step, intervalMs), 4 * intervalMs);
  const rows = new Map<string, { system: string; title: string; values: Map<MeasureId, Float64Array> }>();
  const faults: string[] = [];
  await Promise.all(
    SYSTEMS.flatMap((system) =>
      questionsOf(system, present, windowMs).map(async (question) => {
        const found = await answersTo(question, grid, signal).catch((error: unknown) => {
          signal.throwIfAborted();
          const asked = 'measure' in question ? question.measure : question.quantiles.map(([id]) => id).join(', ');
          faults.push(`${system.name}, ${asked}: ${(error as Error).message}`);
          return [];
        });
        for (const { measure, metric, values } of found) {
          const title = titleOf(metric, system.by);
          const key = `${system.name} ${title}`;
          const row = rows.get(key) ?? { system: system.name, title, values: new Map() };
          rows.set(key, row);
          row.values.set(measure, values);
        }
      }),
    ),
  );
  const sorted = [...rows.values()].sort(
    (a, b) => latest(b, 'rate') - latest(a, 'rate') || (a.title < b.title ? -1 : 1),
  );
  return { grid, rows: sorted, faults };
}

interface Measured {
  readonly measure: MeasureId;
  readonly metric: Readonly<Record<string, string>>;
  /** On the grid. */
  readonly values: Float64Array;
}

async function answersTo(question: Question | QuantileQuestion, grid: Grid, signal: AbortSignal): Promise<Measured[]> {
  if ('measure' in question) {
    const { data } = await queryRange(question.expr, grid, signal);
    return data.map(({ metric, values }) => ({ measure: question.measure, metric, values }));
  }
  const { expr, quantiles, seconds } = question;
  const asked = quantiles.map(([, q]) => q);
  const { head, groups } = await queryDistribution(expr, grid, { quantiles: asked, omit: 'mean,resets' }, signal);
  return groups.flatMap((group, g) =>
    quantiles.map(([measure], k) => ({
      measure,
      metric: head.groups[g].metric,
      values: group.quantiles[k].map((value) => value * seconds),
    })),
  );
}

function titleOf(metric: Readonly<Record<string, string>>, by: readonly string[]): string {
  const parts = by.map((name) => visible(metric[name] ?? '')).filter((part) => part !== '');
  return parts.join(' · ') || 'without a name';
}

/** The newest value; NaN where there is none. */
export function newest(values: Float64Array | undefined): number {
  for (let i = (values?.length ?? 0) - 1; i >= 0; i--) if (!Number.isNaN(values![i])) return values![i];
  return NaN;
}

function latest(row: { readonly values: ReadonlyMap<MeasureId, Float64Array> }, measure: MeasureId): number {
  const value = newest(row.values.get(measure));
  return Number.isNaN(value) ? -1 : value;
}
