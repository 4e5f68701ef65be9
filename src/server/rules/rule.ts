/** One rule as it runs: what an evaluation makes of the rows of its expression. */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { labelsFrom, labelsKey, labelsOf, METRIC_NAME, type Label, type Labels } from '../../shared/model/labels.ts';
import { withoutParens, type Expr } from '../../shared/promql/ast.ts';
import { formatExpr } from '../../shared/promql/format.ts';
import { AlertSet, type Alert, type FoundAlert } from './alerts.ts';
import type { AlertingSpec, NamedTemplate, RecordingSpec, RuleSpec } from './ruleFile.ts';
import type { ExpandContext } from './template/expand.ts';

/** A row of an instant query's answer, and what a rule writes. A histogram's `value` is NaN. */
export interface RuleSample {
  readonly labels: Labels;
  readonly value: number;
  readonly histogram?: NativeHistogram;
  /** Its labels as a key, where they were made into one already. */
  readonly key?: string;
  /** Of a row that comes time and again: what a rule made of its labels. */
  readonly row?: KeptRow;
}

export interface KeptRow {
  named?: NamedLabels;
}

export interface NamedLabels {
  readonly labels: Labels;
  /** As labelsKey() makes it. */
  readonly key: string;
}

/** The rows of an instant query at time `t` (milliseconds). Rejects with QueryError. @param parsed the same without parentheses, if it is there. */
export type AskVector = (expr: string, t: number, parsed?: Expr) => Promise<readonly RuleSample[]>;

/** For expressions that are asked again and again: their rows at time `t` at once, or undefined where they are to be asked for. */
export type KeepVector = (parsed: Expr) => (t: number) => readonly RuleSample[] | undefined;

export interface RuleSurroundings {
  readonly ask: AskVector;
  readonly keep?: KeepVector;
  readonly externalLabels: Labels;
  readonly externalUrl: string;
  /** A template that could not be expanded; its text says so too. */
  onTemplateFault(rule: string, fault: unknown): void;
  /** After each text that was expanded, or could not be. */
  onExpanded?(failed: boolean): void;
}

/** When a rule is evaluated: at `t`, over what was stored `offsetMs` before. */
export interface EvaluationTime {
  readonly t: number;
  readonly offsetMs: number;
}

export const ALERT_NAME = 'alertname';
export const ALERTS = 'ALERTS';
export const ALERTS_FOR_STATE = 'ALERTS_FOR_STATE';

export interface RuleHealth {
  health: 'unknown' | 'ok' | 'err';
  lastError: string;
  /** Of the last evaluation, milliseconds. */
  durationMs: number;
  /** When the last evaluation began, milliseconds; 0 for never. */
  evaluatedAt: number;
}

const UNTRIED: RuleHealth = { health: 'unknown', lastError: '', durationMs: 0, evaluatedAt: 0 };

export type Rule = RecordingRule | AlertingRule;

export function makeRule(spec: RuleSpec): Rule {
  return spec.kind === 'recording' ? new RecordingRule(spec) : new AlertingRule(spec);
}

/** What need not be waited for is there at once: of thousands of rules, few have anything to wait for. */
export type AtOnceOrLater<T> = T | Promise<T>;

/** A rule's expression, asked time and again. */
class AskedRule<S extends RuleSpec> {
  readonly spec: S;
  readonly query: string;
  readonly state: RuleHealth = { ...UNTRIED };
  readonly #parsed: Expr;
  #kept: ReturnType<KeepVector> | undefined;

  constructor(spec: S) {
    this.spec = spec;
    this.query = formatExpr(spec.expr);
    this.#parsed = withoutParens(spec.expr);
  }

  /** Its rows, at once where they can be had so. */
  protected rows(
    { t, offsetMs }: EvaluationTime,
    { ask, keep }: RuleSurroundings,
  ): AtOnceOrLater<readonly RuleSample[]> {
    this.#kept ??= keep?.(this.#parsed);
    return this.#kept?.(t - offsetMs) ?? ask(this.query, t - offsetMs, this.#parsed);
  }
}

