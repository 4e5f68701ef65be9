/** Which rules of a group read what earlier ones write; the others may be evaluated at the same time. */
import { compileMatcher, type TextTest } from '../../shared/model/matchers.ts';
import { METRIC_NAME } from '../../shared/model/labels.ts';
import { childrenOf, type Expr, type VectorSelector } from '../../shared/promql/ast.ts';
import type { RuleSpec } from './ruleFile.ts';
import { ALERT_NAME, ALERTS, ALERTS_FOR_STATE } from './rule.ts';

/** Samples of so many rules are written together at most. */
const BATCH_MAX = 64;

/** Rules by number, in their order, in batches: none of a batch reads what an earlier one of it writes. */
export function consecutiveBatches(rules: readonly RuleSpec[]): number[][] {
  const batches: number[][] = [];
  rules.forEach(({ expr }, i) => {
    const batch = batches.at(-1);
    const readers = selectorsOf(expr).map(readerOf);
    const reads = (j: number) => readers.some((read) => read === undefined || read(rules[j]));
    if (batch === undefined || batch.length === BATCH_MAX || batch.some(reads)) batches.push([i]);
    else batch.push(i);
  });
  return batches;
}

/**
 * Rules by number, in batches: those of a batch read nothing that the others of it write. One rule a batch where it cannot be told,
 * because a selector names no metric.
 */
export function independentBatches(rules: readonly RuleSpec[]): number[][] {
  const reads = rules.map((rule) => selectorsOf(rule.expr).map(readerOf));
  if (reads.some((readers) => readers.includes(undefined))) return rules.map((_, i) => [i]);
  const levels: number[] = [];
  rules.forEach((_, i) => {
    let level = 0;
    for (let j = 0; j < i; j++) if (reads[i].some((read) => read!(rules[j]))) level = Math.max(level, levels[j] + 1);
    levels.push(level);
  });
  const batches: number[][] = [];
  levels.forEach((level, i) => (batches[level] ??= []).push(i));
  return batches;
}

/** Whether a selector reads what a rule writes; undefined for a selector of any metric. */
function readerOf(selector: VectorSelector): ((rule: RuleSpec) => boolean) | undefined {
  const test = testOf(selector, METRIC_NAME);
  if (test === undefined) return undefined;
  const readsAlerts = test(ALERTS) || test(ALERTS_FOR_STATE);
  const alertTest = testOf(selector, ALERT_NAME) ?? (() => true);
  return ({ kind, name }) => test(name) || (kind === 'alerting' && readsAlerts && alertTest(name));
}

function testOf(selector: VectorSelector, label: string): TextTest | undefined {
  const matcher = selector.matchers.find(({ name }) => name === label);
  return matcher && compileMatcher(matcher);
}

function selectorsOf(expr: Expr): VectorSelector[] {
  if (expr.kind === 'selector') return [expr];
  return childrenOf(expr).flatMap(selectorsOf);
}
