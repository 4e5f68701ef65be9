/** Rules as the page lists them: by group, what needs a look first. */
import { parseValue } from '../../shared/api/prometheus.ts';
import type { ApiAlert, ApiRule, ApiRuleGroups } from '../../shared/api/prometheus.ts';
import { ask } from '../api/client.ts';

/** What a rule is like, the worst first. A rule that cannot be evaluated says nothing of what it watches. */
export const RULE_STATES = ['failing', 'firing', 'pending', 'inactive', 'recording', 'unknown'] as const;
export type RuleState = (typeof RULE_STATES)[number];

export interface RuleRow {
  readonly rule: ApiRule;
  readonly state: RuleState;
  /** Firing ones first, then those that have held longest. */
  readonly alerts: readonly AlertRow[];
}

export interface AlertRow {
  readonly alert: ApiAlert;
  readonly value: number;
  /** Milliseconds. */
  readonly activeAt: number;
}

export interface GroupRows {
  readonly name: string;
  readonly file: string;
  /** Seconds. */
  readonly interval: number;
  readonly evaluationTime: number;
  /** When it was last evaluated, milliseconds; NaN for never. */
  readonly evaluatedAt: number;
  readonly rows: readonly RuleRow[];
}

export async function fetchGroups(signal: AbortSignal): Promise<GroupRows[]> {
  const { data } = await ask<ApiRuleGroups>('rules', {}, signal);
  return data.groups.map(({ name, file, interval, evaluationTime, lastEvaluation, rules }) => ({
    name,
    file,
    interval,
    evaluationTime,
    evaluatedAt: lastEvaluation.startsWith('0001-') ? NaN : Date.parse(lastEvaluation),
    rows: rules.map(rowOf),
  }));
}

export function rowOf(rule: ApiRule): RuleRow {
  const alerts = (rule.type === 'alerting' ? (rule.alerts ?? []) : []).map((alert): AlertRow => ({
    alert,
    value: parseValue(alert.value),
    activeAt: Date.parse(alert.activeAt),
  }));
  alerts.sort(
    (a, b) => Number(b.alert.state === 'firing') - Number(a.alert.state === 'firing') || a.activeAt - b.activeAt,
  );
  return { rule, state: stateOf(rule), alerts };
}

function stateOf(rule: ApiRule): RuleState {
  if (rule.health === 'err') return 'failing';
  if (rule.type === 'alerting') return rule.state;
  return rule.health === 'unknown' ? 'unknown' : 'recording';
}

/** How many alerts there are, over all groups. */
export function countAlerts(groups: readonly GroupRows[], state: 'firing' | 'pending'): number {
  return groups.reduce(
    (sum, { rows }) =>
      sum + rows.reduce((n, { alerts }) => n + alerts.filter(({ alert }) => alert.state === state).length, 0),
    0,
  );
}

/**
 * The groups that have a rule in that state, with those rules only; groups with what needs a look first.
 *
 * @param text words that must all occur in a rule's name, expression, labels, alerts or error.
 */
export function shownGroups(groups: readonly GroupRows[], state: RuleState | 'all', text: string): GroupRows[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return groups
    .map((group) => ({
      ...group,
      rows: group.rows.filter((row) => (state === 'all' || row.state === state) && matches(row, words)),
    }))
    .filter(({ rows }) => rows.length > 0)
    .sort((a, b) => worst(a) - worst(b));
}

const worst = ({ rows }: GroupRows) =>
  Math.min(...rows.map(({ state }) => Math.min(RULE_STATES.indexOf(state), RULE_STATES.indexOf('inactive'))));

function matches({ rule, alerts }: RuleRow, words: readonly string[]): boolean {
  const text =
    `${rule.name} ${rule.query} ${JSON.stringify(rule.labels)} ${rule.lastError ?? ''} ${JSON.stringify(alerts.map(({ alert }) => alert.labels))}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** The text of an alert that people wrote for people. */
export function sentenceOf({ annotations }: ApiAlert): string {
  return annotations.summary ?? annotations.description ?? annotations.message ?? Object.values(annotations)[0] ?? '';
}
