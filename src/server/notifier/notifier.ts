/** Alerts on their way to all Alertmanagers of the configuration. */
import type { Labels } from '../../shared/model/labels.ts';
import type { AlertingConfig } from '../config/config.ts';
import type { DiscoveryEvent } from '../discovery/events.ts';
import type { Dials } from '../outbound/dials.ts';
import { compileRelabel, type RelabelRule } from '../relabel/relabel.ts';
import type { Log } from '../telemetry/log.ts';
import { Alertmanagers } from './alertmanagers.ts';
import { relabelled, type Notice } from './notice.ts';
import type { Receivers } from './receivers/receivers.ts';
import type { QueueLimits, SendQueue } from './sendQueue.ts';

export interface Notifier extends AlertmanagersView {
  readonly capacity: number;
  apply(alerting: AlertingConfig, externalLabels: Labels): void;
  send(notices: readonly Notice[]): void;
  /** Sends what waits, if it is to drain; then ends. */
  close(): Promise<void>;
}

/** What others may see. */
export interface AlertmanagersView {
  /** Those that are sent to, by URL. */
  active(): ReadonlyMap<string, SendQueue>;
  /** URLs of those that relabelling dropped. */
  dropped(): readonly string[];
}

export interface NotifierDeps {
  readonly limits: QueueLimits;
  readonly log: Log;
  /** They hear of the same alerts beside the Alertmanagers. */
  readonly receivers?: Pick<Receivers, 'send'>;
  /** Told of what discovery of an entry of the configuration does, by `config-` and its place, as upstream names it. */
  readonly onDiscovery?: (config: string, event: DiscoveryEvent) => void;
  /** Where connections to Alertmanagers are counted. */
  readonly dials?: Dials;
}

export function createNotifier({ limits, log, receivers, onDiscovery, dials }: NotifierDeps): Notifier {
  let sets = new Map<string, Alertmanagers>();
  const closing = new Set<Promise<void>>();
  let rules: readonly RelabelRule[] = [];
  let external: Labels = [];
  let isClosed = false;
  const retire = (set: Alertmanagers) => {
    const closed = set.close().finally(() => closing.delete(closed));
    closing.add(closed);
  };
  return {
    capacity: limits.capacity,
    apply({ alertRelabel, alertmanagers }, externalLabels) {
      rules = compileRelabel(alertRelabel);
      external = externalLabels;
      const before = sets;
      sets = new Map();
      alertmanagers.forEach((config, i) => {
        // Entries may be alike; each has its own queues then.
        const key = `${i} ${JSON.stringify(config)}`;
        const onEvent = (event: DiscoveryEvent) => onDiscovery?.(`config-${i}`, event);
        sets.set(key, before.get(key) ?? new Alertmanagers(config, limits, log, { onEvent, dials }));
        before.delete(key);
      });
      for (const set of before.values()) retire(set);
    },
    send(notices) {
      if (isClosed) return;
      const wanted = relabelled(notices, rules, external);
      if (wanted.length === 0) return;
      receivers?.send(wanted);
      for (const set of sets.values()) set.send(wanted);
    },
    async close() {
      isClosed = true;
      for (const set of sets.values()) retire(set);
      await Promise.all(closing);
    },
    active: () => new Map([...sets.values()].flatMap((set) => [...set.queues])),
    dropped: () => [...sets.values()].flatMap((set) => set.dropped),
  };
}
