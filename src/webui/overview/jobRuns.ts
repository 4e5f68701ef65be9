/** The runs of data jobs, read back from the gauges that each run leaves behind. */
import type { GridSeries } from '../api/client.ts';
import { gridTimes } from '../timeRange.ts';
import type { Grid } from '../timeRange.ts';

export interface JobRun {
  /** When the run ended, milliseconds. */
  readonly time: number;
  readonly success: boolean;
  /** NaN where the job does not report it. */
  readonly durationSeconds: number;
}

export interface Job {
  readonly name: string;
  /** Ascending; the last RUNS_MAX of those seen. */
  readonly runs: readonly JobRun[];
  /** Milliseconds; NaN if none is known. */
  readonly lastSuccess: number;
}

export const RUNS_MAX = 40;

export const JOB_METRICS = {
  success: 'data_job_last_run_success',
  time: 'data_job_last_run_timestamp_seconds',
  lastSuccess: 'data_job_last_success_timestamp_seconds',
  duration: 'data_job_last_run_duration_seconds',
} as const;

export type JobSeries = Record<keyof typeof JOB_METRICS, readonly GridSeries[]>;

const LABEL = 'data_job';

export function jobsFrom(series: JobSeries, grid: Grid): Job[] {
  const times = gridTimes(grid);
  const names = [...new Set(series.success.map(({ metric }) => jobName(metric)))].sort();
  return names.map((name) => {
    const find = (from: readonly GridSeries[]) => from.find(({ metric }) => jobName(metric) === name)?.values;
    const success = find(series.success)!;
    const ended = find(series.time);
    const durations = find(series.duration);
    const lastSuccess = find(series.lastSuccess);
    return {
      name,
      runs: runsOf(times, success, ended, durations),
      lastSuccess: lastSuccess === undefined ? NaN : last(lastSuccess) * 1000,
    };
  });
}

/** A run is seen where the time of the last run, or without it the result, changes. */
function runsOf(
  times: Float64Array,
  success: Float64Array,
  ended: Float64Array | undefined,
  durations: Float64Array | undefined,
): JobRun[] {
  const runs: JobRun[] = [];
  let former = NaN;
  for (let i = 0; i < times.length; i++) {
    const mark = ended?.[i] ?? success[i];
    if (Number.isNaN(success[i]) || Number.isNaN(mark) || mark === former) continue;
    former = mark;
    runs.push({
      time: ended === undefined ? times[i] : mark * 1000,
      success: success[i] > 0,
      durationSeconds: durations?.[i] ?? NaN,
    });
  }
  return runs.slice(-RUNS_MAX);
}

/** Several instances may report the same job: the label names it, else the scrape job does. */
export function jobName(metric: Readonly<Record<string, string>>): string {
  return metric[LABEL] ?? metric.job ?? 'data job';
}

function last(values: Float64Array): number {
  for (let i = values.length - 1; i >= 0; i--) if (!Number.isNaN(values[i])) return values[i];
  return NaN;
}
