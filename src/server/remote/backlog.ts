/**
 * Samples that waited too long to be kept in memory, read back from the store: window by window, and of a window some series after the others, so that
 * what is in memory does not grow with the series.
 */
import { SelectLimitError, type GroupColumns, type Queryable } from '../storage/queryable.ts';
import { METRIC_NAME } from '../../shared/model/labels.ts';
import { bitsOf, CELL_GAP, cellKind } from '../../shared/model/sampleBits.ts';
import { packed, samplesIn, type OutgoingNames, type OutgoingRow, type SendKinds } from './outgoing.ts';

/** Samples that are read before some are sent. */
const SAMPLES_MAX = 200_000;
/** Windows grow until their largest part has a quarter of that: each series of a part takes buffers, however few samples of it there are. */
const WINDOW_MS_FIRST = 10_000;
const WINDOW_MS_MAX = 3_600_000;

export interface BacklogPiece {
  /** Those of a series in the order of their times. */
  readonly rows: readonly OutgoingRow[];
  /** The last time of the window that they are of, milliseconds. */
  readonly maxTime: number;
  /** Nothing is left of the window. */
  readonly isLast: boolean;
  /** It is the whole window. */
  readonly isWhole: boolean;
}

interface Window {
  readonly minTime: number;
  readonly maxTime: number;
  readonly parts: AsyncIterator<readonly GroupColumns[]>;
  /** Samples of the largest part so far. */
  samplesMost: number;
}

export class Backlog {
  readonly #queryable: Queryable;
  readonly #names: OutgoingNames;
  readonly #kinds: SendKinds;
  readonly #samplesMax: number;
  #windowMs = WINDOW_MS_FIRST;
  #window: Window | undefined;

  constructor(queryable: Queryable, names: OutgoingNames, kinds: SendKinds, samplesMax = SAMPLES_MAX) {
    this.#queryable = queryable;
    this.#names = names;
    this.#kinds = kinds;
    this.#samplesMax = samplesMax;
  }

  /**
   * The next samples of the window at hand. Without one a window begins, from `minTime` to `maxTime` at most, both in milliseconds. A window that turns out
   * to have too many samples begins anew, and ends sooner; so it does after a fault.
   */
  async next(minTime: number, maxTime: number): Promise<BacklogPiece> {
    let isWhole = this.#window === undefined;
    for (;;) {
      const window = (this.#window ??= this.#begin(minTime, maxTime));
      try {
        const { rows, isLast } = await this.#read(window);
        if (isLast) this.#end(window);
        return { rows, maxTime: window.maxTime, isLast, isWhole: isWhole && isLast };
      } catch (fault) {
        this.#window = undefined;
        if (!(fault instanceof SelectLimitError) || this.#windowMs <= 1) throw fault;
        this.#windowMs = Math.ceil(this.#windowMs / 4);
        isWhole = true;
        minTime = window.minTime;
      }
    }
  }

  /** Nothing waits any more. */
  end(): void {
    this.#names.forgetStored();
  }

  #begin(minTime: number, maxTime: number): Window {
    const spec = {
      matchers: [{ name: METRIC_NAME, op: '=~' as const, value: '.+' }],
      minTime,
      maxTime: Math.min(maxTime, minTime + this.#windowMs - 1),
      maxSamples: this.#windowMs > 1 ? this.#samplesMax : Infinity,
    };
    const { maxTime: end } = spec;
    return { minTime, maxTime: end, parts: partsOf(this.#queryable, spec)[Symbol.asyncIterator](), samplesMost: 0 };
  }

  #end({ samplesMost }: Window): void {
    this.#window = undefined;
    if (samplesMost < this.#samplesMax / 4) this.#windowMs = Math.min(WINDOW_MS_MAX, 2 * this.#windowMs);
  }

  /** Parts, until they have as many samples as are wanted or are over. */
  async #read(window: Window): Promise<{ rows: OutgoingRow[]; isLast: boolean }> {
    const rows: OutgoingRow[] = [];
    for (let samples = 0; samples < this.#samplesMax;) {
      const part = await window.parts.next();
      if (part.done === true) return { rows, isLast: true };
      const found = this.#rowsOf(part.value);
      const count = samplesIn(found);
      window.samplesMost = Math.max(window.samplesMost, count);
      samples += count;
      for (const row of found) rows.push(row);
    }
    return { rows, isLast: false };
  }

  #rowsOf(groups: readonly GroupColumns[]): OutgoingRow[] {
    const rows: OutgoingRow[] = [];
    for (const { times, columns } of groups) {
      const series = columns.map(({ ref, labels }) => this.#names.ofStored(ref, labels));
      const row = new Float64Array(columns.length);
      const bits = bitsOf(row);
      const columnBits = columns.map(({ values }) => bitsOf(values));
      for (let i = 0; i < times.length; i++) {
        columnBits.forEach((words, c) => {
          bits[2 * c] = words[2 * i];
          bits[2 * c + 1] = words[2 * i + 1];
        });
        const floats = series.map((one, c) => (columns[c].histograms?.has(i) === true ? undefined : one));
        const found = packed(times[i], row, floats);
        if (found.series.length > 0) rows.push(found);
        if (!this.#kinds.histograms) continue;
        columns.forEach(({ histograms }, c) => {
          const histogram = histograms?.get(i);
          const one = series[c];
          if (histogram === undefined || one === undefined || cellKind(columnBits[c], i) === CELL_GAP) return;
          rows.push({ t: times[i], series: [one], words: new Uint32Array(2), histograms: new Map([[0, histogram]]) });
        });
      }
    }
    return rows.sort((a, b) => a.t - b.t);
  }
}

async function* partsOf(
  queryable: Queryable,
  spec: Parameters<Queryable['select']>[0],
): AsyncIterable<readonly GroupColumns[]> {
  if (queryable.selectInParts === undefined) yield await queryable.select(spec);
  else yield* queryable.selectInParts(spec);
}
