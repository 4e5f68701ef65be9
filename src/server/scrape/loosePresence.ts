/** Series that do not stand in rows (native histograms, samples with a time of their own): which were there last time, so that they can end. */
import { labelsKey, type Labels } from '../../shared/model/labels.ts';
import type { Appender } from '../storage/appender.ts';

export class LoosePresence {
  private present = new Map<string, Labels>();
  private next = new Map<string, Labels>();

  /** A page begins. */
  begin(): void {
    this.next = new Map();
  }

  see(labels: Labels): void {
    this.next.set(labelsKey(labels), labels);
  }

  /** Ends at `t` what was there and is not any more. */
  appendEnds(appender: Appender, t: number): void {
    for (const [key, labels] of this.present) if (!this.next.has(key)) appender.appendStale(labels, t);
  }

  /** The store took the page. */
  committed(): void {
    this.present = this.next;
  }
}
