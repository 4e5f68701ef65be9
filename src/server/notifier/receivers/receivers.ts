/** Built-in receivers: alerts are grouped, and those groups told that have something to tell. For those who run no Alertmanager. */
import { labelsKey, labelValue, type Labels } from '../../../shared/model/labels.ts';
import { compileMatcher, matchesAll, type TextTest } from '../../../shared/model/matchers.ts';
import type { Clock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Notice } from '../notice.ts';
import { AlertGroup, type GroupState } from './alertGroup.ts';
import type { Sender } from './messages.ts';
import type { Receiver, Way } from './receiversFile.ts';
import { openWay, type OpenWay } from './ways.ts';

/** Alerts that one receiver remembers; further ones are counted and not told. */
const ALERTS_MAX = 10_000;
/** After a failure; doubled up to the group's interval. */
const RETRY_MS = 10_000;
/** How long the last notices may keep the server from ending. */
const CLOSE_MS_MAX = 5_000;

/** Where groups are kept over restarts. */
export interface GroupStore {
  load(): Readonly<Record<string, readonly GroupState[]>>;
  /** Called after each change; may write later. */
  save(groups: () => Readonly<Record<string, readonly GroupState[]>>): void;
}

export interface ReceiverCounts {
  sent: number;
  failed: number;
  dropped: number;
}

export interface ReceiverStatus {
  readonly name: string;
  readonly groups: number;
  readonly alerts: number;
  readonly counts: ReceiverCounts;
}

export interface Receivers {
  apply(receivers: readonly Receiver[]): void;
  send(notices: readonly Notice[]): void;
  status(): readonly ReceiverStatus[];
  /** Ends after the notices under way; what waits is told after the next start. */
  close(): Promise<void>;
}

export interface ReceiversDeps {
  readonly store: GroupStore;
  readonly externalUrl: string;
  readonly clock: Clock;
  readonly log: Log;
  /** In place of the real ways, for tests. */
  readonly open?: (way: Way) => OpenWay;
}

export function createReceivers(deps: ReceiversDeps): Receivers {
  let inboxes = new Map<string, Inbox>();
  const stored = deps.store.load();
  const closing = new Set<Promise<void>>();
  const save = () =>
    deps.store.save(() =>
      Object.fromEntries([...inboxes.values()].map((inbox) => [idOf(inbox.receiver), inbox.states])),
    );
  const retire = (inbox: Inbox) => {
    const closed = inbox.close().finally(() => closing.delete(closed));
    closing.add(closed);
  };
  let isFirst = true;
  return {
    apply(receivers) {
      const before = inboxes;
      inboxes = new Map();
      for (const receiver of receivers) {
        const id = idOf(receiver);
        const known = before.get(id);
        if (known !== undefined && JSON.stringify(known.receiver) === JSON.stringify(receiver)) {
          before.delete(id);
          inboxes.set(id, known);
          continue;
        }
        // What was told stays told when a receiver changes, as long as its groups are the same.
        const states = known?.states ?? (isFirst ? (stored[id] ?? []) : []);
        inboxes.set(id, new Inbox(receiver, states, deps, save));
      }
      isFirst = false;
      for (const inbox of before.values()) retire(inbox);
    },
    send(notices) {
      for (const inbox of inboxes.values()) inbox.add(notices);
      if (inboxes.size > 0 && notices.length > 0) save();
    },
    status: () => [...inboxes.values()].map((inbox) => inbox.status),
    async close() {
      for (const inbox of inboxes.values()) retire(inbox);
      await Promise.all(closing);
      save();
    },
  };
}

const idOf = ({ name, way }: Receiver) => `${name}/${way.kind}`;

/** The groups of one receiver. */
class Inbox {
  readonly receiver: Receiver;
  readonly #deps: ReceiversDeps;
  readonly #way: OpenWay;
  readonly #tests: readonly (readonly [name: string, test: TextTest])[];
  readonly #groups = new Map<string, AlertGroup>();
  readonly #failures = new Map<AlertGroup, number>();
  readonly #counts: ReceiverCounts = { sent: 0, failed: 0, dropped: 0 };
  readonly #stop = new AbortController();
  readonly #save: () => void;
  readonly #running: Promise<void>;
  #wake = new AbortController();

