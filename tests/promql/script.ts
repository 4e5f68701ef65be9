/**
 * Scripts of PromQL questions and answers.
 *
 *   given every 15s                            series from time 0, one value an interval
 *     up{job="a"}  1 2 _ gone [0 by 10, 5 times]   `_` no sample, `gone` the series ends, a run of numbers
 *     lat  h[0.5,1,3] c[0.5,3]                     native histograms of observations: of schema 0, or with the bounds 1, 2 and 4
 *   at 5m: sum(up)                             one instant query; or: from 0s to 2m every 1m: sum(up)
 *     {} = 3                                   a series and its value, or values by step with _ for none; <4;7.5> is a
 *                                              native histogram by its count and sum
 *     scalar = 3    text = "a"    none         other answers
 *     in order                                 the series come as they are written
 *     refused: words                           the query fails and says so
 *     warns: words    tells: words             annotations; none may be left out
 *
 * A line that begins with # is a comment; `given` forgets what was given before.
 */
import type { NativeHistogram } from '../../src/shared/histogram/native.ts';
import type { SampleValue, MemorySeries } from '../support/memoryQueryable.ts';
import { customOf, exponentialOf } from '../support/observedHistograms.ts';
import { parseDuration } from '../../src/shared/model/durations.ts';
import { labelsFrom, NO_LABELS, type Labels } from '../../src/shared/model/labels.ts';
import { parseExpr } from '../../src/shared/promql/parser.ts';

export interface Expectation {
  readonly series: readonly { readonly labels: Labels; readonly values: readonly (number | string | undefined)[] }[];
  readonly scalar?: readonly number[];
  readonly text?: string;
  readonly inOrder: boolean;
  readonly refused?: string;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

export interface Question {
  readonly line: number;
  readonly expr: string;
  readonly start: number;
  readonly end: number;
  readonly stepMs: number;
  readonly data: readonly MemorySeries[];
  readonly expected: Expectation;
}

type Draft = { -readonly [K in keyof Expectation]: Expectation[K] } & {
  series: Expectation['series'][number][];
  warnings: string[];
  infos: string[];
};

/** @throws Error that names the line it cannot read. */
export function readScript(text: string): Question[] {
  const questions: Question[] = [];
  let data: MemorySeries[] = [];
  let intervalMs = 0;
  let expected: Draft | undefined;
  text.split('\n').forEach((raw, index) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    const fail = (): never => {
      throw new Error(`line ${index + 1}: cannot read ${JSON.stringify(line)}`);
    };
    const given = /^given every (\S+)$/.exec(line);
    if (given !== null) {
      data = [];
      intervalMs = parseDuration(given[1]);
      expected = undefined;
      return;
    }
    const asked = /^(?:at (\S+)|from (\S+) to (\S+) every (\S+)): (.*)$/.exec(line);
    if (asked !== null) {
      expected = { series: [], inOrder: false, warnings: [], infos: [] };
      const [, at, from, to, every, expr] = asked;
      const start = parseTime(at ?? from);
      const end = parseTime(at ?? to);
      const stepMs = every === undefined ? 0 : parseDuration(every);
      questions.push({ line: index + 1, expr, start, end, stepMs, data, expected });
      return;
    }
    if (expected === undefined) data.push(readSeries(line, intervalMs));
    else if (!readExpectation(line, expected)) fail();
  });
  return questions;
}

const parseTime = (text: string) => (text.startsWith('-') ? -parseDuration(text.slice(1)) : parseDuration(text));

function parseLabels(text: string): Labels {
  if (text === '{}') return NO_LABELS;
  const expr = parseExpr(text);
  if (expr.kind !== 'selector') throw new Error(`${text} is no series`);
  return labelsFrom(expr.matchers.map((m) => [m.name, m.value]));
}

function readSeries(line: string, intervalMs: number): MemorySeries {
  const [, name, values] = /^(\S*?\{[^}]*\}|\S+)\s+(.*)$/.exec(line)!;
  const samples: [number, SampleValue][] = [];
  let index = 0;
  for (const token of values.match(/[hc]?\[[^\]]*\]|\S+/g)!) {
    const run = /^\[(\S+) by (\S+), (\d+) times\]$/.exec(token);
    const tokens =
      run === null
        ? [token]
        : Array.from({ length: Number(run[3]) }, (_, i) => String(Number(run[1]) + i * Number(run[2])));
    for (const one of tokens) {
      const t = index++ * intervalMs;
      if (one !== '_') samples.push([t, one === 'gone' ? 'stale' : (histogram(one) ?? number(one))]);
    }
  }
  return { labels: parseLabels(name), samples };
}

const BOUNDS = Float64Array.of(1, 2, 4);
const ZERO_THRESHOLD = 0.001;

function histogram(text: string): NativeHistogram | undefined {
  const written = /^([hc])\[(.*)\]$/.exec(text);
  if (written === null) return undefined;
  const observations = written[2].split(',').map(number);
  return written[1] === 'h' ? exponentialOf(observations, 0, ZERO_THRESHOLD) : customOf(observations, BOUNDS);
}

function number(text: string): number {
  const fraction = /^(-?[\d.]+)\/([\d.]+)$/.exec(text);
  if (fraction !== null) return Number(fraction[1]) / Number(fraction[2]);
  const value = Number(text.replace('Inf', 'Infinity'));
  if (Number.isNaN(value) && text !== 'NaN') throw new Error(`${text} is no number`);
  return value;
}

function readExpectation(line: string, expected: Draft): boolean {
  if (line === 'none') return true;
  if (line === 'in order') return (expected.inOrder = true);
  const words = /^(refused|warns|tells): (.*)$/.exec(line);
  if (words !== null) {
    if (words[1] === 'refused') expected.refused = words[2];
    else (words[1] === 'warns' ? expected.warnings : expected.infos).push(words[2]);
    return true;
  }
  const at = line.lastIndexOf(' = ');
  if (at < 0) return false;
  const [name, value] = [line.slice(0, at), line.slice(at + 3)];
  if (name === 'text') expected.text = JSON.parse(value) as string;
  else {
    const values = value.split(/\s+/).map((v) => (v === '_' ? undefined : v.startsWith('<') ? v : number(v)));
    if (name === 'scalar') expected.scalar = values.map(Number);
    else expected.series.push({ labels: parseLabels(name), values });
  }
  return true;
}
