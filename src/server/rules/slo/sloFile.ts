/** SLO files: YAML → objectives, every fault with its place. docs/slo.md tells what they look like. */
import { z } from 'zod';
import { formatDuration } from '../../../shared/model/durations.ts';
import { labelsOf, type Labels } from '../../../shared/model/labels.ts';
import type { VectorSelector } from '../../../shared/promql/ast.ts';
import { PromqlError } from '../../../shared/promql/errors.ts';
import { parseExpr } from '../../../shared/promql/parser.ts';
import { checkTree } from '../../config/check.ts';
import { ConfigError, type ConfigFault } from '../../config/configError.ts';
import { fileText } from '../../config/fileText.ts';
import { bool, duration, labelName, number, positiveDuration, text } from '../../config/scalars.ts';
import { YamlSource } from '../../config/yamlSource.ts';

/** Requests that took too long, read off a histogram. */
export interface LatencyPart {
  readonly kind: 'latency';
  /** Of the histogram, without `_bucket`. */
  readonly histogram: VectorSelector;
  readonly underMs: number;
  readonly isNative: boolean;
}

/** Requests that failed, read off counters: either those that did or those that did not are counted. */
export interface AvailabilityPart {
  readonly kind: 'availability';
  readonly total: VectorSelector;
  readonly counted: 'good' | 'bad';
  readonly part: VectorSelector;
}

export type SloPart = LatencyPart | AvailabilityPart;

export interface Slo {
  readonly name: string;
  readonly description: string;
  /** Percent. */
  readonly objective: number;
  readonly periodMs: number;
  /** Labels of which each combination has a budget of its own. */
  readonly by: readonly string[];
  /** Put on every alert. */
  readonly labels: Labels;
  readonly annotations: Readonly<Record<string, string>>;
  readonly alertName: string;
  /** A request is good if it is for each of them; the first one says how many requests there are. */
  readonly parts: readonly [SloPart, ...SloPart[]];
}

const latencyKeys = z.strictObject({ histogram: text, under: positiveDuration, native: bool.optional() });
const availabilityKeys = z.strictObject({ total: text, bad: text.optional(), good: text.optional() });
const sloKeys = z.strictObject({
  name: text,
  description: text.optional(),
  objective: number,
  window: duration.optional(),
  by: z.array(labelName).optional(),
  labels: z.record(labelName, text).optional(),
  annotations: z.record(text, text).optional(),
  alert: text.optional(),
  latency: latencyKeys.optional(),
  availability: availabilityKeys.optional(),
  goodput: z
    .strictObject({ availability: availabilityKeys.optional(), latencies: z.array(latencyKeys).optional() })
    .optional(),
});
const fileKeys = z.strictObject({ slos: z.array(sloKeys) });
type RawSlo = z.output<typeof sloKeys>;
type RawLatency = z.output<typeof latencyKeys>;
type RawAvailability = z.output<typeof availabilityKeys>;
type Path = readonly PropertyKey[];
type Complain = (path: Path, why: string) => void;

const DAY_MS = 86_400_000;
const PERIOD_MS = 30 * DAY_MS;
const [PERIOD_MS_MIN, PERIOD_MS_MAX] = [7 * DAY_MS, 92 * DAY_MS];
const ALERT_NAME = 'ErrorBudgetBurns';

/** @throws ConfigError with `file:line:column` of every fault. */
export function loadSloFile(file: string): Slo[] {
  return parseSloFile(fileText(file), file);
}

/** @throws ConfigError */
export function parseSloFile(content: string, file: string): Slo[] {
  const source = new YamlSource(content, file);
  const { slos } = checkTree(source, fileKeys);
  const faults: ConfigFault[] = [];
  const read = slos.map((raw, i) => {
    const complain: Complain = (path, why) => void faults.push(source.fault(['slos', i, ...path], why));
    if (slos.findIndex(({ name }) => name === raw.name) < i)
      complain(['name'], `${JSON.stringify(raw.name)} is the name of another SLO of this file; names must differ`);
    return sloOf(raw, complain);
  });
  if (faults.length > 0) throw new ConfigError(file, faults);
  return read.filter((slo) => slo !== undefined);
}

