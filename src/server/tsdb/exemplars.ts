/** The newest exemplars of all series, a bounded ring: the oldest gives way. */
import type { Exemplar } from '../../shared/model/metadata.ts';
import type { AppendOutcome, SeriesRef } from '../storage/appender.ts';

export const EXEMPLARS_MAX = 10_000;

export type TimedExemplar = Exemplar & { readonly t: number };

export class ExemplarStore {
  readonly #ring: { ref: SeriesRef; exemplar: TimedExemplar }[] = [];
  #next = 0;
  readonly #newest = new Map<SeriesRef, TimedExemplar>();

  get size(): number {
    return this.#ring.length;
  }

  /** Of the oldest one, milliseconds; undefined where there is none. */
  get oldestTime(): number | undefined {
    const [oldest] = this.entries();
    return oldest?.exemplar.t;
  }

  /** Series that have any. */
  get seriesCount(): number {
    return this.#newest.size;
  }

  /** Upstream's rules: the same exemplar again is a duplicate, one older than the series' newest is out of order. */
  admit(ref: SeriesRef, exemplar: TimedExemplar): AppendOutcome {
    const newest = this.#newest.get(ref);
    if (newest === undefined || exemplar.t > newest.t) return 'ok';
    if (exemplar.t < newest.t) return 'outOfOrder';
    const same = Object.is(newest.v, exemplar.v) && JSON.stringify(newest.labels) === JSON.stringify(exemplar.labels);
    return same ? 'duplicate' : 'ok';
  }

  add(ref: SeriesRef, exemplar: TimedExemplar): void {
    if (this.#ring.length === EXEMPLARS_MAX) {
      const oldest = this.#ring[this.#next];
      if (this.#newest.get(oldest.ref) === oldest.exemplar) this.#newest.delete(oldest.ref);
    }
    this.#ring[this.#next] = { ref, exemplar };
    this.#next = (this.#next + 1) % EXEMPLARS_MAX;
    this.#newest.set(ref, exemplar);
  }

  /** Oldest first. */
  *entries(): Iterable<{ readonly ref: SeriesRef; readonly exemplar: TimedExemplar }> {
    for (let i = 0; i < this.#ring.length; i++) {
      yield this.#ring[(this.#ring.length < EXEMPLARS_MAX ? i : this.#next + i) % EXEMPLARS_MAX];
    }
  }
}
