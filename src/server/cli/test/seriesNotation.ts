/**
 * Series as rule tests write them: `up{job="a"}` and values such as `1 _ 2x3 0+10x5 stale {{schema:0 count:3 sum:4 buckets:[1 2]}}`.
 * Source: Prometheus' documentation of unit tests for rules.
 */
import { labelsFrom, type Labels } from '../../../shared/model/labels.ts';
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import { parseExpr } from '../../../shared/promql/parser.ts';
import { readHistogram, stepped } from './histogramNotation.ts';
import { readNumber } from './numberNotation.ts';

/** One place in a sequence: a sample, the end of the series, or nothing. */
export type NotedValue = number | NativeHistogram | 'stale' | undefined;

/** Values that one sequence may have. */
const VALUES_MAX = 10_000_000;

/** @throws Error for what names no series. */
export function readSeriesName(text: string): Labels {
  if (/^\s*(?:\{\s*\})?\s*$/.test(text)) return [];
  const expr = parseExpr(text);
  if (expr.kind !== 'selector' || expr.offset !== undefined || expr.at !== undefined)
    throw new Error(`${JSON.stringify(text)} is not a series; write name{label="value"}`);
  const other = expr.matchers.find(({ op }) => op !== '=');
  if (other !== undefined) throw new Error(`${JSON.stringify(text)} matches more than one series; only = names one`);
  const twice = expr.matchers.find(({ name }, i) => expr.matchers.findIndex((m) => m.name === name) < i);
  if (twice !== undefined) throw new Error(`${JSON.stringify(text)} has the label ${twice.name} twice; name each once`);
  return labelsFrom(expr.matchers.map(({ name, value }) => [name, value]));
}

/** Not hexadecimal: 0x9 is ten zeros. */
const NUMBER = String.raw`[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[iI]nf|[nN]a[nN])`;
const HISTOGRAM = String.raw`\{\{[^}]*\}\}`;
const TOKEN = new RegExp(
  String.raw`^(?:(?<gap>_)|(?<stale>stale$)|(?<first>${NUMBER})(?:(?<sign>[+-])(?<step>${NUMBER.slice(5)}))?|(?<shape>${HISTOGRAM})(?:(?<shapeSign>[+-])(?<shapeStep>${HISTOGRAM}))?)(?:x(?<times>\d+))?$`,
);

/** @throws Error that names the part that cannot be read. */
export function readSequence(text: string): NotedValue[] {
  const values: NotedValue[] = [];
  for (const token of text.match(/(?:\{\{[^}]*\}\}|\S)+/g) ?? []) {
    const parts = TOKEN.exec(token)?.groups;
    if (parts === undefined)
      throw new Error(`cannot read ${JSON.stringify(token)} among the values; write 1, _, stale, 2x3, 0+10x5 or {{…}}`);
    const times = parts.times === undefined ? 0 : Number(parts.times);
    if (values.length + times > VALUES_MAX) throw new Error(`more than ${VALUES_MAX} values`);
    values.push(...valuesOf(parts, times));
  }
  return values;
}

function valuesOf(parts: Readonly<Record<string, string | undefined>>, times: number): NotedValue[] {
  const many = (value: NotedValue, count: number) => Array.from({ length: count }, () => value);
  // Of gaps there are as many as said; of anything else one more, the first.
  if (parts.gap !== undefined) return many(undefined, parts.times === undefined ? 1 : times);
  if (parts.stale !== undefined) return ['stale'];
  if (parts.shape !== undefined) {
    const first = readHistogram(parts.shape);
    const step = parts.shapeStep === undefined ? undefined : readHistogram(parts.shapeStep);
    return stepped(first, step, parts.shapeSign === '-' ? -1 : 1, times + 1);
  }
  const first = readNumber(parts.first!);
  const step = parts.step === undefined ? 0 : readNumber(parts.step) * (parts.sign === '-' ? -1 : 1);
  // Added up one by one, as upstream does, so that the last digits are the same.
  const values = [first];
  for (let i = 0; i < times; i++) values.push(values[i] + step);
  return values;
}
