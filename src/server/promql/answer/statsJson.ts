/** What a query took, as the API and the query log tell it. */
import type { QueryStats } from '../../storage/engine.ts';

/** @param totalMs that it waited and ran. */
export function statsJson({ samplesRead, parseMs, selectMs, evalMs }: QueryStats, totalMs: number) {
  return {
    timings: {
      evalTotalTime: (selectMs + evalMs) / 1000,
      resultSortTime: 0,
      queryPreparationTime: selectMs / 1000,
      innerEvalTime: evalMs / 1000,
      execQueueTime: Math.max(0, totalMs - parseMs - selectMs - evalMs) / 1000,
      execTotalTime: totalMs / 1000,
    },
    samples: { totalQueryableSamples: samplesRead, samplesRead, peakSamples: samplesRead },
  };
}
