/** When the alerts of one rule were pending and firing, seen step by step. */
import { labelsKey, type Labels } from '../../../shared/model/labels.ts';
import type { Alert } from '../alerts.ts';

/** Times in milliseconds. */
export interface AlertSpan {
  readonly labels: Labels;
  annotations: Labels;
  /** Since when its expression held. */
  readonly activeAt: number;
  /** undefined for one that ended while it was pending. */
  firedAt: number | undefined;
  /** The first step at which it was neither; undefined while it goes on. */
  endedAt: number | undefined;
  /** Of its expression, over the span. */
  lowest: number;
  highest: number;
}

export class FiringLog {
  readonly #max: number;
  readonly #open = new Map<string, AlertSpan>();
  readonly #spans: AlertSpan[] = [];
  #omitted = 0;

  /** @param max spans that are kept; further ones are counted. */
  constructor(max: number) {
    this.#max = max;
  }

  /** In the order in which they began. */
  get spans(): readonly AlertSpan[] {
    return this.#spans;
  }

  get omitted(): number {
    return this.#omitted;
  }

  /** `alerts` are those of the rule after its evaluation at `t`. */
  see(t: number, alerts: readonly Alert[]): void {
    const live = new Map(
      alerts.filter(({ state }) => state !== 'inactive').map((alert) => [labelsKey(alert.labels), alert] as const),
    );
    for (const [key, span] of this.#open) {
      if (live.get(key)?.activeAt === span.activeAt) continue;
      span.endedAt = t;
      this.#open.delete(key);
    }
    for (const [key, alert] of live) this.#note(key, alert);
  }

  #note(key: string, { labels, annotations, activeAt, firedAt, value, keepFiringSince }: Alert): void {
    let span = this.#open.get(key);
    if (span === undefined) {
      span = { labels, annotations, activeAt, firedAt, endedAt: undefined, lowest: value, highest: value };
      this.#open.set(key, span);
      if (this.#spans.length < this.#max) this.#spans.push(span);
      else this.#omitted++;
    }
    if (span.firedAt === undefined && firedAt !== undefined) {
      span.firedAt = firedAt;
      span.annotations = annotations;
    }
    if (keepFiringSince !== undefined) return;
    span.lowest = Math.min(span.lowest, value);
    span.highest = Math.max(span.highest, value);
  }
}
