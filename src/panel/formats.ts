import { formattedValueToString, getValueFormat } from '@grafana/data';
import { knowsUnit, type FormatValue } from '../viz/format.ts';

const formats = new Map<string, FormatValue | undefined>();

/** Units that we do not write ourselves are written by Grafana; undefined for those that we do. */
export function formatOf(unit: string): FormatValue | undefined {
  if (!formats.has(unit)) {
    const format = knowsUnit(unit) ? undefined : getValueFormat(unit);
    formats.set(
      unit,
      format && ((value) => (Number.isFinite(value) ? formattedValueToString(format(value)) : value > 0 ? '∞' : '-∞')),
    );
  }
  return formats.get(unit);
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
