/** PromQL that counts requests of an SLO, over a window: all of them, and those that were not good. */
import { formatDuration } from '../../../shared/model/durations.ts';
import { labelNameText, METRIC_NAME } from '../../../shared/model/labels.ts';
import type { Matcher } from '../../../shared/model/matchers.ts';
import type { VectorSelector } from '../../../shared/promql/ast.ts';
import { formatExpr } from '../../../shared/promql/format.ts';
import type { AvailabilityPart, LatencyPart, Slo, SloPart } from './sloFile.ts';

/** Requests a second, over the window. A series for each combination of the labels `by`. */
export function totalRate({ parts: [first], by }: Slo, windowMs: number): string {
  return partTotal(first, by, windowMs);
}

/**
 * Those of them that were not good. 0, not nothing, where none is counted.
 *
 * Counters and histograms do not tell which request was bad for two reasons. Shares of bad requests are added up as if no request ever was: the
 * result is never too good.
 */
export function badRate(slo: Slo, windowMs: number): string {
  const { parts, by } = slo;
  if (parts.length === 1) return partBad(parts[0], by, windowMs);
  const total = totalRate(slo, windowMs);
  // A part without observations (nothing was answered, say) adds nothing; it must not make the others go away.
  const shares = parts.map(
    (part) => `(${partBad(part, by, windowMs)}) / (${partTotal(part, by, windowMs)} > 0) or ${total} * 0`,
  );
  return `clamp_max(${shares.map((share) => `(${share})`).join(' + ')}, 1) * ${total}`;
}

function partTotal(part: SloPart, by: readonly string[], windowMs: number): string {
  if (part.kind === 'availability') return summed(part.total, by, windowMs);
  if (part.isNative) return `histogram_count(${summed(part.histogram, by, windowMs)})`;
  return summed(suffixed(part.histogram, '_count'), by, windowMs);
}

function partBad(part: SloPart, by: readonly string[], windowMs: number): string {
  if (part.kind === 'availability') return failed(part, by, windowMs);
  return part.isNative ? slowNative(part, by, windowMs) : slowClassic(part, by, windowMs);
}

function failed({ total, counted, part }: AvailabilityPart, by: readonly string[], windowMs: number): string {
  const all = summed(total, by, windowMs);
  // A counter of failures often is not there before the first failure, one of successes not while everything fails.
  const some = `(${summed(part, by, windowMs)} or ${all} * 0)`;
  return counted === 'bad' ? some : `${all} - ${some}`;
}

function slowClassic({ histogram, underMs }: LatencyPart, by: readonly string[], windowMs: number): string {
  const count = summed(suffixed(histogram, '_count'), by, windowMs);
  const under = summed(suffixed(histogram, '_bucket', [bound(underMs / 1000)]), by, windowMs);
  // Scrapes of a target that restarts may see one without the other: never below 0.
  return `clamp_min(${count} - ${under}, 0)`;
}

function slowNative({ histogram, underMs }: LatencyPart, by: readonly string[], windowMs: number): string {
  const rate = summed(histogram, by, windowMs);
  const slow = `(1 - histogram_fraction(-Inf, ${underMs / 1000}, ${rate})) * histogram_count(${rate})`;
  // Without observations the share is not a number.
  return `(${slow} >= 0 or histogram_count(${rate}) * 0)`;
}

/** The bucket of a limit. Whole numbers are written `1` by some clients and servers, `1.0` by others. */
function bound(seconds: number): Matcher {
  if (Number.isInteger(seconds)) return { name: 'le', op: '=~', value: `${seconds}(\\.0)?` };
  return { name: 'le', op: '=', value: String(seconds) };
}

function summed(selector: VectorSelector, by: readonly string[], windowMs: number): string {
  const grouping = by.length === 0 ? '' : ` by (${by.map(labelNameText).join(', ')}) `;
  return `sum${grouping}(rate(${formatExpr(selector)}[${formatDuration(windowMs)}]))`;
}

/** The same selector of another metric, whose name ends so, with matchers more. */
export function suffixed(selector: VectorSelector, suffix: string, more: readonly Matcher[] = []): VectorSelector {
  const name = `${selector.name}${suffix}`;
  const own = selector.matchers.filter((matcher) => matcher.name !== METRIC_NAME);
  return { ...selector, name, matchers: [{ name: METRIC_NAME, op: '=', value: name }, ...own, ...more] };
}
