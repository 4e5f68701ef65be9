/** What a query took, as the API and the query log tell it. */
import type { QueryStats, StepCounts, StepGrid } from '../../storage/engine.ts';
import { total } from '../stepCounts.ts';

/** @param totalMs that it waited and ran. */
export function statsJson({ samplesRead, steps, parseMs, selectMs, evalMs }: QueryStats, totalMs: number) {
  return {
    timings: {
      evalTotalTime: (selectMs + evalMs) / 1000,
      resultSortTime: 0,
      queryPreparationTime: selectMs / 1000,
      innerEvalTime: evalMs / 1000,
      execQueueTime: Math.max(0, totalMs - parseMs - selectMs - evalMs) / 1000,
      execTotalTime: totalMs / 1000,
    },
    samples: { ...(steps === undefined ? unsteppedJson(samplesRead) : steppedJson(steps)), peakSamples: samplesRead },
  };
}

const unsteppedJson = (samplesRead: number) => ({ totalQueryableSamples: samplesRead, samplesRead });

const steppedJson = ({ grid, queryable, read }: StepCounts) => ({
  totalQueryableSamplesPerStep: pointsOf(grid, queryable),
  totalQueryableSamples: total(queryable),
  samplesReadPerStep: pointsOf(grid, read),
  samplesRead: total(read),
});

/** Seconds and counts. */
const pointsOf = ({ start, stepMs }: StepGrid, counts: Float64Array): readonly (readonly [t: number, n: number])[] =>
  Array.from(counts, (n, i) => [(start + i * stepMs) / 1000, n]);
