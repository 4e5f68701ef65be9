/** Attributes as texts: labels have no other values. */
import { compareText } from '../../../shared/model/labels.ts';
import type { AttributeValue } from './metrics.ts';

/** Numbers as JavaScript writes them, bytes in base64, lists and maps as JSON with sorted keys; '' for nothing. */
export function attributeText(value: AttributeValue): string {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  if (typeof value === 'object') return jsonOf(value) ?? '';
  return Object.is(value, -0) ? '-0' : String(value);
}

/** undefined where a number in it is none, which JSON has no word for. */
function jsonOf(value: AttributeValue): string | undefined {
  if (typeof value === 'string') return jsonText(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return undefined;
  if (value === null || typeof value !== 'object') return value === null ? 'null' : attributeText(value);
  if (value instanceof Map) {
    const keys = [...(value as ReadonlyMap<string, AttributeValue>).keys()].sort(compareText);
    const pairs = keys.map((key) => [jsonText(key), jsonOf((value as Map<string, AttributeValue>).get(key)!)] as const);
    return pairs.some(([, json]) => json === undefined)
      ? undefined
      : `{${pairs.map((pair) => pair.join(':')).join(',')}}`;
  }
  const items = (value as readonly AttributeValue[]).map(jsonOf);
  return items.includes(undefined) ? undefined : `[${items.join(',')}]`;
}

/** The two line separators are escaped, as Go does. */
const jsonText = (text: string) =>
  JSON.stringify(text).replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);
