/** What the bench asks of its page in the browser. */
export type Work = 'firstDraw' | 'firstDrawOnUplot' | 'hover' | 'rest' | 'pan';

export interface BenchPage {
  prepare(work: Work, slices: number, buckets: number): void;
  run(work: Work, times: number): Promise<void>;
}
