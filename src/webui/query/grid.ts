/** The grid that a query is asked on. */
import { parseDuration } from '../../shared/model/durations.ts';
import { gridFor } from '../timeRange.ts';
import type { Grid, TimeRange } from '../timeRange.ts';

const COLUMNS_MAX = 240;
/** Upstream's limit of points a series. */
const POINTS_MAX = 11_000;
/** The automatic step does not go below this: few targets are scraped more often. */
const STEP_MS_MIN = 15_000;

/** undefined where `step` is no step, or too small for the range. */
export function gridOf(range: TimeRange, now: number, step: string): Grid | undefined {
  if (step === '') return gridFor(range, now, COLUMNS_MAX, STEP_MS_MIN);
  const ms = stepMs(step);
  if (ms === undefined) return undefined;
  const [from, to] = range.kind === 'last' ? [now - range.ms, now] : [range.start, range.end];
  if ((to - from) / ms > POINTS_MAX) return undefined;
  const end = Math.floor(to / ms) * ms;
  return { start: Math.min(end, Math.ceil(from / ms) * ms), end, step: ms };
}

function stepMs(text: string): number | undefined {
  try {
    const ms = parseDuration(/^\d+$/.test(text) ? `${text}s` : text);
    return ms > 0 ? ms : undefined;
  } catch {
    return undefined; // The field says what is wrong with it.
  }
}

/** What is wrong with a step for which there is no grid. */
export function stepFault(range: TimeRange, step: string): string {
  const ms = stepMs(step);
  if (ms === undefined) return `${step} is no step: write a duration such as 15s or 5m, or leave the field empty`;
  const length = range.kind === 'last' ? range.ms : range.end - range.start;
  return `a step of ${step} gives ${Math.ceil(length / ms)} points a series, over ${POINTS_MAX}; write a longer step, or choose a shorter range`;
}
