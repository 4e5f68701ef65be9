/** A group: its rules are evaluated one after another at one time, at its own place in its interval. */
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { labelsKey, type Labels } from '../../shared/model/labels.ts';
import { StorageError, type Appender, type AppendOutcome, type Storage } from '../storage/appender.ts';
import type { Queryable } from '../storage/queryable.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { takeToSend, type Alert } from './alerts.ts';
import { consecutiveBatches, independentBatches } from './dependencies.ts';
import type { EvaluationLimit } from './evaluationLimit.ts';
import { restoreForState, type RestoreTimes } from './restore.ts';
import { AlertingRule, makeRule, type Rule, type RuleSample, type RuleSurroundings } from './rule.ts';
import type { RuleGroupSpec } from './ruleFile.ts';

export interface GroupDeps {
  readonly storage: Storage;
  readonly queryable: Queryable;
  readonly clock: Clock;
  readonly log: Log;
  readonly surroundings: RuleSurroundings;
  readonly restoreTimes: RestoreTimes;
  readonly resendDelayMs: number;
  /** How many rules may be evaluated beside the one that a group waits for; undefined evaluates one after another. */
  readonly concurrency: EvaluationLimit | undefined;
  /** Alerts that receivers are to hear of. */
  notify(query: string, alerts: readonly Alert[]): void;
  /** Hears how long an evaluation took, of one rule or of a whole group. Milliseconds. */
  observe?(what: 'rule' | 'group', durationMs: number): void;
}

/** A group's place in its file and what `global` adds to it. */
export interface GroupSettings {
  readonly intervalMs: number;
  readonly queryOffsetMs: number;
}

export interface GroupCounts {
  iterations: number;
  iterationsMissed: number;
  evaluations: number;
  failures: number;
  /** Of the last evaluation. */
  samples: number;
  durationMs: number;
  ruleDurationMs: number;
  /** When it began, milliseconds; 0 for never. */
  evaluatedAt: number;
  restoreMs: number;
}

/** Other things have their turn after this, between the rules that are written together. */
const TURN_MS = 10;

type SeriesByKey = Map<string, Labels>;

/** What the rules of a batch write, in one commit; and which series each of them wrote. */
interface RuleWrites {
  readonly appender: Appender;
  readonly byRule: Map<number, SeriesByKey>;
}

/** A series whose rule is gone is ended this many intervals later: another group may have taken it over. */
const STALE_AFTER_INTERVALS = 2;

/** What is one group before and after a reload. */
export const groupKey = ({ file, name }: Pick<RuleGroupSpec, 'file' | 'name'>) => `${file};${name}`;

export class RuleGroup {
  readonly spec: RuleGroupSpec;
  readonly settings: GroupSettings;
  readonly rules: readonly Rule[];
  readonly counts: GroupCounts = {
    iterations: 0,
    iterationsMissed: 0,
    evaluations: 0,
    failures: 0,
    samples: 0,
    durationMs: 0,
    ruleDurationMs: 0,
    evaluatedAt: 0,
    restoreMs: 0,
  };
  readonly #deps: GroupDeps;
  readonly #batches: readonly (readonly number[])[];
  readonly #stop = new AbortController();
  /** By rule: the series it wrote last time. */
  #written: SeriesByKey[];
  /** Series of rules that a reload took away. */
  #orphans: Labels[] = [];
  #running: Promise<void> | undefined;

  constructor(spec: RuleGroupSpec, settings: GroupSettings, deps: GroupDeps) {
    this.spec = spec;
    this.settings = settings;
    this.rules = spec.rules.map(makeRule);
    this.#deps = deps;
    this.#batches = (deps.concurrency === undefined ? consecutiveBatches : independentBatches)(spec.rules);
    this.#written = spec.rules.map(() => new Map());
  }

  get key(): string {
    return groupKey(this.spec);
  }

  /** Takes over what is known of the rules that have the same name and labels in `other`, which is stopped. */
  takeFrom(other: RuleGroup): void {
    Object.assign(this.counts, other.counts);
    const left = other.rules.map((_, i) => i);
    this.rules.forEach((rule, i) => {
      const at = left.findIndex((j) => identityOf(other.rules[j]) === identityOf(rule));
      if (at < 0) return;
      const [from] = left.splice(at, 1);
      this.#written[i] = other.#written[from];
      const before = other.rules[from];
      if (rule instanceof AlertingRule && before instanceof AlertingRule) {
        rule.alerts.takeFrom(before.alerts);
        rule.isRestored = before.isRestored;
      }
    });
    this.#orphans = [...other.#orphans, ...left.flatMap((j) => [...other.#written[j].values()])];
  }

