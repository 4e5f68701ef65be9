/** When a rule would have fired: asked of the server, and laid out over the time that was tested. */
import type { ApiBacktest, ApiBacktestedAlert, ApiBacktestedRule } from '../../shared/api/backtest.ts';
import { formatDuration, parseDuration } from '../../shared/model/durations.ts';
import { ask } from '../api/client.ts';

export const TESTED_RANGES = ['1h', '6h', '1d', '1w'] as const;
export type TestedRange = (typeof TESTED_RANGES)[number];

/** Evaluations of one test; a longer range is tested at longer steps. */
const EVALUATIONS_MAX = 5_000;
/** Rows of the picture. */
export const LANES_MAX = 20;

/** A rule that runs, or one that is written for the test. */
export type TestedRule =
  | { readonly group: string; readonly name: string; readonly intervalS: number }
  | { readonly expr: string; readonly forText: string; readonly intervalS: number };

export interface Tested {
  /** Milliseconds. */
  readonly start: number;
  readonly end: number;
  readonly rule: ApiBacktestedRule;
  readonly lanes: readonly Lane[];
}

/** The spans of one alert, that is of one label set. */
export interface Lane {
  readonly labels: Readonly<Record<string, string>>;
  readonly spans: readonly ApiBacktestedAlert[];
}

export async function backtest(
  tested: TestedRule,
  range: TestedRange,
  now: number,
  signal: AbortSignal,
): Promise<Tested> {
  const end = Math.floor(now / 1000);
  const seconds = parseDuration(range) / 1000;
  const interval = Math.max(tested.intervalS, Math.ceil(seconds / EVALUATIONS_MAX));
  const which: Record<string, string> =
    'expr' in tested
      ? { expr: tested.expr, ...(tested.forText !== '' && { for: tested.forText }) }
      : { 'rule_name[]': tested.name, 'rule_group[]': tested.group };
  const params = { ...which, start: String(end - seconds), end: String(end), interval: String(interval) };
  const { data } = await ask<ApiBacktest>('backtest', params, signal);
  const [rule] = data.rules;
  return { start: data.start * 1000, end: data.end * 1000, rule, lanes: lanesOf(rule) };
}

/** By label set, those that fired longest first. */
export function lanesOf({ alerts = [] }: Pick<ApiBacktestedRule, 'alerts'>): Lane[] {
  const lanes = new Map<string, ApiBacktestedAlert[]>();
  for (const alert of alerts) {
    const key = JSON.stringify(Object.entries(alert.labels).sort());
    lanes.set(key, [...(lanes.get(key) ?? []), alert]);
  }
  const firing = (spans: readonly ApiBacktestedAlert[]) => spans.reduce((sum, span) => sum + firingSeconds(span), 0);
  return [...lanes.values()].sort((a, b) => firing(b) - firing(a)).map((spans) => ({ labels: spans[0].labels, spans }));
}

const firingSeconds = ({ firedAt, endedAt }: ApiBacktestedAlert) =>
  firedAt === null ? 0 : (endedAt ?? Number.MAX_SAFE_INTEGER) - firedAt;

/** What came of a test, in a sentence. */
export function sentenceOfTest({ rule, start, end }: Tested): string {
  const { firings = 0, firingSeconds: fired = 0, evaluations, interval, failures, lastError } = rule;
  if (failures === evaluations) return `It could not be evaluated: ${lastError}`;
  const over = `in ${formatDuration(end - start)}, evaluated every ${formatDuration(interval * 1000)}`;
  const failed = failures === 0 ? '' : `; ${failures} evaluations failed: ${lastError}`;
  if (firings === 0) return `It would not have fired ${over}${failed}.`;
  const times = firings === 1 ? 'once' : `${firings} times`;
  return `It would have fired ${times}, ${formatDuration(Math.round(fired) * 1000)} altogether, ${over}${failed}.`;
}
