/** Where the bars of a job's runs stand, and the scale beside them. */
import { axisScale } from '../../viz/axisScale.ts';
import { valueTicks } from '../../viz/ticks.ts';
import { formatSeconds } from '../text.ts';
import type { JobRun } from './jobRuns.ts';

/** A bar is at most so wide, and where few runs have much room at most this share of it. */
const BAR_MAX = 22;
const BAR_SHARE_MAX = 1 / 24;
/** Pixels of the cross over a failed run, each way. */
export const FAILED_MARK = 5;
/** A strip that is so high has a scale of durations beside it, as charts have; in a lower one the figures tell enough. */
const SCALE_FROM_HEIGHT = 140;
export const SCALE_WIDTH = 48;

/**
 * Bars of equal width side by side, the newest at the right. Heights share one scale that begins at zero; it has ticks where there is room for them.
 *
 * @param width of the strip, in pixels, as all that is answered.
 */
export function layoutRuns(runs: readonly JobRun[], width: number, height: number) {
  const longest = Math.max(...runs.map((run) => (Number.isNaN(run.durationSeconds) ? 0 : run.durationSeconds)), 0);
  const end = longest || 1; // Where nobody tells durations, all bars are as high.
  const isScaled = height >= SCALE_FROM_HEIGHT && longest > 0;
  const floor = height - (isScaled ? 8 : 1); // Half of a text stands below its line.
  const axis = axisScale('linear', [0, end], [floor, 2 * FAILED_MARK + 4]);
  const values = isScaled ? valueTicks(axis, 's', Math.max(26, height / 7)) : [];
  const widthOfBars = width - (isScaled ? SCALE_WIDTH : 0);
  const slot = Math.min(
    Math.max(BAR_MAX, widthOfBars * BAR_SHARE_MAX),
    runs.length > 0 ? widthOfBars / runs.length : 0,
  );
  const bars = runs.map((run, i) => {
    const lasted = longest === 0 || Number.isNaN(run.durationSeconds) ? end : run.durationSeconds;
    const barHeight = Math.max(3, floor - axis.toPixel(lasted));
    return {
      run,
      x: width - (runs.length - i) * slot + slot * 0.12,
      y: floor - barHeight,
      width: slot * 0.76,
      height: barHeight,
    };
  });
  return { bars, ticks: values.map((v) => ({ text: formatSeconds(v), y: Math.round(axis.toPixel(v)) + 0.5 })) };
}
