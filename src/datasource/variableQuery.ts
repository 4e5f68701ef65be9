import { tr } from '../shared/texts/texts.ts';
/** What a dashboard variable may ask: the functions that users of Prometheus in Grafana know, read from text. */
export type VariableQuery =
  | { readonly kind: 'labelNames'; readonly match: string }
  | { readonly kind: 'labelValues'; readonly label: string; readonly match: string }
  | { readonly kind: 'metrics'; readonly pattern: string }
  | { readonly kind: 'queryResult'; readonly expr: string }
  | { readonly kind: 'series'; readonly match: string };

/** The question in a text; undefined for an empty one. A text that is none of the functions names series, whose labels are the values. */
export function parseVariableQuery(text: string): VariableQuery | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const call = /^(\w+)\(([\s\S]*)\)$/.exec(trimmed);
  const argument = call?.[2].trim() ?? '';
  switch (call?.[1]) {
    case 'label_names':
      return { kind: 'labelNames', match: argument };
    case 'label_values': {
      // The label is the last argument; the selector before it may hold commas itself.
      const parts = /^([\s\S]+),\s*([^,{}"'()]+)$/.exec(argument);
      return parts === null
        ? { kind: 'labelValues', label: argument, match: '' }
        : { kind: 'labelValues', label: parts[2].trim(), match: parts[1].trim() };
    }
    case 'metrics':
      return { kind: 'metrics', pattern: argument };
    case 'query_result':
      return { kind: 'queryResult', expr: argument };
    default:
      return { kind: 'series', match: trimmed };
  }
}

const PREVIEW_MAX = 8;

/** The first few values, and how many there are. */
export function previewWords(values: readonly string[]): string {
  if (values.length === 0) return tr('no values: nothing matches now');
  const shown = values.slice(0, PREVIEW_MAX).join(', ');
  const more = values.length > PREVIEW_MAX ? tr(', and {0} more', values.length - PREVIEW_MAX) : '';
  const count = values.length === 1 ? tr('1 value') : tr('{0} values', values.length);
  return `${count}: ${shown}${more}`;
}
