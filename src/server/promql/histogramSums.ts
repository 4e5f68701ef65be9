/** sum and avg of vectors in which there are native histograms. Rules: Prometheus promql/engine.go, aggregation. */
import { HistogramSum } from '../../shared/histogram/arithmetic.ts';
import type { NativeHistogram } from '../../shared/histogram/native.ts';
import type { Labels } from '../../shared/model/labels.ts';
import type { Accumulator } from './accumulators.ts';
import { HistogramMean } from './histogramWindows.ts';
import type { HistogramWords } from './histogramWords.ts';
import { clearHistograms, type Row } from './rows.ts';

interface Running {
  /** Nothing where a float came first: then there is no result, whatever follows. */
  readonly total: HistogramSum | HistogramMean | undefined;
  isCompatible: boolean;
}

/** Floats go to the accumulator of floats, histograms to sums of their own; steps that have both are left out and told of. */
export class MixedAccumulator {
  private readonly floats: Accumulator;
  private readonly hasFloat: Uint8Array;
  private readonly running = new Map<number, Running>();
  private readonly isMean: boolean;
  private readonly words: HistogramWords;

  constructor(floats: Accumulator, steps: number, isMean: boolean, words: HistogramWords) {
    this.floats = floats;
    this.hasFloat = new Uint8Array(steps);
    this.isMean = isMean;
    this.words = words;
  }

  /** Takes the histograms out of the row. */
  add(row: Row, labels: Labels): void {
    for (const [step, h] of row.histograms) {
      this.addHistogram(step, h, labels);
      row.present[step] = 0;
    }
    clearHistograms(row);
    for (let i = 0; i < row.present.length; i++) this.hasFloat[i] |= row.present[i];
    this.floats.add(row);
  }

  private addHistogram(step: number, h: NativeHistogram, labels: Labels): void {
    const known = this.running.get(step);
    if (known === undefined) {
      const start = () => (this.isMean ? new HistogramMean(h) : new HistogramSum(h, true));
      this.running.set(step, { total: this.hasFloat[step] === 1 ? undefined : start(), isCompatible: true });
    } else if (known.isCompatible && known.total?.add(h) === false) {
      known.isCompatible = false;
      this.words.mixedSchemas(labels);
    }
  }

  finish(out: Row): void {
    this.floats.finish(out);
    for (const [step, { total, isCompatible }] of this.running) {
      const sum = total instanceof HistogramMean ? total.sum : total;
      if (sum?.reconciled === true) this.words.reconciledBounds('aggregation');
      if (this.hasFloat[step] === 1) {
        this.words.mixedInAggregation();
        out.present[step] = 0;
      } else if (isCompatible && sum !== undefined && total !== undefined) {
        if (sum.isContradictory) this.words.collidingResets('aggregation');
        out.present[step] = 1;
        out.values[step] = NaN;
        out.histograms.set(step, total.result());
      }
    }
  }
}
