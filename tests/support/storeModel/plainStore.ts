/** What a store has to hold, as maps of maps. */
import type { AppendOutcome } from '../../../src/server/storage/appender.ts';
import type { SampleMaps, SampleText } from '../tsdbSamples.ts';

interface PlainSeries {
  readonly samples: Map<number, SampleText>;
  /** The newest it had, if that is deleted too. */
  last: { t: number; text: SampleText };
  /** Late samples that were taken at a time at which it had one. */
  readonly shadowed: Set<string>;
  /** Bounds inclusive. Deleted and not cleaned: late samples are not seen there either. */
  deleted: { from: number; to: number }[];
}

export class PlainStore {
  readonly #outOfOrderWindowMs: number;
  readonly #series = new Map<string, PlainSeries>();
  /** Of what is committed: the newest, and the newest that is not deleted. */
  #newest = -Infinity;
  #newestVisible = -Infinity;
  /** What was kept since the last commit. */
  #staged: { series: PlainSeries; t: number }[] = [];

  constructor(outOfOrderWindowMs: number) {
    this.#outOfOrderWindowMs = outOfOrderWindowMs;
  }

  /** Of the series that have samples, ascending. */
  names(): string[] {
    return [...this.#series].flatMap(([name, { samples }]) => (samples.size > 0 ? [name] : [])).sort();
  }

  hasSince(name: string, t: number): boolean {
    return [...(this.#series.get(name)?.samples.keys() ?? [])].some((at) => at >= t);
  }

  /** What the store may answer to a sample. What is kept and not committed is not looked at for its age. */
  outcomesOf(name: string, t: number, text: SampleText): readonly AppendOutcome[] {
    const last = this.#series.get(name)?.last;
    if (last === undefined || t > last.t) return ['ok'];
    if (t === last.t) return last.text === text ? ['ok'] : ['duplicate'];
    if (this.#outOfOrderWindowMs === 0) return ['outOfOrder'];
    if (t < this.#newestVisible - this.#outOfOrderWindowMs) return ['tooOld'];
    // Where the newest samples are deleted the store may have forgotten them.
    if (t < this.#newest - this.#outOfOrderWindowMs) return ['tooOld', 'ok', 'duplicate'];
    return ['ok', 'duplicate'];
  }

  /** A sample that the store took: once more, or behind one of its time, or in a place of its own. */
  take(name: string, t: number, text: SampleText): void {
    const series = this.#series.get(name);
    if (series?.last.t === t) return;
    if (series?.samples.has(t)) series.shadowed.add(`${t} ${text}`);
    else this.keep(name, t, text);
  }

  keep(name: string, t: number, text: SampleText): void {
    let series = this.#series.get(name);
    if (series === undefined) {
      series = { samples: new Map(), last: { t, text }, shadowed: new Set(), deleted: [] };
      this.#series.set(name, series);
    }
    if (t > series.last.t) series.last = { t, text };
    if (!series.deleted.some(({ from, to }) => t >= from && t <= to)) series.samples.set(t, text);
    this.#staged.push({ series, t });
  }

  /** @param newest if the store has seen a later time than that of any sample. */
  commit(newest = -Infinity): void {
    this.#newest = Math.max(this.#newest, newest);
    for (const { series, t } of this.#staged) {
      this.#newest = Math.max(this.#newest, t);
      if (series.samples.has(t)) this.#newestVisible = Math.max(this.#newestVisible, t);
    }
    this.#staged = [];
  }

  /** Bounds inclusive. */
  delete(matches: RegExp, minTime: number, maxTime: number): void {
    this.#newestVisible = -Infinity;
    for (const [name, { samples, last, deleted }] of this.#series) {
      if (matches.test(name)) {
        const to = Math.min(maxTime, last.t);
        deleted.push({ from: minTime, to });
        for (const t of samples.keys()) if (t >= minTime && t <= to) samples.delete(t);
      }
      for (const t of samples.keys()) this.#newestVisible = Math.max(this.#newestVisible, t);
    }
  }

  /** What was deleted is gone for good: late samples are seen in its place. */
  clean(): void {
    for (const series of this.#series.values()) series.deleted = [];
  }

  /** In words; none where the store holds just what it has to. */
  differences(found: SampleMaps): string[] {
    const wrong: string[] = [];
    for (const [name, samples] of found) {
      if (samples.size === 0) wrong.push(`${name} is found without a sample`);
      const own = this.#series.get(name)?.samples;
      for (const [t, text] of samples)
        if (own?.get(t) !== text) wrong.push(`${name} at ${t}: found ${text}, held ${own?.get(t) ?? 'none'}`);
    }
    for (const [name, { samples }] of this.#series)
      for (const [t, text] of samples) if (!found.get(name)?.has(t)) wrong.push(`${name} at ${t}: ${text} is lost`);
    return wrong;
  }

  /** Samples that were never taken, in words. One that stood behind another is seen where the other is lost. */
  inventions(found: SampleMaps): string[] {
    return [...found].flatMap(([name, samples]) => {
      const series = this.#series.get(name);
      return [...samples]
        .filter(([t, text]) => series?.samples.get(t) !== text && !series?.shadowed.has(`${t} ${text}`))
        .map(([t, text]) => `${name} at ${t}: ${text} was never taken`);
    });
  }
}
