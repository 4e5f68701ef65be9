import { RUNS_MAX, jobsFrom } from './jobRuns.ts';
import type { JobSeries } from './jobRuns.ts';

const grid = { start: 0, end: 60_000, step: 15_000 };
const gauge = (...values: number[]) => [{ metric: { data_job: 'refresh' }, values: Float64Array.from(values) }];
const none: JobSeries = { success: [], time: [], lastSuccess: [], duration: [] };

test('a run is seen where the time of the last run changes', () => {
  const [job] = jobsFrom(
    {
      success: gauge(NaN, 1, 1, 0, 0),
      time: gauge(NaN, 10, 10, 40, 40),
      lastSuccess: gauge(NaN, 10, 10, 10, 10),
      duration: gauge(NaN, 2, 2, 7, 7),
    },
    grid,
  );
  expect(job.name).toBe('refresh');
  expect(job.lastSuccess).toBe(10_000);
  expect(job.runs).toEqual([
    { time: 10_000, success: true, durationSeconds: 2 },
    { time: 40_000, success: false, durationSeconds: 7 },
  ]);
});

test('two runs with one result are two runs', () => {
  const [job] = jobsFrom({ ...none, success: gauge(1, 1, 1, 1, 1), time: gauge(1, 1, 20, 20, 50) }, grid);
  expect(job.runs.map((run) => run.time)).toEqual([1000, 20_000, 50_000]);
});

test('a job that tells no times is judged by its changes of result', () => {
  const [job] = jobsFrom({ ...none, success: gauge(1, 1, 0, 0, 1) }, grid);
  expect(job.runs.map((run) => [run.time, run.success])).toEqual([
    [0, true],
    [30_000, false],
    [60_000, true],
  ]);
});

test('a restarted job that was not scraped for a while is no further run', () => {
  const [job] = jobsFrom({ ...none, success: gauge(1, NaN, NaN, 1, 1), time: gauge(5, NaN, NaN, 5, 5) }, grid);
  expect(job.runs).toHaveLength(1);
});

test('only the newest runs are kept', () => {
  const long = { start: 0, end: 99_000, step: 1000 };
  const times = Array.from({ length: 100 }, (_, i) => i + 1);
  const [job] = jobsFrom({ ...none, success: gauge(...times.map(() => 1)), time: gauge(...times) }, long);
  expect(job.runs).toHaveLength(RUNS_MAX);
  expect(job.runs[RUNS_MAX - 1].time).toBe(100_000);
});

test('without series there is no job', () => expect(jobsFrom(none, grid)).toEqual([]));
