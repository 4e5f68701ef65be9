/** The expression that a frame answers, and the questions that can be put beside it. */
import type { DataFrame } from '@grafana/data';
import { histogramQueryOf, siblingSelector, splitBy, withMatcher } from '../../shared/explain/histogramQuery.ts';
import { isPlainMetricName, labelNameText, METRIC_NAME } from '../../shared/model/labels.ts';
import { counterUnder, parsed } from '../../shared/explain/counters.ts';
import type { Expr } from '../../shared/promql/ast.ts';
import { formatExpr } from '../../shared/promql/format.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { boundText } from '../links.ts';
import type { MapBox } from '../../ui/HeatmapCanvas.tsx';

/** A look at a part of the data, on top of the panel's own query. */
export interface Refinement {
  readonly conditions: readonly { readonly label: string; readonly op: '=' | '!='; readonly value: string }[];
  readonly splits: readonly string[];
}

export const NO_REFINEMENT: Refinement = { conditions: [], splits: [] };

/** What was asked, variables and macros filled in, as Prometheus data sources tell it; undefined where they do not. */
export function executedExpr(frame: DataFrame | undefined): string | undefined {
  const text = frame?.meta?.executedQueryString;
  if (text === undefined) return undefined;
  const told = /^Expr:\s*([\s\S]*?)(?:\n(?:Step|Instant|Raw samples|Exemplars).*)?$/.exec(text.trim());
  const expr = (told?.[1] ?? text).trim();
  return expr === '' || parsed(expr) === undefined ? undefined : expr;
}

/** The expression over a part of its series; undefined if it is not PromQL. */
export function refinedExpr(text: string, { conditions, splits }: Refinement): string | undefined {
  let expr = parsed(text);
  if (expr === undefined) return undefined;
  for (const { label, op, value } of conditions) expr = withMatcher(expr, { name: label, op, value });
  for (const label of splits) expr = splitBy(expr, label);
  return formatExpr(expr);
}

/** All series of the histogram under an expression, as increases of one step. Throws with words where there is no histogram under it. */
export function allBuckets(text: string, stepMs: number): string {
  const { selector } = histogramQueryOf(parseExpr(text, { experimental: true }));
  return `increase(${formatExpr(selector)}[${Math.max(1, Math.round(stepMs))}ms])`;
}

/**
 * Where the counters under an expression began anew, by the labels that its maps have: a series where it is more than 0. A reset lies between two samples,
 * which may stand in two steps, so each step looks back over two; the first of neighbours counts. Undefined where there are no counters.
 */
export function resetsExpr(text: string, stepMs: number): string | undefined {
  const counter = counterUnder(text);
  if (counter === undefined) return undefined;
  const sum =
    counter.by === undefined ? 'sum without (instance)' : `sum by (${counter.by.map(labelNameText).join(', ')})`;
  return `${sum} (resets(${counter.selector}[${2 * Math.max(1, Math.round(stepMs))}ms])) > 0`;
}

const RULE_WINDOW = '5m';

/**
 * An alerting rule on the share of observations over a box's lower bound, as YAML for a rule file; undefined where the expression is no histogram's.
 *
 * @param share of the observations in the box's time that are over it: the rule fires from half of that on.
 */
export function alertRule(text: string, box: Pick<MapBox, 'lower' | 'upper'>, share: number): string | undefined {
  const expr = parsed(text);
  if (expr === undefined) return undefined;
  const limit = box.lower > 0 ? box.lower : box.upper;
  if (!Number.isFinite(limit)) return undefined;
  const over = shareOver(expr, limit);
  if (over === undefined) return undefined;
  const threshold = Number(Math.min(0.5, Math.max(0.001, share / 2 || 0.01)).toPrecision(2));
  return [
    'groups:',
    '  - name: latency',
    '    rules:',
    `      - alert: ${over.name}`,
    '        expr: |',
    `          ${over.expr}`,
    `            > ${threshold}`,
    '        for: 5m',
    '        labels:',
    '          severity: warning',
    '        annotations:',
    `          summary: 'More than ${Number((threshold * 100).toPrecision(3))} % of observations are over ${boundText(limit)}'`,
    '',
  ].join('\n');
}

function shareOver(expr: Expr, limit: number): { name: string; expr: string } | undefined {
  try {
    const query = histogramQueryOf(expr);
    const by = (query.by ?? []).length > 0 ? ` by (${query.by!.join(', ')})` : '';
    const under = withMatcher(query.selector, { name: 'le', op: '=', value: boundText(limit) });
    const sum = (selector: string): string => `sum${by} (rate(${selector}[${RULE_WINDOW}]))`;
    return {
      name: alertName(query.metric),
      expr: `1 - ${sum(formatExpr(under))} / ${sum(siblingSelector(query, '_count'))}`,
    };
  } catch {
    return nativeShareOver(expr, limit);
  }
}

/** Of a native histogram, which has no buckets to select. */
function nativeShareOver(expr: Expr, limit: number): { name: string; expr: string } | undefined {
  const name = /([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{[^}]*\})?\s*\[/.exec(formatExpr(expr))?.[1];
  if (name === undefined || !isPlainMetricName(name) || name === METRIC_NAME) return undefined;
  return { name: alertName(name), expr: `1 - histogram_fraction(-Inf, ${limit}, ${formatExpr(expr)})` };
}

const alertName = (metric: string): string =>
  `${metric
    .replace(/_(seconds|milliseconds|bucket)$/g, '')
    .split(/[_:]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}Slow`;
