import React, { useMemo } from 'react';
import { shortened } from '../../shared/model/visible.ts';
import { queryRange } from '../api/client.ts';
import { useFetched } from '../api/useFetched.ts';
import { Card, Notice } from '../parts/Card.tsx';
import { Icon } from '../parts/Icon.tsx';
import { useSize } from '../parts/useSize.ts';
import { formatAge, formatDayClock, formatSeconds } from '../text.ts';
import { chartDomain, gridKey, type Grid } from '../timeRange.ts';
import type { CardContext } from './cardContext.ts';
import { Awaiting } from './Awaiting.tsx';
import type { Inventory } from './inventory.ts';
import { JOB_METRICS, jobsFrom } from './jobRuns.ts';
import type { Job, JobRun } from './jobRuns.ts';
import { FAILED_MARK, layoutRuns, SCALE_WIDTH } from './runBars.ts';

interface CardProps {
  readonly inventory: Inventory;
  readonly context: CardContext;
}

/** Runs are looked for at least so far back, whatever range the charts show. */
const LOOK_BACK_MS = 6 * 3_600_000;
const POINTS_MAX = 1500;
const JOBS_MAX = 4;

/** Did the last data job succeed, when was it, how long did it take, and how did the ones before it go. */
export function JobsCard({ inventory, context }: CardProps) {
  const grid = runsGrid(context);
  const present = inventory.names.has(JOB_METRICS.success);
  const jobs = useFetched(present ? gridKey(grid) : undefined, (signal) => fetchJobs(grid, signal));
  if (!present) return context.awaiting ? <Awaiting title="Data job" className="card-jobs" /> : <NoJobs />;
  const shown = jobs.data?.slice(0, JOBS_MAX) ?? [];
  return (
    <Card title={shown.length > 1 ? 'Data jobs' : 'Data job'} className="card-jobs" busy={jobs.loading}>
      {jobs.error !== undefined && <Notice kind="error" title={jobs.error.message} />}
      {jobs.data?.length === 0 && (
        <Notice kind="empty" title={context.young ? 'Waiting for the first run' : 'No run in this range'}>
          <p>{context.young ? 'It appears when it has ended.' : 'Choose a longer range to see earlier ones.'}</p>
        </Notice>
      )}
      <div className={`jobs jobs-${Math.min(shown.length, 2)}`}>
        {shown.map((job) => (
          <JobRow key={job.name} job={job} exact={grid.step <= context.intervalMs} context={context} />
        ))}
      </div>
      {jobs.data !== undefined && jobs.data.length > JOBS_MAX && (
        <p className="dim">and {jobs.data.length - JOBS_MAX} more jobs</p>
      )}
    </Card>
  );
}

interface JobRowProps {
  readonly job: Job;
  /** No run can have been passed over between two samples. */
  readonly exact: boolean;
  readonly context: CardContext;
}

function JobRow({ job, exact, context }: JobRowProps) {
  const last = job.runs[job.runs.length - 1];
  const failed = job.runs.filter((run) => !run.success).length;
  if (last === undefined) return null;
  const when = (time: number) => (context.live ? `${formatAge(context.now - time)} ago` : formatDayClock(time));
  return (
    <article className="job" aria-label={shortened(job.name)}>
      <header className="job-head">
        <span className={`badge ${last.success ? 'badge-good' : 'badge-bad'}`}>
          <Icon name={last.success ? 'check' : 'cross'} size={14} />
          {last.success ? 'Succeeded' : 'Failed'}
        </span>
        <h3 title={shortened(job.name)}>{shortened(job.name)}</h3>
      </header>
      <dl className="figures">
        <Pair name="ended" value={when(last.time)} />
        <Pair name="took" value={Number.isNaN(last.durationSeconds) ? '–' : formatSeconds(last.durationSeconds)} />
        <Pair name="last success" value={job.lastSuccess > 0 ? when(job.lastSuccess) : 'never'} bad={!last.success} />
      </dl>
      <RunStrip runs={job.runs} context={context} />
      <p className="job-note dim num">
        {exact ? '' : 'at least '}
        {job.runs.length} {job.runs.length === 1 ? 'run' : 'runs'} since {formatDayClock(job.runs[0].time)}
        {failed > 0 ? `, ${failed} failed` : ', none failed'}
      </p>
    </article>
  );
}

