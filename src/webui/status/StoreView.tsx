import React, { useMemo } from 'react';
import { shortened, visibleLines } from '../../shared/model/visible.ts';
import type { ApiBlock } from '../../shared/api/status.ts';
import { ask, queryInstant, queryRange } from '../api/client.ts';
import { useFetched } from '../api/useFetched.ts';
import { TimeChart } from '../charts/TimeChart.tsx';
import { createCrosshair } from '../crosshair.ts';
import type { Place } from '../location.ts';
import { Card, Figure, Notice } from '../parts/Card.tsx';
import { CopyButton } from '../parts/CopyButton.tsx';
import { formatAge, formatBytes, formatDayClock, formatRate, formatShort } from '../text.ts';
import { SERIES_COLORS, VIZ_THEMES, themeChoice, useThemeMode } from '../theme.ts';
import { gridFor, gridTimes } from '../timeRange.ts';
import { adviceOn, type Counted, type StoreStatus } from './advice.ts';
import { DeleteSeries } from './DeleteSeries.tsx';
import { StatusCard } from './StatusCard.tsx';
import { useStatus } from './useStatus.ts';

const HOUR_MS = 3_600_000;
const GROWTH_COLUMNS = 180;
const GROWTH_STEP_MS_MIN = 15_000;

/** What is stored, how it grows, what most of it is, and what could be done about it. */
export function StoreView({ now, place }: { now: number; place: Place }) {
  const store = useStatus<StoreStatus>('tsdb', now);
  const blocks = useStatus<{ blocks: readonly ApiBlock[] }>('tsdb/blocks', now);
  const intake = useFetched(`intake ${now}`, fetchIntake);
  const admin = useFetched(
    'features',
    async (signal) => (await ask<{ api?: { admin?: boolean } }>('features', {}, signal)).data.api?.admin === true,
  );
  return (
    <>
      <div className="status-grid">
        <StatusCard title="Stored" fetched={store}>
          {(status) => <StoreFigures status={status} samplesPerSecond={intake.data} />}
        </StatusCard>
        <Growth now={now} place={place} />
      </div>
      <StatusCard title="Where the series are" fetched={store}>
        {(status) => (
          <>
            <AdviceList status={status} />
            <Cardinality status={status} />
          </>
        )}
      </StatusCard>
      <StatusCard title="Blocks" fetched={blocks}>
        {({ blocks: list }) => <Blocks blocks={list} />}
      </StatusCard>
      <DeleteSeries enabled={admin.data} now={now} />
    </>
  );
}

/** Samples stored a second, where the sidecar scrapes itself; undefined where it does not. */
async function fetchIntake(signal: AbortSignal): Promise<number | undefined> {
  const expr = 'sum(rate(prometheus_tsdb_head_samples_appended_total[2m]))';
  const [sum] = await queryInstant(expr, Date.now(), signal);
  return sum?.value;
}

interface StoreFiguresProps {
  readonly status: StoreStatus;
  readonly samplesPerSecond?: number;
}

function StoreFigures({ status: { headStats: head, storage }, samplesPerSecond }: StoreFiguresProps) {
  const known = head.maxTime >= head.minTime && head.maxTime > 0 && Number.isFinite(head.maxTime);
  return (
    <>
      <dl className="figures figures-wide">
        <Figure name="series" value={formatShort(head.numSeries)} />
        {samplesPerSecond !== undefined && <Figure name="samples" value={formatRate(samplesPerSecond)} />}
        <Figure name="span" value={known ? formatAge(head.maxTime - head.minTime) : '–'} />
        <Figure name="label pairs" value={formatShort(head.numLabelPairs)} />
        {storage !== undefined && (
          <>
            <Figure name="in blocks" value={formatBytes(storage.blockBytes)} />
            <Figure name="in the log" value={formatBytes(storage.logBytes)} />
          </>
        )}
      </dl>
      <p className="dim">
        {known
          ? `Samples from ${formatDayClock(head.minTime)} to ${formatDayClock(head.maxTime)}. `
          : 'No sample has arrived yet. '}
        {storage !== undefined &&
          `The log has ${storage.logSegments} ${storage.logSegments === 1 ? 'segment' : 'segments'}; it holds what no block holds yet.`}
      </p>
    </>
  );
}

