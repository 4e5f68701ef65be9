/**
 * What rules would have done: evaluated over stored history, by the same state machines as when they run. Expressions are asked for many steps at
 * once; alerts then walk through the answers one step after the other.
 */
import { METRIC_NAME, labelsFrom, labelsKey, type Labels } from '../../../shared/model/labels.ts';
import type { QueryEngine, QueryRequest, StepMatrix } from '../../storage/engine.ts';
import type { Queryable } from '../../storage/queryable.ts';
import type { AlertingRule } from '../rule.ts';
import { makeRule, RecordingRule, type Rule, type RuleSample, type RuleSurroundings } from '../rule.ts';
import type { RuleGroupSpec } from '../ruleFile.ts';
import { FiringLog, type AlertSpan } from './firingLog.ts';
import { RecordedSeries, RuleRecord } from './recordedSeries.ts';

/** Steps that one query is asked for. */
const STEPS_PER_QUERY = 1_000;
/** Evaluations of one backtest. */
export const EVALUATIONS_MAX = 1_000_000;
/** `for` and `keep_firing_for` of alerts that hold at the start are walked through before it, so far at most. */
const LEAD_MS_MAX = 86_400_000;

export interface BacktestRequest {
  readonly groups: readonly RuleGroupSpec[];
  /** Milliseconds, both inclusive. */
  readonly start: number;
  readonly end: number;
  /** In place of the groups' own. */
  readonly intervalMs?: number;
  /** Spans told of one rule. */
  readonly spansMax: number;
  readonly signal?: AbortSignal;
}

export interface BacktestParts {
  readonly queryable: Queryable;
  /** Where expressions are evaluated that read nothing of what the rules record. */
  readonly engine: QueryEngine;
  /** An engine over another store: for the other expressions. undefined where there is none; recorded series are then those that are stored. */
  readonly engineOver?: (queryable: Queryable) => QueryEngine;
  readonly externalLabels: Labels;
  readonly externalUrl: string;
  /** Of groups that say none. */
  readonly intervalMs: number;
  readonly queryOffsetMs: number;
}

export interface BacktestedRule {
  readonly group: RuleGroupSpec;
  readonly rule: Rule;
  readonly intervalMs: number;
  readonly evaluations: number;
  readonly failures: number;
  /** The first failure; '' for none. */
  readonly fault: string;
  /** Of an alerting rule: those that touch the range. */
  readonly spans: readonly AlertSpan[];
  readonly omitted: number;
  /** Of a recording rule. */
  readonly series: number;
}

/** The range is too long for the interval. */
export class BacktestTooLong extends Error {
  constructor(evaluations: number) {
    super(
      `${evaluations} evaluations, over ${EVALUATIONS_MAX}; shorten the range, take fewer rules, or a longer interval`,
    );
    this.name = 'BacktestTooLong';
  }
}

/** @throws BacktestTooLong. What fails in a rule is told with it. Rejects when the signal is aborted. */
export async function backtest(request: BacktestRequest, parts: BacktestParts): Promise<BacktestedRule[]> {
  const runs = request.groups.map((group) => gridOf(group, request, parts));
  const evaluations = runs.reduce((sum, { times, group }) => sum + times.length * group.rules.length, 0);
  if (evaluations > EVALUATIONS_MAX) throw new BacktestTooLong(evaluations);
  const recorded = new RecordedSeries(parts.queryable, recordedNames(request.groups));
  const engines = { stored: parts.engine, recorded: parts.engineOver?.(recorded) ?? parts.engine };
  const results: BacktestedRule[] = [];
  // One group after another, in the order of the file: a group sees what those before it recorded.
  for (const { group, intervalMs, times } of runs) {
    const offsetMs = group.queryOffsetMs ?? parts.queryOffsetMs;
    const walks = group.rules.map((spec) => {
      const readsRecorded = readsAnyOf(makeRule(spec).query, recordedNames(request.groups));
      const engine = readsRecorded ? engines.recorded : engines.stored;
      return new RuleWalk(makeRule(spec), { group, intervalMs, offsetMs, engine, recorded, request, parts });
    });
    for (let from = 0; from < times.length; from += STEPS_PER_QUERY)
      for (const walk of walks) await walk.over(times.subarray(from, from + STEPS_PER_QUERY));
    results.push(...walks.map((walk) => walk.result()));
  }
  return results;
}

function gridOf(group: RuleGroupSpec, { start, end, intervalMs: asked }: BacktestRequest, parts: BacktestParts) {
  const intervalMs = asked ?? group.intervalMs ?? parts.intervalMs;
  const leads = group.rules.map((rule) => (rule.kind === 'alerting' ? rule.forMs + rule.keepFiringForMs : 0));
  const lead = Math.ceil(Math.min(LEAD_MS_MAX, Math.max(0, ...leads)) / intervalMs);
  const count = lead + Math.floor((end - start) / intervalMs) + 1;
  return { group, intervalMs, times: Float64Array.from({ length: count }, (_, i) => start + (i - lead) * intervalMs) };
}

function recordedNames(groups: readonly RuleGroupSpec[]): ReadonlySet<string> {
  return new Set(
    groups.flatMap(({ rules }) => rules.filter(({ kind }) => kind === 'recording').map(({ name }) => name)),
  );
}

