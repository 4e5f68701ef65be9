/**
 * PromQL as its definitions say it, one time after the other, one sample after the other: slow, short, and the oracle of the engine's
 * fast paths. Covers what `promqlExpressions.ts` generates, float samples only; answers undefined for what it does not cover.
 */
import { labelsFrom, labelsKey, labelValue, type Labels } from '../../src/shared/model/labels.ts';
import { compileMatcher, matchesAll } from '../../src/shared/model/matchers.ts';
import {
  childrenOf,
  unwrapped,
  type AtModifier,
  type DurationExpr,
  type Expr,
  type Subquery,
  type VectorSelector,
} from '../../src/shared/promql/ast.ts';
import { typeOf } from '../../src/shared/promql/check.ts';
import { durationMs } from '../../src/shared/promql/durationExpr.ts';
import type { MemorySeries } from './memoryQueryable.ts';

export interface Entry {
  readonly labels: Labels;
  readonly value: number;
}
type Sample = readonly [t: number, v: number];
interface Stretch {
  readonly labels: Labels;
  readonly samples: readonly Sample[];
  readonly end: number;
  readonly width: number;
}

const COVERED = new Set(
  'rate increase delta irate idelta changes resets sum_over_time avg_over_time min_over_time max_over_time count_over_time last_over_time first_over_time present_over_time quantile_over_time abs ceil floor sgn absent clamp label_replace'.split(
    ' ',
  ),
);
const COVERED_AGGREGATIONS = new Set(['sum', 'avg', 'min', 'max', 'count', 'group', 'quantile']);
const LOOKBACK_MS = 300_000;

export class Refusal extends Error {}

export class PlainEvaluator {
  private readonly data: readonly MemorySeries[];
  private readonly range: { start: number; end: number; stepMs: number };

  constructor(data: readonly MemorySeries[], range: { start: number; end: number; stepMs: number }) {
    this.data = data;
    this.range = range;
  }

  static covers(expr: Expr): boolean {
    if (expr.kind === 'call' && !COVERED.has(expr.func)) return false;
    if (expr.kind === 'aggregation' && !COVERED_AGGREGATIONS.has(expr.op)) return false;
    if (expr.kind === 'binary' && (expr.op === 'atan2' || expr.matching?.group !== undefined)) return false;
    if (expr.kind === 'unary' && unwrapped(expr.expr).kind === 'number') return true;
    return childrenOf(expr).every((child) => PlainEvaluator.covers(child));
  }

  vector(expr: Expr, t: number): Entry[] {
    switch (expr.kind) {
      case 'paren':
        return this.vector(expr.expr, t);
      case 'unary': {
        const entries = this.vector(expr.expr, t);
        return expr.op === '+'
          ? entries
          : distinct(entries.map((e) => ({ labels: nameless(e.labels), value: -e.value })));
      }
      case 'selector':
        return this.select(expr, t);
      case 'call':
        return this.call(expr, t);
      case 'aggregation':
        return this.aggregate(expr, t);
      case 'binary':
        return this.binary(expr, t);
      default:
        throw new Error(`${expr.kind} is no vector`);
    }
  }

  private scalar(expr: Expr): number {
    const node = unwrapped(expr);
    if (node.kind === 'number') return node.value;
    if (node.kind === 'unary') return node.op === '-' ? -this.scalar(node.expr) : this.scalar(node.expr);
    throw new Error(`${node.kind} is no number`);
  }

  private shifted(node: { at: AtModifier | undefined; offset: DurationExpr | undefined }, t: number): number {
    const { start, end } = this.range;
    const base =
      node.at === undefined ? t : node.at.kind === 'time' ? node.at.ms : node.at.kind === 'start' ? start : end;
    return base - (node.offset === undefined ? 0 : this.ms(node.offset));
  }

  private ms(duration: DurationExpr): number {
    return durationMs(duration, { stepMs: this.range.stepMs, rangeMs: this.range.end - this.range.start });
  }

  private matching(selector: VectorSelector): readonly MemorySeries[] {
    const tests = selector.matchers.map((m) => [m.name, compileMatcher(m)] as const);
    return this.data.filter((s) => matchesAll(s.labels, tests));
  }

  private select(selector: VectorSelector, t: number): Entry[] {
    const time = this.shifted(selector, t);
    return this.matching(selector).flatMap(({ labels, samples }) => {
      const last = samples.filter(([st]) => st <= time && st > time - LOOKBACK_MS).at(-1);
      return last === undefined || typeof last[1] !== 'number' ? [] : [{ labels, value: last[1] }];
    });
  }

  private stretches(expr: Expr, t: number): Stretch[] {
    const node = unwrapped(expr);
    if (node.kind === 'subquery') return this.subquery(node, t);
    if (node.kind !== 'range') throw new Error(`${node.kind} is no range vector`);
    const end = this.shifted(node.selector, t);
    const width = this.ms(node.range);
    return this.matching(node.selector).map(({ labels, samples }) => ({
      labels,
      samples: samples.filter((s): s is Sample => s[0] > end - width && s[0] <= end && typeof s[1] === 'number'),
      end,
      width,
    }));
  }

