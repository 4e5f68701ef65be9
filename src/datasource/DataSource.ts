import {
  CoreApp,
  type AdHocVariableFilter,
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceGetTagKeysOptions,
  type DataSourceGetTagValuesOptions,
  type DataSourceInstanceSettings,
  type LegacyMetricFindQueryOptions,
  type MetricFindValue,
  type QueryFixAction,
  type ScopedVars,
  type TimeRange,
} from '@grafana/data';
import { DataSourceWithBackend, getDataSourceSrv, getTemplateSrv } from '@grafana/runtime';
import { map, of, type Observable } from 'rxjs';
import {
  DEFAULT_SCRAPE_INTERVAL_MS,
  parseInterval,
  replaceMacros,
  stepOf,
  type MetricsQuery,
} from '../shared/api/grafanaQuery.ts';
import type { ApiAnswer, ApiQueryData } from '../shared/api/prometheus.ts';
import type { ApiQueryPlan } from '../shared/api/queryPlan.ts';
import { formatLabels, labelsOf } from '../shared/model/labels.ts';
import type { MatchOp } from '../shared/model/matchers.ts';
import { eventsFromFrames } from './annotations.ts';
import { withTraceLinks, type TraceDestination } from './exemplarLinks.ts';
import { answered } from './held/answering.ts';
import { createHeldAnswers, overlapOf, type HeldAnswers } from './held/heldAnswers.ts';
import { formatVariable, keepingMacros } from './interpolate.ts';
import { hasMatcher, withMatchers, withoutMatcher } from './matchers.ts';
import { parseVariableQuery, type VariableQuery } from './variableQuery.ts';
import type { ApiMetadata } from '../shared/api/metadata.ts';
import type { MetricsOptions } from './options.ts';
import { described, rankedNames, searchPattern, type MetricHit } from './query/metricSearch.ts';
import { rawSelectors, samplesCsv } from './query/rawSamples.ts';
import { traceOf, traceOfStats, type ApiStats, type Trace } from './query/trace.ts';
import { MetricsVariables } from './variables.tsx';

interface OlderTemplates {
  getAdhocFilters?(dataSourceName: string): AdHocVariableFilter[];
}

/** Operators of Grafana's filters in PromQL; one-of filters are patterns. */
const FILTER_OPS: Readonly<Record<string, MatchOp>> = {
  '=': '=',
  '!=': '!=',
  '=~': '=~',
  '!~': '!~',
  '=|': '=~',
  '!=|': '!~',
};
const LABEL_VALUES_MAX = 10_000;

/** The data source in the browser: it interpolates, completes and explains; all questions go through its backend. */
export class MetricsDataSource extends DataSourceWithBackend<MetricsQuery, MetricsOptions> {
  readonly uidForLinks: string;
  private readonly scrapeIntervalMs: number;
  private readonly keepsAnswers: boolean;
  private readonly held: HeldAnswers;
  private readonly traceDestinations: readonly TraceDestination[];

  constructor(settings: DataSourceInstanceSettings<MetricsOptions>) {
    super(settings);
    this.uidForLinks = settings.uid;
    const { timeInterval, incrementalQuerying, incrementalQueryOverlapWindow, exemplarTraceIdDestinations } =
      settings.jsonData;
    this.traceDestinations = exemplarTraceIdDestinations ?? [];
    this.scrapeIntervalMs = scrapeIntervalOf(timeInterval);
    this.keepsAnswers = incrementalQuerying !== false;
    this.held = createHeldAnswers({
      scrapeIntervalMs: this.scrapeIntervalMs,
      overlapMs: overlapOf(incrementalQueryOverlapWindow),
      now: Date.now,
    });
    this.annotations = { processEvents: (_annotation, frames) => of(eventsFromFrames(frames)) };
    this.variables = new MetricsVariables((query, options) => this.metricFindQuery(query, options));
  }

  override query(request: DataQueryRequest<MetricsQuery>): Observable<DataQueryResponse> {
    const ask = (asked: DataQueryRequest<MetricsQuery>): Observable<DataQueryResponse> =>
      super.query(asked).pipe(map((response) => this.withTraces(response)));
    const shown = request.app === CoreApp.Explore ? withTables(request) : request;
    if (request.app === CoreApp.UnifiedAlerting || request.app === CoreApp.CloudAlerting) return ask(shown);
    return answered(shown, {
      uid: this.uidForLinks,
      held: this.held,
      keeps: ({ live }) => live === true || this.keepsAnswers,
      // Hosts that hand no filters in are asked for them there.
      filledIn: (query, { scopedVars, filters }) =>
        this.applyTemplateVariables(query, scopedVars, ...(filters === undefined ? [] : [filters])),
      ask,
      now: Date.now,
      scrapeIntervalMs: this.scrapeIntervalMs,
    });
  }

