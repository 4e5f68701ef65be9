/** Counts of slices as rates, and rates as counts. */
import type { HeatmapModel } from './model.ts';

const SECOND_MS = 1000;

/** @param unit what the cells shall be; a model that is so already is given back as it is. */
export function inUnit(model: HeatmapModel, unit: 'count' | 'perSecond'): HeatmapModel {
  if (model.countUnit === unit || model.countUnit === 'shareDifference') return model;
  const rows = model.yEdges.length - 1;
  const counts = model.counts.slice();
  for (let x = 0; x + 1 < model.xEdges.length; x++) {
    const seconds = (model.xEdges[x + 1] - model.xEdges[x]) / SECOND_MS;
    const factor = unit === 'count' ? seconds : 1 / seconds;
    for (let i = x * rows; i < (x + 1) * rows; i++) counts[i] *= factor;
  }
  return { ...model, counts, countUnit: unit };
}
