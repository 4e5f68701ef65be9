/** What rule evaluation tells of itself on /metrics, under upstream's names. */
import type { GroupCounts } from '../rules/group.ts';
import type { RulesView } from '../rules/manager.ts';
import type { SelfMetrics } from '../telemetry/selfMetrics.ts';

type Row = readonly [name: string, help: string, read: (counts: GroupCounts) => number];

const COUNTERS: readonly Row[] = [
  ['prometheus_rule_evaluations_total', 'The total number of rule evaluations.', (c) => c.evaluations],
  ['prometheus_rule_evaluation_failures_total', 'The total number of rule evaluation failures.', (c) => c.failures],
  [
    'prometheus_rule_group_iterations_total',
    'The total number of scheduled rule group evaluations, whether executed or missed.',
    (c) => c.iterations,
  ],
  [
    'prometheus_rule_group_iterations_missed_total',
    'The total number of rule group evaluations missed due to slow rule group evaluation.',
    (c) => c.iterationsMissed,
  ],
];

const GAUGES: readonly Row[] = [
  [
    'prometheus_rule_group_last_duration_seconds',
    'The duration of the last rule group evaluation.',
    (c) => c.durationMs / 1000,
  ],
  [
    'prometheus_rule_group_last_rule_duration_sum_seconds',
    'The sum of time in seconds it took to evaluate each rule in the group regardless of concurrency.',
    (c) => c.ruleDurationMs / 1000,
  ],
  [
    'prometheus_rule_group_last_restore_duration_seconds',
    'The duration of the last restoration of alerts from the ALERTS_FOR_STATE series.',
    (c) => c.restoreMs / 1000,
  ],
  [
    'prometheus_rule_group_last_evaluation_timestamp_seconds',
    'The timestamp of the last rule group evaluation in seconds.',
    (c) => c.evaluatedAt / 1000,
  ],
  [
    'prometheus_rule_group_last_evaluation_samples',
    'The number of samples returned during the last rule group evaluation.',
    (c) => c.samples,
  ],
];

const RULE_QUANTILES = [0.5, 0.9, 0.99];
const GROUP_QUANTILES = [0.01, 0.05, 0.5, 0.9, 0.99];

/** Registers how long evaluations take, and gives the listener. */
export function ruleTimeMetrics(metrics: SelfMetrics): (what: 'rule' | 'group', durationMs: number) => void {
  const rules = metrics.summary(
    'prometheus_rule_evaluation_duration_seconds',
    'The duration for a rule to execute.',
    RULE_QUANTILES,
    'prometheus_rule_evaluation_duration_histogram_seconds',
  );
  const groups = metrics.summary(
    'prometheus_rule_group_duration_seconds',
    'The duration of rule group evaluations.',
    GROUP_QUANTILES,
    'prometheus_rule_group_duration_histogram_seconds',
  );
  return (what, durationMs) => (what === 'rule' ? rules : groups)({}, durationMs / 1000);
}

/** Registers what is counted of templates, and gives the listener. */
export function templateMetrics(metrics: SelfMetrics): (failed: boolean) => void {
  const all = metrics.ownCounter(
    'prometheus_template_text_expansions_total',
    'The total number of template text expansions.',
  );
  const failures = metrics.ownCounter(
    'prometheus_template_text_expansion_failures_total',
    'The total number of template text expansion failures.',
  );
  return (failed) => {
    all.add();
    if (failed) failures.add();
  };
}

/** @param rules undefined until the store is open. */
export function registerRuleMetrics(metrics: SelfMetrics, rules: () => RulesView | undefined): void {
  const groups = () => rules()?.groups() ?? [];
  const rows = (read: (group: ReturnType<typeof groups>[number]) => number) => () =>
    groups().map((group) => ({ labels: { rule_group: group.key }, value: read(group) }));
  for (const [name, help, read] of COUNTERS)
    metrics.counterRows(
      name,
      help,
      ['rule_group'],
      rows((group) => read(group.counts)),
    );
  for (const [name, help, read] of GAUGES)
    metrics.gaugeRows(
      name,
      help,
      ['rule_group'],
      rows((group) => read(group.counts)),
    );
  metrics.gaugeRows(
    'prometheus_rule_group_interval_seconds',
    'The interval of a rule group.',
    ['rule_group'],
    rows((group) => group.settings.intervalMs / 1000),
  );
  metrics.gaugeRows(
    'prometheus_rule_group_rules',
    'The number of rules.',
    ['rule_group'],
    rows((group) => group.rules.length),
  );
}