  private subquery(node: Subquery, t: number): Stretch[] {
    const end = this.shifted(node, t);
    const width = this.ms(node.range);
    const step = node.step === undefined ? 60_000 : this.ms(node.step);
    const byKey = new Map<string, { labels: Labels; samples: Sample[]; end: number; width: number }>();
    for (let at = Math.floor((end - width) / step) * step + step; at <= end; at += step) {
      for (const { labels, value } of this.vector(node.expr, at)) {
        const key = labelsKey(labels);
        if (!byKey.has(key)) byKey.set(key, { labels, samples: [], end, width });
        byKey.get(key)!.samples.push([at, value]);
      }
    }
    return [...byKey.values()];
  }

  private call(expr: Extract<Expr, { kind: 'call' }>, t: number): Entry[] {
    const { func, args } = expr;
    if (func === 'absent')
      return this.vector(args[0], t).length > 0 ? [] : [{ labels: absentLabels(args[0]), value: 1 }];
    if (func === 'label_replace') {
      return distinct(
        this.vector(args[0], t).map(({ labels, value }) => ({
          labels: labelsFrom([...labels, ['copy', `${labelValue(labels, 'job')}-x`]]),
          value,
        })),
      );
    }
    const rangeArg = args.find((arg) => typeOf(arg) === 'matrix');
    if (rangeArg === undefined) {
      const [a, b] = args.slice(1).map((arg) => this.scalar(arg));
      const entries = this.vector(args[0], t);
      const map: Record<string, (v: number) => number> = {
        abs: Math.abs,
        ceil: Math.ceil,
        floor: Math.floor,
        sgn: Math.sign,
        clamp: (v) => Math.max(a, Math.min(b, v)),
      };
      if (func === 'clamp' && a > b) return [];
      return distinct(entries.map((e) => ({ labels: nameless(e.labels), value: map[func](e.value) })));
    }
    const q = func === 'quantile_over_time' ? this.scalar(args[0]) : NaN;
    const keepsName = func === 'last_over_time' || func === 'first_over_time';
    return distinct(
      this.stretches(rangeArg, t).flatMap((stretch) => {
        const value = overWindow(func, stretch, q);
        return value === undefined ? [] : [{ labels: keepsName ? stretch.labels : nameless(stretch.labels), value }];
      }),
    );
  }

  private aggregate(expr: Extract<Expr, { kind: 'aggregation' }>, t: number): Entry[] {
    const groups = new Map<string, { labels: Labels; values: number[] }>();
    for (const { labels, value } of this.vector(expr.expr, t)) {
      const kept = labels.filter(([n]) =>
        expr.without ? n !== '__name__' && !expr.grouping.includes(n) : expr.grouping.includes(n),
      );
      const key = labelsKey(kept);
      if (!groups.has(key)) groups.set(key, { labels: kept, values: [] });
      groups.get(key)!.values.push(value);
    }
    const q = expr.param === undefined ? NaN : this.scalar(expr.param);
    return [...groups.values()].map(({ labels, values }) => ({ labels, value: aggregateValue(expr.op, values, q) }));
  }

  private binary(expr: Extract<Expr, { kind: 'binary' }>, t: number): Entry[] {
    const { op, bool } = expr;
    const compares = ['==', '!=', '<', '<=', '>', '>='].includes(op);
    const rename = (labels: Labels) => (compares && !bool ? labels : nameless(labels));
    const result = (a: number, b: number, kept: number): number | undefined => {
      const v = operate(op, a, b);
      return compares ? (bool ? v : v === 1 ? kept : undefined) : v;
    };
    const [left, right] = [typeOf(expr.lhs), typeOf(expr.rhs)];
    if (left === 'scalar' || right === 'scalar') {
      const s = this.scalar(left === 'scalar' ? expr.lhs : expr.rhs);
      const entries = this.vector(left === 'scalar' ? expr.rhs : expr.lhs, t);
      return distinct(
        entries.flatMap(({ labels, value: v }) => {
          const value = left === 'scalar' ? result(s, v, v) : result(v, s, v);
          return value === undefined ? [] : [{ labels: rename(labels), value }];
        }),
      );
    }
    const named = expr.matching?.labels ?? [];
    const on = expr.matching?.on ?? false;
    const keep = (n: string) => (on ? named.includes(n) : n !== '__name__' && !named.includes(n));
    const key = (labels: Labels) => labelsKey(labels.filter(([n]) => keep(n)));
    const [lhs, rhs] = [this.vector(expr.lhs, t), this.vector(expr.rhs, t)];
    const [leftKeys, rightKeys] = [lhs, rhs].map((side) => side.map((e) => key(e.labels)));
    if (op === 'and') return lhs.filter((_, i) => rightKeys.includes(leftKeys[i]));
    if (op === 'unless') return lhs.filter((_, i) => !rightKeys.includes(leftKeys[i]));
    if (op === 'or') return distinct([...lhs, ...rhs.filter((_, i) => !leftKeys.includes(rightKeys[i]))]);
    if (lhs.length > 0 && new Set(rightKeys).size < rightKeys.length) throw new Refusal('duplicate on the right');
    const seen = new Set<string>();
    return distinct(
      lhs.flatMap((l, i) => {
        const r = rhs[rightKeys.indexOf(leftKeys[i])];
        const value = r === undefined ? undefined : result(l.value, r.value, l.value);
        if (value === undefined) return [];
        if (seen.has(leftKeys[i])) throw new Refusal('many to one');
        seen.add(leftKeys[i]);
        const renamed = rename(l.labels).filter(([n]) => (on ? named.includes(n) : !named.includes(n)));
        return [{ labels: renamed, value }];
      }),
    );
  }
}

