/** The series table as plain as can be: a map by key, and a walk over all series for every question. The oracle of the compact one. */
import { labelValue, type Labels } from '../../src/shared/model/labels.ts';
import { compileMatcher, matchesAll, type Matcher } from '../../src/shared/model/matchers.ts';

export class PlainSeriesTable {
  readonly labels: (Labels | undefined)[] = [undefined];
  readonly refs = new Map<string, number>();

  refOf(labels: Labels): number {
    const key = JSON.stringify(labels);
    const known = this.refs.get(key);
    if (known !== undefined) return known;
    this.refs.set(key, this.labels.length);
    return this.labels.push(labels) - 1;
  }

  find(labels: Labels): number | undefined {
    return this.refs.get(JSON.stringify(labels));
  }

  known(): [ref: number, labels: Labels][] {
    return this.labels.flatMap((labels, ref): [number, Labels][] => (labels === undefined ? [] : [[ref, labels]]));
  }

  select(matchers: readonly Matcher[]): number[] {
    const tests = matchers.map((m) => [m.name, compileMatcher(m)] as const);
    return this.known().flatMap(([ref, labels]) => (matchesAll(labels, tests) ? [ref] : []));
  }

  values(name: string): Map<string, number[]> {
    const values = new Map<string, number[]>();
    for (const [ref, labels] of this.known()) {
      if (!labels.some(([n]) => n === name)) continue;
      const value = labelValue(labels, name);
      values.set(value, [...(values.get(value) ?? []), ref]);
    }
    return values;
  }

  names(): Set<string> {
    return new Set(this.known().flatMap(([, labels]) => labels.map(([name]) => name)));
  }

  retain(isHeld: (ref: number) => boolean): void {
    for (const [ref, labels] of this.known()) {
      if (isHeld(ref)) continue;
      this.labels[ref] = undefined;
      this.refs.delete(JSON.stringify(labels));
    }
  }
}
