/** Where each series is in the head: groups and columns by ref, in pages, so that refs long forgotten take no room. */
import type { GroupRef, SeriesRef } from '../../storage/appender.ts';

const PAGE_BITS = 10;
const PAGE_SERIES = 1 << PAGE_BITS;
const NO_PLACES: readonly number[] = [];

export class SeriesPlaces {
  /** By the ref's high bits: group + 1 and column of each series, 0 and 0 for none. */
  readonly #pages: (Int32Array | undefined)[] = [];
  /** Of series in several groups, the further places: group, column, group, column, … */
  readonly #further = new Map<SeriesRef, readonly number[]>();

  add(ref: SeriesRef, group: GroupRef, column: number): void {
    const page = (this.#pages[ref >>> PAGE_BITS] ??= new Int32Array(2 * PAGE_SERIES));
    const at = 2 * (ref & (PAGE_SERIES - 1));
    if (page[at] !== 0) {
      this.#further.set(ref, [...(this.#further.get(ref) ?? NO_PLACES), group, column]);
      return;
    }
    page[at] = group + 1;
    page[at + 1] = column;
  }

  /** The column of a series in a group, -1 if it has none there. */
  columnIn(group: GroupRef, ref: SeriesRef): number {
    const page = this.#pages[ref >>> PAGE_BITS];
    const at = 2 * (ref & (PAGE_SERIES - 1));
    if (page === undefined || page[at] === 0) return -1;
    if (page[at] === group + 1) return page[at + 1];
    const further = this.#further.get(ref) ?? NO_PLACES;
    for (let i = 0; i < further.length; i += 2) if (further[i] === group) return further[i + 1];
    return -1;
  }

  /** In the order in which they were added. */
  forEach(ref: SeriesRef, visit: (group: GroupRef, column: number) => void): void {
    const page = this.#pages[ref >>> PAGE_BITS];
    const at = 2 * (ref & (PAGE_SERIES - 1));
    if (page === undefined || page[at] === 0) return;
    visit(page[at] - 1, page[at + 1]);
    const further = this.#further.size === 0 ? undefined : this.#further.get(ref);
    if (further === undefined) return;
    for (let i = 0; i < further.length; i += 2) visit(further[i], further[i + 1]);
  }

  /** Takes the places in these groups out. */
  remove(groups: ReadonlySet<GroupRef>): void {
    for (const [ref, further] of this.#further) {
      const left = further.filter((_, i) => !groups.has(further[i & ~1]));
      if (left.length === 0) this.#further.delete(ref);
      else this.#further.set(ref, left);
    }
    this.#pages.forEach((page, p) => {
      if (page === undefined) return;
      let taken = 0;
      for (let at = 0; at < page.length; at += 2) {
        if (page[at] !== 0 && groups.has(page[at] - 1)) this.#removeFirst(page, at, (p << PAGE_BITS) + at / 2);
        if (page[at] !== 0) taken++;
      }
      if (taken === 0) this.#pages[p] = undefined;
    });
  }

  /** Marks the series that have a place. */
  mark(held: Uint8Array): void {
    this.#pages.forEach((page, p) => {
      if (page === undefined) return;
      for (let at = 0; at < page.length; at += 2) if (page[at] !== 0) held[(p << PAGE_BITS) + at / 2] = 1;
    });
  }

  /** The next further place takes its room. */
  #removeFirst(page: Int32Array, at: number, ref: SeriesRef): void {
    const [group, column, ...left] = this.#further.get(ref) ?? NO_PLACES;
    page[at] = group === undefined ? 0 : group + 1;
    page[at + 1] = column ?? 0;
    if (left.length > 0) this.#further.set(ref, left);
    else this.#further.delete(ref);
  }
}
