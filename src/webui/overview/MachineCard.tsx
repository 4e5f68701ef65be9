import React, { useMemo } from 'react';
import { queryRange } from '../api/client.ts';
import type { GridSeries } from '../api/client.ts';
import { useFetched } from '../api/useFetched.ts';
import { ChartLegend, presentValue } from '../charts/ChartLegend.tsx';
import { TimeChart } from '../charts/TimeChart.tsx';
import type { ChartSeries } from '../charts/TimeChart.tsx';
import { Card, Notice } from '../parts/Card.tsx';
import { formatBytes, formatPercent, formatShort } from '../text.ts';
import { formatDuration } from '../../shared/model/durations.ts';
import { chartDomain, gridKey, gridLength, gridTimes, sliceWindow } from '../timeRange.ts';
import type { CardContext } from './cardContext.ts';
import { Awaiting } from './Awaiting.tsx';
import type { Inventory } from './inventory.ts';

interface CardProps {
  readonly inventory: Inventory;
  readonly context: CardContext;
}

interface MachineNumbers {
  readonly kind: 'machine' | 'process';
  /** Share of all cores in use, by instance; of processes: cores in use. */
  readonly cpu: readonly GridSeries[];
  /** Bytes in use, by instance. */
  readonly memory: readonly GridSeries[];
  /** Bytes there are, by instance; of processes: none. */
  readonly memoryTotal: readonly GridSeries[];
  readonly load: readonly GridSeries[];
  readonly cores: readonly GridSeries[];
}

const INSTANCES_MAX = 8;
const SHARE_STEPS = [0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1];
const BYTE_STEPS = Array.from({ length: 50 }, (_, power) => 2 ** power);

/** CPU and memory of the machine; without its metrics those of the processes. */
export function MachineCard({ inventory, context }: CardProps) {
  const { grid, intervalMs } = context;
  const kind = inventory.names.has('node_cpu_seconds_total')
    ? 'machine'
    : inventory.names.has('process_cpu_seconds_total')
      ? 'process'
      : undefined;
  const numbers = useFetched(
    kind === undefined ? undefined : `${kind} ${gridKey(grid)} ${intervalMs}`,
    (signal) => fetchNumbers(kind!, context, signal),
    kind,
  );
  if (kind === undefined)
    return context.awaiting ? <Awaiting title="CPU and memory" className="card-machine" /> : <NoMachine />;
  const title = kind === 'machine' ? 'CPU and memory' : 'CPU and memory of the processes';
  return (
    <Card title={title} className="card-machine" busy={numbers.loading} tools={<LoadNote numbers={numbers.data} />}>
      {numbers.error !== undefined && <Notice kind="error" title={numbers.error.message} />}
      {numbers.data !== undefined && <MachineCharts numbers={numbers.data} context={context} />}
    </Card>
  );
}

function LoadNote({ numbers }: { numbers?: MachineNumbers }) {
  const [load] = numbers?.load ?? [];
  const [cores] = numbers?.cores ?? [];
  if (load === undefined || cores === undefined || numbers!.load.length > 1) return null;
  const count = presentValue(cores.values);
  return (
    <span className="dim num">
      load {formatShort(presentValue(load.values))} on {formatShort(count)} {count === 1 ? 'core' : 'cores'}
    </span>
  );
}

function MachineCharts({ numbers, context }: { numbers: MachineNumbers; context: CardContext }) {
  const { grid, mode } = context;
  const length = gridLength(grid);
  const cpu = useMemo(() => instanceLines(numbers.cpu, length, context, 0), [numbers, mode, length]);
  const memory = useMemo(() => instanceLines(numbers.memory, length, context, 1), [numbers, mode, length]);
  const total = Math.max(...numbers.memoryTotal.map(({ values }) => presentValue(values)), 0);
  const machine = numbers.kind === 'machine';
  const formatCpu = machine ? formatPercent : (cores: number) => `${formatShort(cores)} cores`;
  return (
    <div className="machine">
      <MiniChart
        name="CPU"
        now={sumNow(cpu, machine ? 'mean' : 'sum')}
        format={formatCpu}
        series={cpu}
        top={machine ? 1 : 0}
        tickSteps={machine ? SHARE_STEPS : undefined}
        context={context}
      />
      <MiniChart
        name="Memory"
        now={sumNow(memory, 'sum')}
        note={total > 0 && memory.length === 1 ? `of ${formatBytes(total)}` : undefined}
        format={formatBytes}
        series={memory}
        top={memory.length === 1 ? total : 0}
        tickSteps={BYTE_STEPS}
        context={context}
      />
    </div>
  );
}

