/** The name of a series in legends. */
import { formatLabels, labelsOf } from '../../shared/model/labels.ts';

const PLACEHOLDER = /\{\{\s*(.+?)\s*\}\}/g;

/**
 * `{{label}}` placeholders of a format filled from the labels ('' where there is no such label); without a format the series as PromQL writes it,
 * and for a series without labels the expression.
 */
export function seriesName(format: string, labels: Readonly<Record<string, string>>, expr: string): string {
  if (format !== '') {
    return format.replace(PLACEHOLDER, (_, name: string) => (Object.hasOwn(labels, name) ? labels[name] : ''));
  }
  return Object.keys(labels).length === 0 ? expr : formatLabels(labelsOf(labels));
}
