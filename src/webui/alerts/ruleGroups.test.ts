import type { ApiAlert, ApiRule } from '../../shared/api/prometheus.ts';
import { countAlerts, rowOf, sentenceOf, shownGroups, type GroupRows } from './ruleGroups.ts';

const how = { query: 'up == 0', labels: {}, evaluationTime: 0, lastEvaluation: '2026-01-01T00:00:00Z' };
const alert = (state: 'firing' | 'pending', activeAt: string, more: Partial<ApiAlert> = {}): ApiAlert => ({
  labels: { alertname: 'A', instance: 'h:1' },
  annotations: {},
  state,
  activeAt,
  value: '1e+00',
  ...more,
});
const alerting = (name: string, state: 'inactive' | 'pending' | 'firing', alerts: ApiAlert[] = []): ApiRule => ({
  ...how,
  name,
  health: 'ok',
  type: 'alerting',
  state,
  duration: 60,
  keepFiringFor: 0,
  annotations: {},
  alerts,
});
const recording = (name: string, health: 'ok' | 'err' | 'unknown'): ApiRule => ({
  ...how,
  name,
  health,
  type: 'recording',
});
const group = (name: string, ...rules: ApiRule[]): GroupRows => ({
  name,
  file: 'f',
  interval: 15,
  evaluationTime: 0,
  evaluatedAt: 0,
  rows: rules.map(rowOf),
});

test.each([
  [alerting('a', 'firing'), 'firing'],
  [{ ...alerting('a', 'firing'), health: 'err' } as ApiRule, 'failing'],
  [recording('r', 'ok'), 'recording'],
  [recording('r', 'unknown'), 'unknown'],
])('%j is %s', (rule, state) => expect(rowOf(rule).state).toBe(state));

test('alerts that fire come first, then those that have held longest', () => {
  const rule = alerting('a', 'firing', [
    alert('pending', '2026-01-01T00:00:00Z'),
    alert('firing', '2026-01-03T00:00:00Z'),
    alert('firing', '2026-01-02T00:00:00Z'),
  ]);
  expect(rowOf(rule).alerts.map(({ alert: { state, activeAt } }) => `${state} ${activeAt.slice(8, 10)}`)).toEqual([
    'firing 02',
    'firing 03',
    'pending 01',
  ]);
  expect(countAlerts([group('g', rule)], 'firing')).toBe(2);
});

test('groups with something that fails or fires come first; others keep their order', () => {
  const groups = [
    group('quiet', alerting('a', 'inactive')),
    group('records', recording('r', 'ok')),
    group('fires', alerting('b', 'firing')),
    group('fails', recording('r', 'err')),
  ];
  expect(shownGroups(groups, 'all', '').map(({ name }) => name)).toEqual(['fails', 'fires', 'quiet', 'records']);
});

test('a search looks at names, expressions and labels of alerts, and all words must occur', () => {
  const groups = [
    group(
      'g',
      alerting('TargetDown', 'firing', [alert('firing', '2026-01-01T00:00:00Z')]),
      alerting('Other', 'inactive'),
    ),
  ];
  const found = (text: string) =>
    shownGroups(groups, 'all', text).flatMap(({ rows }) => rows.map(({ rule }) => rule.name));
  expect(found('h:1 down')).toEqual(['TargetDown']);
  expect(found('up')).toEqual(['TargetDown', 'Other']);
  expect(found('down nothing')).toEqual([]);
});

test('the sentence of an alert is its summary, or what comes nearest to one', () => {
  const of = (annotations: Record<string, string>) => sentenceOf(alert('firing', '', { annotations }));
  expect([of({ description: 'd', summary: 's' }), of({ description: 'd', x: 'y' }), of({ x: 'y' }), of({})]).toEqual([
    's',
    'd',
    'y',
    '',
  ]);
});
