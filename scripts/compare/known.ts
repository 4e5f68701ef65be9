/** What a Prometheus before 3.14 answers otherwise, by what it is. */

export type Change = readonly [what: string, pattern: RegExp];

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
  return major < 3 ? CHANGED_IN_3 : [];
}

export const isSkipped = (expr: string, changes: readonly Change[]) =>
  changes.some(([, pattern]) => pattern.test(expr));

/** In what is computed, not in what is told or refused. */
const isOfValues = (difference: string) => !/^(ours|theirs|error|warnings|infos|order) /.test(difference);

/** Differences that are upstream's own, by what they are and the smallest expression that shows one. */
const EXPLAINED: readonly (readonly [what: string, shows: (expr: string, difference: string) => boolean])[] = [
  [
    'logarithms of denormal numbers, which the assembly of Go takes for the smallest normal one',
    (expr, difference) => /\b(ln|log2|log10)\(/.test(expr) && /-307\.95|-708\.39|-709\.08|-1022/.test(difference),
  ],
  [
    'powers of denormal numbers, which Go computes by that logarithm',
    (expr, difference) =>
      /\bodd\b[^^]*\^/.test(expr) && /"[\d.]+e-\d+"\s+in place of "(0|[\d.]+e-\d+)"$/.test(difference),
  ],
  [
    "the rest of a division of powers, of which Go's and V8's differ in their last bits: a rest shows them whole",
    (expr, difference) => /\^ \S+ % /.test(expr) && /"[-\d.e]+"\s+in place of "[-\d.e]+"$/.test(difference),
  ],
  [
    'more than twelve samples of which some are equal, which Go sorts otherwise',
    (expr, difference) =>
      /^(sort|topk|bottomk)/.test(expr) && /^order/.test(difference) && difference.split('{').length > 26,
  ],
  [
    'a pinned selector in a shifted subquery whose first step is where the query begins: upstream shifts it too',
    (expr, difference) =>
      isOfValues(difference) && /@ (start\(\)|end\(\)|[\d.]+)[^[\]]*\[[^\]:]+:[^\]]*\] offset/.test(expr),
  ],
  [
    'smoothed or anchored before a function that takes neither, in a subquery without a step: upstream says so only at a step',
    (expr, difference) =>
      /^ours refused: (smoothed|anchored) modifier can only/.test(difference) && /\[[^\]]+:/.test(expr),
  ],
  [
    'count_values() over histograms of NaN, in whose text upstream shows the empty buckets of its chunks',
    (expr, difference) => /count_values/.test(expr) && /\{count:NaN/.test(difference),
  ],
  [
    'a pinned subquery in a pinned one, both shifted, which is the same at each step: upstream has no answer at all',
    (expr, difference) =>
      /in place of undefined$/.test(difference) && /\] @ [^ ]+ offset [^[]*\[[^\]]+:[^\]]*\] @ [^ ]+ offset/.test(expr),
  ],
  [
    'start() and end() after an @ in the parameter of an aggregation, which upstream does not look at: it reads each step there',
    (expr, difference) =>
      (isOfValues(difference) || /^(theirs refused|warnings .*quantile value .* got)/.test(difference)) &&
      /\b(topk|bottomk|quantile|limitk|limit_ratio)( ?(by|without) ?\([^)]*\))? ?\([^,]*@ (start|end)\(\)[^,]*,/.test(
        expr,
      ),
  ],
  [
    'native histograms that are equal but for empty buckets, which upstream keeps as its chunks pad them',
    (expr, difference) => /==|!=(?!")/.test(expr) && /(\b|_)(nh|custom|mixed)/.test(expr) && /bucket/.test(difference),
  ],
  [
    "native histograms multiplied by something infinite, which makes NaN of the empty buckets that upstream's chunks pad",
    (expr, difference) =>
      /(\b|_)(nh|custom|mixed)/.test(expr) &&
      /\bodd\b/.test(expr) &&
      /\*/.test(expr) &&
      /"count":"(NaN|[-+]Inf)".*bucket/.test(difference),
  ],
  [
    'a pinned subquery in a function that depends on when it is asked: upstream reads it for later steps too, and tells what it finds there',
    (expr, difference) =>
      (/^theirs refused: .*same labelset/.test(difference) || /^(infos|warnings)\s+in place of/.test(difference)) &&
      /predict_linear\(.*\[[^\]]+:[^\]]*\] @/.test(expr),
  ],
  [
    'changes() of native gauges that are equal but for empty buckets, which a new chunk of upstream leaves out',
    (expr, difference) => /\bchanges\(gauge_nh\b/.test(expr) && isOfValues(difference) && isOneMore(difference),
  ],
];

/** Upstream's number is larger by one. */
function isOneMore(difference: string): boolean {
  const [, ours, theirs] = /: "(\d+)"\s+in place of "(\d+)"$/.exec(difference) ?? [];
  return Number(theirs) === Number(ours) + 1;
}

/** Why an answer differs, if that is known. */
export const explanationOf = (expr: string, difference: string) =>
  EXPLAINED.find(([, shows]) => shows(expr, difference))?.[0];