  /** Evaluates until stop() is called. @param restores whether the state of alerts is to be looked up in the store first. */
  start(restores: boolean): void {
    if (restores) for (const rule of this.rules) if (rule instanceof AlertingRule) rule.isRestored = false;
    this.#running = this.#run(restores);
  }

  /** Resolves once nothing of it runs any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Ends all series of a group that is gone for good. */
  async retire(server: AbortSignal): Promise<void> {
    await this.stop();
    const { clock } = this.#deps;
    const t = clock.now();
    this.#orphans.push(...this.#written.flatMap((series) => [...series.values()]));
    await clock.sleepUntil(t + STALE_AFTER_INTERVALS * this.settings.intervalMs, server);
    if (!server.aborted) await this.#endOrphans(t);
  }

  async #run(restores: boolean): Promise<void> {
    const { clock } = this.#deps;
    const { intervalMs } = this.settings;
    const { signal } = this.#stop;
    const offset = offsetOf(this.key, intervalMs);
    let due = Math.floor((clock.now() - offset) / intervalMs) * intervalMs + offset + intervalMs;
    for (let round = 0; ; round++) {
      await clock.sleepUntil(due, signal);
      if (signal.aborted) return;
      this.counts.iterations++;
      await this.evaluate(due);
      // After two rounds there are alerts to restore the state of, and scrapes have come in.
      if (restores && round === 1) await this.#restore();
      const missed = Math.max(0, Math.floor((clock.now() - due) / intervalMs));
      this.counts.iterations += missed;
      this.counts.iterationsMissed += missed;
      due += (missed + 1) * intervalMs;
    }
  }

  async #restore(): Promise<void> {
    const { clock, log, queryable, restoreTimes } = this.#deps;
    const began = clock.now();
    try {
      await restoreForState(this.rules, began, restoreTimes, queryable);
    } catch (fault) {
      log('error', 'The state of alerts could not be restored', { group: this.spec.name, err: fault });
    }
    for (const rule of this.rules) if (rule instanceof AlertingRule) rule.isRestored = true;
    this.counts.restoreMs = clock.now() - began;
  }

  /** One evaluation of all rules at `t`, milliseconds. Never rejects: what fails is told by the rule's health. */
  async evaluate(t: number): Promise<void> {
    const { clock, concurrency } = this.#deps;
    const [began, beganTicks] = [clock.now(), performance.now()];
    this.counts.samples = 0;
    let turnBegan = beganTicks;
    for (const batch of this.#batches) {
      const beside: Promise<void>[] = [];
      const writes: RuleWrites = { appender: this.#deps.storage.appender(), byRule: new Map() };
      for (const rule of batch) {
        if (this.#stop.signal.aborted) break;
        const leave = batch.length > 1 ? concurrency?.enter() : undefined;
        const later = this.#evaluateRule(rule, t, writes);
        if (later === undefined) leave?.();
        else if (leave === undefined) await later;
        else beside.push(later.finally(leave));
      }
      await Promise.all(beside);
      await this.#commit(writes);
      if (performance.now() - turnBegan < TURN_MS) continue;
      await setImmediate();
      turnBegan = performance.now();
    }
    await this.#endOrphans(t);
    this.counts.evaluatedAt = began;
    this.counts.durationMs = performance.now() - beganTicks;
    this.#deps.observe?.('group', this.counts.durationMs);
    this.counts.ruleDurationMs = this.rules.reduce((sum, { state }) => sum + state.durationMs, 0);
  }

  /** Undefined where it is done already. Never rejects. */
  #evaluateRule(i: number, t: number, writes: RuleWrites): Promise<void> | undefined {
    const rule = this.rules[i];
    const { clock, surroundings } = this.#deps;
    const [began, beganTicks] = [clock.now(), performance.now()];
    this.counts.evaluations++;
    const end = (): undefined => {
      rule.state.durationMs = performance.now() - beganTicks;
      this.#deps.observe?.('rule', rule.state.durationMs);
      rule.state.evaluatedAt = began;
    };
    try {
      const samples = rule.evaluate({ t, offsetMs: this.settings.queryOffsetMs }, this.spec.limit, surroundings);
      if (samples instanceof Promise) {
        const taken = samples.then((found) => this.#take(i, t, found, writes));
        return taken.catch((fault: unknown) => this.#fail(rule, fault)).then(end);
      }
      this.#take(i, t, samples, writes);
    } catch (fault) {
      this.#fail(rule, fault);
    }
    return end();
  }

  #take(i: number, t: number, samples: readonly RuleSample[], writes: RuleWrites): void {
    const rule = this.rules[i];
    const { resendDelayMs, notify } = this.#deps;
    const { queryOffsetMs, intervalMs } = this.settings;
    this.counts.samples += samples.length;
    if (rule instanceof AlertingRule) notify(rule.query, takeToSend(rule.alerts, t, resendDelayMs, intervalMs));
    const refused = this.#write(i, samples, t - queryOffsetMs, writes);
    rule.state.health = refused === undefined ? 'ok' : 'err';
    rule.state.lastError = refused ?? '';
  }

  #fail(rule: Rule, fault: unknown): void {
    this.counts.failures++;
    rule.state.health = 'err';
    rule.state.lastError = fault instanceof Error ? fault.message : String(fault);
    const { file, name } = this.spec;
    this.#deps.log('warn', 'Evaluating rule failed', { file, group: name, rule: rule.spec.name, err: fault });
  }

  /** Puts samples to what is to be written, and the ends of series that the rule wrote before and not now. Gives what the store refused a sample for. */
  #write(i: number, samples: readonly RuleSample[], t: number, { appender, byRule }: RuleWrites): string | undefined {
    const written: SeriesByKey = new Map();
    let refused: AppendOutcome | undefined;
    for (const { labels, key, value, histogram } of samples) {
      const outcome =
        histogram === undefined ? appender.append(labels, t, value) : appender.appendHistogram(labels, t, histogram);
      if (outcome === 'ok') written.set(key ?? labelsKey(labels), labels);
      else refused = outcome;
    }
    for (const [key, labels] of this.#written[i]) if (!written.has(key)) appender.appendStale(labels, t);
    byRule.set(i, written);
    return refused && REFUSED[refused];
  }

  /** Where that fails, all rules of the batch have failed: none of them wrote anything. */
  async #commit({ appender, byRule }: RuleWrites): Promise<void> {
    if (byRule.size === 0) return;
    try {
      await committed(appender);
      for (const [i, written] of byRule) this.#written[i] = written;
    } catch (fault) {
      for (const i of byRule.keys()) this.#fail(this.rules[i], fault);
    }
  }

  async #endOrphans(t: number): Promise<void> {
    if (this.#orphans.length === 0) return;
    const appender = this.#deps.storage.appender();
    for (const labels of this.#orphans) appender.appendStale(labels, t - this.settings.queryOffsetMs);
    try {
      await committed(appender);
      this.#orphans = [];
    } catch (fault) {
      this.#deps.log('warn', 'Series of rules that are gone could not be ended; tried again', {
        group: this.spec.name,
        err: fault,
      });
    }
  }
}

const REFUSED: Readonly<Record<AppendOutcome, string | undefined>> = {
  ok: undefined,
  duplicate: 'duplicate sample for timestamp',
  outOfOrder: 'out of order sample',
  tooOld: 'too old sample',
  outOfBounds: 'out of bounds',
};

async function committed(appender: Appender): Promise<void> {
  try {
    await appender.commit();
  } catch (fault) {
    if (fault instanceof StorageError) throw new Error(`the store took no samples: ${fault.message}`, { cause: fault });
    throw fault;
  }
}

function identityOf({ spec }: Rule): string {
  return `${spec.kind}\xff${spec.name}\xff${labelsKey(spec.labels)}`;
}

/** Milliseconds into the interval, by the group's name: spread over groups, the same after a restart. */
function offsetOf(key: string, intervalMs: number): number {
  return Number(createHash('sha1').update(key).digest().readBigUInt64BE(0) % BigInt(intervalMs));
}
