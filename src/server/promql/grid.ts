/** Evaluation times. */
import type { StepGrid } from '../storage/engine.ts';

/** start, start + stepMs, … ≤ end; one step for an instant query (stepMs 0). */
export function gridOf(start: number, end: number, stepMs: number): StepGrid {
  const count = stepMs > 0 ? Math.max(0, Math.floor((end - start) / stepMs) + 1) : 1;
  return { start, end, stepMs, count };
}

/** The grid's first time alone. */
export function firstStepOf(grid: StepGrid): StepGrid {
  return { start: grid.start, end: grid.start, stepMs: 0, count: 1 };
}

/** All times of a grid, in milliseconds. Length count. */
export function timesOf(grid: StepGrid): Float64Array {
  const times = new Float64Array(grid.count);
  for (let i = 0; i < times.length; i++) times[i] = grid.start + i * grid.stepMs;
  return times;
}
