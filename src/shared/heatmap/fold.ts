/** A histogram over the hours of a day, or of a week: what returns every night or every Monday shows at once. */
import type { HeatmapModel } from './model.ts';

const HOUR_MS = 3_600_000;
const HOURS = { day: 24, week: 168 } as const;
/** 1 January 1970 was a Thursday; weeks begin on Monday. */
const MONDAY_OFFSET_MS = 3 * 24 * HOUR_MS;

/**
 * All slices of the same hour together: of counts the sum, of rates the mean. Hours without data have none.
 *
 * @param offsetMs what a zone's clock is ahead of UTC at a time.
 */
export function foldModel(model: HeatmapModel, fold: 'day' | 'week', offsetMs: (time: number) => number): HeatmapModel {
  const rows = model.yEdges.length - 1;
  const hours = HOURS[fold];
  const counts = new Float64Array(hours * rows).fill(NaN);
  const seen = new Uint32Array(hours * rows);
  for (let x = 0; x + 1 < model.xEdges.length; x++) {
    const middle = (model.xEdges[x] + model.xEdges[x + 1]) / 2;
    const local = middle + offsetMs(middle) + (fold === 'week' ? MONDAY_OFFSET_MS : 0);
    const hour = ((Math.floor(local / HOUR_MS) % hours) + hours) % hours;
    for (let y = 0; y < rows; y++) {
      const count = model.counts[x * rows + y];
      if (Number.isNaN(count)) continue;
      const at = hour * rows + y;
      counts[at] = seen[at] === 0 ? count : counts[at] + count;
      seen[at]++;
    }
  }
  if (model.countUnit !== 'count') for (let i = 0; i < counts.length; i++) if (seen[i] > 1) counts[i] /= seen[i];
  return {
    ...model,
    xEdges: Float64Array.from({ length: hours + 1 }, (_, i) => i * HOUR_MS),
    counts,
    fold,
    joined: undefined,
    layoutChanges: undefined,
    resets: undefined,
  };
}
