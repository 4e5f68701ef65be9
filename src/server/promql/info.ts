/** info(): labels of info metrics, such as target_info, added to the series of the same job and instance. Rules: Prometheus promql/info.go. */
import type { Call } from '../../shared/promql/ast.ts';
import {
  formatLabelSet,
  labelsFrom,
  labelsKey,
  labelValue,
  METRIC_NAME,
  type Labels,
} from '../../shared/model/labels.ts';
import { compileMatcher, type Matcher } from '../../shared/model/matchers.ts';
import { QueryError, type StepGrid } from '../storage/engine.ts';
import { rowsOf, vectorValue, type EvalContext, type Value } from './context.ts';
import { dataMatchersOf, infoNameMatchers, infoTimes } from './infoPlan.ts';
import { heldRows, materialize, newRow, putCell, type Row, type VectorRows } from './rows.ts';
import type { SampledSeries, SelectedSeries } from './series.ts';
import { WindowCache, type Windows } from './windows.ts';

/** Labels by which an info series is found for a series. */
const IDENTIFYING = ['instance', 'job'] as const;

interface InfoSeries {
  readonly labels: Labels;
  readonly signature: string;
  readonly times: Float64Array;
  readonly stale: Uint8Array | undefined;
  readonly windows: Windows;
}

const identityOf = (labels: Labels) => labelsKey(IDENTIFYING.map((name) => [name, labelValue(labels, name)]));
const nameOf = (labels: Labels) => labelValue(labels, METRIC_NAME);

export async function info(call: Call, grid: StepGrid, context: EvalContext): Promise<Value> {
  const { budget, plan } = context;
  const source = await rowsOf(call.args[0], grid, context);
  const held = await materialize(source, grid.count, budget);
  const isInfoItself = source.labels.map(infoTest(call));
  const series = infoSeriesOf(call, source.labels, context.series(plan.infoSelectOf.get(call)!));
  const times = infoTimes(call.args[0], grid, plan.context);
  const cache = new WindowCache(times, plan.context.lookbackDeltaMs);
  const infos = series.map((s) => sampledInfo(s.read(), cache));
  const joiner = new InfoJoiner(infos, dataMatchersOf(call), grid.count, (cells) => budget.hold(cells));
  for (let i = 0; i < grid.count; i++) {
    if (held.some((row) => row.present[i] === 1)) joiner.enter(i);
    held.forEach((row, s) => {
      if (row.present[i] === 0) return;
      const labels = isInfoItself[s] ? source.labels[s] : joiner.labelsFor(source.labels[s]);
      if (labels !== undefined) joiner.put(labels, row, i, source.drops?.[s] === true);
    });
    if (budget.isDue()) await budget.pause();
  }
  return vectorValue(joiner.result(source.drops !== undefined));
}

/** Whether labels are those of an info metric that is asked for itself. */
function infoTest(call: Call): (labels: Labels) => boolean {
  const tests = infoNameMatchers(call).map(compileMatcher);
  return (labels) => tests.every((test) => test(nameOf(labels)));
}

/** Those of the selected series that are looked at to inform series with the given labels. */
export function infoSeriesOf(
  call: Call,
  labels: readonly Labels[],
  selected: readonly SelectedSeries[],
): readonly SelectedSeries[] {
  const isInfoItself = infoTest(call);
  return identifiedBy(
    labels.filter((set) => !isInfoItself(set)),
    selected,
  );
}

/** The info series whose identifying labels are among those of the series, where these have any. */
function identifiedBy(labels: readonly Labels[], series: readonly SelectedSeries[]): readonly SelectedSeries[] {
  const values = IDENTIFYING.map((name) => new Set(labels.map((l) => labelValue(l, name)).filter((v) => v !== '')));
  if (values.every((set) => set.size === 0)) return [];
  return series.filter((s) =>
    IDENTIFYING.every((name, n) => values[n].size === 0 || values[n].has(labelValue(s.labels, name))),
  );
}

