/** An alert as receivers hear of it. */
import { labelsFrom, labelsRecord, type Labels } from '../../shared/model/labels.ts';
import { relabel, type RelabelRule } from '../relabel/relabel.ts';

export interface Notice {
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Milliseconds. */
  readonly startsAt: number;
  /** When it was resolved; or until when it counts as firing unless told again. */
  readonly endsAt: number;
  readonly generatorUrl: string;
}

/** Labels of the server are added where the alert has none of that name; what rules drop is left out. */
export function relabelled(
  notices: readonly Notice[],
  rules: readonly RelabelRule[],
  externalLabels: Labels,
): Notice[] {
  return notices.flatMap((notice) => {
    const labels = relabel(labelsFrom([...externalLabels, ...notice.labels]), rules);
    return labels === undefined ? [] : [{ ...notice, labels }];
  });
}

/** The body of POST /api/v2/alerts. Source: Alertmanager's OpenAPI description, `postableAlerts`. */
export function noticesJson(notices: readonly Notice[]): string {
  return JSON.stringify(
    notices.map(({ labels, annotations, startsAt, endsAt, generatorUrl }) => ({
      labels: labelsRecord(labels),
      annotations: labelsRecord(annotations),
      startsAt: new Date(startsAt).toISOString(),
      endsAt: new Date(endsAt).toISOString(),
      generatorURL: generatorUrl,
    })),
  );
}
