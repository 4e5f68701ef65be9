/** One rule test: its series are stored as time goes on, its rules evaluated, and what they give is held against what is expected. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareLabels, formatLabels, labelsKey } from '../../../shared/model/labels.ts';
import { formatValue } from '../../../shared/api/prometheus.ts';
import { compacted } from '../../../shared/histogram/arithmetic.ts';
import { formatDuration } from '../../../shared/model/durations.ts';
import { createEngine, DEFAULT_LIMITS } from '../../promql/engine.ts';
import { askEngine } from '../../rules/askEngine.ts';
import { RuleGroup, type GroupDeps } from '../../rules/group.ts';
import { AlertingRule, type AskVector, type RuleSample } from '../../rules/rule.ts';
import type { RuleGroupSpec } from '../../rules/ruleFile.ts';
import { silentLog } from '../../telemetry/log.ts';
import { openTsdb, type Tsdb } from '../../tsdb/db.ts';
import { KEEP_ALL } from '../tsdb/openStore.ts';
import { histogramText } from './histogramNotation.ts';
import type { ExpectedAlert, ExpectedSample, RuleTest, RuleTestFile } from './testFile.ts';

export interface TestSettings extends Pick<RuleTestFile, 'evaluationIntervalMs' | 'groupOrder' | 'fuzzy'> {
  readonly groups: readonly RuleGroupSpec[];
}

/** What is not as expected, in words; none if all is. */
export async function runRuleTest(test: RuleTest, settings: TestSettings): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'isotherm-test-'));
  const tsdb = await openTsdb({
    path: folder,
    blockRangeMs: Number.MAX_SAFE_INTEGER,
    retention: KEEP_ALL,
  });
  try {
    return await new TestRun(test, settings, tsdb).run();
  } finally {
    await tsdb.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

class TestRun {
  readonly #test: RuleTest;
  readonly #settings: TestSettings;
  readonly #tsdb: Tsdb;
  readonly #ask: AskVector;
  readonly #groups: readonly RuleGroup[];
  /** Values of the input that are stored. */
  #stored = 0;

  constructor(test: RuleTest, settings: TestSettings, tsdb: Tsdb) {
    this.#test = test;
    this.#settings = settings;
    this.#tsdb = tsdb;
    const engine = createEngine(tsdb, { ...DEFAULT_LIMITS, subqueryStepMs: settings.evaluationIntervalMs });
    this.#ask = askEngine(engine, new AbortController().signal);
    const { groupOrder, groups } = settings;
    const rank = ({ name }: RuleGroupSpec) =>
      groupOrder.includes(name) ? groupOrder.indexOf(name) : groupOrder.length;
    this.#groups = [...groups].sort((a, b) => rank(a) - rank(b)).map((spec) => this.#group(spec));
  }

  async run(): Promise<string[]> {
    const { start, alerts, exprs } = this.#test;
    const { evaluationIntervalMs } = this.#settings;
    const lastMs = Math.max(0, ...alerts.map(({ atMs }) => atMs), ...exprs.map(({ atMs }) => atMs));
    const wrong: string[] = [];
    for (let ms = 0; ms <= lastMs; ms += evaluationIntervalMs) {
      await this.#storeUntil(ms);
      const faults = await this.#evaluate(start + ms);
      if (faults.length > 0) return [...wrong, ...faults];
      for (const asked of alerts) {
        if (asked.atMs >= ms && asked.atMs < ms + evaluationIntervalMs) wrong.push(...this.#alertsWrong(asked));
      }
    }
    await this.#storeUntil(lastMs);
    for (const asked of exprs) wrong.push(...(await this.#exprWrong(asked)));
    return wrong;
  }

  #group(spec: RuleGroupSpec): RuleGroup {
    const { externalLabels, externalUrl } = this.#test;
    const deps: GroupDeps = {
      storage: this.#tsdb,
      queryable: this.#tsdb,
      clock: { now: () => 0, sleepUntil: async () => undefined },
      log: silentLog,
      surroundings: { ask: this.#ask, externalLabels, externalUrl, onTemplateFault: () => undefined },
      restoreTimes: { outageToleranceMs: 0, gracePeriodMs: 0 },
      resendDelayMs: 0,
      concurrency: undefined,
      notify: () => undefined,
    };
    return new RuleGroup(spec, { intervalMs: this.#test.intervalMs, queryOffsetMs: spec.queryOffsetMs ?? 0 }, deps);
  }

  /** Values after that do not exist yet: no rule may see them. */
  async #storeUntil(ms: number): Promise<void> {
    const { start, intervalMs, input } = this.#test;
    const end = Math.floor(ms / intervalMs) + 1;
    for (; this.#stored < end; this.#stored++) {
      const appender = this.#tsdb.appender();
      const t = start + this.#stored * intervalMs;
      for (const { labels, values } of input) {
        const value = values[this.#stored];
        if (value === undefined) continue;
        if (value === 'stale') appender.appendStale(labels, t);
        else if (typeof value === 'number') appender.append(labels, t, value);
        else appender.appendHistogram(labels, t, value);
      }
      await appender.commit();
    }
  }

  async #evaluate(t: number): Promise<string[]> {
    const faults: string[] = [];
    for (const group of this.#groups) {
      await group.evaluate(t);
      for (const { spec, state } of group.rules) {
        if (state.lastError !== '')
          faults.push(`    rule: ${spec.name}, time: ${formatDuration(t - this.#test.start)}, err: ${state.lastError}`);
      }
    }
    return faults;
  }

  #alertsWrong({ atMs, alertname, expected }: RuleTest['alerts'][number]): string[] {
    const rules = this.#groups
      .flatMap((group) => group.rules)
      .filter((rule) => rule instanceof AlertingRule && rule.spec.name === alertname) as AlertingRule[];
    const got = rules.flatMap(({ alerts }) => alerts.current.filter(({ state }) => state === 'firing'));
    const [expectedText, gotText] = [alertLines(expected), alertLines(got)];
    return expectedText === gotText
      ? []
      : [
          `    alertname: ${alertname}, time: ${formatDuration(atMs)},\n        exp: ${expectedText}\n        got: ${gotText}`,
        ];
  }

  async #exprWrong({ atMs, expr, expected }: RuleTest['exprs'][number]): Promise<string[]> {
    const where = `    expr: ${JSON.stringify(expr)}, time: ${formatDuration(atMs)},`;
    let got: readonly RuleSample[];
    try {
      got = await this.#ask(expr, this.#test.start + atMs);
    } catch (error) {
      return [`${where} err: ${(error as Error).message}`];
    }
    const [expectedRows, gotRows] = [sorted(expected), sorted(got)];
    const same =
      expectedRows.length === gotRows.length && expectedRows.every((row, i) => this.#isSame(row, gotRows[i]));
    return same ? [] : [`${where}\n        exp: ${sampleLines(expectedRows)}\n        got: ${sampleLines(gotRows)}`];
  }

  #isSame(a: ExpectedSample, b: ExpectedSample): boolean {
    if (labelsKey(a.labels) !== labelsKey(b.labels) || (a.histogram === undefined) !== (b.histogram === undefined))
      return false;
    if (a.histogram !== undefined) return notation(a) === notation(b);
    if (Object.is(a.value, b.value) || a.value === b.value) return true;
    return (
      this.#settings.fuzzy &&
      Math.abs(a.value - b.value) <= Number.EPSILON * Math.max(Math.abs(a.value), Math.abs(b.value))
    );
  }
}

function sorted(samples: readonly ExpectedSample[]): ExpectedSample[] {
  return [...samples].sort((a, b) => compareLabels(a.labels, b.labels));
}

const notation = ({ value, histogram }: ExpectedSample) =>
  histogram === undefined ? formatValue(value) : histogramText(compacted(histogram));

function sampleLines(samples: readonly ExpectedSample[]): string {
  return samples.length === 0
    ? 'nil'
    : samples.map((sample) => `${formatLabels(sample.labels)} ${notation(sample)}`).join(', ');
}

function alertLines(alerts: readonly ExpectedAlert[]): string {
  if (alerts.length === 0) return '[]';
  return [...alerts]
    .sort((a, b) => compareLabels(a.labels, b.labels) || compareLabels(a.annotations, b.annotations))
    .map(
      ({ labels, annotations }, i) =>
        `\n          ${i}: labels: ${formatLabels(labels)}\n             annotations: ${formatLabels(annotations)}`,
    )
    .join('');
}
