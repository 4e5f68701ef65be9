import type { LabelFilter } from '../../shared/api/grafanaQuery.ts';
import { quoted } from '../../shared/model/labels.ts';

/** A selector as PromQL writes it; names that need quotes go inside the braces. Filters without a name or value are not there yet. */
export function selectorText(metric: string, filters: readonly LabelFilter[]): string {
  const plain = metric === '' || /^[a-zA-Z_:][\w:]*$/.test(metric);
  const matchers = filters
    .filter(({ name, value }) => name !== '' && value !== '')
    .map(({ name, op, value }) => `${/^[a-zA-Z_]\w*$/.test(name) ? name : quoted(name)}${op}${quoted(value)}`);
  const inside = [...(plain ? [] : [quoted(metric)]), ...matchers].join(', ');
  return `${plain ? metric : ''}${inside === '' ? '' : `{${inside}}`}`;
}
