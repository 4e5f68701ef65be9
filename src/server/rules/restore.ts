/** After a restart: since when alerts have held, from the series `ALERTS_FOR_STATE`, so that `for` does not begin anew. */
import { labelsKey, METRIC_NAME, type Labels } from '../../shared/model/labels.ts';
import { bitsOf, CELL_GAP, CELL_SAMPLE, cellKind } from '../../shared/model/sampleBits.ts';
import type { Queryable } from '../storage/queryable.ts';
import type { Alert } from './alerts.ts';
import { AlertingRule, type Rule } from './rule.ts';

export interface RestoreTimes {
  /** How long the server may have been away. */
  readonly outageToleranceMs: number;
  /** What is left of `for` after a restart is at least this; alerts with a shorter `for` begin anew. */
  readonly gracePeriodMs: number;
}

interface LastState {
  /** When it was last written, milliseconds. */
  readonly t: number;
  /** Since when the alert had held, milliseconds. */
  readonly activeAt: number;
}

/** Gives the active alerts of the rules the time since which they hold. `now` in milliseconds. Rejects when the store cannot be read. */
export async function restoreForState(
  rules: readonly Rule[],
  now: number,
  times: RestoreTimes,
  queryable: Queryable,
): Promise<void> {
  for (const rule of rules) {
    if (!(rule instanceof AlertingRule) || rule.spec.forMs < times.gracePeriodMs) continue;
    const states = await lastStates(rule, now, times, queryable);
    for (const alert of rule.alerts.all) {
      const state = states.get(labelsKey(alert.labels));
      if (state !== undefined) alert.activeAt = activeSince(state, rule.spec.forMs, now, times);
    }
  }
}

function activeSince(
  { t, activeAt }: LastState,
  forMs: number,
  now: number,
  { gracePeriodMs }: RestoreTimes,
): Alert['activeAt'] {
  const left = forMs - (t - activeAt);
  if (left <= 0) return activeAt; // It was firing, and goes on.
  if (left < gracePeriodMs) return now + gracePeriodMs - forMs;
  return activeAt + (now - t); // The time away does not count.
}

/** By the alert's labels; what had ended is not in it. */
async function lastStates(
  rule: AlertingRule,
  now: number,
  times: RestoreTimes,
  queryable: Queryable,
): Promise<Map<string, LastState>> {
  const matchers = rule.forStateLabels.map(([name, value]) => ({ name, op: '=' as const, value }));
  const groups = await queryable.select({ matchers, minTime: now - times.outageToleranceMs, maxTime: now });
  const last = new Map<string, LastState & { readonly ended: boolean }>();
  for (const { times: t, columns } of groups) {
    for (const { labels, values } of columns) {
      const bits = bitsOf(values);
      for (let i = t.length - 1; i >= 0; i--) {
        const kind = cellKind(bits, i);
        if (kind === CELL_GAP) continue;
        const key = labelsKey(withoutName(labels));
        // Upstream keeps both times in whole seconds.
        const state = { t: Math.floor(t[i] / 1000) * 1000, activeAt: values[i] * 1000, ended: kind !== CELL_SAMPLE };
        if ((last.get(key)?.t ?? -Infinity) < state.t) last.set(key, state);
        break;
      }
    }
  }
  for (const [key, { ended }] of last) if (ended) last.delete(key);
  return last;
}

const withoutName = (labels: Labels) => labels.filter(([name]) => name !== METRIC_NAME);
