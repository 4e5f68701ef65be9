/** /api/v1/backtest: what rules would have done on stored history. */
import type { ApiBacktest, ApiBacktestedAlert, ApiBacktestedRule } from '../../shared/api/backtest.ts';
import { labelsRecord } from '../../shared/model/labels.ts';
import { formatValue } from '../../shared/api/prometheus.ts';
import { ConfigError } from '../config/configError.ts';
import { BacktestTooLong, type BacktestedRule } from '../rules/backtest/backtest.ts';
import type { AlertSpan } from '../rules/backtest/firingLog.ts';
import { AlertingRule } from '../rules/rule.ts';
import { parseRuleFile, type RuleGroupSpec } from '../rules/ruleFile.ts';
import { dataJson } from './answer.ts';
import { ApiError, invalidParameter } from './apiError.ts';
import type { Params } from './params.ts';
import type { ApiCall, ApiRoute } from './route.ts';

const SPANS_MAX = 1_000;
/** What errors call the text of the parameter `rules`. */
const GIVEN = 'rules';

async function backtestAnswer({ params, rooms, deps, gone }: ApiCall): Promise<Iterable<string>> {
  const end = params.timeOr('end', deps.clock.now());
  const start = params.time('start');
  if (end < start) throw invalidParameter('end', 'end timestamp must not be before start time');
  const intervalMs = params.durationOr('interval', undefined);
  if (intervalMs !== undefined && intervalMs <= 0) throw invalidParameter('interval', 'must be longer than 0');
  const groups =
    given(params) ??
    chosen(
      params,
      rooms.rules.groups().map(({ spec }) => spec),
    );
  if (groups.every(({ rules }) => rules.length === 0))
    throw invalidParameter(GIVEN, 'names no rule: write a rule file, an expr, or rule_name[] of a rule that runs');
  const spansMax = Math.min(SPANS_MAX, params.limit());
  try {
    const rules = await rooms.rules.backtest({ groups, start, end, intervalMs, spansMax, signal: gone.signal });
    return dataJson({ start: start / 1000, end: end / 1000, rules: rules.map(ruleJson(end)) } satisfies ApiBacktest);
  } catch (error) {
    if (error instanceof BacktestTooLong) throw new ApiError('bad_data', error.message);
    throw error;
  }
}

/** Rules that stand in the request: a rule file, or one expression with `for` and `keep_firing_for`. */
function given(params: Params): RuleGroupSpec[] | undefined {
  const file = params.text('rules');
  const expr = params.text('expr');
  if (file === '' && expr === '') return undefined;
  if (file !== '' && expr !== '') throw invalidParameter('expr', 'rules stands there too; keep one');
  const rule = {
    alert: params.text('name') || 'Backtest',
    expr,
    for: params.text('for'),
    keep_firing_for: params.text('keep_firing_for'),
  };
  const written = Object.entries(rule).filter(([, text]) => text !== '');
  const text = file === '' ? JSON.stringify({ groups: [{ name: GIVEN, rules: [Object.fromEntries(written)] }] }) : file;
  try {
    return parseRuleFile(text, GIVEN, { promql: { experimental: true } });
  } catch (error) {
    if (error instanceof ConfigError) throw invalidParameter(file === '' ? 'expr' : GIVEN, error.message);
    throw error;
  }
}

/** Rules that run, by `rule_name[]`, `rule_group[]` and `file[]`; all if none is named. */
function chosen(params: Params, running: readonly RuleGroupSpec[]): RuleGroupSpec[] {
  const [names, groups, files] = ['rule_name[]', 'rule_group[]', 'file[]'].map((name) => new Set(params.texts(name)));
  return running
    .filter(({ name, file }) => (groups.size === 0 || groups.has(name)) && (files.size === 0 || files.has(file)))
    .map((spec) => ({ ...spec, rules: spec.rules.filter(({ name }) => names.size === 0 || names.has(name)) }))
    .filter(({ rules }) => rules.length > 0);
}

const ruleJson =
  (end: number) =>
  ({
    group,
    rule,
    intervalMs,
    evaluations,
    failures,
    fault,
    spans,
    omitted,
    series,
  }: BacktestedRule): ApiBacktestedRule => {
    const { name, labels, kind } = rule.spec;
    const base = {
      group: group.name,
      name,
      type: kind,
      query: rule.query,
      labels: labelsRecord(labels),
      interval: intervalMs / 1000,
      evaluations,
      failures,
      ...(fault !== '' && { lastError: fault }),
    };
    if (!(rule instanceof AlertingRule)) return { ...base, series };
    const fired = spans.filter(({ firedAt }) => firedAt !== undefined);
    const firingMs = fired.reduce((sum, { firedAt, endedAt }) => sum + (endedAt ?? end) - firedAt!, 0);
    return {
      ...base,
      duration: rule.spec.forMs / 1000,
      keepFiringFor: rule.spec.keepFiringForMs / 1000,
      firings: fired.length,
      firingSeconds: firingMs / 1000,
      alerts: spans.map(alertJson),
      omitted,
    };
  };

function alertJson({
  labels,
  annotations,
  activeAt,
  firedAt,
  endedAt,
  lowest,
  highest,
}: AlertSpan): ApiBacktestedAlert {
  const seconds = (t: number | undefined) => (t === undefined ? null : t / 1000);
  return {
    labels: labelsRecord(labels),
    annotations: labelsRecord(annotations),
    activeAt: activeAt / 1000,
    firedAt: seconds(firedAt),
    endedAt: seconds(endedAt),
    lowest: formatValue(lowest),
    highest: formatValue(highest),
  };
}

export const BACKTEST_ROUTES: readonly ApiRoute[] = [
  { path: '/backtest', methods: ['GET', 'POST'], answer: backtestAnswer },
];