interface MiniChartProps {
  readonly name: string;
  readonly now: number;
  readonly note?: string;
  readonly format: (value: number) => string;
  readonly series: readonly ChartSeries[];
  /** The axis ends here; 0 where no end is known. */
  readonly top: number;
  readonly tickSteps?: readonly number[];
  readonly context: CardContext;
}

function MiniChart({ name, now, note, format, series, top, tickSteps, context }: MiniChartProps) {
  const { grid, vizTheme, crosshair } = context;
  const times = gridTimes(grid);
  return (
    <div className="mini-chart">
      <div className="figures">
        <dl>
          <div className="figure">
            <dt>{name}</dt>
            <dd className="num">
              {Number.isNaN(now) ? '–' : format(now)}{' '}
              {note !== undefined && <span className="figure-note">{note}</span>}
            </dd>
          </div>
        </dl>
        {series.length > 1 && (
          <ChartLegend times={times} series={series} format={format} crosshair={crosshair} entriesMax={3} />
        )}
      </div>
      <div className="chart-space">
        <TimeChart
          label={name}
          times={times}
          series={series}
          domain={chartDomain(grid)}
          filled={series.length === 1}
          top={top}
          fixedTop
          tickSteps={tickSteps}
          format={format}
          theme={vizTheme}
          crosshair={crosshair}
          onSelectRange={context.onSelectRange}
        />
      </div>
    </div>
  );
}

function instanceLines(
  series: readonly GridSeries[],
  length: number,
  context: CardContext,
  from: number,
): ChartSeries[] {
  const { seriesColors } = context;
  return series
    .filter(({ values }) => values.length === length)
    .slice(0, INSTANCES_MAX)
    .map(({ metric, values }, i) => ({
      name: [metric.job, metric.instance].filter((text) => text !== undefined).join(' ') || 'machine',
      color: seriesColors[(series.length === 1 ? from * 2 : i) % seriesColors.length],
      values,
    }));
}

function sumNow(series: readonly ChartSeries[], how: 'sum' | 'mean'): number {
  const values = series.map(({ values }) => presentValue(values)).filter((value) => !Number.isNaN(value));
  if (values.length === 0) return NaN;
  const sum = values.reduce((a, b) => a + b, 0);
  return how === 'sum' ? sum : sum / values.length;
}

/** One machine may be scraped through several targets; each is a line of its own. */
const EXPRESSIONS = {
  machine: (window: string) => ({
    cpu: `1 - avg by (job, instance) (rate(node_cpu_seconds_total{mode="idle"}[${window}]))`,
    memory: 'sum by (job, instance) (node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes)',
    memoryTotal: 'sum by (job, instance) (node_memory_MemTotal_bytes)',
    load: 'node_load1',
    cores: 'count by (job, instance) (node_cpu_seconds_total{mode="idle"})',
  }),
  process: (window: string) => ({
    cpu: `sum by (job, instance) (rate(process_cpu_seconds_total[${window}]))`,
    memory: 'sum by (job, instance) (process_resident_memory_bytes)',
  }),
};

async function fetchNumbers(
  kind: MachineNumbers['kind'],
  { grid, intervalMs }: CardContext,
  signal: AbortSignal,
): Promise<MachineNumbers> {
  const window = formatDuration(sliceWindow(grid.step, intervalMs));
  const parts = Object.entries(EXPRESSIONS[kind](window));
  const answers = await Promise.all(parts.map(([, expr]) => queryRange(expr, grid, signal)));
  const found = Object.fromEntries(parts.map(([name], i) => [name, answers[i].data]));
  return { kind, cpu: [], memory: [], memoryTotal: [], load: [], cores: [], ...found };
}

function NoMachine() {
  return (
    <Card title="CPU and memory" className="card-machine">
      <Notice kind="empty" title="No machine metrics yet">
        <p>
          Start the sidecar with <code>--collector.machine</code> and let it scrape itself, or scrape a node exporter:
        </p>
        <pre>{"- job_name: machine\n  static_configs: [{ targets: ['127.0.0.1:9100'] }]"}</pre>
      </Notice>
    </Card>
  );
}
