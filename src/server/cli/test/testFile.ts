/** Files of rule tests: YAML → what to load, what to evaluate and what to expect. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { labelsKey, labelsOf, type Labels } from '../../../shared/model/labels.ts';
import { checkTree } from '../../config/check.ts';
import { ConfigError, type ConfigFault } from '../../config/configError.ts';
import { bool, duration, text } from '../../config/scalars.ts';
import { YamlSource } from '../../config/yamlSource.ts';
import { readHistogram } from './histogramNotation.ts';
import { readNumber } from './numberNotation.ts';
import { readSequence, readSeriesName, type NotedValue } from './seriesNotation.ts';
import type { NativeHistogram } from '../../../shared/histogram/native.ts';

const textMap = z.record(text, text);
const groupKeys = z.strictObject({
  name: text.optional(),
  interval: duration.optional(),
  input_series: z.array(z.strictObject({ series: text, values: text })).optional(),
  alert_rule_test: z
    .array(
      z.strictObject({
        eval_time: duration.optional(),
        alertname: text.optional(),
        exp_alerts: z
          .array(z.strictObject({ exp_labels: textMap.optional(), exp_annotations: textMap.optional() }))
          .optional(),
      }),
    )
    .optional(),
  promql_expr_test: z
    .array(
      z.strictObject({
        expr: text,
        eval_time: duration.optional(),
        exp_samples: z
          .array(z.strictObject({ labels: text.optional(), value: text.optional(), histogram: text.optional() }))
          .optional(),
      }),
    )
    .optional(),
  external_labels: textMap.optional(),
  external_url: text.optional(),
  start_timestamp: text.optional(),
});
const fileKeys = z.strictObject({
  rule_files: z.array(text).optional(),
  evaluation_interval: duration.optional(),
  group_eval_order: z.array(text).optional(),
  fuzzy_compare: bool.optional(),
  tests: z.array(groupKeys).optional(),
});
type RawGroup = z.output<typeof groupKeys>;

export interface InputSeries {
  readonly labels: Labels;
  readonly values: readonly NotedValue[];
}

export interface ExpectedAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
}

export interface ExpectedSample {
  readonly labels: Labels;
  readonly value: number;
  readonly histogram?: NativeHistogram;
}

export interface RuleTest {
  readonly name: string;
  readonly intervalMs: number;
  readonly input: readonly InputSeries[];
  readonly alerts: readonly {
    readonly atMs: number;
    readonly alertname: string;
    readonly expected: readonly ExpectedAlert[];
  }[];
  readonly exprs: readonly {
    readonly atMs: number;
    readonly expr: string;
    readonly expected: readonly ExpectedSample[];
  }[];
  readonly externalLabels: Labels;
  readonly externalUrl: string;
  /** When the first values are, milliseconds since 1970. */
  readonly start: number;
}

export interface RuleTestFile {
  /** Files that the patterns name. */
  readonly ruleFiles: readonly string[];
  /** Patterns that name no file. */
  readonly unmatched: readonly string[];
  readonly evaluationIntervalMs: number;
  readonly groupOrder: readonly string[];
  /** Values may differ by the last digit that a float has. */
  readonly fuzzy: boolean;
  readonly tests: readonly RuleTest[];
}

const MINUTE_MS = 60_000;

/** @throws ConfigError with the place of what cannot be read. */
export function readTestFile(file: string): RuleTestFile {
  const source = new YamlSource(readFileSync(file, 'utf8'), file);
  const raw = checkTree(source, fileKeys);
  const faults: ConfigFault[] = [];
  const evaluationIntervalMs = raw.evaluation_interval || MINUTE_MS;
  const reader = (i: number) =>
    function read<T>(path: readonly PropertyKey[], work: () => T, otherwise: T): T {
      try {
        return work();
      } catch (error) {
        faults.push(source.fault(['tests', i, ...path], (error as Error).message));
        return otherwise;
      }
    };
  const tests = (raw.tests ?? []).map((test, i) => testOf(test, i, evaluationIntervalMs, reader(i)));
  const order = raw.group_eval_order ?? [];
  const twice = order.findIndex((name, i) => order.indexOf(name) < i);
  if (twice >= 0)
    faults.push(source.fault(['group_eval_order', twice], `group name repeated in evaluation order: ${order[twice]}`));
  if (faults.length > 0) throw new ConfigError(file, faults);
  const patterns = (raw.rule_files ?? []).map((pattern) => resolve(dirname(file), pattern));
  const found = patterns.map((pattern) => globSync(pattern).sort());
  return {
    ruleFiles: found.flat(),
    unmatched: patterns.filter((_, i) => found[i].length === 0),
    evaluationIntervalMs,
    groupOrder: order,
    fuzzy: raw.fuzzy_compare ?? false,
    tests,
  };
}

