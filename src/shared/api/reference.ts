/** The HTTP API as data: what docs, the page in the web UI and /api/v1/openapi.yaml tell of it. tests/api/openapi.test.ts holds it against the routes. */

export type ParamType = 'string' | 'time' | 'duration' | 'integer' | 'number' | 'boolean' | 'selector' | 'list';

export interface ParamSpec {
  readonly type: ParamType;
  readonly help: string;
  readonly example?: string;
}

/** By name: a parameter means the same wherever it is taken. */
export const PARAMS: Readonly<Record<string, ParamSpec>> = {
  query: { type: 'string', help: 'A PromQL expression.', example: 'up' },
  time: { type: 'time', help: 'Evaluation time; now if not given.' },
  start: { type: 'time', help: 'First time, inclusive.' },
  end: { type: 'time', help: 'Last time, inclusive.' },
  step: { type: 'duration', help: 'Time between two evaluations.', example: '15s' },
  timeout: { type: 'duration', help: 'Gives up then; --query.timeout at most.' },
  lookback_delta: { type: 'duration', help: 'How far back a sample may lie to count.' },
  limit: { type: 'integer', help: 'Answers at most so many; 0 is no limit.' },
  stats: { type: 'string', help: '"true" or "all" tells timings and samples.' },
  nocache: { type: 'boolean', help: '1 evaluates all steps, whatever is kept of an earlier answer.' },
  'match[]': { type: 'selector', help: 'A series selector; several are joined by or.', example: 'up' },
  metric: { type: 'string', help: 'The name of one metric.' },
  limit_per_metric: { type: 'integer', help: 'Entries of each metric.' },
  state: { type: 'string', help: 'active, dropped or any.' },
  scrapePool: { type: 'string', help: 'The name of a job.' },
  scrapeUrl: { type: 'string', help: 'The URL of a target.' },
  labels: { type: 'string', help: 'Labels as a JSON object.' },
  match_target: { type: 'selector', help: 'Which targets.' },
  type: { type: 'string', help: 'alert or record.' },
  'rule_name[]': { type: 'list', help: 'Names of rules.' },
  'rule_group[]': { type: 'list', help: 'Names of groups.' },
  'file[]': { type: 'list', help: 'Paths of rule files.' },
  exclude_alerts: { type: 'boolean', help: 'Leaves the alerts of rules away.' },
  group_limit: { type: 'integer', help: 'Groups in one answer.' },
  group_next_token: { type: 'string', help: 'Where the next answer begins: groupNextToken of the one before.' },
  metric_name_pattern: { type: 'string', help: 'A regular expression that the whole name must match.' },
  'search[]': { type: 'list', help: 'What is looked for; several are joined by or.' },
  fuzz_alg: { type: 'string', help: 'subsequence or jarowinkler.' },
  fuzz_threshold: { type: 'integer', help: 'From 0 to 100: how like a name must be.' },
  case_sensitive: { type: 'boolean', help: 'Whether a and A differ; they do if not given.' },
  sort_by: { type: 'string', help: 'alpha or score.' },
  sort_dir: { type: 'string', help: 'asc or dsc, of alpha.' },
  include_score: { type: 'boolean', help: 'Tells how well each answers.' },
  include_metadata: { type: 'boolean', help: 'Tells type, help and unit.' },
  batch_size: { type: 'integer', help: 'Results in one line.' },
  label: { type: 'string', help: 'The label whose values are searched.' },
  by: { type: 'list', help: 'Labels that the groups differ in; those that the expression keeps if not given.' },
  quantiles: { type: 'list', help: 'Fractions in [0, 1].', example: '0.5,0.99' },
  limits: { type: 'list', help: 'Values: the share of observations under each is told.', example: '0.25' },
  format: { type: 'string', help: 'binary for columns of numbers in place of JSON.' },
  from: { type: 'time', help: 'Where the box begins.' },
  to: { type: 'time', help: 'Where the box ends.' },
  lower: { type: 'number', help: 'The box’s lower value; open if not given.' },
  upper: { type: 'number', help: 'The box’s upper value; open if not given.' },
  omit: { type: 'list', help: 'mean, resets or both: what is not needed and so not read.' },
  baseline: { type: 'string', help: 'rest, sameTime, earlier or box.' },
  shift: { type: 'duration', help: 'How much earlier, of the baseline earlier.' },
  baseline_from: { type: 'time', help: 'As from, of the baseline box.' },
  baseline_to: { type: 'time', help: 'As to, of the baseline box.' },
  baseline_lower: { type: 'number', help: 'As lower, of the baseline box.' },
  baseline_upper: { type: 'number', help: 'As upper, of the baseline box.' },
  moment: { type: 'time', help: 'Of a deploy, of the baseline before.' },
  against: { type: 'string', help: 'A label and its value, such as version="v1", of the baseline value.' },
  rules: { type: 'string', help: 'The text of a rule file.' },
  expr: { type: 'string', help: 'The expression of one alert, in place of rules.' },
  name: { type: 'string', help: 'A name.' },
  for: { type: 'duration', help: 'How long the expression has to hold.' },
  keep_firing_for: { type: 'duration', help: 'How long an alert fires on.' },
  interval: { type: 'duration', help: 'Between two evaluations; the groups’ own if not given.' },
  skip_head: { type: 'boolean', help: 'Leaves out what is in memory only.' },
  'collect[]': { type: 'list', help: 'self or machine; both if not given.' },
  openapi_version: { type: 'string', help: '3.1 (if not given) or 3.2.' },
};