/** Whether one of the names stands in the expression, or may be meant by a pattern; too often rather than too seldom. */
function readsAnyOf(query: string, names: ReadonlySet<string>): boolean {
  return [...names].some((name) => query.includes(name)) || (names.size > 0 && query.includes(METRIC_NAME));
}

interface WalkParts {
  readonly group: RuleGroupSpec;
  readonly intervalMs: number;
  readonly offsetMs: number;
  readonly engine: QueryEngine;
  readonly recorded: RecordedSeries;
  readonly request: BacktestRequest;
  readonly parts: BacktestParts;
}

/** One rule on its way through the steps. */
class RuleWalk {
  readonly #rule: Rule;
  readonly #parts: WalkParts;
  readonly #log: FiringLog;
  readonly #record: RuleRecord;
  readonly #series = new Set<string>();
  #evaluations = 0;
  #failures = 0;
  #fault = '';

  constructor(rule: Rule, parts: WalkParts) {
    this.#rule = rule;
    this.#parts = parts;
    this.#log = new FiringLog(parts.request.spansMax);
    this.#record = new RuleRecord(parts.recorded);
  }

  result(): BacktestedRule {
    const { group, intervalMs, request } = this.#parts;
    return {
      group,
      rule: this.#rule,
      intervalMs,
      evaluations: this.#evaluations,
      failures: this.#failures,
      fault: this.#fault,
      spans: this.#log.spans.filter(({ endedAt }) => endedAt === undefined || endedAt > request.start),
      omitted: this.#log.omitted,
      series: this.#series.size,
    };
  }

  async over(times: Float64Array): Promise<void> {
    this.#parts.request.signal?.throwIfAborted();
    this.#evaluations += times.length;
    const rule = this.#rule;
    let matrix: StepMatrix;
    try {
      matrix = await this.#matrix(rule.query, times);
    } catch (fault) {
      if (this.#parts.request.signal?.aborted) throw fault;
      this.#fail(fault, times.length);
      return;
    }
    if (rule instanceof RecordingRule) this.#keep(rule, times, matrix);
    else await this.#step(rule, times, matrix);
  }

  async #matrix(expr: string, times: Float64Array): Promise<StepMatrix> {
    const { engine, intervalMs, offsetMs, request } = this.#parts;
    const asked: QueryRequest = {
      expr,
      start: times[0] - offsetMs,
      end: times[times.length - 1] - offsetMs,
      stepMs: intervalMs,
      signal: request.signal,
    };
    const { value } = await engine.query(asked);
    if (value.kind !== 'matrix') throw new Error('rule result is not a vector or scalar');
    return value.matrix;
  }

  #keep({ spec }: RecordingRule, times: Float64Array, matrix: StepMatrix): void {
    const labels = matrix.labels.map((set) => labelsFrom([...set, [METRIC_NAME, spec.name], ...spec.labels]));
    const keys = labels.map(labelsKey);
    if (new Set(keys).size < keys.length) {
      this.#fail(new Error('vector contains metrics with the same labelset after applying rule labels'), times.length);
      return;
    }
    for (const key of keys) this.#series.add(key);
    const { offsetMs } = this.#parts;
    this.#record.add(offsetMs === 0 ? times.slice() : times.map((t) => t - offsetMs), labels, matrix);
  }

  async #step(rule: AlertingRule, times: Float64Array, matrix: StepMatrix): Promise<void> {
    const { offsetMs, group, intervalMs } = this.#parts;
    const rowsAt = stepRows(matrix, times.length);
    const surroundings = this.#surroundings((expr, t) =>
      expr === rule.query ? rowsAt(Math.round((t + offsetMs - times[0]) / intervalMs)) : undefined,
    );
    for (const t of times) {
      try {
        await rule.evaluate({ t, offsetMs }, group.limit, surroundings);
      } catch (fault) {
        this.#parts.request.signal?.throwIfAborted();
        this.#fail(fault, 1);
      }
      this.#log.see(t, rule.alerts.all);
    }
  }

  /** Templates may ask for more than what is there. */
  #surroundings(known: (expr: string, t: number) => readonly RuleSample[] | undefined): RuleSurroundings {
    const { engine, parts, request } = this.#parts;
    return {
      externalLabels: parts.externalLabels,
      externalUrl: parts.externalUrl,
      onTemplateFault: (_, fault) => this.#tell(fault),
      ask: async (expr, t) => {
        const rows = known(expr, t);
        if (rows !== undefined) return rows;
        const { value } = await engine.query({ expr, start: t, end: t, stepMs: 0, signal: request.signal });
        if (value.kind !== 'vector' && value.kind !== 'scalar') throw new Error('not a vector or scalar');
        return stepRows(value.matrix, 1)(0);
      },
    };
  }

  #fail(fault: unknown, count: number): void {
    this.#failures += count;
    this.#tell(fault);
  }

  #tell(fault: unknown): void {
    if (this.#fault === '') this.#fault = fault instanceof Error ? fault.message : String(fault);
  }
}

/** The rows of a matrix that are there at a step. */
function stepRows({ labels, values, present, presentStride, histograms }: StepMatrix, count: number) {
  return (i: number): RuleSample[] =>
    labels.flatMap((set, s): RuleSample[] => {
      if ((present[s * presentStride + (i >> 3)] & (1 << (i & 7))) === 0) return [];
      const histogram = histograms?.get(s * count + i);
      return [
        histogram === undefined
          ? { labels: set, value: values[s * count + i] }
          : { labels: set, value: NaN, histogram },
      ];
    });
}
