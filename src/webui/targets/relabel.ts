/** What relabelling did to a target's labels, rule by rule. */
import { ask } from '../api/client.ts';

export type LabelRecord = Readonly<Record<string, string>>;

export interface RelabelStep {
  readonly rule: {
    readonly action: string;
    readonly source_labels?: readonly string[];
    readonly separator: string;
    readonly regex?: string;
    readonly modulus?: number;
    readonly target_label?: string;
    readonly replacement: string;
  };
  readonly output: LabelRecord;
  readonly keep: boolean;
}

export interface LabelChange {
  readonly label: string;
  /** undefined where there was none. */
  readonly before?: string;
  readonly after?: string;
}

export async function fetchSteps(
  pool: string,
  labels: LabelRecord,
  signal: AbortSignal,
): Promise<readonly RelabelStep[]> {
  const params = { scrapePool: pool, labels: JSON.stringify(labels) };
  return (
    (await ask<{ steps: readonly RelabelStep[] | null }>('targets/relabel_steps', params, signal)).data.steps ?? []
  );
}

export function changesOf(before: LabelRecord, after: LabelRecord): LabelChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .filter((name) => before[name] !== after[name])
    .map((label) => ({ label, before: before[label], after: after[label] }));
}

/** A rule as one reads it. */
export function ruleText({
  action,
  source_labels: sources = [],
  separator,
  regex,
  modulus,
  target_label: target,
  replacement,
}: RelabelStep['rule']): string {
  const from = sources.join(` ${separator} `);
  const matching = regex === undefined || regex === '(.*)' ? '' : ` matching ${regex}`;
  switch (action) {
    case 'replace':
      return `${target} = ${replacement}${from === '' ? '' : ` of ${from}`}${matching}`;
    case 'keep':
    case 'drop':
      return `${action} where ${from}${matching}`;
    case 'keepequal':
    case 'dropequal':
      return `${action} where ${from} equals ${target}`;
    case 'hashmod':
      return `${target} = hash of ${from} modulo ${modulus}`;
    case 'lowercase':
    case 'uppercase':
      return `${target} = ${from} in ${action}`;
    case 'labelmap':
      return `labelmap${matching} to ${replacement}`;
    default:
      return `${action}${matching}`;
  }
}
