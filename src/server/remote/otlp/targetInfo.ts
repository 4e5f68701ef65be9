/** `target_info`: a series of ones whose labels are the attributes of a resource, for joins. */
import type { Labels } from '../../../shared/model/labels.ts';
import { IDENTIFYING, type ResourceLabels } from './labelSets.ts';
import type { Attributes } from './metrics.ts';

/** Of a request whose points lie far apart, the newest. */
const SAMPLES_MAX = 1_000;

export interface TargetInfo {
  readonly labels: Labels;
  /** Ascending, milliseconds. */
  readonly times: readonly number[];
}

/**
 * @param first time of the resource's first and last point, milliseconds.
 * @param everyMs at least so often between the two.
 * @returns undefined where the resource has no name, or nothing to tell but its name.
 */
export function targetInfo(
  attributes: Attributes,
  resource: ResourceLabels,
  {
    first,
    last,
    everyMs,
    keepsIdentifying,
  }: { first: number; last: number; everyMs: number; keepsIdentifying: boolean },
): TargetInfo | undefined {
  if (resource.identity.length === 0 || attributes.every(([key]) => IDENTIFYING.has(key))) return undefined;
  const labels = resource.targetInfoLabels(attributes, keepsIdentifying);
  if (labels === undefined) return undefined;
  const steps = Math.ceil((last - first) / everyMs);
  const times: number[] = [];
  for (let step = Math.max(0, steps - SAMPLES_MAX); step < steps; step++) times.push(first + step * everyMs);
  return { labels, times: [...times, last] };
}
