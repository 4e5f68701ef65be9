/** What was made of the last few texts, for those who come with the same ones again and again. */

export class LastAsked<T> {
  readonly #make: (text: string) => T;
  readonly #max: number;
  readonly #charsMax: number;
  /** By text; the one that was asked for longest ago comes first. */
  readonly #kept = new Map<string, T>();
  #last: { readonly text: string; readonly made: T } | undefined;

  /**
   * @param make what is kept is the same for all who ask.
   * @param max that are kept.
   * @param charsMax of a text; what is made of longer ones is not kept.
   */
  constructor(make: (text: string) => T, max: number, charsMax: number) {
    this.#make = make;
    this.#max = max;
    this.#charsMax = charsMax;
  }

  /** Throws as `make` does, each time. */
  of(text: string): T {
    if (this.#last?.text === text) return this.#last.made;
    const known = this.#kept.get(text);
    const made = known ?? this.#make(text);
    if (known === undefined && text.length > this.#charsMax) return made;
    this.#kept.delete(text);
    this.#kept.set(text, made);
    this.#last = { text, made };
    if (this.#kept.size > this.#max) this.#kept.delete(this.#kept.keys().next().value!);
    return made;
  }
}
