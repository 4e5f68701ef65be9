/** Rule files: YAML → checked groups, every fault with its place. */
import { globSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { isPlainLabelName, labelsOf, METRIC_NAME, type Labels } from '../../shared/model/labels.ts';
import type { Expr } from '../../shared/promql/ast.ts';
import { PromqlError } from '../../shared/promql/errors.ts';
import { parseExpr, type ParseOptions } from '../../shared/promql/parser.ts';
import { checkTree } from '../config/check.ts';
import { ConfigError, type ConfigFault } from '../config/configError.ts';
import { count, duration, text } from '../config/scalars.ts';
import { YamlSource } from '../config/yamlSource.ts';
import { RuleTemplate } from './template/expand.ts';

export interface NamedTemplate {
  readonly name: string;
  readonly template: RuleTemplate;
}

interface RuleBase {
  /** The recorded metric's or the alert's name. */
  readonly name: string;
  readonly expr: Expr;
  /** Where the rule stands in its file, from 1. */
  readonly line: number;
}

export interface RecordingSpec extends RuleBase {
  readonly kind: 'recording';
  /** The group's labels are among them. */
  readonly labels: Labels;
}

export interface AlertingSpec extends RuleBase {
  readonly kind: 'alerting';
  /** As written, templates unexpanded; the group's labels are among them. */
  readonly labels: Labels;
  readonly labelTemplates: readonly NamedTemplate[];
  readonly annotations: Labels;
  readonly annotationTemplates: readonly NamedTemplate[];
  readonly forMs: number;
  readonly keepFiringForMs: number;
}

export type RuleSpec = RecordingSpec | AlertingSpec;

export interface RuleGroupSpec {
  readonly name: string;
  readonly file: string;
  /** Absent where the file leaves it to `global.evaluation_interval`. */
  readonly intervalMs: number | undefined;
  /** Absent where the file leaves it to `global.rule_query_offset`. */
  readonly queryOffsetMs: number | undefined;
  /** Series or alerts that one rule may give; 0 is no limit. */
  readonly limit: number;
  readonly rules: readonly RuleSpec[];
}

export interface RuleFileOptions {
  /** What expressions may use. */
  readonly promql?: ParseOptions;
  /** Names must be those of before UTF-8. */
  readonly legacyNames?: boolean;
}

const FILE_BYTES_MAX = 64 * 1024 * 1024;

const textMap = z.record(text, text);
const ruleKeys = z.strictObject({
  record: text.optional(),
  alert: text.optional(),
  expr: text.optional(),
  for: duration.optional(),
  keep_firing_for: duration.optional(),
  labels: textMap.optional(),
  annotations: textMap.optional(),
});
const groupKeys = z.strictObject({
  name: text.optional(),
  interval: duration.optional(),
  query_offset: duration.optional(),
  limit: count.optional(),
  labels: textMap.optional(),
  rules: z.array(ruleKeys).optional(),
});
const fileKeys = z.strictObject({ groups: z.array(groupKeys).optional() });

type RawRule = z.output<typeof ruleKeys>;
type RawGroup = z.output<typeof groupKeys>;
/** Says what is wrong at a key of the thing in hand. */
type Complain = (path: readonly PropertyKey[], why: string) => void;

/**
 * The groups of all files that the patterns name, in the order of files and groups.
 *
 * @throws ConfigError with `file:line:column` of every fault of the first file that has any.
 */
export function loadRuleFiles(patterns: readonly string[], options: RuleFileOptions = {}): RuleGroupSpec[] {
  const files = new Set(patterns.flatMap((pattern) => globSync(pattern).sort()));
  return [...files].flatMap((file) => parseRuleFile(readText(file), file, options));
}

/** @throws ConfigError */
export function parseRuleFile(content: string, file: string, options: RuleFileOptions = {}): RuleGroupSpec[] {
  const source = new YamlSource(content, file);
  const groups = checkTree(source, fileKeys).groups ?? [];
  const faults: ConfigFault[] = [];
  const specs = groups.map((group, g) => {
    const complain: Complain = (path, why) => void faults.push(source.fault(['groups', g, ...path], why));
    if (group.name !== undefined && groups.findIndex(({ name }) => name === group.name) < g) {
      complain(['name'], `the group name ${JSON.stringify(group.name)} is in this file already; names must differ`);
    }
    const lineOf = (rule: number) => source.fault(['groups', g, 'rules', rule], '').line;
    return groupOf(group, file, options, complain, lineOf);
  });
  if (faults.length > 0) throw new ConfigError(file, faults);
  return specs;
}

function readText(file: string): string {
  const bytes = readFileSync(file);
  const refuse = (why: string, cause?: unknown) =>
    new ConfigError(file, [{ line: 0, column: 0, key: '', why }], { cause });
  if (bytes.length > FILE_BYTES_MAX) throw refuse(`larger than ${FILE_BYTES_MAX} bytes; is this a rule file?`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw refuse('not UTF-8', error);
  }
}

function groupOf(
  raw: RawGroup,
  file: string,
  options: RuleFileOptions,
  complain: Complain,
  lineOf: (rule: number) => number,
): RuleGroupSpec {
  if (raw.name === undefined || raw.name === '') complain(['name'], 'a group needs a name');
  checkNames(raw.labels, 'labels', options, complain);
  const rules: RuleSpec[] = [];
  raw.rules?.forEach((rule, r) => {
    const spec = ruleOf(rule, raw.labels, options, (path, why) => complain(['rules', r, ...path], why), lineOf(r));
    if (spec !== undefined) rules.push(spec);
  });
  return {
    name: raw.name ?? '',
    file,
    // Upstream takes 0 for "not said".
    intervalMs: raw.interval === 0 ? undefined : raw.interval,
    queryOffsetMs: raw.query_offset,
    limit: raw.limit ?? 0,
    rules,
  };
}

function ruleOf(
  raw: RawRule,
  groupLabels: Readonly<Record<string, string>> | undefined,
  options: RuleFileOptions,
  complain: Complain,
  line: number,
): RuleSpec | undefined {
  const { record = '', alert = '' } = raw;
  if (record !== '' && alert !== '') complain(['alert'], 'a rule has either record or alert, not both');
  if (record === '' && alert === '') complain([], 'a rule needs record (a metric name) or alert (an alert name)');
  checkNames(raw.labels, 'labels', options, complain);
  checkNames(raw.annotations, 'annotations', options, complain);
  const expr = exprOf(raw.expr, options, complain);
  const labels = labelsOf({ ...groupLabels, ...raw.labels });
  if (record !== '') {
    checkRecording(raw, record, options, complain);
    return expr && { kind: 'recording', name: record, expr, line, labels };
  }
  const labelTemplates = templatesOf(labels, 'labels', complain);
  const annotations = Object.entries(raw.annotations ?? {});
  const annotationTemplates = templatesOf(annotations, 'annotations', complain);
  const times = { forMs: raw.for ?? 0, keepFiringForMs: raw.keep_firing_for ?? 0 };
  return (
    expr && {
      kind: 'alerting',
      name: alert,
      expr,
      line,
      labels,
      labelTemplates,
      annotations: labelsOf(raw.annotations ?? {}),
      annotationTemplates,
      ...times,
    }
  );
}

function exprOf(written: string | undefined, options: RuleFileOptions, complain: Complain): Expr | undefined {
  if (written === undefined || written === '') {
    complain(['expr'], 'a rule needs expr, the expression to evaluate');
    return undefined;
  }
  try {
    // That it gives a vector or a scalar is seen when it is evaluated, as upstream has it: one such rule keeps no other from running.
    return parseExpr(written, options.promql);
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error;
    complain(['expr'], `could not parse expression: ${error.message}`);
  }
  return undefined;
}

/** What belongs to alerts only, and names that look like expressions. */
function checkRecording(raw: RawRule, record: string, options: RuleFileOptions, complain: Complain): void {
  for (const key of ['annotations', 'for', 'keep_firing_for'] as const) {
    const given = raw[key];
    const isSet = typeof given === 'object' ? Object.keys(given).length > 0 : given !== undefined && given !== 0;
    if (isSet) complain([key], `belongs to alerting rules; remove it, or write alert in place of record`);
  }
  if (/[{}]/.test(record)) complain(['record'], `braces in the name of a recording rule; should it be in expr?`);
  else if (options.legacyNames === true && !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(record))
    complain(['record'], `${JSON.stringify(record)} is not a metric name`);
}

function checkNames(
  names: Readonly<Record<string, string>> | undefined,
  key: 'labels' | 'annotations',
  options: RuleFileOptions,
  complain: Complain,
): void {
  for (const name of Object.keys(names ?? {})) {
    const isName = options.legacyNames === true ? isPlainLabelName(name) : name !== '' && !/\p{Surrogate}/u.test(name);
    if (!isName || (key === 'labels' && name === METRIC_NAME))
      complain([key, name], `${JSON.stringify(name)} cannot be the name of one of the ${key}`);
  }
}

function templatesOf(
  texts: readonly (readonly [string, string])[],
  key: 'labels' | 'annotations',
  complain: Complain,
): NamedTemplate[] {
  return texts.flatMap(([name, written]) => {
    try {
      return [{ name, template: new RuleTemplate(written) }];
    } catch (error) {
      complain([key, name], `bad template: ${(error as Error).message}`);
      return [];
    }
  });
}
