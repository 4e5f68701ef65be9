import type { CountUnit } from '../shared/heatmap/model.ts';

/** Numbers with their unit, as short as they can be without misleading. */
export type FormatValue = (value: number) => string;

interface Prefix {
  readonly from: number;
  readonly divisor: number;
  readonly suffix: string;
}

const SECONDS: readonly Prefix[] = [
  { from: 86_400, divisor: 86_400, suffix: ' d' },
  { from: 3_600, divisor: 3_600, suffix: ' h' },
  { from: 120, divisor: 60, suffix: ' min' },
  { from: 1, divisor: 1, suffix: ' s' },
  { from: 1e-3, divisor: 1e-3, suffix: ' ms' },
  { from: 1e-6, divisor: 1e-6, suffix: ' µs' },
  { from: 0, divisor: 1e-9, suffix: ' ns' },
];
const powers = (base: number, suffixes: readonly string[]): Prefix[] =>
  suffixes.map((suffix, i) => ({ from: i === 0 ? 0 : base ** i, divisor: base ** i, suffix })).reverse();
const SHORT = powers(1000, ['', ' k', ' M', ' G', ' T', ' P']);
const BINARY = powers(1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB', ' PiB']);
const DECIMAL = powers(1000, [' B', ' kB', ' MB', ' GB', ' TB', ' PB']);

/** Units by Grafana's names: how many base units one is, and the prefixes of the base unit. */
const UNITS: Readonly<Record<string, { readonly factor: number; readonly prefixes: readonly Prefix[] }>> = {
  s: { factor: 1, prefixes: SECONDS },
  ms: { factor: 1e-3, prefixes: SECONDS },
  µs: { factor: 1e-6, prefixes: SECONDS },
  us: { factor: 1e-6, prefixes: SECONDS },
  ns: { factor: 1e-9, prefixes: SECONDS },
  m: { factor: 60, prefixes: SECONDS },
  h: { factor: 3600, prefixes: SECONDS },
  bytes: { factor: 1, prefixes: BINARY },
  decbytes: { factor: 1, prefixes: DECIMAL },
  percent: { factor: 1, prefixes: [{ from: 0, divisor: 1, suffix: ' %' }] },
  percentunit: { factor: 100, prefixes: [{ from: 0, divisor: 1, suffix: ' %' }] },
  short: { factor: 1, prefixes: SHORT },
  none: { factor: 1, prefixes: [{ from: 0, divisor: 1, suffix: '' }] },
};

/** Whether values of the unit are times; such axes have ticks at minutes and hours. Gives the seconds of one unit, or undefined. */
export function secondsPerUnit(unit: string): number | undefined {
  return UNITS[unit]?.prefixes === SECONDS ? UNITS[unit].factor : undefined;
}

/** Whether {@link valueFormat} has its own way of writing the unit. */
export function knowsUnit(unit: string): boolean {
  return Object.hasOwn(UNITS, unit);
}

/** How to write values of a unit (Grafana's name for it); an unknown unit is written behind the number. */
export function valueFormat(unit: string): FormatValue {
  const known = UNITS[unit];
  if (known === undefined) return (value) => `${scaled(value, SHORT)}${unit === '' ? '' : ` ${unit}`}`;
  return (value) => scaled(value * known.factor, known.prefixes);
}

function scaled(value: number, prefixes: readonly Prefix[]): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : value < 0 ? '-∞' : 'none';
  if (value === 0) return `0${prefixes === SECONDS ? ' s' : prefixes[prefixes.length - 1].suffix}`;
  const size = Math.abs(value) * (1 + 1e-9); // 0.001 s divides to 0.99999… ms on the way; it is 1 ms.
  const prefix = prefixes.find(({ from }) => size >= from) ?? prefixes[prefixes.length - 1];
  return decimals(value / prefix.divisor) + prefix.suffix;
}

/** Up to three significant digits, more for whole numbers. */
function decimals(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15 || size < 1e-6) return value.toExponential(2);
  if (size >= 100) return String(Math.round(value * 10) / 10).replace(/(\d{3,})\.\d$/, '$1');
  return String(Number(value.toPrecision(3)));
}

const GROUPED = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });

/** A count of observations, a rate of them, or how many points of a hundred a share is over another. */
export function formatCount(count: number, unit: CountUnit): string {
  if (Number.isNaN(count)) return 'no data';
  if (unit === 'shareDifference') return differenceText(count * 100);
  const size = Math.abs(count);
  const text =
    size > 0 && size < 0.01 ? String(Number(count.toPrecision(2))) : GROUPED.format(Number(count.toPrecision(9)));
  return unit === 'count' ? text : `${text}/s`;
}

function differenceText(points: number): string {
  if (points === 0) return '±0 pp';
  const size = Math.abs(points);
  return `${points > 0 ? '+' : '−'}${size < 0.01 ? '< 0.01' : Number(size.toPrecision(size >= 10 ? 3 : 2))} pp`;
}

/** A share in [0, 1] as per cent; a little more than nothing never reads as nothing, a little less than all never as all. */
export function formatShare(share: number): string {
  if (Number.isNaN(share)) return 'none';
  const percent = share * 100;
  if (percent > 0 && percent < 0.01) return '< 0.01 %';
  if (percent < 100 && percent > 99.99) return '> 99.99 %';
  return `${Number(percent.toPrecision(percent > 99 ? 4 : percent >= 10 ? 3 : 2))} %`;
}

/** A slice's time for people: the day, and seconds where they matter. */
export function formatTimeRange(from: number, to: number, timeZone?: string): string {
  const zone = { timeZone, hourCycle: 'h23' } as const;
  const second = from % 60_000 === 0 && to % 60_000 === 0 ? undefined : '2-digit';
  const clock = new Intl.DateTimeFormat('en-GB', { ...zone, hour: '2-digit', minute: '2-digit', second });
  const day = new Intl.DateTimeFormat('en-GB', { ...zone, weekday: 'short', day: 'numeric', month: 'short' });
  const sameDay = day.format(from) === day.format(to);
  return `${day.format(from)}, ${clock.format(from)} – ${sameDay ? '' : `${day.format(to)}, `}${clock.format(to)}`;
}

/** A bucket's bounds for people. */
export function formatBucket(from: number, to: number, format: FormatValue): string {
  if (to === Infinity) return from === -Infinity ? 'all values' : `> ${format(from)}`;
  if (from === -Infinity || from === 0) return `≤ ${format(to)}`;
  return `${format(from)} – ${format(to)}`;
}
