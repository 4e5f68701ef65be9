/** The alerts of one rule: a state machine over the label sets that its expression gives, as upstream's rules have it. */
import type { Labels } from '../../shared/model/labels.ts';

export type AlertState = 'inactive' | 'pending' | 'firing';

export interface Alert {
  readonly labels: Labels;
  annotations: Labels;
  state: AlertState;
  value: number;
  /** Milliseconds; since when its expression has held. */
  activeAt: number;
  firedAt: number | undefined;
  resolvedAt: number | undefined;
  lastSentAt: number | undefined;
  /** Until when receivers may take it for firing without hearing of it again. */
  validUntil: number;
  /** Since when it fires only because of `keep_firing_for`. */
  keepFiringSince: number | undefined;
}

/** What an evaluation found for one label set. */
export interface FoundAlert {
  readonly labels: Labels;
  /** The labels as a key. */
  readonly key: string;
  readonly annotations: Labels;
  readonly value: number;
}

/** A resolved alert is kept, and told again, for this long: a receiver may have been away. */
const RESOLVED_KEPT_MS = 15 * 60_000;

export class AlertSet {
  readonly #forMs: number;
  readonly #keepFiringForMs: number;
  #active = new Map<string, Alert>();

  constructor(forMs: number, keepFiringForMs: number) {
    this.#forMs = forMs;
    this.#keepFiringForMs = keepFiringForMs;
  }

  /** Resolved ones included. */
  get all(): readonly Alert[] {
    return [...this.#active.values()];
  }

  get current(): readonly Alert[] {
    return this.all.filter((alert) => alert.resolvedAt === undefined);
  }

  get state(): AlertState {
    let state: AlertState = 'inactive';
    for (const alert of this.#active.values()) {
      if (alert.state === 'firing') return 'firing';
      if (alert.state === 'pending') state = 'pending';
    }
    return state;
  }

  /** Takes over what was known before a reload. */
  takeFrom(other: AlertSet): void {
    for (const [key, alert] of other.#active) this.#active.set(key, alert);
  }

  forget(): void {
    this.#active = new Map();
  }

  /**
   * Moves every alert on to time `t` (milliseconds) by what was found then, and gives those that are pending or firing.
   * `found` has each label set once.
   */
  update(t: number, found: readonly FoundAlert[]): Alert[] {
    const keys = new Set<string>();
    for (const alert of found) {
      keys.add(alert.key);
      this.#see(alert, t);
    }
    const live: Alert[] = [];
    for (const [key, alert] of this.#active) {
      if (keys.has(key)) alert.keepFiringSince = undefined;
      else if (!this.#holdsOn(alert, t)) {
        this.#resolve(key, alert, t);
        continue;
      }
      this.#advance(alert, t);
      live.push(alert);
    }
    return live;
  }

  #see({ labels, key, annotations, value }: FoundAlert, t: number): void {
    const known = this.#active.get(key);
    if (known !== undefined && known.state !== 'inactive') {
      known.value = value;
      known.annotations = annotations;
      return;
    }
    this.#active.set(key, {
      labels,
      annotations,
      value,
      state: 'pending',
      activeAt: t,
      firedAt: undefined,
      resolvedAt: undefined,
      lastSentAt: undefined,
      validUntil: 0,
      keepFiringSince: undefined,
    });
  }

  /** Whether `keep_firing_for` keeps an alert that is not found any more. */
  #holdsOn(alert: Alert, t: number): boolean {
    if (alert.state !== 'firing' || this.#keepFiringForMs === 0) return false;
    alert.keepFiringSince ??= t;
    return t - alert.keepFiringSince < this.#keepFiringForMs;
  }

  #resolve(key: string, alert: Alert, t: number): void {
    const isOld = alert.resolvedAt !== undefined && t - alert.resolvedAt > RESOLVED_KEPT_MS;
    if (alert.state === 'pending' || isOld) this.#active.delete(key);
    if (alert.state === 'inactive') return;
    alert.state = 'inactive';
    alert.resolvedAt = t;
  }

  #advance(alert: Alert, t: number): void {
    const isDue = t - alert.activeAt >= this.#forMs;
    if (alert.state === 'pending' && isDue) {
      alert.state = 'firing';
      alert.firedAt = t;
    } else if (alert.state === 'firing' && !isDue) {
      // A reload made `for` longer, or the time it has held was restored.
      alert.state = 'pending';
      alert.firedAt = undefined;
      alert.lastSentAt = undefined;
      alert.keepFiringSince = undefined;
    }
  }
}

/**
 * The alerts that receivers are to hear of at `t`: firing ones every `resendDelayMs`, resolved ones at once and again while they are kept.
 * Marks them as sent, and valid for four rounds, so that two lost ones do no harm.
 */
export function takeToSend(alerts: AlertSet, t: number, resendDelayMs: number, intervalMs: number): Alert[] {
  const due = alerts.all.filter((alert) => needsSending(alert, t, resendDelayMs));
  for (const alert of due) {
    alert.lastSentAt = t;
    alert.validUntil = t + 4 * Math.max(intervalMs, resendDelayMs);
  }
  return due.map((alert) => ({ ...alert }));
}

function needsSending(alert: Alert, t: number, resendDelayMs: number): boolean {
  if (alert.state === 'pending') return false;
  const { lastSentAt = -Infinity, resolvedAt } = alert;
  return (resolvedAt !== undefined && resolvedAt > lastSentAt) || lastSentAt + resendDelayMs < t;
}
