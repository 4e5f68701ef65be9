/** Which names are those of native histograms: PromQL does not tell them from counters, and a server's metadata do. */
import type { ApiMetadata } from './metadata.ts';

/** How long it is believed: a name may come to mean something else, and a young store soon knows more. */
const KNOWN_MS = 600_000;
const UNKNOWN_MS = 30_000;
/** Names kept; the ones that were asked for first go first. */
const NAMES_MAX = 1000;
const HISTOGRAM_TYPES: ReadonlySet<string> = new Set(['histogram', 'gaugehistogram']);

interface KnownName {
  readonly isHistogram: Promise<boolean>;
  /** Milliseconds, on the clock of `now`. */
  until: number;
}

/** Of one server; each name is asked for once, however many questions about it come together. */
export class KnownHistograms {
  readonly #names = new Map<string, KnownName>();
  readonly #now: () => number;

  /** @param now milliseconds of a clock that does not go back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Whether all that is told of a metric says that its samples, or its buckets, are a histogram's.
   *
   * @param ask for the metadata of one metric; what cannot be had counts as nothing told. It is shared: its end must not hang on who asked first.
   * @returns false where nothing is told. Never rejects.
   */
  has(metric: string, ask: (metric: string) => Promise<ApiMetadata>): Promise<boolean> {
    // By convention a counter's, and the commonest of rates: not worth a question.
    if (metric.endsWith('_total')) return Promise.resolve(false);
    const known = this.#names.get(metric);
    if (known !== undefined && this.#now() < known.until) return known.isHistogram;
    const told = ask(metric).then(
      (answer) => answer[metric] ?? [],
      () => [],
    );
    const isHistogram = told.then((entries) => {
      own.until = this.#now() + (entries.length > 0 ? KNOWN_MS : UNKNOWN_MS);
      return entries.length > 0 && entries.every(({ type }) => HISTOGRAM_TYPES.has(type));
    });
    const own: KnownName = { isHistogram, until: Infinity };
    this.#names.delete(metric);
    this.#names.set(metric, own);
    if (this.#names.size > NAMES_MAX) this.#names.delete(this.#names.keys().next().value!);
    return isHistogram;
  }
}
