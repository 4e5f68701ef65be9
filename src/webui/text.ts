/** Numbers, ages and rates as people read them. */
import { visible, visiblyQuoted } from '../shared/model/visible.ts';
import { valueFormat } from '../viz/format.ts';

const seconds = valueFormat('s');
const short = valueFormat('short');

export const formatSeconds = seconds;
export const formatShort = short;
export const formatBytes = valueFormat('bytes');

/** 0.43 → "43 %"; tiny shares keep a digit, so that "some" never reads as "none". */
export function formatPercent(share: number): string {
  if (!Number.isFinite(share)) return '–';
  const percent = share * 100;
  if (percent === 0) return '0 %';
  if (percent > 0 && percent < 0.05) return '< 0.1 %';
  return `${percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

export function formatRate(perSecond: number): string {
  if (!Number.isFinite(perSecond)) return '–';
  if (perSecond > 0 && perSecond < 0.01) return `${Number(perSecond.toPrecision(2))}/s`;
  return `${short(perSecond)}/s`;
}

/** How long ago, coarsely: "12 s", "3 min", "5 h", "2 d". */
export function formatAge(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 100) return `${s} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 129_600) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86_400)} d`;
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY_CLOCK = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

export const formatClock = (ms: number): string => CLOCK.format(ms);
export const formatDayClock = (ms: number): string => DAY_CLOCK.format(ms);

/** A label set as one line, without the metric's name: what tells series of one answer apart. */
export function formatMetric(metric: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(metric).filter(([name]) => name !== '__name__');
  const name = visible(metric.__name__ ?? '');
  if (pairs.length === 0) return name === '' ? '{}' : name;
  return `${name}{${pairs.map(([label, value]) => `${visible(label)}=${visiblyQuoted(value)}`).join(', ')}}`;
}
