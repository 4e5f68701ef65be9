/**
 * Alerts of one receiver that share the values of its `group_by` labels, and what was told of them. Decides when there is something to tell,
 * as Alertmanager does: a group waits for others to join, changes are told once an interval, and what does not change is repeated.
 */
import { labelsKey, type Labels } from '../../../shared/model/labels.ts';
import type { Notice } from '../notice.ts';
import type { Timing } from './receiversFile.ts';

/** What a group keeps over restarts. Times in milliseconds. */
export interface GroupState {
  readonly labels: Labels;
  readonly alerts: readonly Notice[];
  /** Keys of alerts that were told as firing, and as resolved, last time. */
  readonly toldFiring: readonly string[];
  readonly toldResolved: readonly string[];
  /** 0 for never. */
  readonly toldAt: number;
  readonly dueAt: number;
}

/** What is to be told. */
export interface Digest {
  readonly labels: Labels;
  readonly status: 'firing' | 'resolved';
  /** Firing ones first, each by its start. */
  readonly alerts: readonly Notice[];
  readonly isResolved: (alert: Notice) => boolean;
}

export class AlertGroup {
  readonly labels: Labels;
  readonly #alerts = new Map<string, Notice>();
  #toldFiring: ReadonlySet<string> = new Set();
  #toldResolved: ReadonlySet<string> = new Set();
  #toldAt = 0;
  #dueAt: number;

  constructor(labels: Labels, dueAt: number) {
    this.labels = labels;
    this.#dueAt = dueAt;
  }

  static restored(state: GroupState): AlertGroup {
    const group = new AlertGroup(state.labels, state.dueAt);
    for (const alert of state.alerts) group.#alerts.set(labelsKey(alert.labels), alert);
    group.#toldFiring = new Set(state.toldFiring);
    group.#toldResolved = new Set(state.toldResolved);
    group.#toldAt = state.toldAt;
    return group;
  }

  get state(): GroupState {
    return {
      labels: this.labels,
      alerts: [...this.#alerts.values()],
      toldFiring: [...this.#toldFiring],
      toldResolved: [...this.#toldResolved],
      toldAt: this.#toldAt,
      dueAt: this.#dueAt,
    };
  }

  get size(): number {
    return this.#alerts.size;
  }

  has(labels: Labels): boolean {
    return this.#alerts.has(labelsKey(labels));
  }

  /** When it is to be looked at, milliseconds. */
  get dueAt(): number {
    return this.#dueAt;
  }

  add(alert: Notice, now: number, { groupWaitMs }: Timing): void {
    this.#alerts.set(labelsKey(alert.labels), alert);
    // One that has been firing for longer than the others would be waited for need not wait.
    if (this.#toldAt === 0 && alert.startsAt + groupWaitMs < now) this.#dueAt = Math.min(this.#dueAt, now);
  }

  /** What there is to tell at `now`; undefined for nothing. */
  digest(now: number, { repeatIntervalMs }: Timing, sendResolved: boolean): Digest | undefined {
    const isResolved = (alert: Notice) => alert.endsAt <= now;
    const firing = this.#keys((alert) => !isResolved(alert));
    const resolved = this.#keys(isResolved);
    const news = firing.some((key) => !this.#toldFiring.has(key));
    const endedSince = resolved.some((key) => this.#toldFiring.has(key) && !this.#toldResolved.has(key));
    const isOver = firing.length === 0;
    const isRepeat = !isOver && this.#toldAt > 0 && this.#toldAt + repeatIntervalMs <= now;
    if (!news && !isRepeat && !(sendResolved && endedSince)) return undefined;
    const wanted = [...this.#alerts.values()].filter((alert) => !isResolved(alert) || sendResolved);
    const alerts = wanted.sort((a, b) => Number(isResolved(a)) - Number(isResolved(b)) || a.startsAt - b.startsAt);
    return { labels: this.labels, status: isOver ? 'resolved' : 'firing', alerts, isResolved };
  }

  /** After a look at `now`: what is over is forgotten, if everybody heard of it. */
  looked(now: number, { groupIntervalMs }: Timing, digest: Digest | undefined): void {
    if (digest !== undefined) {
      this.#toldFiring = new Set(this.#keys((alert) => !digest.isResolved(alert)));
      this.#toldResolved = new Set(this.#keys(digest.isResolved));
      this.#toldAt = now;
    }
    for (const [key, { endsAt }] of this.#alerts) if (endsAt <= now) this.#alerts.delete(key);
    this.#dueAt = now + groupIntervalMs;
  }

  /** Nobody was reached: tried again then. */
  postpone(dueAt: number): void {
    this.#dueAt = dueAt;
  }

  #keys(wants: (alert: Notice) => boolean): string[] {
    return [...this.#alerts].filter(([, alert]) => wants(alert)).map(([key]) => key);
  }
}
