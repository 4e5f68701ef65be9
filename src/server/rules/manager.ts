/** All groups: starts, changes and ends them as the configuration says. */
import { compareText, type Labels } from '../../shared/model/labels.ts';
import type { QueryEngine } from '../storage/engine.ts';
import type { GlobalConfig } from '../config/config.ts';
import type { Storage } from '../storage/appender.ts';
import type { Queryable } from '../storage/queryable.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { Alert } from './alerts.ts';
import { askEngine, keepQueries } from './askEngine.ts';
import { backtest, type BacktestedRule, type BacktestRequest } from './backtest/backtest.ts';
import { EvaluationLimit } from './evaluationLimit.ts';
import { groupKey, RuleGroup, type GroupDeps } from './group.ts';
import type { RestoreTimes } from './restore.ts';
import type { RuleGroupSpec } from './ruleFile.ts';

export interface RuleManagerDeps {
  readonly storage: Storage;
  readonly queryable: Queryable;
  readonly engine: QueryEngine;
  /** An engine over another store, for backtests of rules that read what others record. */
  readonly engineOver?: (queryable: Queryable) => QueryEngine;
  readonly clock: Clock;
  readonly log: Log;
  readonly externalUrl: string;
  readonly restoreTimes: RestoreTimes;
  readonly resendDelayMs: number;
  /** Rules evaluated at the same time, over all groups; undefined for one after another in each group. */
  readonly concurrentEvalsMax: number | undefined;
  notify(query: string, alerts: readonly Alert[]): void;
  readonly observe?: GroupDeps['observe'];
  readonly onExpanded?: (failed: boolean) => void;
}

export interface RuleManager extends RulesView {
  /** Makes the running groups those of the files. Groups that did not change go on undisturbed. */
  apply(global: GlobalConfig, groups: readonly RuleGroupSpec[]): Promise<void>;
  /** Ends after the evaluations under way. Nothing goes stale: a restart goes on. */
  stop(): Promise<void>;
}

/** What others may see of the rules, by file and name as upstream has it. */
export interface RulesView {
  groups(): readonly RuleGroup[];
  /** What rules would have done, running or not. Rejects as `backtest` does. */
  backtest(request: BacktestRequest): Promise<BacktestedRule[]>;
}

/** Until the first configuration is applied. */
const NO_SETTINGS = { evaluationIntervalMs: 60_000, ruleQueryOffsetMs: 0, externalLabels: [] };

export function createRuleManager(deps: RuleManagerDeps): RuleManager {
  const stopping = new AbortController();
  const retiring = new Set<Promise<void>>();
  const concurrency = deps.concurrentEvalsMax === undefined ? undefined : new EvaluationLimit(deps.concurrentEvalsMax);
  const ask = askEngine(deps.engine, stopping.signal);
  const keep = keepQueries(deps.engine, stopping.signal);
  const { onExpanded } = deps;
  const onTemplateFault = (rule: string, fault: unknown) =>
    deps.log('warn', 'Expanding alert template failed', { rule, err: fault });
  const groupDeps = (externalLabels: Labels): GroupDeps => ({
    ...deps,
    concurrency,
    surroundings: { ask, keep, externalLabels, externalUrl: deps.externalUrl, onTemplateFault, onExpanded },
  });
  let running = new Map<string, { readonly group: RuleGroup; readonly identity: string }>();
  let isFirst = true;
  let settings: Pick<GlobalConfig, 'evaluationIntervalMs' | 'ruleQueryOffsetMs' | 'externalLabels'> = NO_SETTINGS;

  return {
    async apply(global, specs) {
      settings = global;
      const next: typeof running = new Map();
      const before = new Map(running);
      for (const spec of specs) {
        const own = {
          intervalMs: spec.intervalMs ?? global.evaluationIntervalMs,
          queryOffsetMs: spec.queryOffsetMs ?? global.ruleQueryOffsetMs,
        };
        const key = groupKey(spec);
        const identity = JSON.stringify([own, global.externalLabels, identityOf(spec)]);
        const known = before.get(key);
        before.delete(key);
        if (known?.identity === identity) {
          next.set(key, known);
          continue;
        }
        const group = new RuleGroup(spec, own, groupDeps(global.externalLabels));
        if (known !== undefined) {
          await known.group.stop();
          group.takeFrom(known.group);
        }
        group.start(isFirst);
        next.set(key, { group, identity });
      }
      for (const { group } of before.values()) {
        const gone = group.retire(stopping.signal).finally(() => retiring.delete(gone));
        retiring.add(gone);
      }
      running = next;
      isFirst = false;
    },
    async stop() {
      stopping.abort();
      await Promise.allSettled([...[...running.values()].map(({ group }) => group.stop()), ...retiring]);
    },
    backtest: (request) =>
      backtest(request, {
        ...deps,
        externalLabels: settings.externalLabels,
        intervalMs: settings.evaluationIntervalMs,
        queryOffsetMs: settings.ruleQueryOffsetMs,
      }),
    groups: () => [...running.values()].map(({ group }) => group).sort(byFileAndName),
  };
}

function byFileAndName({ spec: a }: RuleGroup, { spec: b }: RuleGroup): number {
  return compareText(a.file, b.file) || compareText(a.name, b.name);
}

/** What makes a group another one when it changes; where its rules stand in the file does not. */
function identityOf({ limit, rules }: RuleGroupSpec): unknown {
  return [
    limit,
    rules.map((rule) => ({
      ...rule,
      line: 0,
      labelTemplates: undefined,
      annotationTemplates: undefined,
    })),
  ];
}