function sloOf(raw: RawSlo, complain: Complain): Slo | undefined {
  const { objective, window: periodMs = PERIOD_MS } = raw;
  if (raw.name === '') complain(['name'], 'an SLO needs a name');
  if (!(objective > 0 && objective < 100))
    complain(['objective'], `is ${objective}; write percent between 0 and 100, such as 99.9`);
  else if (objective <= 1)
    complain(['objective'], `is ${objective} percent; did you mean ${Number((objective * 100).toPrecision(12))}?`);
  if (periodMs < PERIOD_MS_MIN || periodMs > PERIOD_MS_MAX) {
    const [min, max] = [formatDuration(PERIOD_MS_MIN), formatDuration(PERIOD_MS_MAX)];
    complain(['window'], `is ${formatDuration(periodMs)}; budgets are kept over ${min} to ${max}`);
  }
  if (raw.by?.includes('slo')) complain(['by'], 'slo is the label that names the SLO');
  const parts = partsOf(raw, complain);
  return (
    parts && {
      name: raw.name,
      description: raw.description ?? '',
      objective,
      periodMs,
      by: raw.by ?? [],
      labels: labelsOf(raw.labels ?? {}),
      annotations: raw.annotations ?? {},
      alertName: raw.alert ?? ALERT_NAME,
      parts,
    }
  );
}

function partsOf(raw: RawSlo, complain: Complain): Slo['parts'] | undefined {
  const kinds = (['latency', 'availability', 'goodput'] as const).filter((kind) => raw[kind] !== undefined);
  if (kinds.length !== 1) {
    const [, second] = kinds;
    if (second === undefined) complain([], 'says not what is measured; add latency, availability or goodput');
    else complain([second], `${kinds[0]} stands there too; an SLO has one of them, and goodput joins several`);
    return undefined;
  }
  const { latency, availability, goodput } = raw;
  const parts: (SloPart | undefined)[] = [
    ...(latency === undefined ? [] : [latencyOf(latency, ['latency'], complain)]),
    ...(availability === undefined ? [] : [availabilityOf(availability, ['availability'], complain)]),
    ...(goodput?.availability === undefined
      ? []
      : [availabilityOf(goodput.availability, ['goodput', 'availability'], complain)]),
    ...(goodput?.latencies ?? []).map((one, i) => latencyOf(one, ['goodput', 'latencies', i], complain)),
  ];
  if (parts.length === 0) complain(['goodput'], 'is empty; a request is good for what? add availability or latencies');
  const found = parts.filter((part) => part !== undefined);
  return isFilled(found) ? found : undefined;
}

const isFilled = (parts: SloPart[]): parts is [SloPart, ...SloPart[]] => parts.length > 0;

function latencyOf({ histogram, under, native }: RawLatency, path: Path, complain: Complain): LatencyPart | undefined {
  const selector = selectorOf(histogram, [...path, 'histogram'], complain);
  if (selector === undefined) return undefined;
  const { name } = selector;
  if (name === undefined) {
    complain([...path, 'histogram'], 'name the histogram before the braces, such as x_seconds{job="api"}');
    return undefined;
  }
  if (/_(bucket|count|sum)$/.test(name)) {
    complain([...path, 'histogram'], `write ${name.replace(/_[a-z]+$/, '')}, the histogram's own name`);
    return undefined;
  }
  return { kind: 'latency', histogram: selector, underMs: under, isNative: native ?? false };
}

function availabilityOf(raw: RawAvailability, path: Path, complain: Complain): AvailabilityPart | undefined {
  const counted = raw.good === undefined ? 'bad' : 'good';
  const written = raw[counted];
  if (written === undefined || (raw.good !== undefined && raw.bad !== undefined)) {
    complain(
      path,
      'needs total and one of bad and good: counters of all requests, and of those that failed or did not',
    );
    return undefined;
  }
  const total = selectorOf(raw.total, [...path, 'total'], complain);
  const part = selectorOf(written, [...path, counted], complain);
  return total && part && { kind: 'availability', total, counted, part };
}

function selectorOf(written: string, path: Path, complain: Complain): VectorSelector | undefined {
  try {
    const expr = parseExpr(written);
    if (expr.kind === 'selector' && expr.offset === undefined && expr.at === undefined) return expr;
    complain(
      path,
      `is ${JSON.stringify(written)}; write the series alone, such as x{job="api"}: rate and sum are added`,
    );
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error;
    complain(path, `could not parse expression: ${error.message}`);
  }
  return undefined;
}
