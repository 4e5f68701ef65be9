/** A Grafana dashboard of SLOs: what is left of each budget, how fast it burns, and the latency behind it. */
import { formatDuration } from '../../../shared/model/durations.ts';
import { formatExpr } from '../../../shared/promql/format.ts';
import { BURN_WINDOWS, burnRate, errorBudget } from './burnRates.ts';
import { suffixed } from './sloExpressions.ts';
import { seriesOf, SLO_SERIES } from './sloRules.ts';
import type { LatencyPart, Slo } from './sloFile.ts';

const DATA_SOURCE = 'isotherm-metrics-datasource';
const source = { type: DATA_SOURCE, uid: '${source}' };
const HOUR_MS = 3_600_000;
/** Grafana's grid is 24 wide. */
const WIDTH = 24;
const [STAT_HEIGHT, GRAPH_HEIGHT] = [5, 8];

type Panel = Readonly<Record<string, unknown>>;

export interface DashboardOptions {
  readonly title: string;
  readonly uid: string;
}

/** The dashboard's JSON model, as Grafana imports and provisions it. */
export function sloDashboard(slos: readonly Slo[], { title, uid }: DashboardOptions): Panel {
  let y = 0;
  let id = 0;
  const panels = slos.flatMap((slo) => {
    const rows = rowsOf(slo);
    return rows.flatMap((row) => {
      const height = Math.max(...row.map(({ h }) => h));
      let x = 0;
      const placed = row.map(({ w, h, panel }) => {
        const at = { id: ++id, gridPos: { x, y, w, h }, ...panel };
        x += w;
        return at;
      });
      y += height;
      return placed;
    });
  });
  return {
    uid,
    title,
    description: 'Objectives, what is left of their error budgets, and how fast these burn.',
    tags: ['isotherm', 'slo'],
    schemaVersion: 38,
    version: 1,
    editable: true,
    graphTooltip: 1,
    timezone: 'browser',
    refresh: '1m',
    time: { from: 'now-24h', to: 'now' },
    templating: {
      list: [
        {
          name: 'source',
          label: 'Data source',
          type: 'datasource',
          query: DATA_SOURCE,
          current: {},
          hide: 0,
          includeAll: false,
          multi: false,
          options: [],
          refresh: 1,
          regex: '',
        },
      ],
    },
    annotations: { list: [] },
    links: [],
    panels,
  };
}

interface Placed {
  readonly w: number;
  readonly h: number;
  readonly panel: Panel;
}

function rowsOf(slo: Slo): Placed[][] {
  const title = {
    w: WIDTH,
    h: 1,
    panel: { type: 'row', title: `${slo.name}: ${slo.objective} %`, collapsed: false, panels: [] },
  };
  const graphs = [budgetGraph(slo), burnGraph(slo)];
  const latency = slo.parts.filter((part) => part.kind === 'latency').map((part) => heatmap(slo, part));
  const half = (panel: Panel) => ({ w: WIDTH / 2, h: GRAPH_HEIGHT, panel });
  const stats = [remainingStat(slo), keptStat(slo), burnStat(slo), requestsStat(slo)];
  return [
    [title],
    stats.map((panel) => ({ w: WIDTH / stats.length, h: STAT_HEIGHT, panel })),
    graphs.map(half),
    ...latency.map((panel) => [{ w: WIDTH, h: GRAPH_HEIGHT, panel }]),
  ];
}

const legendOf = ({ by }: Slo, otherwise: string) =>
  by.length === 0 ? otherwise : by.map((label) => `{{${label}}}`).join(' ');

const query = (expr: string, legendFormat: string, refId = 'A', more: Panel = {}) => ({
  refId,
  datasource: source,
  expr,
  range: true,
  legendFormat,
  ...more,
});

interface Step {
  readonly color: string;
  readonly value: number | null;
}

interface StatOptions {
  readonly title: string;
  readonly description: string;
  readonly expr: string;
  readonly legend: string;
  readonly unit: string;
  readonly decimals?: number;
  readonly steps: readonly Step[];
}

