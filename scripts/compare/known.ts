/** What a Prometheus before 3.14 answers otherwise, by what it is. */

export type Change = readonly [what: string, pattern: RegExp];

/** Of every expression: answers that depend on where upstream's store puts the ends of its chunks. */
const OF_STORE: readonly Change[] = [];

const CHANGED_IN_3: readonly Change[] = [
  ['counters are extrapolated to zero after the threshold is applied, no more before', /\b(rate|increase)\(/],
  [
    'functions, aggregations and modifiers that did not exist',
    /first_over_time|_of_|mad_over|double_exp|limit|info\(|smoothed|anchored|fill|<\/|>\/|sort_by_label|histogram_(quantiles|avg|std)|start_timestamp|step\(\)|range\(\)|(start|end)\(\) [-+]/,
  ],
  ['durations were no numbers, and were not computed', /(?<!offset |offset -|\[|\[\d+s:|m:)\b5m\b|\[90\]|\*/],
  ['native histograms were an experiment', /nh|custom|mixed/],
  ['windows were closed on the left', /\[/],
  ['__type__ and __unit__ were labels like others', /typed|__name__/],
  ['errors and notes had other words', /topk|bottomk|quantile|on|ignoring|odd/],
];

/** @param name as `prometheus 2.42.0`; one without a version is taken for the newest. */
export function changedSince(name: string): readonly Change[] {
  const major = Number(/ (\d+)\./.exec(name)?.[1] ?? Infinity);
  return major < 3 ? CHANGED_IN_3 : OF_STORE;
}

export const isSkipped = (expr: string, changes: readonly Change[]) =>
  changes.some(([, pattern]) => pattern.test(expr));