  private withTraces(response: DataQueryResponse): DataQueryResponse {
    if (this.traceDestinations.length === 0) return response;
    const nameOf = (uid: string): string | undefined => getDataSourceSrv().getInstanceSettings(uid)?.name;
    return { ...response, data: withTraceLinks(response.data as DataFrame[], this.traceDestinations, nameOf) };
  }

  override getDefaultQuery(app: CoreApp): Partial<MetricsQuery> {
    if (app === CoreApp.UnifiedAlerting || app === CoreApp.CloudAlerting)
      return { expr: '', instant: true, range: false };
    return { expr: '', range: true, format: 'auto' };
  }

  override filterQuery(query: MetricsQuery & { hide?: boolean }): boolean {
    return query.hide !== true && (query.expr ?? '').trim() !== '';
  }

  override getQueryDisplayText(query: MetricsQuery): string {
    return query.expr;
  }

  override applyTemplateVariables(
    query: MetricsQuery,
    scopedVars: ScopedVars,
    ...handedIn: [filters?: AdHocVariableFilter[]]
  ): MetricsQuery {
    const templates = getTemplateSrv();
    // Hosts before 10.3 or so hand no filters in; there they are asked for.
    const adHoc = handedIn.length > 0 ? handedIn[0] : (templates as OlderTemplates).getAdhocFilters?.(this.name);
    return {
      ...query,
      expr: withMatchers(this.interpolated(query.expr, scopedVars), (adHoc ?? []).map(matcherOf)),
      legendFormat: query.legendFormat === undefined ? undefined : templates.replace(query.legendFormat, scopedVars),
      interval: query.interval === undefined ? undefined : templates.replace(query.interval, scopedVars),
    };
  }

  override interpolateVariablesInQueries(
    queries: MetricsQuery[],
    scopedVars: ScopedVars,
    filters?: AdHocVariableFilter[],
  ): MetricsQuery[] {
    return queries.map((query) => ({
      ...this.applyTemplateVariables(query, scopedVars, filters),
      datasource: this.getRef(),
    }));
  }

  private interpolated(expr: string, scopedVars?: ScopedVars): string {
    return keepingMacros(expr ?? '', (hidden) => getTemplateSrv().replace(hidden, scopedVars, formatVariable));
  }

  /** One route of the API through the backend. Throws with the server's words. */
  async api<T>(path: string, parameters: Record<string, string> = {}): Promise<T> {
    const answer = (await this.getResource(`api/v1/${path}`, parameters, { showErrorAlert: false })) as ApiAnswer<T>;
    if (answer.status !== 'success') throw new Error(answer.error);
    return answer.data;
  }

  async labelNames(match = '', range?: TimeRange): Promise<string[]> {
    return this.api<string[]>('labels', { ...timeParameters(range), ...(match === '' ? {} : { 'match[]': match }) });
  }

  async labelValues(label: string, match = '', range?: TimeRange): Promise<string[]> {
    return this.api<string[]>(`label/${encodeURIComponent(label)}/values`, {
      ...timeParameters(range),
      ...(match === '' ? {} : { 'match[]': match }),
      limit: String(LABEL_VALUES_MAX),
    });
  }

  /** A query over a range as the backend would ask it: variables and macros filled in. */
  private asked(query: MetricsQuery, range: TimeRange | undefined, intervalMs = DEFAULT_SCRAPE_INTERVAL_MS) {
    const toMs = range?.to.valueOf() ?? Date.now();
    const fromMs = range?.from.valueOf() ?? toMs - RANGE_DEFAULT_MS;
    const filled = this.applyTemplateVariables(query, {});
    const request = { fromMs, toMs, intervalMs, scrapeIntervalMs: this.scrapeIntervalMs, query: filled };
    const stepMs = stepOf(request);
    return { fromMs, toMs, stepMs, expr: replaceMacros(filled.expr, request, stepMs) };
  }

