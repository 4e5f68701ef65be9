/** The Alertmanagers of one entry of the configuration: discovered, relabelled, each with a queue of its own. */
import { labelsFrom, labelValue, type Labels } from '../../shared/model/labels.ts';
import type { AlertmanagerConfig } from '../config/config.ts';
import { targetFault } from '../config/resolveSources.ts';
import { hideUrlPassword } from '../config/masking.ts';
import { createDiscoverers } from '../discovery/discoverers.ts';
import type { DiscoveryDeps, TargetGroup } from '../discovery/targetGroup.ts';
import { discard, OutboundClient } from '../outbound/client.ts';
import { fetchFault } from '../outbound/httpFault.ts';
import { compileRelabel, relabel, type RelabelRule } from '../relabel/relabel.ts';
import type { Log } from '../telemetry/log.ts';
import { noticesJson, relabelled, type Notice } from './notice.ts';
import { SendQueue, type QueueLimits } from './sendQueue.ts';

/** How long waiting alerts may keep the server from ending. */
const DRAIN_MS_MAX = 5_000;
const PATH_LABEL = '__alerts_path__';

export class Alertmanagers {
  readonly config: AlertmanagerConfig;
  readonly #limits: QueueLimits;
  readonly #log: Log;
  readonly #client: OutboundClient;
  readonly #targetRules: readonly RelabelRule[];
  readonly #alertRules: readonly RelabelRule[];
  readonly #discoverers;
  readonly #groups = new Map<string, readonly TargetGroup[]>();
  /** By URL. */
  readonly #queues = new Map<string, SendQueue>();
  readonly #closing = new Set<Promise<void>>();
  readonly #givenUp = new AbortController();
  #dropped: string[] = [];

  /** @param observed what discovery does is told to, and where connections are counted. */
  constructor(
    config: AlertmanagerConfig,
    limits: QueueLimits,
    log: Log,
    { onEvent, dials }: Pick<DiscoveryDeps, 'onEvent' | 'dials'>,
  ) {
    this.config = config;
    this.#limits = limits;
    this.#log = log;
    this.#client = new OutboundClient(config.http, { dials: dials?.named('alertmanager') });
    this.#targetRules = compileRelabel(config.relabel);
    this.#alertRules = compileRelabel(config.alertRelabel);
    const onFault = (source: string, why: string) =>
      log('warn', 'Alertmanagers not discovered', { source: hideUrlPassword(source), error: why });
    this.#discoverers = createDiscoverers(config, { onFault, onEvent, dials });
    for (const [key, discoverer] of this.#discoverers) {
      discoverer.start((groups) => {
        this.#groups.set(key, groups);
        onEvent?.({ kind: 'update', targets: countOf(this.#groups.values()) });
        this.#sync();
      });
    }
  }

  /** By URL. */
  get queues(): ReadonlyMap<string, SendQueue> {
    return this.#queues;
  }

  /** URLs of those that relabelling dropped. */
  get dropped(): readonly string[] {
    return this.#dropped;
  }

  send(notices: readonly Notice[]): void {
    const wanted = relabelled(notices, this.#alertRules, []);
    if (wanted.length > 0) for (const queue of this.#queues.values()) queue.add(wanted);
  }

  async close(): Promise<void> {
    for (const discoverer of this.#discoverers.values()) discoverer.stop();
    const guard = setTimeout(() => this.#givenUp.abort(), DRAIN_MS_MAX);
    await Promise.all([...[...this.#queues.values()].map((queue) => queue.close()), ...this.#closing]);
    clearTimeout(guard);
    await this.#client.close();
  }

  #sync(): void {
    const wanted = new Set<string>();
    this.#dropped = [];
    for (const group of [...this.#groups.values()].flat()) {
      for (const own of group.targets) {
        const labels = this.#withDefaults(labelsFrom([...group.labels, ...own]));
        const kept = relabel(labels, this.#targetRules);
        const url = urlOf(kept ?? labels);
        const fault = kept && targetFault(labelValue(kept, '__address__'));
        if (fault !== undefined)
          this.#log('error', 'An Alertmanager cannot be reached', { source: group.source, error: fault });
        else if (kept === undefined) this.#dropped.push(url);
        else wanted.add(url);
      }
    }
    for (const [url, queue] of this.#queues) {
      if (wanted.has(url)) continue;
      this.#queues.delete(url);
      const closed = queue.close().finally(() => this.#closing.delete(closed));
      this.#closing.add(closed);
    }
    for (const url of wanted) if (!this.#queues.has(url)) this.#queues.set(url, this.#queueTo(url));
  }

  #withDefaults(labels: Labels): Labels {
    const path = `/${this.config.pathPrefix}/api/v2/alerts`.replace(/\/{2,}/g, '/');
    return labelsFrom([...labels, ['__scheme__', this.config.scheme], [PATH_LABEL, path]]);
  }

  #queueTo(url: string): SendQueue {
    const say: Log = (level, message, fields) => this.#log(level, message, { alertmanager: url, ...fields });
    return new SendQueue(this.#limits, (notices) => this.#post(url, notices), say);
  }

  async #post(url: string, notices: readonly Notice[]): Promise<void> {
    const signal = AbortSignal.any([AbortSignal.timeout(this.config.timeoutMs), this.#givenUp.signal]);
    const headers = { 'content-type': 'application/json' };
    const answer = await this.#client.post(url, noticesJson(notices), headers, signal).catch((fault: unknown) => {
      throw this.#client.secrets.maskedError(fetchFault(fault, url));
    });
    discard(answer);
    if (answer.statusCode < 200 || answer.statusCode > 299) {
      throw new Error(`the Alertmanager answered with status ${answer.statusCode}`);
    }
  }
}

function countOf(all: Iterable<readonly TargetGroup[]>): number {
  return [...all].flat().reduce((sum, { targets }) => sum + targets.length, 0);
}

function urlOf(labels: Labels): string {
  return `${labelValue(labels, '__scheme__')}://${labelValue(labels, '__address__')}${labelValue(labels, PATH_LABEL)}`;
}