/** Its samples are kept: what was read is lent for a moment only. */
function sampledInfo(
  { labels, times: lent, sharesTimes, stale, histograms }: SampledSeries,
  cache: WindowCache,
): InfoSeries {
  if (histograms !== undefined) {
    const told = `this should be an info metric, with float samples: ${formatLabelSet(labels)}`;
    throw new QueryError('execution', told);
  }
  const signature = `${nameOf(labels)}\xff${identityOf(labels)}`;
  const times = sharesTimes ? lent : lent.slice();
  return { labels, signature, times, stale, windows: cache.of(times, sharesTimes) };
}

class InfoJoiner {
  private readonly infos: readonly InfoSeries[];
  private readonly names: readonly string[];
  private readonly dataMatchers: readonly Matcher[];
  private readonly dataLabels: ReadonlySet<string>;
  private readonly isOptional: boolean;
  private readonly steps: number;
  private readonly hold: (cells: number) => void;
  /** At the step entered last: the newest info series by signature. */
  private readonly newest = new Map<string, { readonly series: InfoSeries; readonly t: number }>();
  private readonly out = new Map<string, { labels: Labels; row: Row; isDropped: boolean }>();

  constructor(
    infos: readonly InfoSeries[],
    dataMatchers: readonly Matcher[],
    steps: number,
    hold: (cells: number) => void,
  ) {
    this.infos = infos;
    this.names = [...new Set(infos.map(({ labels }) => nameOf(labels)))];
    this.dataMatchers = dataMatchers;
    this.dataLabels = new Set(dataMatchers.map(({ name }) => name));
    this.isOptional = dataMatchers.every((matcher) => compileMatcher(matcher)(''));
    this.steps = steps;
    this.hold = hold;
  }

  /** @throws QueryError where two info series of one name and identity are equally new. */
  enter(i: number): void {
    this.newest.clear();
    for (const series of this.infos) {
      const at = series.windows.hi[i] - 1;
      if (at < series.windows.lo[i] || series.stale?.[at] === 1) continue;
      const t = series.times[at];
      const known = this.newest.get(series.signature);
      if (known === undefined || known.t < t) this.newest.set(series.signature, { series, t });
      else if (known.t === t) {
        const [a, b] = [known.series, series].map((s) => `${formatLabelSet(s.labels)} @ ${t}`);
        throw new QueryError('execution', `found duplicate series for info metric: existing ${a}, new ${b}`);
      }
    }
  }

  /** The labels with those of the info series added; undefined where one is asked for and there is none. */
  labelsFor(labels: Labels): Labels | undefined {
    const added = new Map<string, string>();
    const identity = identityOf(labels);
    let isFound = false;
    for (const name of this.names) {
      const found = this.newest.get(`${name}\xff${identity}`);
      if (found === undefined) continue;
      isFound = true;
      for (const [label, value] of found.series.labels) {
        if (label === METRIC_NAME || (this.dataMatchers.length > 0 && !this.dataLabels.has(label))) continue;
        const other = added.get(label);
        if (other !== undefined && other !== value) throw new QueryError('execution', `conflicting label: ${label}`);
        if (labelValue(labels, label) === '') added.set(label, value);
      }
    }
    if (!isFound && !this.isOptional) return undefined;
    return added.size === 0 ? labels : labelsFrom([...labels, ...added]);
  }

  /** @throws QueryError where two series of a step come to bear the same labels. */
  put(labels: Labels, from: Row, i: number, isDropped: boolean): void {
    const key = labelsKey(labels);
    let entry = this.out.get(key);
    if (entry === undefined) {
      this.hold(this.steps);
      entry = { labels, row: newRow(this.steps), isDropped };
      this.out.set(key, entry);
    }
    putCell(entry.row, from, i);
  }

  result(hasDrops: boolean): VectorRows {
    const entries = [...this.out.values()];
    return heldRows(
      entries.map(({ labels }) => labels),
      entries.map(({ row }) => row),
      hasDrops ? entries.map(({ isDropped }) => isDropped) : undefined,
    );
  }
}
