import React, { useMemo, useState } from 'react';
import { queryRange, seriesLabels } from '../api/client.ts';
import type { GridSeries } from '../api/client.ts';
import { useFetched } from '../api/useFetched.ts';
import { ChartLegend, presentValue } from '../charts/ChartLegend.tsx';
import { TimeChart } from '../charts/TimeChart.tsx';
import type { ChartSeries } from '../charts/TimeChart.tsx';
import { Card, Figure, Notice } from '../parts/Card.tsx';
import { Segments } from '../parts/Choice.tsx';
import { PageLink } from '../parts/TopBar.tsx';
import { formatPercent, formatRate } from '../text.ts';
import { chartDomain, gridKey, gridLength, gridTimes, sliceWindow } from '../timeRange.ts';
import type { CardContext } from './cardContext.ts';
import { Awaiting } from './Awaiting.tsx';
import type { Inventory } from './inventory.ts';
import { chooseRequests, errorShare, requestLabels, requestRates, statusClass, sumBy } from './requestSource.ts';

interface CardProps {
  readonly inventory: Inventory;
  readonly context: CardContext;
}

/** From the bottom of the stack upwards. */
const STACK_ORDER = ['bad', 'warn', 'quiet', 'info', 'good'];

type By = 'status' | 'route';

interface Rates {
  readonly metric: string;
  readonly expr: string;
  readonly status?: string;
  readonly route?: string;
  readonly series: readonly GridSeries[];
}

/** How much is asked, and how much of it fails. */
export function RequestsCard({ inventory, context }: CardProps) {
  const { grid, intervalMs, crosshair, vizTheme } = context;
  const [by, setBy] = useState<By>('status');
  const metric = chooseRequests(inventory);
  const key = metric === undefined ? undefined : `${metric} ${gridKey(grid)} ${intervalMs}`;
  const rates = useFetched(key, (signal) => fetchRates(metric!, context, signal), metric);
  const drawn = useMemo(() => rates.data && drawRates(rates.data, by, context), [rates.data, by, context.mode, grid]);

  if (metric === undefined)
    return context.awaiting ? <Awaiting title="Requests" className="card-requests" /> : <NoRequests />;
  const statuses = rates.data?.status !== undefined;
  return (
    <Card
      title="Requests"
      className="card-requests"
      busy={rates.loading}
      tools={
        rates.data?.status !== undefined && rates.data.route !== undefined ? (
          <Segments
            label="Split requests by"
            value={by}
            options={[
              { value: 'status', text: rates.data.status },
              { value: 'route', text: rates.data.route },
            ]}
            onChange={setBy}
          />
        ) : undefined
      }
    >
      {rates.error !== undefined && <Notice kind="error" title={rates.error.message} />}
      {rates.data !== undefined && drawn !== undefined && (
        <>
          <div className="figures">
            <dl className="figures">
              <Figure name={context.live ? 'now' : 'at the end'} value={formatRate(drawn.total)} />
              {statuses && (
                <Figure
                  name="server errors"
                  value={formatPercent(drawn.errors)}
                  tone={drawn.errors >= 0.01 ? 'bad' : undefined}
                />
              )}
            </dl>
            <PageLink
              page="query"
              place={context.place}
              own={{ expr: rates.data.expr, view: 'graph' }}
              className="source"
            >
              <code>{metric}</code>
            </PageLink>
          </div>
          <div className="chart-space">
            <TimeChart
              label={`Requests a second by ${by}`}
              times={drawn.times}
              series={drawn.series}
              domain={chartDomain(grid)}
              stacked
              format={formatRate}
              theme={vizTheme}
              crosshair={crosshair}
              onSelectRange={context.onSelectRange}
            />
          </div>
          <ChartLegend
            times={drawn.times}
            series={drawn.series}
            format={formatRate}
            crosshair={crosshair}
            entriesMax={6}
          />
        </>
      )}
    </Card>
  );
}

function NoRequests() {
  return (
    <Card title="Requests" className="card-requests">
      <Notice kind="empty" title="No counter of requests yet">
        <p>
          Shown here as soon as a target exposes one, best with the labels <code>status</code> and <code>route</code>:
        </p>
        <pre>http_requests_total{'{method,route,status}'}</pre>
      </Notice>
    </Card>
  );
}

async function fetchRates(metric: string, { grid, intervalMs }: CardContext, signal: AbortSignal): Promise<Rates> {
  const labels = requestLabels(await seriesLabels(metric, grid, signal));
  const expr = requestRates(metric, labels, sliceWindow(grid.step, intervalMs));
  return { metric, expr, ...labels, series: (await queryRange(expr, grid, signal)).data };
}

function drawRates(rates: Rates, by: By, { grid, seriesColors, stateColors }: CardContext) {
  const length = gridLength(grid);
  const same = rates.series.every(({ values }) => values.length === length);
  const input = same ? rates.series : [];
  const byStatus = sumBy(input, rates.status, length);
  const byRoute = sumBy(input, rates.route, length);
  // What failed lies at the bottom, where its height can be read.
  const statusSeries = [...byStatus]
    .sort((a, b) => STACK_ORDER.indexOf(statusClass(a.name)) - STACK_ORDER.indexOf(statusClass(b.name)))
    .map(({ name, values }): ChartSeries => ({ name, values, color: stateColors[statusClass(name)] }));
  const routeSeries = byRoute.map(({ name, values }, i): ChartSeries => ({
    name,
    values,
    color: seriesColors[i % seriesColors.length],
  }));
  const [all] = sumBy(input, undefined, length);
  return {
    times: gridTimes(grid),
    series: (by === 'status' && rates.status !== undefined) || rates.route === undefined ? statusSeries : routeSeries,
    total: all === undefined ? NaN : presentValue(all.values),
    errors: rates.status === undefined ? NaN : errorShare(byStatus),
  };
}
