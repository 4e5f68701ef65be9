/** Which rows of two vectors belong together. */
import type { VectorMatching } from '../../shared/promql/ast.ts';
import { keyOf, METRIC_NAME, type Label, type Labels } from '../../shared/model/labels.ts';

const DEFAULT_MATCHING: VectorMatching = { on: false, labels: [], group: undefined, include: [] };

export const matchingOf = (written: VectorMatching | undefined) => written ?? DEFAULT_MATCHING;

/** The labels by which a row is matched. */
export function matchLabels(labels: Labels, matching: VectorMatching): Labels {
  const named = new Set(matching.labels);
  return matching.on
    ? labels.filter(([name]) => named.has(name))
    : labels.filter(([name]) => name !== METRIC_NAME && !named.has(name));
}

/** A function from label sets to texts that are equal where the label sets match. */
export function signatureBy(matching: VectorMatching): (labels: Labels) => string {
  const named = new Set(matching.labels);
  const keep: (label: Label) => boolean = matching.on
    ? ([name]) => named.has(name)
    : ([name]) => name !== METRIC_NAME && !named.has(name);
  return (labels) => {
    let key = '';
    for (let i = 0; i < labels.length; i++) {
      if (keep(labels[i])) key += keyOf(labels[i]);
    }
    return key;
  };
}
