/** Where rules and the notifier meet: alerts of a rule become notices that lead back to its expression. */
import type { Notice } from '../notifier/notice.ts';
import type { Alert } from '../rules/alerts.ts';
import { queryEscape } from '../rules/template/builtins.ts';

export function noticesOf(query: string, alerts: readonly Alert[], externalUrl: string): Notice[] {
  const generatorUrl = `${externalUrl.replace(/\/$/, '')}/graph?g0.expr=${queryEscape(query)}&g0.tab=1`;
  return alerts.map(({ labels, annotations, firedAt, activeAt, resolvedAt, validUntil }) => ({
    labels,
    annotations,
    startsAt: firedAt ?? activeAt,
    endsAt: resolvedAt ?? validUntil,
    generatorUrl,
  }));
}