const nameless = (labels: Labels) => labels.filter(([n]) => n !== '__name__');

function distinct(entries: Entry[]): Entry[] {
  if (new Set(entries.map((e) => labelsKey(e.labels))).size < entries.length) throw new Refusal('same label set');
  return entries;
}

function absentLabels(arg: Expr): Labels {
  const node = unwrapped(arg);
  if (node.kind !== 'selector') return [];
  const plain = node.matchers.filter((m) => m.op === '=' && m.name !== '__name__');
  return labelsFrom(plain.map((m) => [m.name, m.value]));
}

function operate(op: string, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
    case '^':
      return a === 1 ? 1 : a ** b;
    case '==':
      return Number(a === b);
    case '!=':
      return Number(a !== b);
    case '<':
      return Number(a < b);
    case '<=':
      return Number(a <= b);
    case '>':
      return Number(a > b);
    case '>=':
      return Number(a >= b);
  }
  throw new Error(`${op} is not covered`);
}

function quantile(q: number, values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => (Number.isNaN(a) ? -1 : Number.isNaN(b) ? 1 : a - b));
  const rank = q * (sorted.length - 1);
  const below = Math.floor(rank);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below] * (1 - (rank - below)) + sorted[above] * (rank - below);
}

const total = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const best = (values: readonly number[], pick: (...v: number[]) => number) => {
  const numbers = values.filter((v) => !Number.isNaN(v));
  return numbers.length === 0 ? NaN : pick(...numbers);
};

function aggregateValue(op: string, values: readonly number[], q: number): number {
  switch (op) {
    case 'sum':
      return total(values);
    case 'avg':
      return total(values) / values.length;
    case 'min':
      return best(values, Math.min);
    case 'max':
      return best(values, Math.max);
    case 'count':
      return values.length;
    case 'quantile':
      return quantile(q, values);
    default:
      return 1;
  }
}

function overWindow(func: string, { samples, end, width }: Stretch, q: number): number | undefined {
  if (samples.length === 0) return undefined;
  const values = samples.map(([, v]) => v);
  const steps = values.slice(1).map((v, i) => [values[i], v] as const);
  const plain: Record<string, () => number> = {
    sum_over_time: () => aggregateValue('sum', values, q),
    avg_over_time: () => aggregateValue('avg', values, q),
    min_over_time: () => aggregateValue('min', values, q),
    max_over_time: () => aggregateValue('max', values, q),
    quantile_over_time: () => quantile(q, values),
    count_over_time: () => values.length,
    present_over_time: () => 1,
    last_over_time: () => values.at(-1)!,
    first_over_time: () => values[0],
    resets: () => steps.filter(([a, b]) => b < a).length,
    changes: () => steps.filter(([a, b]) => a !== b && !(Number.isNaN(a) && Number.isNaN(b))).length,
  };
  if (Object.hasOwn(plain, func)) return plain[func]();
  if (samples.length < 2) return undefined;
  const [beforeLast, last] = samples.slice(-2);
  const seconds = (last[0] - beforeLast[0]) / 1000;
  if (func === 'idelta') return last[1] - beforeLast[1];
  if (func === 'irate') return (last[1] < beforeLast[1] ? last[1] : last[1] - beforeLast[1]) / seconds;
  const isCounter = func !== 'delta';
  const first = samples[0];
  let difference = last[1] - first[1];
  if (isCounter) for (const [a, b] of steps) if (b < a) difference += a;
  const sampled = (last[0] - first[0]) / 1000;
  const average = sampled / (samples.length - 1);
  const reach = (distance: number) => (distance >= average * 1.1 ? average / 2 : distance);
  let toStart = reach((first[0] - (end - width)) / 1000);
  if (isCounter && difference > 0 && first[1] >= 0) toStart = Math.min(toStart, (sampled * first[1]) / difference);
  const extended = (difference * (sampled + toStart + reach((end - last[0]) / 1000))) / sampled;
  return func === 'rate' ? extended / (width / 1000) : extended;
}
