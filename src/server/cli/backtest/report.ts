/** A backtest in lines for people. */
import { formatLabels } from '../../../shared/model/labels.ts';
import { formatDuration } from '../../../shared/model/durations.ts';
import { formatValue } from '../../../shared/api/prometheus.ts';
import { ALERT_NAME, AlertingRule } from '../../rules/rule.ts';
import type { BacktestedRule } from '../../rules/backtest/backtest.ts';
import type { AlertSpan } from '../../rules/backtest/firingLog.ts';

interface Range {
  readonly start: number;
  readonly end: number;
}

export function reportLines(rules: readonly BacktestedRule[], range: Range): string[] {
  const head = `${timeText(range.start)} to ${timeText(range.end)}, ${formatDuration(range.end - range.start)}`;
  return [head, ...rules.flatMap((rule) => ['', ...ruleLines(rule, range)])];
}

function ruleLines(
  { group, rule, spans, omitted, evaluations, failures, fault, series }: BacktestedRule,
  range: Range,
): string[] {
  const failed = failures === 0 ? [] : [`  ${failures} of ${evaluations} evaluations failed: ${fault}`];
  const title = `${group.name}: ${rule.spec.name}`;
  if (!(rule instanceof AlertingRule)) return [`${title} would have recorded ${series} series`, ...failed];
  const fired = spans.filter(({ firedAt }) => firedAt !== undefined);
  const firingMs = fired.reduce((sum, span) => sum + (span.endedAt ?? range.end) - span.firedAt!, 0);
  const pending = spans.length - fired.length;
  const often =
    fired.length === 0
      ? 'would not have fired'
      : `would have fired ${times(fired.length)}, ${formatDuration(firingMs)} in all`;
  const almost = pending === 0 ? '' : `; ${times(pending)} it ended before its for: ${formatDuration(rule.spec.forMs)}`;
  return [
    `${title} ${often}${almost}`,
    ...spans.flatMap((span) => spanLines(span, range)),
    ...(omitted === 0 ? [] : [`  and ${omitted} times more`]),
    ...failed,
  ];
}

const times = (count: number) => (count === 1 ? 'once' : `${count} times`);

function spanLines(
  { labels, annotations, activeAt, firedAt, endedAt, lowest, highest }: AlertSpan,
  { end }: Range,
): string[] {
  const own = formatLabels(labels.filter(([name]) => name !== ALERT_NAME));
  const value = lowest === highest ? formatValue(lowest) : `${formatValue(lowest)} to ${formatValue(highest)}`;
  const lasted = formatDuration((endedAt ?? end) - (firedAt ?? activeAt));
  const how =
    firedAt === undefined ? `pending for ${lasted}` : `firing for ${lasted}${endedAt === undefined ? ' and on' : ''}`;
  const texts = firedAt === undefined ? [] : annotations.map(([name, text]) => `      ${name}: ${text}`);
  return [`  ${timeText(firedAt ?? activeAt)}  ${how}  ${own}  ${value}`, ...texts];
}

const timeText = (t: number) => new Date(t).toISOString().replace(/\.000Z$/, 'Z');
