/**
 * Arithmetic of error budgets. An objective of 99.9 % leaves a budget of 0.1 % of the requests of its period; a burn rate of 1 uses it up exactly
 * at the period's end. Source: The Site Reliability Workbook, chapter 5, "Alerting on SLOs".
 */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export type Severity = 'page' | 'ticket';

/** Who is told when `budgetShare` of the budget is used within the long window, while it still burns in the short one. */
export interface BurnWindow {
  readonly severity: Severity;
  readonly longMs: number;
  readonly shortMs: number;
  /** 0 to 1. */
  readonly budgetShare: number;
}

/** The workbook's recommendation (table 5-8). */
export const BURN_WINDOWS: readonly BurnWindow[] = [
  { severity: 'page', longMs: HOUR_MS, shortMs: 5 * MINUTE_MS, budgetShare: 0.02 },
  { severity: 'page', longMs: 6 * HOUR_MS, shortMs: 30 * MINUTE_MS, budgetShare: 0.05 },
  { severity: 'ticket', longMs: 3 * DAY_MS, shortMs: 6 * HOUR_MS, budgetShare: 0.1 },
];

/** Not every request can fail more than once: a threshold above this would keep a total outage waiting, or never be reached. */
const THRESHOLD_MAX = 0.8;

/** Decimal arithmetic's noise (1 - 0.999) taken off. */
const rounded = (value: number) => Number(value.toPrecision(12));

/** The share of requests that may fail. @param objective percent, such as 99.9. */
export function errorBudget(objective: number): number {
  return rounded((100 - objective) / 100);
}

/** How many times as fast as allowed the budget burns when `budgetShare` of it goes within the long window; never below 1, which nobody need be told of. */
export function burnRate({ budgetShare, longMs }: BurnWindow, periodMs: number): number {
  return Math.max(1, rounded((budgetShare * periodMs) / longMs));
}

/** The share of failed requests from which on both windows tell. */
export function errorThreshold(window: BurnWindow, periodMs: number, budget: number): number {
  return Math.min(THRESHOLD_MAX, rounded(burnRate(window, periodMs) * budget));
}

/** How long a whole budget lasts while this share of requests fails, milliseconds. */
export function timeToExhaustion(errorRatio: number, periodMs: number, budget: number): number {
  return (periodMs * budget) / errorRatio;
}

/** How long this share of requests must fail, after none did, until the long window tells; Infinity if never. Milliseconds. */
export function detectionTime(errorRatio: number, window: BurnWindow, periodMs: number, budget: number): number {
  const share = errorThreshold(window, periodMs, budget) / errorRatio;
  return share > 1 ? Infinity : share * window.longMs;
}

/** The share of a whole budget that is gone after so long, 0 to any. */
export function budgetUsed(errorRatio: number, ms: number, periodMs: number, budget: number): number {
  return (errorRatio * ms) / (periodMs * budget);
}
