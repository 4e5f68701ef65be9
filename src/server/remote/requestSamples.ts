/** The samples of some requests, by series: chains through arrays, for a request is made of thousands and few series have more than one. */
import { kindOf, noneOfAnyKind, type KindCounts, type OutgoingRow, type OutgoingSeries } from './outgoing.ts';

export class RequestSamples {
  static #made = 0;
  readonly #id = ++RequestSamples.#made;
  readonly #rows: readonly OutgoingRow[];
  /** Of each sample: its row, its place there, and the next sample of the same series (-1 for none). */
  readonly #rowOf: Int32Array;
  readonly #placeOf: Int32Array;
  readonly #nextOf: Int32Array;
  /** By request: its series in the order in which they come first, and its samples. */
  readonly requests: readonly { readonly series: OutgoingSeries[]; readonly counts: KindCounts }[];

  /** Samples of a series go into the same request, in their order. @param shards requests to be made, some of them perhaps empty. */
  constructor(rows: readonly OutgoingRow[], shards: number) {
    const count = rows.reduce((sum, { series }) => sum + series.length, 0);
    this.#rows = rows;
    this.#rowOf = new Int32Array(count);
    this.#placeOf = new Int32Array(count);
    this.#nextOf = new Int32Array(count).fill(-1);
    this.requests = Array.from({ length: shards }, () => ({ series: [], counts: noneOfAnyKind() }));
    let sample = 0;
    rows.forEach((one, row) => {
      const { series } = one;
      const kind = kindOf(one);
      for (let place = 0; place < series.length; place++) this.#add(series[place], sample++, row, place, kind);
    });
  }

  #add(series: OutgoingSeries, sample: number, row: number, place: number, kind: keyof KindCounts): void {
    this.#rowOf[sample] = row;
    this.#placeOf[sample] = place;
    const request = this.requests[series.hash % this.requests.length];
    request.counts[kind]++;
    const { chain } = series;
    if (chain.owner === this.#id) this.#nextOf[chain.last] = sample;
    else {
      chain.owner = this.#id;
      chain.first = sample;
      request.series.push(series);
    }
    chain.last = sample;
  }

  /** The first sample of a series; -1 after the last one. */
  first({ chain }: OutgoingSeries): number {
    return chain.first;
  }

  next(sample: number): number {
    return this.#nextOf[sample];
  }

  row(sample: number): OutgoingRow {
    return this.#rows[this.#rowOf[sample]];
  }

  /** Where in its row. */
  place(sample: number): number {
    return this.#placeOf[sample];
  }
}

export interface OutgoingRequest {
  readonly message: Uint8Array;
  readonly counts: Readonly<KindCounts>;
}

/** How the samples of a request's series become a message. */
export type Encode = (samples: RequestSamples, series: readonly OutgoingSeries[]) => Uint8Array;

/** One request for each of `shards`, of what hashes to it; samples of a series stand together, in their order. */
export function requestsOf(rows: readonly OutgoingRow[], shards: number, encode: Encode): OutgoingRequest[] {
  const all = new RequestSamples(rows, shards);
  return all.requests
    .filter(({ series }) => series.length > 0)
    .map(({ series, counts }) => ({ message: encode(all, series), counts }));
}