type Read = <T>(path: readonly PropertyKey[], work: () => T, otherwise: T) => T;

function testOf(raw: RawGroup, i: number, evaluationIntervalMs: number, read: Read): RuleTest {
  const name = raw.name ?? '';
  return {
    name: name === '' ? `unnamed#${i}` : name,
    intervalMs: raw.interval || evaluationIntervalMs,
    input: joined(
      (raw.input_series ?? []).map(({ series, values }, k) => ({
        labels: read(['input_series', k, 'series'], () => stored(readSeriesName(series)), []),
        values: read(['input_series', k, 'values'], () => readSequence(values), []),
      })),
    ),
    alerts: (raw.alert_rule_test ?? []).map(
      ({ eval_time: atMs = 0, alertname = '', exp_alerts: expected = [] }, k) => ({
        atMs,
        alertname: read(['alert_rule_test', k], () => named(alertname), ''),
        expected: expected.map(({ exp_labels: labels, exp_annotations: annotations }) => ({
          // Written without the name, which every alert has.
          labels: labelsOf({ ...labels, alertname }),
          annotations: labelsOf(annotations ?? {}),
        })),
      }),
    ),
    exprs: (raw.promql_expr_test ?? []).map(({ expr, eval_time: atMs = 0, exp_samples: expected = [] }, k) => ({
      atMs,
      expr,
      expected: expected.map((sample, s) =>
        read(['promql_expr_test', k, 'exp_samples', s], () => sampleOf(sample), { labels: [], value: 0 }),
      ),
    })),
    externalLabels: labelsOf(raw.external_labels ?? {}),
    externalUrl: raw.external_url ?? '',
    start: read(['start_timestamp'], () => startOf(raw.start_timestamp), 0),
  };
}

function stored(labels: Labels): Labels {
  if (labels.length === 0) throw new Error('empty labelset: a series needs a name or another label');
  return labels;
}

/** Of a series that is written several times, the value that was written last stands. */
function joined(input: readonly InputSeries[]): InputSeries[] {
  const byKey = new Map<string, InputSeries>();
  for (const { labels, values } of input) {
    const key = labelsKey(labels);
    const before = byKey.get(key)?.values ?? [];
    const length = Math.max(before.length, values.length);
    byKey.set(key, { labels, values: Array.from({ length }, (_, i) => values[i] ?? before[i]) });
  }
  return [...byKey.values()];
}

function named(alertname: string): string {
  if (alertname === '') throw new Error('alertname is missing: which alert is expected?');
  return alertname;
}

function sampleOf({
  labels = '',
  value = '0',
  histogram = '',
}: {
  labels?: string;
  value?: string;
  histogram?: string;
}): ExpectedSample {
  const named = { labels: readSeriesName(labels) };
  // YAML writes .inf and .nan.
  const v = readNumber(value.trim().replace(/^([+-]?)\.(?=inf$|nan$)/i, '$1'));
  if (histogram !== '') {
    if (v !== 0) throw new Error('a sample is either a value or a histogram; leave the value away');
    return { ...named, value: 0, histogram: readHistogram(histogram.trim()) };
  }
  if (Number.isNaN(v) && !/nan/i.test(value)) throw new Error(`${JSON.stringify(value)} is not a number`);
  return { ...named, value: v };
}

function startOf(given: string | undefined): number {
  if (given === undefined) return 0;
  const t = /^[+-]?\d+(?:\.\d+)?$/.test(given) ? Number(given) * 1000 : Date.parse(given);
  if (Number.isNaN(t)) throw new Error(`${JSON.stringify(given)} is not a time; write seconds since 1970 or RFC 3339`);
  return Math.round(t);
}