function stat({ title, description, expr, legend, unit, decimals, steps }: StatOptions): Panel {
  return {
    type: 'stat',
    title,
    description,
    datasource: source,
    targets: [query(expr, legend, 'A', { instant: true, range: false })],
    options: { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', graphMode: 'none', textMode: 'auto' },
    fieldConfig: { defaults: { unit, decimals, thresholds: { mode: 'absolute', steps } }, overrides: [] },
  };
}

const periodRatio = (slo: Slo) => seriesOf(slo, SLO_SERIES.ratio(slo.periodMs));

const remainingStat = (slo: Slo) =>
  stat({
    title: 'Error budget left',
    description: `Of what may fail in ${slo.periodMs / (24 * HOUR_MS)} days. Below 0 the objective is missed.`,
    expr: seriesOf(slo, SLO_SERIES.remaining),
    legend: legendOf(slo, 'left'),
    unit: 'percentunit',
    decimals: 1,
    steps: [
      { color: 'red', value: null },
      { color: 'orange', value: 0 },
      { color: 'green', value: 0.25 },
    ],
  });

const keptStat = (slo: Slo) =>
  stat({
    title: 'Good requests',
    description: `Over the whole period, or as much of it as there is. The objective is ${slo.objective} %.`,
    expr: `1 - ${periodRatio(slo)}`,
    legend: legendOf(slo, 'good'),
    unit: 'percentunit',
    decimals: 3,
    steps: [
      { color: 'red', value: null },
      { color: 'green', value: Number((1 - errorBudget(slo.objective)).toPrecision(12)) },
    ],
  });

const burnStat = (slo: Slo) =>
  stat({
    title: 'Burn rate of the last hour',
    description: 'At 1 the budget lasts exactly as long as its period.',
    expr: `${seriesOf(slo, SLO_SERIES.ratio(HOUR_MS))} / ${errorBudget(slo.objective)}`,
    legend: legendOf(slo, 'burn rate'),
    unit: 'none',
    decimals: 2,
    steps: [
      { color: 'green', value: null },
      { color: 'orange', value: 1 },
      { color: 'red', value: burnRate(BURN_WINDOWS[0], slo.periodMs) },
    ],
  });

const requestsStat = (slo: Slo) =>
  stat({
    title: 'Requests',
    description: 'A second, over five minutes.',
    expr: seriesOf(slo, SLO_SERIES.total),
    legend: legendOf(slo, 'requests'),
    unit: 'reqps',
    steps: [{ color: 'text', value: null }],
  });

function graph(title: string, description: string, targets: readonly Panel[], defaults: Panel): Panel {
  return {
    type: 'timeseries',
    title,
    description,
    datasource: source,
    targets,
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    fieldConfig: { defaults, overrides: [] },
  };
}

const lines = { lineWidth: 2, fillOpacity: 8, showPoints: 'never', spanNulls: false };

const budgetGraph = (slo: Slo) =>
  graph(
    'Error budget left',
    'What is left of what may fail, of the period that ends at each point.',
    [query(seriesOf(slo, SLO_SERIES.remaining), legendOf(slo, 'left'))],
    {
      unit: 'percentunit',
      max: 1,
      custom: { ...lines, thresholdsStyle: { mode: 'line' } },
      thresholds: {
        mode: 'absolute',
        steps: [
          { color: 'transparent', value: null },
          { color: 'red', value: 0 },
        ],
      },
    },
  );

function burnGraph(slo: Slo): Panel {
  const budget = errorBudget(slo.objective);
  const rates = BURN_WINDOWS.map((window) => ({ ...window, rate: burnRate(window, slo.periodMs) }));
  const targets = rates.map(({ longMs }, i) => {
    const hours = longMs / HOUR_MS;
    const legend = hours < 48 ? `${hours} h` : `${hours / 24} d`;
    return query(
      `${seriesOf(slo, SLO_SERIES.ratio(longMs))} / ${budget}`,
      [legend, legendOf(slo, '')].join(' ').trim(),
      'ABC'[i],
    );
  });
  const steps = rates.map(({ rate, severity }) => ({ color: severity === 'page' ? 'red' : 'orange', value: rate }));
  return graph(
    'Burn rate',
    `How many times as fast as allowed the budget goes. Lines: from where on an alert tells, ${rates.map(({ rate, severity }) => `${rate} (${severity})`).join(', ')}.`,
    targets,
    {
      unit: 'none',
      min: 0,
      custom: { ...lines, thresholdsStyle: { mode: 'line' } },
      thresholds: {
        mode: 'absolute',
        steps: [{ color: 'transparent', value: null }, ...steps.sort((a, b) => a.value - b.value)],
      },
    },
  );
}

/** What the latency is made of: a limit on a number hides how far beyond it the slow ones are. */
function heatmap({ by }: Slo, { histogram, underMs, isNative }: LatencyPart): Panel {
  const series = isNative ? histogram : suffixed(histogram, '_bucket');
  const grouping = [...(isNative ? [] : ['le']), ...by];
  const of = `rate(${formatExpr(series)}[$__rate_interval])`;
  return {
    type: 'isotherm-heatmap-panel',
    title: `${histogram.name}: up to ${formatDuration(underMs)} is good`,
    description: 'Rows are as high as the buckets are; the line at the limit tells the share of requests under it.',
    datasource: source,
    targets: [
      query(grouping.length === 0 ? `sum(${of})` : `sum by (${grouping.join(', ')}) (${of})`, '', 'A', {
        format: 'auto',
      }),
    ],
    options: {
      quantiles: [0.5, 0.95, 0.99],
      limits: formatDuration(underMs),
      yScale: 'log',
      unit: 's',
      palette: 'isotherm',
      colorScale: 'sqrt',
      sharedColors: true,
      buckets: 'auto',
      legend: true,
      tooltip: true,
    },
    fieldConfig: { defaults: {}, overrides: [] },
  };
}
