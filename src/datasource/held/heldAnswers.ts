/** Answers kept from one refresh to the next, so that only new steps are asked: what a dashboard that refreshes by itself asks again and again. */
import type { DataFrame } from '@grafana/data';
import { parseInterval, stepOf, type MetricsQuery } from '../../shared/api/grafanaQuery.ts';
import { isGrowable } from './growable.ts';
import { canGrow, inOrder, mergeFrames } from './mergeFrames.ts';

/** One query as it would be asked for the whole range. */
export interface Asked {
  /** Variables filled in. */
  readonly query: MetricsQuery;
  readonly fromMs: number;
  readonly toMs: number;
  readonly intervalMs: number;
}

/** What to ask in place of the whole. */
export interface Plan {
  readonly key: string;
  readonly asked: Asked;
  readonly stepMs: number;
  /** undefined: the whole range. */
  readonly sinceMs?: number;
  readonly held: readonly DataFrame[];
}

interface Held {
  readonly frames: readonly DataFrame[];
  /** The first and last step that the frames cover. */
  readonly fromMs: number;
  readonly toMs: number;
  /** When all of it was asked last. */
  readonly wholeAt: number;
  readonly cells: number;
}

export interface HeldAnswers {
  /** undefined where the answer cannot grow: it is asked as ever. A live one asks nothing again but its last step, as its channel. */
  plan(asked: Asked, isLive?: boolean): Plan | undefined;
  /** The whole answer, of the part that came and of what is held. */
  complete(plan: Plan, fresh: readonly DataFrame[]): DataFrame[];
  /** The whole answer with steps that were pushed; undefined where steps between are missing, or nothing is held. */
  push(plan: Plan, part: PushedPart): DataFrame[] | undefined;
}

export interface PushedPart {
  readonly sinceMs: number;
  readonly toMs: number;
  readonly frames: readonly DataFrame[];
}

export interface HeldOptions {
  readonly scrapeIntervalMs: number;
  /** Steps younger than this are asked again: samples may come late. */
  readonly overlapMs: number;
  readonly now: () => number;
}

export const OVERLAP_DEFAULT = '10m';
const ENTRIES_MAX = 200;
/** Numbers kept in all; 8 bytes each at least. */
const CELLS_MAX = 10_000_000;
/** At least so often all is asked: what came later than the overlap is seen then. */
const WHOLE_AFTER_MS = 3_600_000;

/** The overlap of the settings; the default where there is none, or none that can be read. */
export function overlapOf(text: string | undefined): number {
  try {
    return parseInterval(text || OVERLAP_DEFAULT);
  } catch {
    return parseInterval(OVERLAP_DEFAULT); // The settings page says what is wrong with it.
  }
}

export function createHeldAnswers({ scrapeIntervalMs, overlapMs, now }: HeldOptions): HeldAnswers {
  // In order of use.
  const held = new Map<string, Held>();
  const keep = (key: string, entry: Held): void => {
    held.delete(key);
    held.set(key, entry);
    let cells = 0;
    for (const one of held.values()) cells += one.cells;
    for (const [oldest, one] of held) {
      if (held.size <= ENTRIES_MAX && cells <= CELLS_MAX) break;
      held.delete(oldest);
      cells -= one.cells;
    }
  };
  return {
    plan(asked, isLive = false) {
      const { query, fromMs, toMs } = asked;
      const isRange = query.range === true || query.instant !== true;
      if (!isRange || query.instant === true || query.format === 'table' || !isGrowable(query.expr)) return undefined;
      const stepMs = stepWithin(asked, scrapeIntervalMs);
      if (stepMs === undefined) return undefined;
      const key = keyOf(asked, stepMs);
      const known = held.get(key);
      const whole: Plan = { key, asked, stepMs, held: [] };
      if (known === undefined || now() - known.wholeAt > WHOLE_AFTER_MS) return whole;
      const first = Math.floor(fromMs / stepMs) * stepMs;
      const sinceMs = Math.floor((known.toMs - (isLive ? 0 : overlapMs)) / stepMs) * stepMs;
      if (first < known.fromMs || sinceMs <= first || toMs < known.toMs) return whole;
      return { ...whole, sinceMs, held: known.frames };
    },
    complete({ key, asked, stepMs, sinceMs, held: before }, fresh) {
      const fromMs = Math.floor(asked.fromMs / stepMs) * stepMs;
      const frames = sinceMs === undefined ? inOrder(fresh) : mergeFrames(before, { frames: fresh, sinceMs }, fromMs);
      if (!canGrow(frames)) {
        held.delete(key);
        return frames;
      }
      const wholeAt = sinceMs === undefined ? now() : (held.get(key)?.wholeAt ?? now());
      keep(key, { frames, fromMs, toMs: Math.floor(asked.toMs / stepMs) * stepMs, wholeAt, cells: cellsOf(frames) });
      return frames;
    },
    push({ key, asked, stepMs }, { sinceMs, toMs, frames: fresh }) {
      const known = held.get(key);
      if (known === undefined || sinceMs > known.toMs + stepMs) return undefined;
      const fromMs = Math.max(known.fromMs, Math.floor((toMs - (asked.toMs - asked.fromMs)) / stepMs) * stepMs);
      const frames = mergeFrames(known.frames, { frames: fresh, sinceMs }, fromMs);
      if (!canGrow(frames)) return undefined;
      keep(key, { ...known, frames, fromMs, toMs: Math.max(known.toMs, toMs), cells: cellsOf(frames) });
      return frames;
    },
  };
}

const cellsOf = (frames: readonly DataFrame[]): number =>
  frames.reduce((sum, { fields, length }) => sum + fields.length * length, 0);

function stepWithin({ query, fromMs, toMs, intervalMs }: Asked, scrapeIntervalMs: number): number | undefined {
  try {
    return stepOf({ fromMs, toMs, intervalMs, scrapeIntervalMs, query });
  } catch {
    return undefined; // A min step that cannot be read: the backend says so.
  }
}

function keyOf({ query, fromMs, toMs }: Asked, stepMs: number): string {
  const { refId, expr, format, legendFormat, interval, intervalFactor, exemplar } = query;
  const range = expr.includes('__range') ? Math.round((toMs - fromMs) / 1000) : 0;
  return JSON.stringify([
    refId,
    expr,
    format,
    legendFormat,
    interval,
    intervalFactor,
    exemplar === true,
    stepMs,
    range,
  ]);
}
