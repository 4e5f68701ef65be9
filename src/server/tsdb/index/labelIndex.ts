/** From matchers to series. Matchers are evaluated over the values of a label, or over series where these are fewer. */
import { compileMatcher, patternShape, type Matcher, type TextTest } from '../../../shared/model/matchers.ts';
import type { SeriesRef } from '../../storage/appender.ts';
import type { LabelCounts } from '../../storage/queryable.ts';
import type { LabelPairs, PairId } from './labelPairs.ts';
import { countRefs, expandRuns, intersect, meets, NO_REFS, runsOf, subtract, type RefRuns } from './refRuns.ts';

/** The series that the index is over. */
export interface IndexedSeries {
  all(): RefRuns;
  labelValue(ref: SeriesRef, name: string): string;
}

export class LabelIndex {
  readonly #pairs: LabelPairs;
  readonly #series: IndexedSeries;

  constructor(pairs: LabelPairs, series: IndexedSeries) {
    this.#pairs = pairs;
    this.#series = series;
  }

  get names(): Iterable<string> {
    return this.#pairs.names;
  }

  /** How many values a label has. */
  valueCount(name: string): number {
    return this.#pairs.values(name).size;
  }

  /** Values of a label with the series that have them, which are valid until a series is added. */
  *values(name: string): Iterable<readonly [value: string, refs: RefRuns]> {
    for (const [value, pair] of this.#pairs.values(name)) yield [value, this.#pairs.postings(pair)];
  }

  /** How many series have each value of each label. */
  *counts(): LabelCounts {
    for (const name of this.names)
      yield [name, Array.from(this.values(name), ([value, refs]) => [value, countRefs(refs)])];
  }

  /** The values of a label that any of the series has; in no order. */
  valuesIn(name: string, refs: RefRuns): string[] {
    const pairs = this.#pairs.values(name);
    if (countRefs(refs) < pairs.size) {
      const values = new Set(Array.from(expandRuns(refs), (ref) => this.#series.labelValue(ref, name)));
      values.delete('');
      return [...values];
    }
    const found: string[] = [];
    for (const [value, pair] of pairs) if (meets(this.#pairs.postings(pair), refs)) found.push(value);
    return found;
  }

  /** The names of the labels that any of the series has; in no order. */
  namesIn(refs: RefRuns): string[] {
    if (refs.length === 0) return [];
    return [...this.#pairs.names].filter((name) => {
      for (const pair of this.#pairs.values(name).values()) if (meets(this.#pairs.postings(pair), refs)) return true;
      return false;
    });
  }

  /**
   * The series that all matchers accept, ascending. A series without the label is matched as if its value were ''.
   *
   * @throws Error with RE2's words for a pattern that is not RE2.
   */
  select(matchers: readonly Matcher[]): Uint32Array {
    return expandRuns(this.selectRuns(matchers));
  }

  /**
   * A series that is at least as new as any that all matchers accept, of labels that are named with their values; undefined where there are none such. As long
   * as it is the same one, no newer series is accepted.
   */
  newest(matchers: readonly Matcher[]): SeriesRef | undefined {
    let newest: SeriesRef | undefined;
    for (const { name, op, value } of matchers) {
      if (op !== '=' || value === '') continue;
      const pair = this.#pairs.find(name, value);
      newest = Math.min(newest ?? Infinity, pair === undefined ? 0 : this.#pairs.newest(pair));
    }
    return newest;
  }

  /** As `select`. Valid until a series is added. */
  selectRuns(matchers: readonly Matcher[]): RefRuns {
    const tests: { readonly name: string; readonly accepts: TextTest }[] = [];
    const sets: RefRuns[] = [];
    for (const matcher of matchers) {
      const accepts = compileMatcher(matcher);
      const exact = accepts('') ? undefined : this.#exactly(matcher);
      if (exact !== undefined) sets.push(exact);
      else if (!acceptsAll(matcher)) tests.push({ name: matcher.name, accepts });
    }
    sets.sort((a, b) => a.length - b.length);
    let refs = sets.length > 0 ? sets[0] : this.#series.all();
    for (let i = 1; i < sets.length && refs.length > 0; i++) refs = intersect(refs, sets[i]);
    if (tests.length === 0) return refs;
    // What tests few texts goes first.
    const texts = tests.map(({ name }) => this.valueCount(name));
    const order = [...tests.keys()].sort((a, b) => texts[a] - texts[b]);
    for (const i of order) {
      if (refs.length === 0) break;
      const { name, accepts } = tests[i];
      refs = countRefs(refs) < texts[i] ? this.#filter(refs, name, accepts) : this.#narrow(refs, name, accepts);
    }
    return refs;
  }

  /** Series whose value is one of few known texts, without a walk over all values. */
  #exactly({ name, op, value }: Matcher): RefRuns | undefined {
    const texts = op === '=' ? [value] : op === '=~' ? knownTexts(value) : undefined;
    const pairs = texts?.map((text) => this.#pairs.find(name, text)).filter((pair) => pair !== undefined);
    if (pairs === undefined) return undefined;
    if (pairs.length === 0) return NO_REFS;
    return pairs.length === 1 ? this.#pairs.postings(pairs[0]) : this.#pairs.union(pairs);
  }

  #filter(refs: RefRuns, name: string, accepts: TextTest): RefRuns {
    return runsOf(expandRuns(refs).filter((ref) => accepts(this.#series.labelValue(ref, name))));
  }

  #narrow(refs: RefRuns, name: string, accepts: TextTest): RefRuns {
    // Where '' is accepted, series without the label are in; so those whose value is refused are taken out instead.
    const isRefusing = accepts('');
    const pairs: PairId[] = [];
    for (const [value, pair] of this.#pairs.values(name)) if (accepts(value) !== isRefusing) pairs.push(pair);
    const found = this.#pairs.union(pairs);
    return isRefusing ? subtract(refs, found) : intersect(refs, found);
  }
}

function knownTexts(pattern: string): readonly string[] | undefined {
  const shape = patternShape(pattern);
  return shape?.kind === 'set' ? [...new Set(shape.texts)] : undefined;
}

function acceptsAll({ op, value }: Matcher): boolean {
  if (op !== '=~') return false;
  const shape = patternShape(value);
  return shape?.kind === 'prefix' && shape.prefix === '' && shape.min === 0;
}
