/** Samples that waited too long to be kept in memory, read back from the store window by window. */
import { SelectLimitError, type Queryable } from '../storage/queryable.ts';
import { METRIC_NAME } from '../../shared/model/labels.ts';
import { bitsOf, CELL_GAP, cellKind } from '../../shared/model/sampleBits.ts';
import { packed, samplesIn, type OutgoingNames, type OutgoingRow, type SendKinds } from './outgoing.ts';

/** Samples of one window. */
const SAMPLES_MAX = 200_000;
const WINDOW_MS_FIRST = 10_000;
const WINDOW_MS_MAX = 3_600_000;

export interface BacklogWindow {
  readonly rows: readonly OutgoingRow[];
  /** The last time that it covers, milliseconds. */
  readonly maxTime: number;
}

export class Backlog {
  readonly #queryable: Queryable;
  readonly #names: OutgoingNames;
  readonly #kinds: SendKinds;
  #windowMs = WINDOW_MS_FIRST;

  constructor(queryable: Queryable, names: OutgoingNames, kinds: SendKinds) {
    this.#queryable = queryable;
    this.#names = names;
    this.#kinds = kinds;
  }

  /** The samples from `minTime` on, as many as fit into memory; up to `maxTime` at most. Both in milliseconds. */
  async next(minTime: number, maxTime: number): Promise<BacklogWindow> {
    for (;;) {
      const end = Math.min(maxTime, minTime + this.#windowMs - 1);
      try {
        const rows = await this.#read(minTime, end);
        const samples = samplesIn(rows);
        if (samples < SAMPLES_MAX / 4) this.#windowMs = Math.min(WINDOW_MS_MAX, 2 * this.#windowMs);
        return { rows, maxTime: end };
      } catch (fault) {
        if (!(fault instanceof SelectLimitError) || this.#windowMs <= 1) throw fault;
        this.#windowMs = Math.ceil(this.#windowMs / 4);
      }
    }
  }

  /** Nothing waits any more. */
  end(): void {
    this.#names.forget();
  }

  async #read(minTime: number, maxTime: number): Promise<OutgoingRow[]> {
    const matchers = [{ name: METRIC_NAME, op: '=~' as const, value: '.+' }];
    const groups = await this.#queryable.select({
      matchers,
      minTime,
      maxTime,
      maxSamples: this.#windowMs > 1 ? SAMPLES_MAX : Infinity,
    });
    const rows: OutgoingRow[] = [];
    for (const { times, columns } of groups) {
      const series = columns.map(({ labels }) => this.#names.of(labels));
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