function Pair({ name, value, bad = false }: { name: string; value: string; bad?: boolean }) {
  return (
    <div className={`figure figure-small ${bad ? 'figure-bad' : ''}`}>
      <dt>{name}</dt>
      <dd className="num">{value}</dd>
    </div>
  );
}

/** One bar a run, oldest left; height is duration, a failed run is red and carries a cross. */
function RunStrip({ runs, context }: { runs: readonly JobRun[]; context: CardContext }) {
  const [host, { width, height }] = useSize<HTMLDivElement>();
  const { bars, ticks } = useMemo(() => layoutRuns(runs, width, height), [runs, width, height]);
  const { stateColors, vizTheme } = context;
  return (
    <div className="run-strip" ref={host}>
      <svg width={width} height={height} role="img" aria-label={describeRuns(runs)}>
        {ticks.map(({ text, y }) => (
          <g key={y}>
            <line x1={SCALE_WIDTH} x2={width} y1={y} y2={y} stroke={vizTheme.grid} />
            <text
              x={SCALE_WIDTH - 6}
              y={y}
              textAnchor="end"
              dominantBaseline="middle"
              fill={vizTheme.textDim}
              fontSize={vizTheme.fontSize}
              fontFamily={vizTheme.fontFamily}
            >
              {text}
            </text>
          </g>
        ))}
        {ticks.length === 0 && <line x1={0} x2={width} y1={height - 0.5} y2={height - 0.5} stroke={vizTheme.grid} />}
        {bars.map(({ run, x, y, width: barWidth, height: barHeight }) => (
          <g key={run.time}>
            <title>{`${formatDayClock(run.time)}: ${run.success ? 'succeeded' : 'failed'}${
              Number.isNaN(run.durationSeconds) ? '' : ` after ${formatSeconds(run.durationSeconds)}`
            }`}</title>
            <rect x={x} y={0} width={barWidth} height={height} fill="transparent" />
            <rect
              x={x}
              y={y}
              width={barWidth}
              height={barHeight}
              rx={Math.min(2, barWidth / 3)}
              fill={run.success ? stateColors.done : stateColors.bad}
            />
            {!run.success && (
              <path
                d={crossAt(x + barWidth / 2, y - FAILED_MARK - 2, FAILED_MARK / 1.5)}
                stroke={stateColors.bad}
                strokeWidth={1.6}
                strokeLinecap="round"
              />
            )}
          </g>
        ))}
      </svg>
    </div>
  );
}

function crossAt(x: number, y: number, reach: number): string {
  return `M${x - reach} ${y - reach}L${x + reach} ${y + reach}M${x + reach} ${y - reach}L${x - reach} ${y + reach}`;
}

function describeRuns(runs: readonly JobRun[]): string {
  return `The last ${runs.length} runs, oldest first: ${runs.map((run) => (run.success ? 'succeeded' : 'failed')).join(', ')}`;
}

/** Back from now at the scrape interval, so that no run is passed over and the newest is seen at once; coarser for longer ranges. */
function runsGrid({ grid, now, intervalMs }: CardContext): Grid {
  const length = Math.max(LOOK_BACK_MS, grid.end - chartDomain(grid)[0]);
  const step = Math.max(intervalMs, Math.ceil(length / POINTS_MAX / 1000) * 1000);
  return { start: now - Math.floor(length / step) * step, end: now, step };
}

async function fetchJobs(grid: Grid, signal: AbortSignal): Promise<Job[]> {
  const names = Object.values(JOB_METRICS);
  const answers = await Promise.all(names.map((name) => queryRange(name, grid, signal)));
  const of = (name: string) => answers[names.findIndex((candidate) => candidate === name)].data;
  return jobsFrom(
    {
      success: of(JOB_METRICS.success),
      time: of(JOB_METRICS.time),
      lastSuccess: of(JOB_METRICS.lastSuccess),
      duration: of(JOB_METRICS.duration),
    },
    grid,
  );
}

function NoJobs() {
  return (
    <Card title="Data job" className="card-jobs">
      <Notice kind="empty" title="No data job reports itself yet">
        <p>Let the job set these gauges when it ends, each with the label data_job:</p>
        <pre>{Object.values(JOB_METRICS).join('\n')}</pre>
      </Notice>
    </Card>
  );
}
