/** A job: its discovery, its client, and a loop for each of its targets. */
import type { ScrapeConfig } from '../config/config.ts';
import { hideUrlPassword } from '../config/masking.ts';
import { createDiscoverers } from '../discovery/discoverers.ts';
import type { DiscoveryEvent } from '../discovery/events.ts';
import type { Discoverer, TargetGroup } from '../discovery/targetGroup.ts';
import { compileRelabel, traceRelabel, type RelabelRule, type RelabelStep } from '../relabel/relabel.ts';
import type { Labels } from '../../shared/model/labels.ts';
import { createScrapeClient, type ScrapeClient } from './httpClient.ts';
import { ScrapeLoop, type LoopDeps, type LoopSettings } from './scrapeLoop.ts';
import type { DroppedTarget, TargetStatus } from './status.ts';
import { buildTargets, isScrapedAlike } from './target.ts';

/** Dropped targets kept for the targets page where `keep_dropped_targets` sets no limit. */
const DROPPED_MAX = 10_000;

export class ScrapePool {
  private config: ScrapeConfig;
  private readonly deps: LoopDeps;
  private discoverers: ReadonlyMap<string, Discoverer> = new Map();
  /** The last groups of each discoverer, by what it was made from. */
  private groups = new Map<string, readonly TargetGroup[]>();
  private readonly loops = new Map<string, ScrapeLoop>();
  /** Loops of targets that are gone and not yet stale. */
  private readonly retiring = new Set<Promise<void>>();
  private readonly closing = new AbortController();
  private targetRules: readonly RelabelRule[] = [];
  private metricRules: readonly RelabelRule[] = [];
  private client: ScrapeClient;
  private refusal = '';
  private droppedLabels: readonly Labels[] = [];
  private saidFaults = '';

  constructor(config: ScrapeConfig, deps: LoopDeps) {
    this.config = config;
    this.deps = deps;
    this.client = this.clientOf(config);
    this.compile();
    this.discover();
  }

  /** `target_limit`; 0 for none. */
  get targetLimit(): number {
    return this.config.limits.targets;
  }

  get targetCount(): number {
    return this.loops.size;
  }

  /** Takes a new configuration of the same job, and says whether it is another. Targets that it still has go on undisturbed. */
  configure(config: ScrapeConfig): boolean {
    if (JSON.stringify(config) === JSON.stringify(this.config)) return false;
    const oldClient = this.client;
    this.config = config;
    this.client = this.clientOf(config);
    this.compile();
    for (const loop of this.loops.values()) loop.configure(this.loopSettings());
    // Scrapes under way still use it; they end within the timeout that they began with.
    setTimeout(() => void oldClient.close(), Math.max(...this.timeouts(), 0)).unref();
    this.discover();
    return true;
  }

  /** The job is gone: its series go stale one interval later. */
  async retire(): Promise<void> {
    this.stopDiscovery();
    this.deps.onDiscovery(this.config.jobName, { kind: 'update', targets: 0 });
    for (const loop of this.loops.values()) this.retireLoop(loop);
    this.loops.clear();
    await Promise.allSettled(this.retiring);
    await this.client.close();
  }

  /** The program ends: nothing goes stale. */
  async stop(): Promise<void> {
    this.stopDiscovery();
    this.closing.abort();
    await Promise.allSettled([...[...this.loops.values()].map((loop) => loop.stop()), ...this.retiring]);
    await this.client.close();
  }

  active(): readonly TargetStatus[] {
    return [...this.loops.values()].map((loop) => loop.status());
  }

  dropped(): readonly DroppedTarget[] {
    const kept = this.config.limits.keepDroppedTargets || DROPPED_MAX;
    return this.droppedLabels
      .slice(0, kept)
      .map((discoveredLabels) => ({ scrapePool: this.config.jobName, discoveredLabels }));
  }

  async scrapeNow(url: string): Promise<number> {
    const loops = [...this.loops.values()].filter(({ target }) => target.url === url);
    await Promise.all(loops.map((loop) => loop.scrapeNow()));
    return loops.length;
  }

  relabelSteps(labels: Labels): readonly RelabelStep[] {
    return traceRelabel(labels, this.config.relabel, this.config.nameValidation === 'legacy');
  }

