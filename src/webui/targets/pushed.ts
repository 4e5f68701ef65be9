/** Groups of pushed metrics as the API lists them → rows. */
import type { LabelRecord } from './relabel.ts';

export interface PushedMetric {
  readonly name: string;
  readonly type: string;
  readonly labels: LabelRecord;
  /** A number's text, or the count of a distribution. */
  readonly text: string;
}

export interface PushedGroup {
  readonly labels: LabelRecord;
  readonly succeeded: boolean;
  /** Milliseconds. */
  readonly pushedAt: number;
  readonly metrics: readonly PushedMetric[];
}

interface Family {
  readonly time_stamp: string;
  readonly type: string;
  readonly metrics: readonly { readonly labels: LabelRecord; readonly value?: string; readonly count?: string }[];
}

/** The metrics that tell when a group was pushed are told by the group's head. */
const OF_THE_GROUP = /^push_(time|failure_time)_seconds$/;

export function pushedGroups(groups: readonly Record<string, unknown>[]): PushedGroup[] {
  return groups.map((group) => {
    const labels = group.labels as LabelRecord;
    const families = Object.entries(group).filter((entry): entry is [string, Family] => isFamily(entry[1]));
    return {
      labels,
      succeeded: group.last_push_successful === true,
      pushedAt: Math.max(0, ...families.map(([, { time_stamp: at }]) => Date.parse(at))),
      metrics: families
        .filter(([name]) => !OF_THE_GROUP.test(name))
        .flatMap(([name, { type, metrics }]) =>
          metrics.map((metric) => ({
            name,
            type: type.toLowerCase(),
            labels: withoutGroup(metric.labels, labels),
            text: metric.value ?? `${metric.count} observations`,
          })),
        ),
    };
  });
}

function isFamily(value: unknown): value is Family {
  return typeof value === 'object' && value !== null && Array.isArray((value as Partial<Family>).metrics);
}

function withoutGroup(labels: LabelRecord, group: LabelRecord): LabelRecord {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => group[name] === undefined));
}

/** Where a group is deleted. Values go as base64, which takes any text, slashes and the empty one too. */
export function groupPath(labels: LabelRecord): string {
  const { job = '', ...others } = labels;
  const part = (name: string, value: string) => `${name}@base64/${base64Url(value)}`;
  return `metrics/${[['job', job], ...Object.entries(others)].map(([name, value]) => part(name, value)).join('/')}`;
}

function base64Url(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const base64 = btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
  return base64 === '' ? '=' : base64;
}
