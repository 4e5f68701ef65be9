/** Parts of the language that upstream has behind flags. */

/** Which of them are on; all are off where nothing is said. */
export interface PromqlFeatures {
  /** Functions and aggregations that upstream calls experimental. */
  readonly experimental?: boolean;
  /** `anchored` and `smoothed` after a selector. */
  readonly extendedRanges?: boolean;
  /** `fill`, `fill_left` and `fill_right` after a binary operator. */
  readonly fill?: boolean;
  /** The metric's name is dropped when the whole query is evaluated, not operator by operator. */
  readonly delayedNameRemoval?: boolean;
  /** Whether a metric counts is asked of its `__type__` label, not of its name. */
  readonly typeAndUnitLabels?: boolean;
  /** `start_timestamp()` answers. The store keeps no start times, so the answer is 0: unknown. */
  readonly startTimestamps?: boolean;
  /** `stats=all` tells what each step looks at. */
  readonly perStepStats?: boolean;
}

/** What `--enable-feature` calls them. */
export const PROMQL_FEATURE_FLAGS: Readonly<Record<string, keyof PromqlFeatures>> = {
  'promql-experimental-functions': 'experimental',
  'promql-extended-range-selectors': 'extendedRanges',
  'promql-binop-fill-modifiers': 'fill',
  'promql-delayed-name-removal': 'delayedNameRemoval',
  'type-and-unit-labels': 'typeAndUnitLabels',
  'use-start-timestamps': 'startTimestamps',
  'promql-per-step-stats': 'perStepStats',
};

/** Everything that can be read, for texts that are looked at and not evaluated. */
export const ALL_SYNTAX: PromqlFeatures = { experimental: true, extendedRanges: true, fill: true };

/** @param flags names as `--enable-feature` takes them; others are passed over. */
export function featuresOf(flags: readonly string[]): PromqlFeatures {
  const on = flags.filter((flag) => Object.hasOwn(PROMQL_FEATURE_FLAGS, flag));
  return Object.fromEntries(on.map((flag) => [PROMQL_FEATURE_FLAGS[flag], true]));
}