function Growth({ now, place }: { now: number; place: Place }) {
  const mode = useThemeMode(themeChoice(place.params));
  const crosshair = useMemo(createCrosshair, []);
  const grid = gridFor({ kind: 'last', ms: 6 * HOUR_MS }, now, GROWTH_COLUMNS, GROWTH_STEP_MS_MIN);
  const growth = useFetched(`growth ${grid.end}`, async (signal) => {
    const { data } = await queryRange('max(prometheus_tsdb_head_series)', grid, signal);
    return { grid, values: data[0]?.values };
  });
  return (
    <Card title="Series, last 6 hours" busy={growth.loading}>
      {growth.error !== undefined && <Notice kind="error" title={growth.error.message} />}
      {growth.data === undefined && growth.error === undefined && <Notice kind="loading" title="Asking …" />}
      {growth.data !== undefined && growth.data.values === undefined && (
        <Notice kind="empty" title="The server does not scrape itself">
          <p>
            Name its own <code>/metrics</code> under <code>scrape_configs</code>, and its growth is drawn here.
          </p>
        </Notice>
      )}
      {growth.data?.values !== undefined && (
        <div className="growth">
          <TimeChart
            label="Series over the last six hours"
            times={gridTimes(growth.data.grid)}
            series={[{ name: 'series', color: SERIES_COLORS[mode][0], values: growth.data.values }]}
            domain={[growth.data.grid.start, growth.data.grid.end]}
            filled
            format={formatShort}
            theme={VIZ_THEMES[mode]}
            crosshair={crosshair}
          />
        </div>
      )}
    </Card>
  );
}

function AdviceList({ status }: { status: StoreStatus }) {
  const advice = adviceOn(status);
  if (advice.length === 0)
    return <p className="advice-none">Nothing stands out: no label or metric makes too many series.</p>;
  return (
    <ul className="advice">
      {advice.map(({ what, why, config }) => (
        <li key={what}>
          <h3>{shortened(what)}</h3>
          <p>{why}</p>
          {config !== undefined && (
            <div className="advice-config">
              <pre>{visibleLines(config)}</pre>
              <CopyButton label="Copy" text={() => `${config}\n`} />
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}

function Cardinality({ status }: { status: StoreStatus }) {
  return (
    <div className="cardinality">
      <Ranking title="Series by metric" rows={status.seriesCountByMetricName} />
      <Ranking title="Series by label pair" rows={status.seriesCountByLabelValuePair} />
      <Ranking title="Values by label" rows={status.labelValueCountByLabelName} />
      <Ranking title="Memory by label" rows={status.memoryInBytesByLabelName} format={formatBytes} />
    </div>
  );
}

interface RankingProps {
  readonly title: string;
  readonly rows: readonly Counted[] | null;
  readonly format?: (value: number) => string;
}

function Ranking({ title, rows, format = formatShort }: RankingProps) {
  const most = Math.max(...(rows ?? []).map(({ value }) => value), 1);
  return (
    <section>
      <h3>{title}</h3>
      <ol className="ranking">
        {(rows ?? []).map(({ name, value }) => (
          <li key={name}>
            <span className="ranking-bar" style={{ width: `${(100 * value) / most}%` }} />
            <code title={shortened(name)}>{shortened(name)}</code>
            <span className="num">{format(value)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Blocks({ blocks }: { blocks: readonly ApiBlock[] }) {
  if (blocks.length === 0) {
    return (
      <Notice kind="empty" title="No block yet">
        <p>The head becomes a block every two hours; until then all samples are in memory and in the log.</p>
      </Notice>
    );
  }
  return (
    <>
      <BlockStrip blocks={blocks} />
      <div className="table-frame">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">To</th>
              <th scope="col" className="right">
                Span
              </th>
              <th scope="col" className="right">
                Series
              </th>
              <th scope="col" className="right">
                Chunks
              </th>
              <th scope="col" className="right">
                Size
              </th>
              <th scope="col">Name</th>
            </tr>
          </thead>
          <tbody>
            {[...blocks].reverse().map(({ ulid, minTime, maxTime, stats }) => (
              <tr key={ulid}>
                <td className="num">{formatDayClock(minTime)}</td>
                <td className="num">{formatDayClock(maxTime)}</td>
                <td className="right num">{formatAge(maxTime - minTime)}</td>
                <td className="right num">{formatShort(stats.numSeries)}</td>
                <td className="right num">{formatShort(stats.numChunks)}</td>
                <td className="right num">{formatBytes(stats.numBytes)}</td>
                <td>
                  <code className="dim">{ulid}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** The blocks side by side on an axis of time. The table below says the same in words. */
function BlockStrip({ blocks }: { blocks: readonly ApiBlock[] }) {
  const from = Math.min(...blocks.map(({ minTime }) => minTime));
  const to = Math.max(...blocks.map(({ maxTime }) => maxTime), from + 1);
  const largest = Math.max(...blocks.map(({ stats }) => stats.numBytes), 1);
  const at = (time: number) => (100 * (time - from)) / (to - from);
  return (
    <svg className="block-strip" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
      {blocks.map(({ ulid, minTime, maxTime, stats }) => {
        const height = 4 + (20 * stats.numBytes) / largest;
        return (
          <rect
            key={ulid}
            x={at(minTime)}
            y={24 - height}
            width={Math.max(0.15, at(maxTime) - at(minTime) - 0.15)}
            height={height}
          />
        );
      })}
    </svg>
  );
}