  /** How a query is answered; runs it once more. */
  async trace(query: MetricsQuery, range: TimeRange | undefined, intervalMs?: number): Promise<Trace> {
    const { fromMs, toMs, stepMs, expr } = this.asked(query, range, intervalMs);
    const [start, end] = [fromMs, toMs].map((ms) => Math.floor(ms / stepMs) * stepMs);
    const parameters = { query: expr, start: seconds(start), end: seconds(end), step: seconds(stepMs) };
    try {
      return traceOf(await this.api<ApiQueryPlan>('explain_query', parameters), (end - start) / stepMs + 1);
    } catch {
      // Any other server: it tells totals. What is wrong with the query itself is said by this question too.
      const told = await this.api<ApiQueryData & { stats?: ApiStats }>('query_range', { ...parameters, stats: 'all' });
      return traceOfStats(told.stats ?? {}, Array.isArray(told.result) ? told.result.length : 1);
    }
  }

  /** All samples that a query reads within the range, as CSV. Throws where it is no PromQL, or with the server's words. */
  async rawSamples(query: MetricsQuery, range: TimeRange | undefined): Promise<string> {
    const { fromMs, toMs, expr } = this.asked(query, range);
    const selectors = rawSelectors(expr, (toMs - fromMs) / 1000);
    const ask = (selector: string) => this.api<ApiQueryData>('query', { query: selector, time: seconds(toMs) });
    return samplesCsv(await Promise.all(selectors.map(ask)));
  }

  /** Metrics whose names hold each word of the text, best first. */
  async searchMetrics(text: string): Promise<MetricHit[]> {
    const pattern = searchPattern(text);
    const match = pattern === '' ? '' : `{__name__=~${JSON.stringify(pattern)}}`;
    const [names, metadata] = await Promise.all([this.labelValues('__name__', match), this.metadata()]);
    return rankedNames(names, text).map((name) => described(name, metadata));
  }

  /** Names of all metrics, kept for a while: editors ask again and again. */
  metricNames(): Promise<ReadonlySet<string>> {
    this.names = kept(this.names, async () => new Set(await this.labelValues('__name__')));
    return this.names.value;
  }

  private metadata(): Promise<ApiMetadata> {
    this.described = kept(this.described, () => this.api<ApiMetadata>('metadata').catch(() => ({})));
    return this.described.value;
  }

  private names: Kept<ReadonlySet<string>> | undefined;
  private described: Kept<ApiMetadata> | undefined;

  override async metricFindQuery(query: unknown, options?: LegacyMetricFindQueryOptions): Promise<MetricFindValue[]> {
    const text = typeof query === 'string' ? query : ((query as { query?: string } | undefined)?.query ?? '');
    const asked = parseVariableQuery(withSteps(this.interpolated(text, options?.scopedVars), options?.range));
    return asked === undefined ? [] : this.findValues(asked, options?.range);
  }

  private async findValues(asked: VariableQuery, range?: TimeRange): Promise<MetricFindValue[]> {
    const plain = (texts: readonly string[]) => texts.map((text) => ({ text, value: text }));
    switch (asked.kind) {
      case 'labelNames':
        return plain(await this.labelNames(asked.match, range));
      case 'labelValues':
        return plain(await this.labelValues(asked.label, asked.match, range));
      case 'metrics': {
        const match = asked.pattern === '' ? '' : `{__name__=~${JSON.stringify(`.*(?:${asked.pattern}).*`)}}`;
        return plain(await this.labelValues('__name__', match, range));
      }
      case 'series': {
        const series = await this.api<Record<string, string>[]>('series', {
          'match[]': asked.match,
          ...timeParameters(range),
        });
        return plain(series.map((labels) => formatLabels(labelsOf(labels))));
      }
      case 'queryResult': {
        const time: Record<string, string> = range === undefined ? {} : { time: seconds(range.to.valueOf()) };
        const data = await this.api<ApiQueryData>('query', { query: asked.expr, ...time });
        if (data.resultType === 'scalar' || data.resultType === 'string') return plain([data.result[1]]);
        return plain(
          data.result.map(({ metric, value }) => {
            const [t, v] = value ?? [0, ''];
            return `${formatLabels(labelsOf(metric))} ${v} ${Math.round(t * 1000)}`;
          }),
        );
      }
    }
  }

