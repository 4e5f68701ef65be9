/** One target's timer: waits for its slot, scrapes, writes what came of it; at the target's end lets its series go stale. */
import { setImmediate as othersTurn } from 'node:timers/promises';
import { isNativeError } from 'node:util/types';
import { formatLabels } from '../../shared/model/labels.ts';
import type { ScrapeConfig } from '../config/config.ts';
import type { DiscoveryEvent } from '../discovery/events.ts';
import type { Dials } from '../outbound/dials.ts';
import { BodySizeError } from '../outbound/httpFault.ts';
import type { RelabelRule } from '../relabel/relabel.ts';
import type { AppendOutcome, Storage } from '../storage/appender.ts';
import { Sleeper, type Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { pageFormat } from '../textparse/contentType.ts';
import type { PageFormat } from '../textparse/entryCursor.ts';
import type { FailureLogs } from './failureLogs.ts';
import type { Page, PageSource, ScrapeClient } from './httpClient.ts';
import { NO_REFUSALS, withRefusal, type PageCounts, type Report } from './report.ts';
import { SampleLabelsError, type ScrapeLimit } from './sampleLabels.ts';
import { SeriesCache, type ReadPage } from './seriesCache.ts';
import { alignTime, nextSlot, slotOffset } from './slots.ts';
import type { TargetStatus } from './status.ts';
import type { Target } from './target.ts';

/** What a scrape came to, for metrics. */
export interface ScrapeEvent extends PageCounts {
  readonly job: string;
  readonly up: boolean;
  readonly durationMs: number;
  /** Until all of it was stored. */
  readonly totalMs: number;
  readonly bodyBytes: number;
  readonly intervalMs: number;
  /** Since the scrape before began; undefined for the first one. */
  readonly sinceLastMs: number | undefined;
  /** Which of the job's limits the page was over. */
  readonly overLimit: ScrapeLimit | undefined;
}

/** What making the loops those of the discovered targets came to. */
export interface SyncEvent {
  readonly job: string;
  readonly durationMs: number;
  /** Discovered targets that cannot be scraped. */
  readonly faults: number;
  readonly isOverTargetLimit: boolean;
}

export interface LoopDeps {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Log;
  readonly onScrape: (event: ScrapeEvent) => void;
  readonly onSync: (event: SyncEvent) => void;
  readonly onDiscovery: (job: string, event: DiscoveryEvent) => void;
  readonly dials?: Dials;
  readonly failures: FailureLogs;
  /** Whose pages a job has that stands for pushed metrics. */
  readonly pushes?: ScrapeClient;
}

/** What a reload may change under a running loop. */
export interface LoopSettings {
  readonly config: ScrapeConfig;
  readonly metricRules: readonly RelabelRule[];
  readonly client: ScrapeClient;
  /** Why no target of the job is scraped (`target_limit`), '' if they are. */
  readonly refusal: string;
}

/** A scrape so far: a page, or a fault. */
interface Attempt {
  durationMs: number;
  bodyBytes: number;
  page: ReadPage | undefined;
  fault: Error | undefined;
}

const NOTHING: PageCounts = { scraped: 0, kept: 0, added: 0, duplicates: 0, refused: NO_REFUSALS, lateExemplars: 0 };
/** After a target's end its stale markers wait this share of the interval beyond the next slot, so that a successor's samples come first. */
const END_PATIENCE = 0.1;

export class ScrapeLoop {
  target: Target;
  private readonly deps: LoopDeps;
  private settings: LoopSettings;
  private readonly series: SeriesCache;
  private source: PageSource;
  private readonly sleeper: Sleeper;
  private stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private format: PageFormat | undefined;
  private formatSaid: string | undefined;
  /** Somebody wants a scrape before the next slot. */
  private asked: { readonly scraped: Promise<void>; readonly done: () => void } | undefined;
  private lastSlot = 0;
  private health: TargetStatus['health'] = 'unknown';
  private lastError = '';
  private lastScrape = 0;
  private lastDurationMs = 0;
  private lastSamples = 0;
  private lastBodyBytes = 0;

  constructor(target: Target, settings: LoopSettings, deps: LoopDeps) {
    this.target = target;
    this.deps = deps;
    this.sleeper = new Sleeper(deps.clock);
    this.settings = settings;
    this.source = settings.client.source(target.url);
    // By labels, not by URL: a target that moves goes on in its group, and its old self's end comes too late to matter.
    const groupKey = `${settings.config.jobName} ${formatLabels(target.labels)}`;
    this.series = new SeriesCache(deps.storage, groupKey, this.seriesSettings());
  }

  start(): void {
    this.running = this.run(this.stopping.signal);
  }

  /** The next scrape uses the new settings; the slot stays, since it hangs on the target. */
  configure(settings: LoopSettings): void {
    if (settings.client !== this.settings.client) {
      this.source.close();
      this.source = settings.client.source(this.target.url);
    }
    this.settings = settings;
    this.format = undefined;
    this.series.configure(this.seriesSettings());
  }

  /** The same target with other settings of its own. A scrape under way is given up. */
  retarget(target: Target): void {
    this.target = target;
    this.series.configure(this.seriesSettings());
    this.stopping.abort();
    this.sleeper.wake();
    this.source.abort();
    this.stopping = new AbortController();
    const { signal } = this.stopping;
    this.running = this.running.then(() => this.run(signal));
  }

  /** Scrapes now, or takes part in the scrape that is under way. Resolves when it is stored, or the loop ends. */
  async scrapeNow(): Promise<void> {
    if (this.stopping.signal.aborted) return;
    if (this.asked === undefined) {
      let done: () => void = () => undefined;
      const scraped = new Promise<void>((resolve) => (done = resolve));
      this.asked = { scraped, done };
      this.sleeper.wake();
    }
    await this.asked.scraped;
  }

  /** Ends at once, giving up a scrape under way. Nothing goes stale: the samples go on after a restart. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.sleeper.wake();
    this.source.abort();
    this.source.close();
    await this.running;
  }

  /** Ends because the target is gone: its series go stale one interval later, unless `now` comes first. */
  async retire(now: AbortSignal): Promise<void> {
    await this.stop();
    if (this.lastSlot === 0) return;
    const next = this.lastSlot + this.target.intervalMs;
    await this.deps.clock.sleepUntil(next + END_PATIENCE * this.target.intervalMs, now);
    if (now.aborted) return;
    try {
      const appender = this.deps.storage.appender();
      this.series.appendEnd(appender, next);
      await appender.commit();
    } catch (error) {
      this.complain('The end of a target could not be stored', error);
    }
  }

  status(): TargetStatus {
    const { target } = this;
    return {
      scrapePool: this.settings.config.jobName,
      url: target.url,
      labels: target.labels,
      discoveredLabels: target.discoveredLabels,
      health: this.health,
      lastError: this.lastError,
      lastScrape: this.lastScrape,
      lastDurationMs: this.lastDurationMs,
      lastSamples: this.lastSamples,
      lastBodyBytes: this.lastBodyBytes,
      intervalMs: target.intervalMs,
      timeoutMs: target.timeoutMs,
      metadata: this.series.metadata,
    };
  }

  private async run(stop: AbortSignal): Promise<void> {
    const { clock } = this.deps;
    const { intervalMs, key } = this.target;
    const offset = slotOffset(key, intervalMs);
    let slot = nextSlot(offset, intervalMs, clock.now());
    while (!stop.aborted) {
      // A timer may be early by a part of a millisecond, or by much where the clock stepped back.
      do await this.sleeper.until(slot);
      while (!stop.aborted && this.asked === undefined && clock.now() < slot);
      if (stop.aborted) break;
      // Out of turn it has the time that it is.
      slot = Math.min(slot, clock.now());
      await this.scrape(slot, stop).catch((error: unknown) => this.complain('A scrape could not be stored', error));
      this.endAsked();
      // A scrape that ends after the next slot leaves that one out.
      slot = nextSlot(offset, intervalMs, Math.max(slot, clock.now()));
    }
    this.endAsked();
  }

  private endAsked(): void {
    this.asked?.done();
    this.asked = undefined;
  }

  /** Few promises here and below: this is done for each target each second. */
  private async scrape(slot: number, stop: AbortSignal): Promise<void> {
    const startedAt = this.deps.clock.now();
    const began = performance.now();
    const t = alignTime(startedAt, slot, this.target.intervalMs);
    const attempt: Attempt = { durationMs: 0, bodyBytes: 0, page: undefined, fault: undefined };
    try {
      const { bytes, contentType } = await this.fetch();
      attempt.durationMs = performance.now() - began;
      attempt.bodyBytes = bytes.length;
      if (stop.aborted) return;
      const steps = this.series.readSteps(bytes, this.formatOf(contentType));
      const first = steps.next();
      attempt.page = first.done === true ? first.value : await this.readOn(steps);
    } catch (error) {
      attempt.durationMs ||= performance.now() - began;
      attempt.fault = this.settings.client.shown(asError(error));
    }
    if (stop.aborted) return;
    const sinceLastMs = this.lastScrape === 0 ? undefined : startedAt - this.lastScrape;
    const counts = await this.store(t, attempt);
    const totalMs = performance.now() - began;
    const { durationMs, bodyBytes, fault } = attempt;
    this.lastSlot = slot;
    this.lastScrape = startedAt;
    this.lastDurationMs = durationMs;
    this.lastBodyBytes = bodyBytes;
    this.lastSamples = counts.scraped;
    this.settle(fault);
    this.deps.onScrape({
      ...counts,
      job: this.settings.config.jobName,
      up: fault === undefined,
      durationMs,
      totalMs,
      bodyBytes,
      intervalMs: this.target.intervalMs,
      sinceLastMs,
      overLimit: limitOf(fault),
    });
  }

  private fetch(): Promise<Page> {
    const { config, refusal } = this.settings;
    if (refusal !== '') throw new Error(refusal);
    return this.source.fetch({ timeoutMs: this.target.timeoutMs, bodySizeLimit: config.limits.bodySize });
  }

  /** Appends the page; where there is none, that there is none. */
  private async store(t: number, { page, durationMs, bodyBytes }: Attempt): Promise<PageCounts> {
    const appender = this.deps.storage.appender();
    let counts = NOTHING;
    const outcome =
      page === undefined
        ? this.series.appendAbsence(appender, t, this.report(0, durationMs, bodyBytes, counts))
        : this.series.appendPage(appender, t, page, (seen) => {
            counts = seen;
            return this.report(1, durationMs, bodyBytes, counts);
          });
    try {
      await appender.commit();
      this.took(outcome, t);
    } catch (error) {
      this.complain('A scrape could not be stored', error);
    }
    return outcome === 'ok' ? counts : { ...counts, refused: withRefusal(counts.refused, outcome, counts.kept) };
  }

  /** Large pages are read in steps, between which others have their turn. */
  private async readOn(steps: Generator<void, ReadPage>): Promise<ReadPage> {
    for (;;) {
      await othersTurn();
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  /** A target says the same of each page. */
  private formatOf(contentType: string | undefined): PageFormat {
    if (this.format === undefined || this.formatSaid !== contentType) {
      this.format = pageFormat(contentType, this.settings.config.fallbackProtocol);
      this.formatSaid = contentType;
    }
    return this.format;
  }

  private took(outcome: AppendOutcome, t: number): void {
    if (outcome === 'ok') return this.series.committed();
    const why = `The store refused a scrape as ${outcome}; did the clock step back?`;
    this.complain(why, undefined, { time: new Date(t).toISOString() });
  }

  private report(up: 0 | 1, durationMs: number, bodyBytes: number, counts: PageCounts): Report {
    const { config } = this.settings;
    const report: Report = [
      ['up', up],
      ['scrape_duration_seconds', durationMs / 1000],
      ['scrape_samples_scraped', counts.scraped],
      ['scrape_samples_post_metric_relabeling', counts.kept],
      ['scrape_series_added', counts.added],
    ];
    if (!config.extraScrapeMetrics) return report;
    return [
      ...report,
      ['scrape_timeout_seconds', this.target.timeoutMs / 1000],
      ['scrape_sample_limit', config.limits.samples],
      ['scrape_body_size_bytes', up === 1 ? bodyBytes : -1],
    ];
  }

  /** Health follows the scrape; the log hears of changes only, since a target that is down is down for long. */
  private settle(fault: Error | undefined): void {
    const message = fault?.message ?? '';
    if (fault !== undefined && message !== this.lastError) this.complain('Scrape failed', fault);
    else if (fault === undefined && this.health === 'down')
      this.deps.log('info', 'Scrape succeeds again', this.place());
    if (fault !== undefined) this.deps.failures.write(this.settings.config, this.target.url, fault);
    this.health = fault === undefined ? 'up' : 'down';
    this.lastError = message;
  }

  private complain(message: string, error?: unknown, fields: Record<string, unknown> = {}): void {
    this.deps.log('warn', message, {
      ...this.place(),
      ...fields,
      ...(error !== undefined && { error: asError(error).message }),
    });
  }

  private place(): Record<string, string> {
    return { scrape_pool: this.settings.config.jobName, target: this.target.url };
  }

  private seriesSettings() {
    const { metricRules } = this.settings;
    const { labels, forms } = this.target;
    const config = forms === undefined ? this.settings.config : { ...this.settings.config, ...forms };
    return { targetLabels: labels, config, metricRules };
  }
}

function limitOf(fault: Error | undefined): ScrapeLimit | undefined {
  if (fault instanceof BodySizeError) return 'bodySize';
  return fault instanceof SampleLabelsError ? fault.limit : undefined;
}

function asError(error: unknown): Error {
  return isNativeError(error) ? error : new Error(String(error));
}
