/** From a page's labels to the series' labels: the target's labels put on, metric relabelling, limits. */
import {
  compareText,
  labelsFrom,
  labelValue,
  METRIC_NAME,
  formatLabels,
  isPlainLabelName,
  isPlainMetricName,
  type Label,
  type Labels,
} from '../../shared/model/labels.ts';
import type { ScrapeConfig } from '../config/config.ts';
import { relabel, type RelabelRule } from '../relabel/relabel.ts';

const EXPORTED_PREFIX = 'exported_';

/**
 * @param page labels as the page has them; one written with an empty value counts as there.
 * @param honorLabels the page's labels stand where both have one; otherwise the target's do and the page's move to `exported_…`.
 */
export function withTargetLabels(page: Labels, target: Labels, honorLabels: boolean): Labels {
  return mergedApart(page, target) ?? mergedByName(page, target, honorLabels);
}

/** The set being merged: a list that grows takes twice what is needed. */
const merged: Label[] = [];

/** Of two sorted sets without a name in common, which most are; undefined for others. An empty value is none. */
function mergedApart(page: Labels, target: Labels): Labels | undefined {
  let count = 0;
  let t = 0;
  for (const label of page) {
    let order = 1;
    for (; t < target.length && (order = compareText(target[t][0], label[0])) < 0; t++)
      if (target[t][1] !== '') merged[count++] = target[t];
    if (order === 0) return undefined;
    if (label[1] !== '') merged[count++] = label;
  }
  for (; t < target.length; t++) if (target[t][1] !== '') merged[count++] = target[t];
  return merged.slice(0, count);
}

function mergedByName(page: Labels, target: Labels, honorLabels: boolean): Labels {
  if (honorLabels) return labelsFrom([...target, ...page]);
  const merged = new Map(page);
  const moved: [string, string][] = [];
  for (const [name, value] of target) {
    const own = merged.get(name);
    if (own !== undefined && own !== '') moved.push([name, own]);
    merged.set(name, value);
  }
  for (const [name, value] of moved) {
    let free = EXPORTED_PREFIX + name;
    while (merged.has(free)) free = EXPORTED_PREFIX + free;
    merged.set(free, value);
  }
  return labelsFrom(merged);
}

/** What a page may be too large in. */
export type ScrapeLimit = 'bodySize' | 'samples' | 'labels' | 'nativeBuckets';

/** A series that makes the whole scrape fail: over a limit, or without a usable name. */
export class SampleLabelsError extends Error {
  /** Of those that a job's configuration sets. */
  readonly limit: ScrapeLimit | undefined;
  constructor(message: string, limit?: ScrapeLimit) {
    super(message);
    this.name = 'SampleLabelsError';
    this.limit = limit;
  }
}

/**
 * The series' labels, or undefined if metric relabelling drops it.
 *
 * @throws SampleLabelsError
 */
export function seriesLabels(
  page: Labels,
  target: Labels,
  config: ScrapeConfig,
  rules: readonly RelabelRule[],
): Labels | undefined {
  const labels = relabel(withTargetLabels(page, target, config.honorLabels), rules);
  if (labels === undefined || labels.length === 0) return undefined;
  const name = labelValue(labels, METRIC_NAME);
  if (name === '') throw new SampleLabelsError(`metric_relabel_configs left ${formatLabels(labels)} without __name__`);
  if (config.nameValidation === 'legacy' && !(isPlainMetricName(name) && labels.every(([n]) => isPlainLabelName(n)))) {
    throw new SampleLabelsError(
      `${formatLabels(labels)} has names outside [a-zA-Z0-9_:], which metric_name_validation_scheme: legacy refuses`,
    );
  }
  checkLimits(labels, config);
  return labels;
}

function checkLimits(labels: Labels, { limits }: ScrapeConfig): void {
  const over = (what: string, seen: number, key: string, limit: number) =>
    new SampleLabelsError(
      `${formatLabels(labels).slice(0, 200)}: ${what} ${seen}, over ${key}: ${limit}; raise it or drop the label with metric_relabel_configs`,
      'labels',
    );
  if (limits.labels > 0 && labels.length > limits.labels)
    throw over('label count', labels.length, 'label_limit', limits.labels);
  if (limits.labelNameLength === 0 && limits.labelValueLength === 0) return;
  for (const [name, value] of labels) {
    const [nameBytes, valueBytes] = [Buffer.byteLength(name), Buffer.byteLength(value)];
    if (limits.labelNameLength > 0 && nameBytes > limits.labelNameLength) {
      throw over(`length of the name ${name}`, nameBytes, 'label_name_length_limit', limits.labelNameLength);
    }
    if (limits.labelValueLength > 0 && valueBytes > limits.labelValueLength) {
      throw over(`length of the value of ${name}`, valueBytes, 'label_value_length_limit', limits.labelValueLength);
    }
  }
}
