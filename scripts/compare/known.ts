/** What a Prometheus before 3.14 answers otherwise, by what it is. */
import { childrenOf, type Expr } from '../../src/shared/promql/ast.ts';
import { ALL_SYNTAX } from '../../src/shared/promql/features.ts';
import { parseExpr } from '../../src/shared/promql/parser.ts';
import { DEFAULT_LIMITS, SUBQUERY_STEP_MS } from '../../src/server/promql/engine.ts';
import { gridOf } from '../../src/server/promql/grid.ts';
import { endsOf, subqueryGrid, type PlanContext } from '../../src/server/promql/selectorTimes.ts';
import type { StepGrid } from '../../src/server/storage/engine.ts';
import type { Question } from './answers.ts';

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

const isIn = (node: Expr, has: (node: Expr) => boolean): boolean =>
  has(node) || childrenOf(node).some((child) => isIn(child, has));

const isPinned = (node: Expr) => (node.kind === 'selector' || node.kind === 'subquery') && node.at !== undefined;

/** Whether something pinned is in a shifted subquery whose first step is that of what is around it. */
function isShiftedTwice(node: Expr, grid: StepGrid, context: PlanContext): boolean {
  if (node.kind !== 'subquery') return childrenOf(node).some((child) => isShiftedTwice(child, grid, context));
  const inner = subqueryGrid(node, grid, context);
  const isShifted = endsOf(node, grid, context)[0] !== grid.start;
  if (isShifted && inner.start === grid.start && isIn(node.expr, isPinned)) return true;
  return isShiftedTwice(node.expr, inner, context);
}

const contextOf = ({ start, end, stepMs }: Question): PlanContext => ({
  query: gridOf(start, stepMs > 0 ? end : start, stepMs),
  lookbackDeltaMs: DEFAULT_LIMITS.lookbackDeltaMs,
  subqueryStepMs: SUBQUERY_STEP_MS,
});

const isOfQuery = (node: Expr) =>
  (node.kind === 'selector' || node.kind === 'subquery') && (node.at?.kind === 'start' || node.at?.kind === 'end');

const hasPinnedParameter = (node: Expr) =>
  node.kind === 'aggregation' && node.param !== undefined && isIn(node.param, isOfQuery);

/** What the last bits of numbers like angles and logarithms of times come to. */
const ROUNDING_MAX = 1e-11;

function isRounding(difference: string): boolean {
  const [, ours, theirs] = /: "([-+.\de]+)"\s+in place of "([-+.\de]+)"$/.exec(difference) ?? [];
  return Math.abs(Number(ours) - Number(theirs)) < ROUNDING_MAX;
}

/** Differences that are upstream's own, by what they are and the smallest expression that shows one. */
const EXPLAINED: readonly (readonly [
  what: string,
  shows: (expr: string, difference: string, parsed: Expr, question: Question) => boolean,
])[] = [
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
    'something pinned in a shifted subquery whose first step is that of what is around it: upstream shifts it too',
    (_, difference, parsed, question) => {
      const context = contextOf(question);
      return isOfValues(difference) && isShiftedTwice(parsed, context.query, context);
    },
  ],
  [
    "what is near 0 of angles, powers and logarithms, of which Go's and V8's differ in their last bits",
    (expr, difference) =>
      /\^|atan2|\b(exp|ln|log2|log10|sin|cos|atan|tanh|asinh)\(/.test(expr) && isRounding(difference),
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
    'start() and end() after an @ in the parameter of an aggregation, which upstream does not look at: it reads each step there',
    (_, _difference, parsed) => isIn(parsed, hasPinnedParameter),
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
export function explanationOf(question: Question, difference: string): string | undefined {
  const { expr } = question;
  const parsed = parseExpr(expr, ALL_SYNTAX);
  return EXPLAINED.find(([, shows]) => shows(expr, difference, parsed, question))?.[0];
}