  private compile(): void {
    const legacy = this.config.nameValidation === 'legacy';
    this.targetRules = compileRelabel(this.config.relabel, legacy);
    this.metricRules = compileRelabel(this.config.metricRelabel, legacy);
  }

  /** Discovery that did not change goes on: asked anew, a source of many parts would name its targets one by one again. */
  private discover(): void {
    const onFault = (source: string, why: string) =>
      this.deps.log('warn', 'Targets not discovered', {
        source: hideUrlPassword(source),
        error: why,
        scrape_pool: this.config.jobName,
      });
    const before = this.discoverers;
    const onEvent = (event: DiscoveryEvent) => this.deps.onDiscovery(this.config.jobName, event);
    const made = createDiscoverers(this.config, { onFault, onEvent, dials: this.deps.dials });
    for (const [key, discoverer] of before) if (!made.has(key)) discoverer.stop();
    for (const key of this.groups.keys()) if (!made.has(key)) this.groups.delete(key);
    this.discoverers = new Map([...made].map(([key, discoverer]) => [key, before.get(key) ?? discoverer]));
    for (const [key, discoverer] of made) {
      if (before.has(key)) continue;
      discoverer.start((groups) => {
        this.groups.set(key, groups);
        onEvent({ kind: 'update', targets: this.discoveredCount });
        this.sync();
      });
    }
    // What goes on is seen by new rules.
    this.sync();
  }

  private clientOf(config: ScrapeConfig): ScrapeClient {
    return (
      (config.isPushed ? this.deps.pushes : undefined) ??
      createScrapeClient(config, this.deps.dials?.named(config.jobName))
    );
  }

  private get discoveredCount(): number {
    return [...this.groups.values()].flat().reduce((sum, { targets }) => sum + targets.length, 0);
  }

  private stopDiscovery(): void {
    for (const discoverer of this.discoverers.values()) discoverer.stop();
  }

  /** Makes the loops what discovery says. */
  private sync(): void {
    const began = performance.now();
    const faults = this.syncLoops();
    this.deps.onSync({
      job: this.config.jobName,
      durationMs: performance.now() - began,
      faults,
      isOverTargetLimit: this.refusal !== '',
    });
  }

  /** @returns how many targets cannot be scraped. */
  private syncLoops(): number {
    const { targets, dropped, faults } = buildTargets(this.config, this.targetRules, [...this.groups.values()].flat());
    this.droppedLabels = dropped;
    this.sayFaults(faults);
    const limit = this.config.limits.targets;
    const refusal =
      limit > 0 && targets.length > limit
        ? `job ${this.config.jobName} has ${targets.length} targets, over target_limit: ${limit}; none is scraped until the limit is raised or targets are dropped`
        : '';
    const changed = refusal !== this.refusal;
    this.refusal = refusal;
    const wanted = new Map(targets.map((target) => [target.key, target]));
    for (const [key, loop] of this.loops) {
      const target = wanted.get(key);
      if (target !== undefined) {
        if (changed) loop.configure(this.loopSettings());
        if (!isScrapedAlike(target, loop.target)) loop.retarget(target);
        continue;
      }
      this.loops.delete(key);
      this.retireLoop(loop);
    }
    for (const [key, target] of wanted) {
      if (this.loops.has(key)) continue;
      const loop = new ScrapeLoop(target, this.loopSettings(), this.deps);
      this.loops.set(key, loop);
      loop.start();
    }
    return faults.length;
  }

  private retireLoop(loop: ScrapeLoop): void {
    const retired = loop.retire(this.closing.signal).finally(() => this.retiring.delete(retired));
    this.retiring.add(retired);
  }

  private loopSettings(): LoopSettings {
    return { config: this.config, metricRules: this.metricRules, client: this.client, refusal: this.refusal };
  }

  private timeouts(): number[] {
    return [...this.loops.values()].map((loop) => loop.target.timeoutMs);
  }

  private sayFaults(faults: readonly string[]): void {
    const said = faults.join('; ');
    if (said !== '' && said !== this.saidFaults) {
      this.deps.log('warn', 'Targets that cannot be scraped', {
        scrape_pool: this.config.jobName,
        count: faults.length,
        error: said.slice(0, 1000),
      });
    }
    this.saidFaults = said;
  }
}
