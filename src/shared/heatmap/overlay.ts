/** Several histograms as one: of every slice and bucket the sum. */
import { heatmapFromCells } from './fromCells.ts';
import type { EmptyHeatmap, HeatmapModel } from './model.ts';

/** All of one unit; bounds and times may differ. */
export function sumOf(models: readonly HeatmapModel[]): HeatmapModel | EmptyHeatmap {
  if (models.length === 1) return models[0];
  const cells = { times: [] as number[], lowers: [] as number[], uppers: [] as number[], counts: [] as number[] };
  let stepMs = Infinity;
  for (const { xEdges, yEdges, counts } of models) {
    const rows = yEdges.length - 1;
    for (let x = 0; x + 1 < xEdges.length; x++) {
      stepMs = Math.min(stepMs, xEdges[x + 1] - xEdges[x]);
      for (let y = 0; y < rows; y++) {
        if (Number.isNaN(counts[x * rows + y])) continue;
        cells.times.push(xEdges[x + 1]);
        cells.lowers.push(yEdges[y]);
        cells.uppers.push(yEdges[y + 1]);
        cells.counts.push(counts[x * rows + y]);
      }
    }
  }
  const [{ countUnit, unit, interpolation = 'linear' }] = models;
  const sum = heatmapFromCells({ ...cells, countUnit, unit, stepMs, interpolation });
  if (sum.kind === 'empty') return sum;
  return { ...sum, openBottom: models.every(({ openBottom }) => openBottom) };
}
