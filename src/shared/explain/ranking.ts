/** Which labels set two groups of observations apart. */
import { compareText } from '../model/labels.ts';
import { cautiousDifference, normalQuantile } from './proportions.ts';
import type { SplitCounts } from './region.ts';

/** A label with its value; '' for series without the label. */
export interface LabelPair {
  readonly label: string;
  readonly value: string;
}

export interface RankedValue {
  readonly value: string;
  /** Observations. */
  readonly inside: number;
  readonly baseline: number;
  /** Of all observations inside, and of all in the baseline; NaN where there are none. */
  readonly shareInside: number;
  readonly shareBaseline: number;
  /** How many shares more (or, below 0, fewer) it holds inside, at the cautious end of what the counts allow; 0 where they allow for no difference. */
  readonly score: number;
  /** All of its series began inside the box. */
  readonly isNew: boolean;
  /** Other labels' values that have exactly the same series. */
  readonly same: readonly LabelPair[];
}

export interface RankedLabel {
  readonly label: string;
  /** The largest score of its values, without sign. */
  readonly score: number;
  /** Labels that divide the series in exactly the same way; they are not listed again. */
  readonly sameSplit: readonly string[];
  /** Those that hold more inside first, and among them those that differ most. */
  readonly values: readonly RankedValue[];
}

/** The chance that chance alone gives any value a score, were observations independent. */
const FALSE_ALARM = 0.05;

/**
 * Labels that have more than one value, ranked by how far the share of one of their values inside is from its share in the baseline. Of equals, the
 * label with fewer values is first, then the one that says more. Source of the score: proportions.ts, with the level divided by the number of values looked at (Bonferroni).
 */
export function rankLabels(split: readonly SplitCounts[]): RankedLabel[] {
  let insideAll = 0;
  let baselineAll = 0;
  for (const { inside, baseline } of split) {
    insideAll += inside;
    baselineAll += baseline;
  }
  const labels = tally(split).filter(({ values }) => values.size > 1);
  const pairsBySeries = samePairs(labels);
  const bySplit = new Map<string, Tally[]>();
  for (const label of labels) bySplit.set(label.split, [...(bySplit.get(label.split) ?? []), label]);
  // The same split under two names is looked at once.
  const looks = [...bySplit.values()].reduce((sum, [{ values }]) => sum + values.size, 0);
  const z = normalQuantile(1 - FALSE_ALARM / 2 / Math.max(1, looks));
  return [...bySplit.values()]
    .map(([first, ...others]): RankedLabel => {
      const values = [...first.values].map(([value, counts]): RankedValue => {
        const { inside, baseline } = counts;
        return {
          value,
          inside,
          baseline,
          shareInside: inside / insideAll,
          shareBaseline: baseline / baselineAll,
          score: cautiousDifference(inside, insideAll, baseline, baselineAll, z),
          isNew: counts.seriesCount === counts.newCount,
          same: (pairsBySeries.get(counts.series) ?? []).filter(({ label }) => label !== first.label),
        };
      });
      values.sort(byDifference(values));
      const score = values.reduce((best, value) => Math.max(best, Math.abs(value.score)), 0);
      return { label: first.label, score, sameSplit: others.map(({ label }) => label), values };
    })
    .sort((a, b) => b.score - a.score || a.values.length - b.values.length || byMeaning(a.label, b.label));
}

/** Values that hold less are told first only where they say at least so many times as much. */
const LESS_FIRST_FROM = 2;

/** What holds more inside comes first: it is what one looks for. Not so where what is missing says far more. */
function byDifference(values: readonly RankedValue[]): (a: RankedValue, b: RankedValue) => number {
  const most = values.reduce((best, { score }) => Math.max(best, score), 0);
  const least = values.reduce((best, { score }) => Math.min(best, score), 0);
  const sign = -least > LESS_FIRST_FROM * most ? -1 : 1;
  return (a, b) =>
    sign * (Math.sign(b.score) - Math.sign(a.score)) ||
    Math.abs(b.score) - Math.abs(a.score) ||
    b.shareInside - a.shareInside ||
    b.inside - a.inside ||
    compareText(a.value, b.value);
}

interface ValueTally {
  inside: number;
  baseline: number;
  seriesCount: number;
  newCount: number;
  /** The places of its series in the input, as a text that is equal for equal sets. */
  series: string;
  hash: SetHash;
}

interface Tally {
  readonly label: string;
  readonly values: ReadonlyMap<string, ValueTally>;
  /** How the label divides the series, as a text that is equal for equal divisions. */
  readonly split: string;
}

/** Of labels with the same split, those by which people tell models apart say most, and those that say where a series came from least. */
const MODELS: ReadonlySet<string> = new Set(['model', 'model_name', 'model_version', 'version', 'deployment']);
const PLACES: ReadonlySet<string> = new Set(['instance', 'pod', 'container', 'node', 'host', 'hostname', 'ip', 'job']);

function byMeaning(a: string, b: string): number {
  const order = (name: string): number => (MODELS.has(name) ? 0 : PLACES.has(name) ? 2 : 1);
  return order(a) - order(b) || compareText(a, b);
}

/** By label name, what says most first; a series without a label that others have counts under ''. */
function tally(split: readonly SplitCounts[]): Tally[] {
  const names = new Set<string>();
  for (const { labels } of split) for (const [name] of labels) names.add(name);
  const sorted = [...names].sort(byMeaning);
  return sorted.map((label) => {
    const values = new Map<string, ValueTally>();
    const numbers = new Map<string, number>();
    const division = new SetHash();
    split.forEach(({ labels, inside, baseline, isNew }, i) => {
      const value = valueOf(labels, label);
      let counts = values.get(value);
      if (counts === undefined) {
        counts = { inside: 0, baseline: 0, seriesCount: 0, newCount: 0, series: '', hash: new SetHash() };
        values.set(value, counts);
        numbers.set(value, numbers.size);
      }
      counts.inside += inside;
      counts.baseline += baseline;
      counts.seriesCount++;
      if (isNew) counts.newCount++;
      counts.hash.add(i);
      division.add(numbers.get(value)!);
    });
    for (const counts of values.values()) counts.series = counts.hash.text();
    return { label, values, split: division.text() };
  });
}

function valueOf(labels: SplitCounts['labels'], name: string): string {
  for (let i = 0; i < labels.length; i++) if (labels[i][0] === name) return labels[i][1];
  return '';
}

function samePairs(labels: readonly Tally[]): Map<string, LabelPair[]> {
  const pairs = new Map<string, LabelPair[]>();
  for (const { label, values } of labels) {
    for (const [value, { series }] of values) {
      const known = pairs.get(series);
      if (known === undefined) pairs.set(series, [{ label, value }]);
      else known.push({ label, value });
    }
  }
  return pairs;
}

/** A sequence of whole numbers in 64 bits and a length: two that differ have one text with a chance of 2⁻⁶⁴. */
class SetHash {
  private a = 0x811c9dc5;
  private b = 0x9e3779b9;
  private count = 0;

  add(n: number): void {
    this.a = Math.imul(this.a ^ n, 0x01000193);
    this.a ^= this.a >>> 15;
    this.b = Math.imul((this.b + n) ^ (this.b >>> 13), 0x85ebca6b);
    this.b ^= this.b >>> 16;
    this.count++;
  }

  text(): string {
    return `${this.count} ${this.a >>> 0} ${this.b >>> 0}`;
  }
}
