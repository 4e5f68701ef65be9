/** features: which parts of upstream are there, under its names. */
import { SCRAPE_FEATURES } from '../config/scrapeFeatures.ts';
import { AGGREGATIONS } from '../../shared/promql/ast.ts';
import { FUNCTIONS, type FunctionSignature } from '../../shared/promql/functions.ts';
import { FUNCTION_NAMES } from '../rules/template/functions.ts';
import type { HttpOptions } from './deps.ts';
import { ALGORITHMS } from './search/searchParams.ts';
import { SEARCH_FEATURE } from './search/searchRoutes.ts';

type Features = Readonly<Record<string, boolean>>;

const SYNTAX = [
  ...['at_modifier', 'bool', 'by', 'duration_expr', 'group_left', 'group_right', 'ignoring', 'negative_offset'],
  ...['offset', 'on', 'per_query_lookback_delta', 'subqueries', 'without'],
];
const OPERATORS = '!= !~ % * + - / < </ <= == =~ > >/ >= @ ^ and atan2 or unless'.split(' ');
const EXPERIMENTAL_AGGREGATIONS = new Set(['limitk', 'limit_ratio']);
const DISCOVERY = ['consul', 'dns', 'docker', 'ec2', 'file', 'http', 'kubernetes', 'static'];

const all = (names: Iterable<string>, on: boolean | ((name: string) => boolean) = true): Features =>
  Object.fromEntries([...names].sort().map((name) => [name, typeof on === 'boolean' ? on : on(name)]));

export function featureList({
  enableAdmin,
  enableLifecycle,
  enableOtlp,
  enableRemoteWrite,
  enabledFeatures,
}: HttpOptions): Readonly<Record<string, Features>> {
  const has = (flag: string) => enabledFeatures.includes(flag);
  const experimental = has('promql-experimental-functions');
  const functions: Readonly<Record<string, FunctionSignature>> = FUNCTIONS;
  return {
    api: {
      ...all(['exclude_alerts', 'label_values_match', 'query_stats', 'query_warnings']),
      ...all(['time_range_labels', 'time_range_series']),
      admin: enableAdmin,
      lifecycle: enableLifecycle,
      remote_write_receiver: enableRemoteWrite,
      otlp_write_receiver: enableOtlp,
      search: has(SEARCH_FEATURE),
      ...all(ALGORITHMS.map((name) => `search_fuzz_alg_${name}`)),
      ...all(['openapi_3.1', 'openapi_3.2']),
    },
    prometheus: { agent_mode: false, server_mode: true },
    promql: {
      ...all(SYNTAX),
      ...all(['anchored', 'smoothed'], has('promql-extended-range-selectors')),
      ...all(['fill', 'fill_left', 'fill_right'], has('promql-binop-fill-modifiers')),
      delayed_name_removal: has('promql-delayed-name-removal'),
      per_step_stats: has('promql-per-step-stats'),
      type_and_unit_labels: has('type-and-unit-labels'),
    },
    promql_functions: all(Object.keys(FUNCTIONS), (name) => functions[name].experimental !== true || experimental),
    promql_operators: all(
      [...OPERATORS, ...AGGREGATIONS],
      (name) => !EXPERIMENTAL_AGGREGATIONS.has(name) || experimental,
    ),
    rules: {
      concurrent_rule_eval: has('concurrent-rule-eval'),
      keep_firing_for: true,
      query_offset: true,
    },
    scrape: {
      extra_scrape_metrics: true,
      start_timestamp_zero_ingestion: has(SCRAPE_FEATURES.startTimes),
      type_and_unit_labels: has('type-and-unit-labels'),
    },
    service_discovery_providers: all(DISCOVERY),
    templating_functions: all(FUNCTION_NAMES),
    tsdb: { exemplar_storage: true, native_histograms: true },
    isotherm: all(['distribution', 'explain', 'push_receiver', 'query_cancel', 'scrape_now']),
  };
}
