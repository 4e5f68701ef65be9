/** Why a region of a heatmap is as it is: the labels that set its observations apart from the others. */
import { countedText, pairText, readingOf, shareText, wordingOf, type Wording } from './words.ts';
import { rankLabels, type RankedLabel, type RankedValue } from './ranking.ts';
import { splitByRegion, type Baseline, type Box, type RegionCells } from './region.ts';

export interface ExplainInput {
  readonly cells: RegionCells;
  readonly box: Box;
  readonly baseline: Baseline;
  /** What is observed: `requests`. */
  readonly noun?: string;
}

export interface ExplainedValue extends RankedValue {
  /** In words: `version="v2" holds 91 % of the slow requests and 12 % of the others`. */
  readonly reading: string;
}

export interface ExplainedLabel extends Omit<RankedLabel, 'values'> {
  readonly values: readonly ExplainedValue[];
}

export interface Explanation {
  /** Observations inside the box and in its baseline. */
  readonly inside: number;
  readonly baseline: number;
  /** Label sets that have observations in either. */
  readonly labelSets: number;
  readonly words: Wording;
  /** The answer in one sentence. */
  readonly headline: string;
  /** What differs most first. */
  readonly labels: readonly ExplainedLabel[];
  /** Where the answer is weaker than it looks. */
  readonly cautions: readonly string[];
}

/** A difference of fewer shares than this is no explanation. */
const CLEAR_FROM = 0.1;
/** Shares of fewer observations say little. */
const FEW = 30;

/**
 * Compares, for every label, how the observations inside the box and those of the baseline fall on its values.
 *
 * @returns labels with a single value are left out; everything is in counts of observations. Never throws.
 */
export function explainRegion({ cells, box, baseline, noun = 'requests' }: ExplainInput): Explanation {
  const split = splitByRegion(cells, box, baseline);
  const inside = split.reduce((sum, counts) => sum + counts.inside, 0);
  const outside = split.reduce((sum, counts) => sum + counts.baseline, 0);
  const words = wordingOf(noun, placeOf(cells, box), baseline);
  const ranked = rankLabels(split);
  const compared = baseline.kind === 'value' ? ranked.filter(isOnBothSides) : ranked;
  const labels = compared.map((label): ExplainedLabel => ({
    ...label,
    values: label.values.map((value) => ({
      ...value,
      reading: readingOf(pairText(label.label, value.value), value.shareInside, value.shareBaseline, words),
    })),
  }));
  const newOnes = split.filter((counts) => counts.isNew && counts.inside > 0);
  return {
    inside,
    baseline: outside,
    labelSets: split.length,
    words,
    headline: headlineOf(labels, inside, outside, words),
    labels,
    cautions: [
      ...cautionsOf(inside, outside, words, newOnes),
      ...(baseline.kind === 'value' ? oneSidedCautions(ranked, baseline.label) : []),
    ],
  };
}

/** Whether a label can tell two groups of series apart that have it: its values must not be one group's alone. */
function isOnBothSides({ values }: RankedLabel): boolean {
  return values.some(({ inside, baseline }) => inside > 0 && baseline > 0);
}

/** @param by the label whose value made the two sides. */
function oneSidedCautions(ranked: readonly RankedLabel[], by: string): string[] {
  const names = ranked
    .filter((label) => !isOnBothSides(label))
    .flatMap(({ label, sameSplit }) => [label, ...sameSplit])
    .filter((name) => name !== by);
  if (names.length === 0) return [];
  return [`Not compared: ${names.join(', ')}, as each value belongs to one side only.`];
}

function headlineOf(labels: readonly ExplainedLabel[], inside: number, baseline: number, words: Wording): string {
  if (inside === 0) return 'Nothing was observed in this box';
  if (baseline === 0) return `There are no ${words.baseline} to compare with`;
  if (labels.length === 0) return 'All of it comes from series with the same labels: there is nothing to compare';
  const [best] = labels;
  if (best.score < CLEAR_FROM) return `No label of this histogram sets the ${words.inside} apart`;
  return best.values[0].reading;
}

function cautionsOf(
  inside: number,
  baseline: number,
  words: Wording,
  newOnes: readonly { readonly inside: number }[],
): string[] {
  const cautions: string[] = [];
  if (inside > 0 && inside < FEW)
    cautions.push(`Only ${countedText(Math.round(inside), words.inside)}: shares of so few say little.`);
  if (baseline > 0 && baseline < FEW) {
    cautions.push(
      `Only ${countedText(Math.round(baseline), words.baseline)} to compare with: shares of so few say little.`,
    );
  }
  if (newOnes.length > 0 && inside > 0) {
    const share = newOnes.reduce((sum, counts) => sum + counts.inside, 0) / inside;
    const sets = newOnes.length === 1 ? 'one label set' : `${newOnes.length} label sets`;
    cautions.push(
      `${shareText(share)} of the ${words.inside} come from ${sets} that began inside the box: new, not changed.`,
    );
  }
  return cautions;
}

/** Slow where most observations at other values are below the box, fast where most are above it. */
function placeOf({ yEdges, histograms }: RegionCells, box: Box): 'slow' | 'fast' | 'selected' {
  const buckets = yEdges.length - 1;
  let below = 0;
  let above = 0;
  let within = 0;
  for (const { counts } of histograms) {
    for (let i = 0; i < counts.length; i++) {
      if (!(counts[i] > 0)) continue;
      const y = i % buckets;
      if (yEdges[y + 1] <= box.lower) below += counts[i];
      else if (yEdges[y] >= box.upper) above += counts[i];
      else within += counts[i];
    }
  }
  const half = (below + above + within) / 2;
  return below > half ? 'slow' : above > half ? 'fast' : 'selected';
}