/** What stands under `data` of an answer; the others have none. */
export type AnswerShape =
  'query' | 'names' | 'series' | 'object' | 'list' | 'text' | 'lines' | 'events' | 'page' | 'protobuf' | 'nothing';

export interface Endpoint {
  readonly path: string;
  readonly methods: readonly string[];
  readonly group: string;
  readonly summary: string;
  /** Names in PARAMS; with ! where they must be given. */
  readonly params: readonly string[];
  readonly answer: AnswerShape;
  /** Prometheus has none like it. */
  readonly isOwn: boolean;
}

type Row = readonly [methods: string, path: string, params: string, answer: AnswerShape, summary: string];

const RANGE = 'query! start! end! step! timeout';
const SEARCH =
  'match[] search[] fuzz_alg fuzz_threshold case_sensitive sort_by sort_dir include_score start end limit batch_size';

const GROUPS: Readonly<Record<string, readonly Row[]>> = {
  Queries: [
    [
      'GET POST',
      '/api/v1/query',
      'query! time timeout limit lookback_delta stats nocache',
      'query',
      'An expression at one time',
    ],
    [
      'GET POST',
      '/api/v1/query_range',
      `${RANGE} limit lookback_delta stats nocache`,
      'query',
      'An expression over a range of time',
    ],
    [
      'GET POST',
      '/api/v1/query_exemplars',
      'query! start end',
      'list',
      'Exemplars of the series that an expression selects',
    ],
    ['GET POST', '/api/v1/format_query', 'query!', 'text', 'An expression as it is usually written'],
    ['GET POST', '/api/v1/parse_query', 'query!', 'object', 'The syntax tree of an expression'],
  ],
  Series: [
    ['GET POST', '/api/v1/series', 'match[]! start end limit', 'series', 'Label sets of series'],
    ['GET POST', '/api/v1/labels', 'match[] start end limit', 'names', 'Names of labels'],
    ['GET', '/api/v1/label/{name}/values', 'match[] start end limit', 'names', 'Values of a label'],
    ['GET', '/api/v1/metadata', 'metric limit limit_per_metric', 'object', 'Type, help and unit of metrics'],
    [
      'GET POST',
      '/api/v1/search/metric_names',
      `${SEARCH} include_metadata`,
      'lines',
      'Metrics by how well their names answer (--enable-feature=search-api)',
    ],
    ['GET POST', '/api/v1/search/label_names', SEARCH, 'lines', 'The same of label names'],
    ['GET POST', '/api/v1/search/label_values', `label! ${SEARCH}`, 'lines', 'The same of a label’s values'],
  ],
  'Targets and rules': [
    ['GET', '/api/v1/targets', 'state scrapePool', 'object', 'Targets, active and dropped'],
    ['GET', '/api/v1/targets/metadata', 'match_target metric limit', 'list', 'Metadata that targets told'],
    [
      'GET',
      '/api/v1/targets/relabel_steps',
      'scrapePool! labels!',
      'object',
      'What each relabelling rule makes of labels',
    ],
    ['GET', '/api/v1/scrape_pools', '', 'object', 'Names of jobs'],
    ['GET', '/api/v1/scrape_pools/config', 'scrapePool!', 'object', 'A job as it is written, without secrets'],
    [
      'GET',
      '/api/v1/rules',
      'type rule_name[] rule_group[] file[] match[] exclude_alerts group_limit group_next_token',
      'object',
      'Groups, rules and their alerts',
    ],
    ['GET', '/api/v1/alerts', '', 'object', 'Alerts that are pending or firing'],
    ['GET', '/api/v1/alertmanagers', '', 'object', 'Alertmanagers'],
  ],
  Status: [
    ['GET', '/api/v1/status/config', '', 'object', 'The configuration, without secrets'],
    ['GET', '/api/v1/status/flags', '', 'object', 'Flags'],
    ['GET', '/api/v1/status/buildinfo', '', 'object', 'Versions'],
    ['GET', '/api/v1/status/runtimeinfo', '', 'object', 'What runs, since when'],
    ['GET', '/api/v1/status/tsdb', 'limit', 'object', 'Cardinality'],
    ['GET', '/api/v1/status/tsdb/blocks', '', 'object', 'Blocks'],
    ['GET', '/api/v1/status/walreplay', '', 'object', 'How far the log is read'],
    ['GET', '/api/v1/status/self_metrics', 'metric_name_pattern', 'list', 'Own metrics as JSON'],
    ['GET', '/api/v1/features', '', 'object', 'Parts that are there and on'],
    ['GET', '/api/v1/notifications', '', 'list', 'What an operator should know now'],
    ['GET', '/api/v1/notifications/live', '', 'events', 'The same as it changes, as server-sent events'],
    ['GET', '/api/v1/openapi.yaml', 'openapi_version', 'page', 'This description'],
  ],
  'Samples in and out': [
    ['POST', '/api/v1/write', '', 'nothing', 'Remote write 1.0 and 2.0 (--web.enable-remote-write-receiver)'],
    ['POST', '/api/v1/otlp/v1/metrics', '', 'nothing', 'OTLP metrics (--web.enable-otlp-receiver)'],
    ['POST', '/api/v1/read', '', 'protobuf', 'Remote read, as samples or as a stream of chunks'],
    ['GET POST', '/federate', 'match[]!', 'page', 'The newest sample of each series, as a page to scrape'],
    ['GET', '/metrics', 'collect[]', 'page', 'Own metrics'],
  ],
  "The Pushgateway's": [
    [
      'POST PUT DELETE',
      '/metrics/job/{job}',
      '',
      'nothing',
      'Adds to a group of pushed metrics, replaces it or removes it; more labels follow as /name/value (--web.enable-push-receiver)',
    ],
    ['GET', '/api/v1/metrics', '', 'list', 'Groups that were pushed'],
    ['GET', '/pushed', '', 'page', 'Pushed metrics, as a page to scrape'],
    ['POST PUT', '/api/v1/admin/wipe', '', 'nothing', 'Removes all groups (--web.enable-admin-api)'],
  ],
  Administration: [
    [
      'POST PUT',
      '/api/v1/admin/tsdb/delete_series',
      'match[]! start end',
      'nothing',
      'Deletes samples (--web.enable-admin-api)',
    ],
    ['POST PUT', '/api/v1/admin/tsdb/clean_tombstones', '', 'nothing', 'Takes deleted samples off the disk'],
    ['POST PUT', '/api/v1/admin/tsdb/snapshot', 'skip_head', 'object', 'Copies the store into a folder'],
    ['GET', '/-/healthy', '', 'page', 'Whether it runs'],
    ['GET', '/-/ready', '', 'page', 'Whether it answers queries'],
    ['GET', '/version', '', 'page', 'Version and build, as an object without an envelope'],
    ['POST PUT', '/-/reload', '', 'nothing', 'Reads the configuration again (--web.enable-lifecycle)'],
    ['POST PUT', '/-/quit', '', 'page', 'Ends the server'],
  ],
  'Ours alone': [
    [
      'GET POST',
      '/api/v1/distribution',
      `${RANGE} by quantiles limits omit format nocache`,
      'object',
      'A histogram over time: counts, quantiles, mean, shares under limits',
    ],
    [
      'GET POST',
      '/api/v1/explain',
      `query! start! end! step! from! to! lower upper baseline shift baseline_from baseline_to baseline_lower baseline_upper moment against limit`,
      'object',
      'Which labels set a box of time and latency apart',
    ],
    [
      'GET POST',
      '/api/v1/explain_query',
      'query! time start end step timeout lookback_delta',
      'object',
      'How a query is evaluated, node by node',
    ],
    [
      'GET POST',
      '/api/v1/backtest',
      'start! end rules expr name for keep_firing_for rule_name[] rule_group[] file[] interval limit',
      'object',
      'When rules would have fired on stored history',
    ],
    ['GET', '/api/v1/status/queries', '', 'object', 'Queries that run, and the slowest'],
    ['POST', '/api/v1/queries/{id}/cancel', '', 'object', 'Ends a query'],
    ['POST', '/api/v1/targets/scrape', 'scrapePool! scrapeUrl!', 'object', 'Scrapes a target now'],
    ['GET', '/api/v1/saved_queries', '', 'list', 'Queries that are kept on the server'],
    ['POST', '/api/v1/saved_queries/save', 'name! query!', 'list', 'Keeps one'],
    ['POST', '/api/v1/saved_queries/remove', 'name!', 'list', 'Removes one'],
  ],
};

const OWN_GROUP = 'Ours alone';

export const ENDPOINTS: readonly Endpoint[] = Object.entries(GROUPS).flatMap(([group, rows]) =>
  rows.map(([methods, path, params, answer, summary]) => ({
    path,
    methods: methods.split(' '),
    group,
    summary,
    params: params.split(' ').filter((name) => name !== ''),
    answer,
    isOwn: group === OWN_GROUP,
  })),
);
