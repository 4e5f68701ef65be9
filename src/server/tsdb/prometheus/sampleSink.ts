/** Where decoded samples of one series go, in the order they are met. */
import type { NativeHistogram } from '../../../shared/histogram/native.ts';

export interface SampleSink {
  /** A float or the stale mark, by its two words: a NaN keeps its payload. */
  float(t: number, low: number, high: number): void;
  histogram(t: number, h: NativeHistogram): void;
}
