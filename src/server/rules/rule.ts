/** One rule as it runs: what an evaluation makes of the rows of its expression. */
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import { labelsFrom, labelsKey, labelsOf, METRIC_NAME, type Labels } from '../../shared/model/labels.ts';
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
  named?: { readonly labels: Labels; readonly key: string };
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

/** A rule's expression as it is asked time and again. */
class RuleQuery {
  readonly text: string;
  readonly #parsed: Expr;
  #kept: ReturnType<KeepVector> | undefined;

  constructor(expr: Expr) {
    this.text = formatExpr(expr);
    this.#parsed = withoutParens(expr);
  }

  /** The rows at time `t`, milliseconds. At once where they can be had so. */
  rows(t: number, { ask, keep }: RuleSurroundings): readonly RuleSample[] | Promise<readonly RuleSample[]> {
    this.#kept ??= keep?.(this.#parsed);
    return this.#kept?.(t) ?? ask(this.text, t, this.#parsed);
  }
}

export class RecordingRule {
  readonly spec: RecordingSpec;
  readonly #query: RuleQuery;
  readonly state: RuleHealth = { ...UNTRIED };

  constructor(spec: RecordingSpec) {
    this.spec = spec;
    this.#query = new RuleQuery(spec.expr);
  }

  get query(): string {
    return this.#query.text;
  }

  /**
   * The samples that the rule records, under its name.
   *
   * @throws Error where two of them have the same labels, or where there are more than `limit` (0: no limit).
   */
  async evaluate(
    { t, offsetMs }: EvaluationTime,
    limit: number,
    surroundings: RuleSurroundings,
  ): Promise<RuleSample[]> {
    const rows = await this.#query.rows(t - offsetMs, surroundings);
    const samples = rows.map((row) => ({ value: row.value, histogram: row.histogram, ...this.#named(row) }));
    if (samples.length > 1 && new Set(samples.map(({ key }) => key)).size < samples.length) {
      throw new Error('vector contains metrics with the same labelset after applying rule labels');
    }
    if (limit > 0 && samples.length > limit)
      throw new Error(`exceeded limit of ${limit} with ${samples.length} series`);
    return samples;
  }

  #named({ labels: given, row = {} }: RuleSample): NonNullable<KeptRow['named']> {
    if (row.named !== undefined) return row.named;
    const labels = labelsFrom([...given, [METRIC_NAME, this.spec.name], ...this.spec.labels]);
    return (row.named = { labels, key: labelsKey(labels) });
  }
}

export class AlertingRule {
  readonly spec: AlertingSpec;
  readonly #query: RuleQuery;
  readonly state: RuleHealth = { ...UNTRIED };
  readonly alerts: AlertSet;
  /** Nothing is written before it is known since when alerts have held: it would take the place of what is to be restored. */
  isRestored: boolean;

  constructor(spec: AlertingSpec) {
    this.spec = spec;
    this.#query = new RuleQuery(spec.expr);
    this.alerts = new AlertSet(spec.forMs, spec.keepFiringForMs);
    this.isRestored = true;
  }

  get query(): string {
    return this.#query.text;
  }

  /**
   * Moves the rule's alerts on and gives the samples that say so: `ALERTS` and `ALERTS_FOR_STATE` for each that is pending or firing.
   *
   * @throws Error where two rows make the same alert, or where there are more than `limit` (0: no limit); the rule's alerts are then forgotten.
   */
  async evaluate(
    { t, offsetMs }: EvaluationTime,
    limit: number,
    surroundings: RuleSurroundings,
  ): Promise<RuleSample[]> {
    const rows = await this.#query.rows(t - offsetMs, surroundings);
    const found = await Promise.all(rows.map((row) => this.#found(row, t, surroundings)));
    if (new Set(found.map(({ labels }) => labelsKey(labels))).size < found.length) {
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
    const fixed = this.spec.labels.filter(([, value]) => !value.includes('{{'));
    return labelsFrom([...fixed, [METRIC_NAME, ALERTS_FOR_STATE], [ALERT_NAME, this.spec.name]]);
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
    const expand = (templates: readonly NamedTemplate[]) =>
      Promise.all(
        templates.map(
          async ({ name, template }) => [name, await this.#text(template.expand(context), surroundings)] as const,
        ),
      );
    const [labels, annotations] = await Promise.all([
      expand(this.spec.labelTemplates),
      expand(this.spec.annotationTemplates),
    ]);
    const own = row.labels.filter(([name]) => name !== METRIC_NAME);
    return {
      labels: labelsFrom([...own, ...labels, [ALERT_NAME, this.spec.name]]),
      annotations: labelsOf(Object.fromEntries(annotations)),
      value: row.value,
    };
  }

  async #text(expanded: Promise<string>, { onTemplateFault }: RuleSurroundings): Promise<string> {
    try {
      return await expanded;
    } catch (fault) {
      onTemplateFault(this.spec.name, fault);
      return `<error expanding template: error executing template __alert_${this.spec.name}: ${(fault as Error).message}>`;
    }
  }

  #samples(alert: Alert): RuleSample[] {
    const named = (name: string, ...more: readonly (readonly [string, string])[]) =>
      labelsFrom([...this.spec.labels, ...alert.labels, [METRIC_NAME, name], [ALERT_NAME, this.spec.name], ...more]);
    return [
      { labels: named(ALERTS, ['alertstate', alert.state]), value: 1 },
      { labels: named(ALERTS_FOR_STATE), value: Math.floor(alert.activeAt / 1000) },
    ];
  }
}