  constructor(receiver: Receiver, states: readonly GroupState[], deps: ReceiversDeps, save: () => void) {
    this.receiver = receiver;
    this.#deps = deps;
    this.#save = save;
    this.#way = (deps.open ?? openWay)(receiver.way);
    this.#tests = receiver.matchers.map((matcher) => [matcher.name, compileMatcher(matcher)]);
    for (const state of states) this.#groups.set(labelsKey(state.labels), AlertGroup.restored(state));
    this.#running = this.#run();
  }

  get states(): GroupState[] {
    return [...this.#groups.values()].map(({ state }) => state);
  }

  get status(): ReceiverStatus {
    const { receiver } = this;
    return { name: idOf(receiver), groups: this.#groups.size, alerts: this.#alertCount(), counts: this.#counts };
  }

  add(notices: readonly Notice[]): void {
    const now = this.#deps.clock.now();
    for (const notice of notices) {
      if (!matchesAll(notice.labels, this.#tests)) continue;
      const labels = this.#groupLabels(notice.labels);
      const key = labelsKey(labels);
      let group = this.#groups.get(key);
      if (group === undefined) {
        // What is over before anybody heard of it is no news.
        if (notice.endsAt <= now) continue;
        this.#groups.set(key, (group = new AlertGroup(labels, now + this.receiver.groupWaitMs)));
      }
      if (this.#alertCount() >= ALERTS_MAX && !group.has(notice.labels)) this.#drop();
      else group.add(notice, now, this.receiver);
    }
    this.#wake.abort();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    const guard = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS_MAX).unref());
    await Promise.race([this.#running, guard]);
    await this.#way.close();
  }

  #groupLabels(labels: Labels): Labels {
    const { groupBy } = this.receiver;
    if (groupBy === 'all') return labels;
    return [...groupBy]
      .sort()
      .map((name) => [name, labelValue(labels, name)] as const)
      .filter(([, value]) => value !== '');
  }

  #alertCount(): number {
    let count = 0;
    for (const { size } of this.#groups.values()) count += size;
    return count;
  }

  #drop(): void {
    if (this.#counts.dropped++ === 0)
      this.#deps.log('warn', 'A receiver has too many alerts; further ones are not told', {
        receiver: idOf(this.receiver),
        max: ALERTS_MAX,
      });
  }

  async #run(): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const due = Math.min(...[...this.#groups.values()].map(({ dueAt }) => dueAt));
      await clock.sleepUntil(due, AbortSignal.any([signal, this.#wake.signal]));
      if (signal.aborted) return;
      const now = clock.now();
      for (const [key, group] of [...this.#groups]) {
        if (group.dueAt <= now && !signal.aborted) await this.#look(key, group, now);
      }
    }
  }

  async #look(key: string, group: AlertGroup, now: number): Promise<void> {
    const { receiver } = this;
    const digest = group.digest(now, receiver, receiver.sendResolved);
    if (digest !== undefined) {
      const sender: Sender = { receiver: receiver.name, externalUrl: this.#deps.externalUrl };
      try {
        await this.#way.send(digest, sender);
        this.#counts.sent++;
        this.#failures.delete(group);
      } catch (fault) {
        this.#failed(group, now, fault);
        return;
      }
    }
    group.looked(now, receiver, digest);
    if (group.size === 0) this.#groups.delete(key);
    this.#save();
  }

  /** Tried again, until there is nothing to tell any more. */
  #failed(group: AlertGroup, now: number, fault: unknown): void {
    const { groupIntervalMs } = this.receiver;
    this.#counts.failed++;
    const failures = (this.#failures.get(group) ?? 0) + 1;
    this.#failures.set(group, failures);
    group.postpone(now + Math.min(groupIntervalMs, RETRY_MS * 2 ** (failures - 1)));
    this.#deps.log('error', 'A receiver was not told; tried again', { receiver: idOf(this.receiver), err: fault });
  }
}
