/** Label name → value → series. Matchers are evaluated over the values of a label, never over series. */
import type { Labels } from '../../../shared/model/labels.ts';
import { compileMatcher, patternShape, type Matcher } from '../../../shared/model/matchers.ts';
import type { SeriesRef } from '../../storage/appender.ts';
import { EMPTY, intersect, PostingList, subtract, union } from './postings.ts';

export class LabelIndex {
  #all = new PostingList();
  #byName = new Map<string, Map<string, PostingList>>();

  /** @param ref greater than any added before. */
  add(ref: SeriesRef, labels: Labels): void {
    this.#all.add(ref);
    for (const [name, value] of labels) {
      let values = this.#byName.get(name);
      if (values === undefined) this.#byName.set(name, (values = new Map()));
      let list = values.get(value);
      if (list === undefined) values.set(value, (list = new PostingList()));
      list.add(ref);
    }
  }

  all(): Uint32Array {
    return this.#all.view();
  }

  names(): Iterable<string> {
    return this.#byName.keys();
  }

  /** Values of a label with the series that have them. */
  *values(name: string): Iterable<readonly [value: string, refs: Uint32Array]> {
    for (const [value, list] of this.#byName.get(name) ?? []) yield [value, list.view()];
  }

  /**
   * The series that all matchers accept. A series without the label is matched as if its value were ''.
   *
   * @throws Error with RE2's words for a pattern that is not RE2.
   */
  select(matchers: readonly Matcher[]): Uint32Array {
    const wanted: Uint32Array[] = [];
    const unwanted: Uint32Array[] = [];
    for (const matcher of matchers) {
      const accepts = compileMatcher(matcher);
      // Where '' is accepted, series without the label are in; so those whose value is refused are taken out instead.
      if (accepts('')) unwanted.push(this.#withValue(matcher.name, (value) => !accepts(value)));
      else wanted.push(this.#exactly(matcher) ?? this.#withValue(matcher.name, accepts));
    }
    wanted.sort((a, b) => a.length - b.length);
    let refs = wanted.length > 0 ? wanted[0] : this.all();
    for (let i = 1; i < wanted.length && refs.length > 0; i++) refs = intersect(refs, wanted[i]);
    for (let i = 0; i < unwanted.length && refs.length > 0; i++) refs = subtract(refs, unwanted[i]);
    return refs;
  }

  /** Series whose value is one of few known texts, without a walk over all values. */
  #exactly({ name, op, value }: Matcher): Uint32Array | undefined {
    const values = this.#byName.get(name);
    if (op === '=') return values?.get(value)?.view() ?? EMPTY;
    if (op !== '=~') return undefined;
    const shape = patternShape(value);
    if (shape?.kind !== 'set') return undefined;
    return union([...new Set(shape.texts)].map((text) => values?.get(text)?.view() ?? EMPTY));
  }

  #withValue(name: string, test: (value: string) => boolean): Uint32Array {
    const sets: Uint32Array[] = [];
    for (const [value, list] of this.#byName.get(name) ?? []) if (test(value)) sets.push(list.view());
    return union(sets);
  }
}