  override async getTagKeys(options?: Partial<DataSourceGetTagKeysOptions>): Promise<MetricFindValue[]> {
    const names = await this.labelNames('', options?.timeRange);
    return names.filter((name) => name !== '__name__').map((text) => ({ text, value: text }));
  }

  override async getTagValues(options: DataSourceGetTagValuesOptions): Promise<MetricFindValue[]> {
    return (await this.labelValues(options.key, '', options.timeRange)).map((text) => ({ text, value: text }));
  }

  override modifyQuery(query: MetricsQuery, action: QueryFixAction): MetricsQuery {
    const { key, value } = action.options ?? {};
    if (key === undefined || value === undefined) return query;
    if (action.type === 'ADD_FILTER')
      return { ...query, expr: withMatchers(query.expr, [{ name: key, op: '=', value }]) };
    if (action.type === 'ADD_FILTER_OUT')
      return { ...query, expr: withMatchers(query.expr, [{ name: key, op: '!=', value }]) };
    return query;
  }

  toggleQueryFilter(
    query: MetricsQuery,
    filter: { type: 'FILTER_FOR' | 'FILTER_OUT'; options: { key: string; value: string } },
  ): MetricsQuery {
    const matcher = {
      name: filter.options.key,
      op: filter.type === 'FILTER_FOR' ? '=' : '!=',
      value: filter.options.value,
    } as const;
    const expr = hasMatcher(query.expr, matcher)
      ? withoutMatcher(query.expr, matcher)
      : withMatchers(query.expr, [matcher]);
    return { ...query, expr };
  }

  queryHasFilter(query: MetricsQuery, filter: { key: string; value: string }): boolean {
    return hasMatcher(query.expr, { name: filter.key, op: '=', value: filter.value });
  }
}

/** In Explore one moment is read as a table; on dashboards and in alert rules it is a number. */
function withTables(request: DataQueryRequest<MetricsQuery>): DataQueryRequest<MetricsQuery> {
  const targets = request.targets.map((query) =>
    query.instant === true && query.range !== true && (query.format ?? 'auto') === 'auto'
      ? { ...query, format: 'table' as const }
      : query,
  );
  return { ...request, targets };
}

/** As the backend reads it; what it refuses has no answers to hold. */
function scrapeIntervalOf(text: string | undefined): number {
  try {
    return parseInterval(text || `${DEFAULT_SCRAPE_INTERVAL_MS / 1000}s`);
  } catch {
    return DEFAULT_SCRAPE_INTERVAL_MS;
  }
}

const RANGE_DEFAULT_MS = 3_600_000;
const KEPT_MS = 60_000;

interface Kept<T> {
  readonly value: Promise<T>;
  readonly until: number;
}

/** What is kept if it is young enough, else what is asked for now; a question that fails is asked again the next time. */
function kept<T>(known: Kept<T> | undefined, ask: () => Promise<T>): Kept<T> {
  if (known !== undefined && known.until > Date.now()) return known;
  const fresh = { value: ask(), until: Date.now() + KEPT_MS };
  fresh.value.catch(() => (fresh.until = 0));
  return fresh;
}

function matcherOf(filter: AdHocVariableFilter & { values?: string[] }) {
  const op = FILTER_OPS[filter.operator] ?? '=';
  const isOneOf = filter.operator.endsWith('|');
  const value = isOneOf
    ? (filter.values ?? [filter.value]).map((one) => one.replace(/[\\^$.*+?()|[\]{}/]/g, '\\$&')).join('|')
    : filter.value;
  return { name: filter.key, op, value };
}

/** Questions of variables do not pass the backend's query path, so the macros of the range are replaced here. */
function withSteps(text: string, range: TimeRange | undefined): string {
  if (range === undefined) return text;
  const request = {
    fromMs: range.from.valueOf(),
    toMs: range.to.valueOf(),
    intervalMs: DEFAULT_SCRAPE_INTERVAL_MS,
    scrapeIntervalMs: DEFAULT_SCRAPE_INTERVAL_MS,
    query: { refId: '', expr: text },
  };
  return replaceMacros(text, request, stepOf(request));
}

function timeParameters(range: TimeRange | undefined): Record<string, string> {
  return range === undefined ? {} : { start: seconds(range.from.valueOf()), end: seconds(range.to.valueOf()) };
}

function seconds(ms: number): string {
  return String(ms / 1000);
}
