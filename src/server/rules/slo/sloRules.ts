/** The rules of an SLO, as a rule file of Prometheus: error ratios by window, the error budget, alerts on how fast it burns. */
import { stringify } from 'yaml';
import { formatDuration } from '../../../shared/model/durations.ts';
import { quoted } from '../../../shared/model/labels.ts';
import { BURN_WINDOWS, burnRate, errorBudget, errorThreshold, type BurnWindow, type Severity } from './burnRates.ts';
import { badRate, totalRate } from './sloExpressions.ts';
import type { Slo } from './sloFile.ts';

/** Names of series, those that Sloth's dashboards know too where it has the same. */
export const SLO_SERIES = {
  total: 'slo:sli_total:rate5m',
  bad: 'slo:sli_bad:rate5m',
  ratio: (windowMs: number) => `slo:sli_error:ratio_rate${formatDuration(windowMs)}`,
  objective: 'slo:objective:ratio',
  budget: 'slo:error_budget:ratio',
  periodDays: 'slo:time_period:days',
  currentBurn: 'slo:current_burn_rate:ratio',
  periodBurn: 'slo:period_burn_rate:ratio',
  remaining: 'slo:period_error_budget_remaining:ratio',
} as const;

const DAY_MS = 86_400_000;
/** What counts are recorded over; long windows are made of them. */
const BASE_MS = 300_000;
/** Windows from here on are read from the recorded counts: raw series over days would be read again at every evaluation. */
const RECORDED_FROM_MS = DAY_MS;
/** The budget of weeks moves slowly. */
const BUDGET_INTERVAL = '5m';
const NO_DATA_FOR = '1h';

interface WrittenRule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface WrittenGroup {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly WrittenRule[];
}

/** The text of a rule file that Prometheus and this program run alike. */
export function sloRulesText(slos: readonly Slo[]): string {
  return stringify({ groups: slos.flatMap(groupsOf) }, { lineWidth: 0 });
}

function groupsOf(slo: Slo): WrittenGroup[] {
  const windows = BURN_WINDOWS.flatMap(({ longMs, shortMs }) => [longMs, shortMs]);
  const short = windows.filter((ms) => ms > BASE_MS && ms < RECORDED_FROM_MS);
  const long = windows.filter((ms) => ms >= RECORDED_FROM_MS);
  const ratioOf = (ms: number) => recorded(slo, SLO_SERIES.ratio(ms), ratio(slo, ms));
  return [
    {
      name: `slo ${slo.name}`,
      rules: [
        recorded(slo, SLO_SERIES.total, totalRate(slo, BASE_MS)),
        recorded(slo, SLO_SERIES.bad, badRate(slo, BASE_MS)),
        ratioOf(BASE_MS),
        ...ascending(short).map(ratioOf),
        ...(['page', 'ticket'] as const).map((severity) => burnAlert(slo, severity)),
        noDataAlert(slo),
      ],
    },
    { name: `slo ${slo.name} budget`, interval: BUDGET_INTERVAL, rules: budgetRules(slo, long) },
  ];
}

const ascending = (windows: readonly number[]) => [...new Set(windows)].sort((a, b) => a - b);

function budgetRules(slo: Slo, windows: readonly number[]): WrittenRule[] {
  const { periodMs, objective } = slo;
  const constant = (record: string, value: number) => recorded(slo, record, `vector(${value})`);
  const over = (ms: number) => seriesOf(slo, SLO_SERIES.ratio(ms));
  const budget = errorBudget(objective);
  return [
    constant(SLO_SERIES.objective, Number((1 - budget).toPrecision(12))),
    constant(SLO_SERIES.budget, budget),
    constant(SLO_SERIES.periodDays, periodMs / DAY_MS),
    ...ascending([...windows, periodMs]).map((ms) => recorded(slo, SLO_SERIES.ratio(ms), ratio(slo, ms))),
    recorded(slo, SLO_SERIES.currentBurn, `${over(BASE_MS)} / ${budget}`),
    recorded(slo, SLO_SERIES.periodBurn, `${over(periodMs)} / ${budget}`),
    recorded(slo, SLO_SERIES.remaining, `1 - ${over(periodMs)} / ${budget}`),
  ];
}

/** The share of requests that were not good. Long windows weigh every request alike, as short ones do. */
function ratio(slo: Slo, windowMs: number): string {
  if (windowMs < RECORDED_FROM_MS && windowMs !== BASE_MS)
    return `(${badRate(slo, windowMs)}) / ${totalRate(slo, windowMs)}`;
  const [bad, total] = [seriesOf(slo, SLO_SERIES.bad), seriesOf(slo, SLO_SERIES.total)];
  if (windowMs === BASE_MS) return `${bad} / ${total}`;
  const range = `[${formatDuration(windowMs)}]`;
  return `sum_over_time(${bad}${range}) / sum_over_time(${total}${range})`;
}

function recorded(slo: Slo, record: string, expr: string): WrittenRule {
  return { record, expr, labels: { slo: slo.name } };
}

export const seriesOf = ({ name }: Pick<Slo, 'name'>, series: string) => `${series}{slo=${quoted(name)}}`;

function burnAlert(slo: Slo, severity: Severity): WrittenRule {
  const windows = BURN_WINDOWS.filter((window) => window.severity === severity);
  const whose = ['slo', ...slo.by].map((label) => `{{ index $labels ${quoted(label)} }}`).join(' ');
  const rates = windows.map((window) => `${burnRate(window, slo.periodMs)} over ${formatDuration(window.longMs)}`);
  return {
    alert: slo.alertName,
    expr: windows.map((window) => `(${burns(slo, window)})`).join(' or '),
    labels: { ...Object.fromEntries(slo.labels), severity, slo: slo.name },
    annotations: {
      summary: `${whose}: the error budget burns, {{ $value | humanizePercentage }} of the requests miss the objective of ${slo.objective} %`,
      description: `${slo.description === '' ? '' : `${slo.description}. `}Told from a burn rate of ${rates.join(', or ')}; at 1 the budget lasts ${slo.periodMs / DAY_MS} days.`,
      ...slo.annotations,
    },
  };
}

function burns(slo: Slo, window: BurnWindow): string {
  const threshold = errorThreshold(window, slo.periodMs, errorBudget(slo.objective));
  const over = (ms: number) => `${seriesOf(slo, SLO_SERIES.ratio(ms))} > ${threshold}`;
  return `${over(window.longMs)} and ${over(window.shortMs)}`;
}

/** An objective whose series are not there looks like one that is kept. */
function noDataAlert(slo: Slo): WrittenRule {
  const hasClassic = slo.parts.some((part) => part.kind === 'latency' && !part.isNative);
  return {
    alert: `${slo.alertName}Unknown`,
    expr: `absent(${seriesOf(slo, SLO_SERIES.ratio(BASE_MS))})`,
    for: NO_DATA_FOR,
    labels: { ...Object.fromEntries(slo.labels), severity: 'ticket', slo: slo.name },
    annotations: {
      summary: `${slo.name}: there is nothing to measure it by`,
      description: `No answer for an hour from ${badRate(slo, BASE_MS)}: is the name right${hasClassic ? ', and the limit the bound of a bucket' : ''}?`,
    },
  };
}