export class RecordingRule extends AskedRule<RecordingSpec> {
  /**
   * The samples that the rule records, under its name.
   *
   * @throws Error where two of them have the same labels, or where there are more than `limit` (0: no limit).
   */
  evaluate(time: EvaluationTime, limit: number, surroundings: RuleSurroundings): AtOnceOrLater<RuleSample[]> {
    const rows = this.rows(time, surroundings);
    if (rows instanceof Promise) return rows.then((found) => this.#samples(found, limit));
    return this.#samples(rows, limit);
  }

  #samples(rows: readonly RuleSample[], limit: number): RuleSample[] {
    const samples = rows.map((row) => ({ value: row.value, histogram: row.histogram, ...this.#named(row) }));
    if (samples.length > 1 && new Set(samples.map(({ key }) => key)).size < samples.length) {
      throw new Error('vector contains metrics with the same labelset after applying rule labels');
    }
    if (limit > 0 && samples.length > limit)
      throw new Error(`exceeded limit of ${limit} with ${samples.length} series`);
    return samples;
  }

  #named({ labels: given, row = {} }: RuleSample): NamedLabels {
    if (row.named !== undefined) return row.named;
    return (row.named = keyed([...given, [METRIC_NAME, this.spec.name], ...this.spec.labels]));
  }
}

/** @param pairs as labelsFrom() takes them. */
function keyed(pairs: Iterable<Label>): NamedLabels {
  const labels = labelsFrom(pairs);
  return { labels, key: labelsKey(labels) };
}

/** Whether no template makes the label. */
const isFixed = ([, value]: Label) => !value.includes('{{');

/** The series that an alert is written as. */
interface AlertSeries {
  readonly state: Alert['state'];
  readonly alerts: NamedLabels;
  readonly forState: NamedLabels;
}

export class AlertingRule extends AskedRule<AlertingSpec> {
  readonly alerts: AlertSet;
  /** Whether what is around a row makes no difference to its alert's labels. */
  readonly #hasFixedLabels: boolean;
  /** What alerts are written as, until their state changes. */
  readonly #series = new WeakMap<Alert, AlertSeries>();
  /** Nothing is written before it is known since when alerts have held: it would take the place of what is to be restored. */
  isRestored: boolean;

  constructor(spec: AlertingSpec) {
    super(spec);
    this.alerts = new AlertSet(spec.forMs, spec.keepFiringForMs);
    this.#hasFixedLabels = spec.labels.every(isFixed);
    this.isRestored = true;
  }

  /**
   * Moves the rule's alerts on and gives the samples that say so: `ALERTS` and `ALERTS_FOR_STATE` for each that is pending or firing.
   *
   * @throws Error where two rows make the same alert, or where there are more than `limit` (0: no limit); the rule's alerts are then forgotten.
   */
  evaluate(time: EvaluationTime, limit: number, surroundings: RuleSurroundings): AtOnceOrLater<RuleSample[]> {
    const rows = this.rows(time, surroundings);
    if (!(rows instanceof Promise) && rows.length === 0) return this.#advance(time.t, [], limit);
    return this.#expand(rows, time.t, limit, surroundings);
  }

  async #expand(
    rows: AtOnceOrLater<readonly RuleSample[]>,
    t: number,
    limit: number,
    surroundings: RuleSurroundings,
  ): Promise<RuleSample[]> {
    const found = await Promise.all((await rows).map((row) => this.#found(row, t, surroundings)));
    return this.#advance(t, found, limit);
  }

  #advance(t: number, found: readonly FoundAlert[], limit: number): RuleSample[] {
    if (found.length > 1 && new Set(found.map(({ key }) => key)).size < found.length) {
      throw new Error('vector contains metrics with the same labelset after applying alert labels');
    }
    const live = this.alerts.update(t, found);
    if (limit > 0 && live.length > limit) {
      this.alerts.forget();
      throw new Error(`exceeded limit of ${limit} with ${live.length} alerts`);
    }
    return this.isRestored ? live.flatMap((alert) => this.#samples(alert)) : [];
  }

  /** Labels of the series `ALERTS_FOR_STATE` that no template makes: what to look for when state is restored. */
  get forStateLabels(): Labels {
    return labelsFrom([
      ...this.spec.labels.filter(isFixed),
      [METRIC_NAME, ALERTS_FOR_STATE],
      [ALERT_NAME, this.spec.name],
    ]);
  }

  async #found(row: RuleSample, t: number, surroundings: RuleSurroundings): Promise<FoundAlert> {
    const context: ExpandContext = {
      labels: row.labels,
      value: row.value,
      externalLabels: surroundings.externalLabels,
      externalUrl: surroundings.externalUrl,
      now: t,
      query: (expr) => surroundings.ask(expr, t),
    };
    const expand = async (templates: readonly NamedTemplate[]) =>
      Promise.all(
        templates.map(
          async ({ name, template }) => [name, await this.#text(template.expand(context), surroundings)] as const,
        ),
      );
    const named = row.row?.named ?? this.#named(row, await expand(this.spec.labelTemplates));
    if (row.row !== undefined && this.#hasFixedLabels) row.row.named = named;
    const annotations = labelsOf(Object.fromEntries(await expand(this.spec.annotationTemplates)));
    return { ...named, annotations, value: row.value };
  }

  #named({ labels: given }: RuleSample, own: Labels): NamedLabels {
    return keyed([...given.filter(([name]) => name !== METRIC_NAME), ...own, [ALERT_NAME, this.spec.name]]);
  }

  async #text(expanded: Promise<string>, { onTemplateFault, onExpanded }: RuleSurroundings): Promise<string> {
    try {
      const text = await expanded;
      onExpanded?.(false);
      return text;
    } catch (fault) {
      onExpanded?.(true);
      onTemplateFault(this.spec.name, fault);
      return `<error expanding template: error executing template __alert_${this.spec.name}: ${(fault as Error).message}>`;
    }
  }

  #samples(alert: Alert): RuleSample[] {
    let series = this.#series.get(alert);
    if (series?.state !== alert.state) this.#series.set(alert, (series = this.#seriesOf(alert)));
    return [
      { ...series.alerts, value: 1 },
      { ...series.forState, value: Math.floor(alert.activeAt / 1000) },
    ];
  }

  #seriesOf({ labels: own, state }: Alert): AlertSeries {
    const named = (name: string, ...more: Labels) =>
      keyed([...this.spec.labels, ...own, [METRIC_NAME, name], [ALERT_NAME, this.spec.name], ...more]);
    return { state, alerts: named(ALERTS, ['alertstate', state]), forState: named(ALERTS_FOR_STATE) };
  }
}
