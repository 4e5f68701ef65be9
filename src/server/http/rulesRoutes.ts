/** rules and alerts. */
import { createHash } from 'node:crypto';
import { labelsRecord } from '../../shared/model/labels.ts';
import { compileMatcher, matchesAll, type Matcher } from '../../shared/model/matchers.ts';
import type { ApiAlert, ApiAlerts, ApiRule, ApiRuleGroup, ApiRuleGroups } from '../../shared/api/prometheus.ts';
import type { Alert } from '../rules/alerts.ts';
import type { RuleGroup } from '../rules/group.ts';
import { AlertingRule, type Rule } from '../rules/rule.ts';
import { formatFloat } from '../rules/template/goFormat.ts';
import { dataJson } from './answer.ts';
import { invalidParameter } from './apiError.ts';
import { boolOf, wholeNumberOf, type Params } from './params.ts';
import type { ApiCall, ApiRoute } from './route.ts';
import { matcherSets } from './selectors.ts';
import { timeText } from './targetRoutes.ts';

function apiAlert({ labels, annotations, state, activeAt, keepFiringSince, value }: Alert): ApiAlert {
  return {
    labels: labelsRecord(labels),
    annotations: labelsRecord(annotations),
    state: state === 'firing' ? 'firing' : 'pending',
    activeAt: timeText(activeAt),
    ...(keepFiringSince === undefined ? {} : { keepFiringSince: timeText(keepFiringSince) }),
    value: formatFloat(value, 'e', -1),
  };
}

function apiRule(rule: Rule, excludeAlerts: boolean): ApiRule {
  const { name, labels } = rule.spec;
  const { health, lastError, durationMs, evaluatedAt } = rule.state;
  const how = {
    health,
    ...(lastError === '' ? {} : { lastError }),
    evaluationTime: durationMs / 1000,
    lastEvaluation: timeText(evaluatedAt),
  };
  if (!(rule instanceof AlertingRule))
    return { name, query: rule.query, labels: labelsRecord(labels), ...how, type: 'recording' };
  const { forMs, keepFiringForMs, annotations } = rule.spec;
  return {
    state: evaluatedAt === 0 ? 'unknown' : rule.alerts.state,
    name,
    query: rule.query,
    duration: forMs / 1000,
    keepFiringFor: keepFiringForMs / 1000,
    labels: labelsRecord(labels),
    annotations: labelsRecord(annotations),
    alerts: excludeAlerts ? null : rule.alerts.current.map(apiAlert),
    ...how,
    type: 'alerting',
  };
}

type RuleTest = (rule: Rule) => boolean;

function ruleTest(params: Params): RuleTest {
  const type = params.text('type').toLowerCase();
  if (!['', 'alert', 'record'].includes(type))
    throw invalidParameter('type', `not supported value ${JSON.stringify(type)}`);
  const kinds = { '': undefined, alert: 'alerting', record: 'recording' } as const;
  const kind = kinds[type as keyof typeof kinds];
  const names = new Set(params.texts('rule_name[]'));
  const sets = matcherSets(params).map(compiled);
  return ({ spec }) =>
    (kind === undefined || spec.kind === kind) &&
    (names.size === 0 || names.has(spec.name)) &&
    (sets.length === 0 || sets.some((tests) => matchesAll(spec.labels, tests)));
}

const compiled = (set: readonly Matcher[]) => set.map((matcher) => [matcher.name, compileMatcher(matcher)] as const);

/** What names a group on the next page; the same as long as there is such a group. */
function pageToken({ key }: RuleGroup): string {
  return createHash('sha1').update(key).digest('hex');
}

interface Page {
  /** Groups that one answer may have; Infinity for all. */
  readonly limit: number;
  readonly token: string;
}

function pageOf(params: Params): Page {
  const token = params.text('group_next_token');
  const text = params.text('group_limit');
  if (text === '') {
    if (token !== '')
      throw invalidParameter(
        'group_next_token',
        'group_limit needs to be present in order to paginate over the groups',
      );
    return { limit: Infinity, token };
  }
  const limit = wholeNumberOf(text);
  if (limit === undefined)
    throw invalidParameter('group_limit', `group_limit needs to be a valid number: ${JSON.stringify(text)}`);
  if (limit <= 0) throw invalidParameter('group_limit', 'group_limit needs to be greater than 0');
  return { limit, token };
}

function excludesAlerts(params: Params): boolean {
  const text = params.text('exclude_alerts').toLowerCase();
  const truth = boolOf(text);
  if (truth === undefined)
    throw invalidParameter(
      'exclude_alerts',
      `error converting exclude_alerts: ${JSON.stringify(text)} is neither true nor false`,
    );
  return truth;
}

function rules({ params, rooms }: ApiCall): Iterable<string> {
  const wants = ruleTest(params);
  const withoutAlerts = excludesAlerts(params);
  const page = pageOf(params);
  const names = new Set(params.texts('rule_group[]'));
  const files = new Set(params.texts('file[]'));
  const all = rooms.rules.groups();
  const from = page.token === '' ? 0 : all.findIndex((group) => pageToken(group) === page.token);
  if (from < 0)
    throw invalidParameter('group_next_token', `invalid group_next_token '${page.token}'. were rule groups changed?`);
  const groups: ApiRuleGroup[] = [];
  for (const group of all.slice(from)) {
    const { spec, settings, counts } = group;
    if ((names.size > 0 && !names.has(spec.name)) || (files.size > 0 && !files.has(spec.file))) continue;
    const wanted = group.rules.filter(wants);
    if (wanted.length === 0) continue;
    if (groups.length === page.limit)
      return dataJson({ groups, groupNextToken: pageToken(group) } satisfies ApiRuleGroups);
    groups.push({
      name: spec.name,
      file: spec.file,
      rules: wanted.map((rule) => apiRule(rule, withoutAlerts)),
      interval: settings.intervalMs / 1000,
      limit: spec.limit,
      evaluationTime: counts.durationMs / 1000,
      lastEvaluation: timeText(counts.evaluatedAt),
    });
  }
  return dataJson({ groups } satisfies ApiRuleGroups);
}

function alerts({ rooms }: ApiCall): Iterable<string> {
  const all = rooms.rules.groups().flatMap((group) => group.rules.filter((rule) => rule instanceof AlertingRule));
  return dataJson({ alerts: all.flatMap((rule) => rule.alerts.current.map(apiAlert)) } satisfies ApiAlerts);
}

export const RULES_ROUTES: readonly ApiRoute[] = [
  { path: '/rules', methods: ['GET'], answer: rules },
  { path: '/alerts', methods: ['GET'], answer: alerts },
];
