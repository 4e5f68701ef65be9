import {
  createTheme,
  formattedValueToString,
  getDisplayProcessor,
  getValueFormat,
  type FieldConfig,
  type FieldType,
  type ValueMapping,
} from '@grafana/data';
import { knowsUnit, valueFormat, type FormatValue } from '../viz/format.ts';

/** What Grafana's standard options say of how values are written. */
export interface Display {
  readonly decimals?: number | null;
  readonly mappings?: readonly ValueMapping[];
}

export const displayOf = ({ decimals, mappings }: FieldConfig): Display => ({ decimals, mappings });

const FORMATS_MAX = 200;
const formats = new Map<string, FormatValue>();

/** How bounds are written: a mapping's text, else by the unit; units that we do not write ourselves, and chosen decimals, by Grafana. One function for one question. */
export function formatterOf(unit: string, { decimals, mappings = [] }: Display = {}): FormatValue {
  const key = JSON.stringify([unit, decimals, mappings]);
  const known = formats.get(key);
  if (known !== undefined) return known;
  if (formats.size >= FORMATS_MAX) formats.clear();
  const plain = knowsUnit(unit) && typeof decimals !== 'number' ? valueFormat(unit) : grafanaFormat(unit, decimals);
  const format = mappings.length === 0 ? plain : mapped(mappings, plain);
  formats.set(key, format);
  return format;
}

/** Grafana has no other door to its mappings than the text of a value with and without them. */
function mapped(mappings: readonly ValueMapping[], plain: FormatValue): FormatValue {
  const theme = createTheme();
  const textWith = (own: readonly ValueMapping[]) =>
    getDisplayProcessor({ field: { type: 'number' as FieldType, config: { mappings: [...own] } }, theme });
  const [mappedText, unmappedText] = [textWith(mappings), textWith([])];
  return (value) => {
    const { text } = mappedText(value);
    return text === unmappedText(value).text ? plain(value) : text;
  };
}

function grafanaFormat(unit: string, decimals: number | null | undefined): FormatValue {
  const format = getValueFormat(unit);
  return (value) => (Number.isFinite(value) ? formattedValueToString(format(value, decimals)) : value > 0 ? '∞' : '-∞');
}

/** Grafana's name of a time zone as Intl knows it; undefined is the browser's. */
export function zoneOf(timeZone: string | undefined): string | undefined {
  if (timeZone === undefined || timeZone === '' || timeZone === 'browser') return undefined;
  if (timeZone === 'utc') return 'UTC';
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone;
  } catch {
    return undefined; // A zone that this browser does not know is shown in its own.
  }
}
