/** Serving systems and what each calls the same things: one board over all of them. Names: docs/webui.md, Models. */
import { formatDuration } from '../../shared/model/durations.ts';
import { selectorOf } from '../api/client.ts';

export const MEASURES = [
  { id: 'rate', text: 'Requests', unit: 'reqps' },
  { id: 'errors', text: 'Failed', unit: 'percentunit' },
  { id: 'p50', text: 'p50', unit: 's' },
  { id: 'p99', text: 'p99', unit: 's' },
  { id: 'mean', text: 'Mean time', unit: 's' },
  { id: 'ttft', text: 'First token, p95', unit: 's' },
  { id: 'itl', text: 'Between tokens, p95', unit: 's' },
  { id: 'tokens', text: 'Tokens out', unit: 'reqps' },
  { id: 'running', text: 'Running', unit: 'short' },
  { id: 'queue', text: 'Queued', unit: 'short' },
  { id: 'kv', text: 'KV cache', unit: 'percentunit' },
] as const;
export type MeasureId = (typeof MEASURES)[number]['id'];

/** The metrics of a measure; of several the first that there is. */
interface Names {
  readonly rate?: readonly string[];
  /** Counters of failures beside those of `rate`, or a matcher that tells them among these. */
  readonly failures?: readonly string[];
  readonly failed?: string;
  /** Histograms, without `_bucket`. */
  readonly latency?: readonly string[];
  readonly ttft?: readonly string[];
  readonly itl?: readonly string[];
  /** A counter of time, and of what took it. */
  readonly mean?: readonly [time: string, count: string];
  readonly tokens?: readonly string[];
  readonly running?: readonly string[];
  readonly queue?: readonly string[];
  readonly kv?: readonly string[];
}

export interface System {
  readonly name: string;
  /** Labels that name a model. */
  readonly by: readonly string[];
  /** Seconds in a unit of its times. */
  readonly seconds?: number;
  readonly names: Names;
}

/** Names with a prefix that the system changed from `a:` to `a_`. */
const both = (prefix: string, name: string) => [`${prefix}:${name}`, `${prefix}_${name}`];

export const SYSTEMS: readonly System[] = [
  {
    name: 'vLLM',
    by: ['model_name'],
    names: {
      rate: ['vllm:request_success_total'],
      failed: 'finished_reason=~"abort|error"',
      latency: ['vllm:e2e_request_latency_seconds'],
      ttft: ['vllm:time_to_first_token_seconds'],
      itl: ['vllm:inter_token_latency_seconds', 'vllm:time_per_output_token_seconds'],
      tokens: ['vllm:generation_tokens_total'],
      running: ['vllm:num_requests_running'],
      queue: ['vllm:num_requests_waiting'],
      kv: ['vllm:kv_cache_usage_perc', 'vllm:gpu_cache_usage_perc'],
    },
  },
  {
    name: 'SGLang',
    by: ['model_name'],
    names: {
      rate: both('sglang', 'num_requests_total'),
      failures: both('sglang', 'num_aborted_requests_total'),
      latency: both('sglang', 'e2e_request_latency_seconds'),
      ttft: both('sglang', 'time_to_first_token_seconds'),
      itl: both('sglang', 'inter_token_latency_seconds'),
      tokens: both('sglang', 'generation_tokens_total'),
      running: both('sglang', 'num_running_reqs'),
      queue: both('sglang', 'num_queue_reqs'),
      kv: both('sglang', 'token_usage'),
    },
  },
  {
    name: 'TensorRT-LLM',
    by: ['model_name'],
    names: {
      rate: ['trtllm_request_success_total'],
      failures: ['trtllm_request_error_total'],
      latency: ['trtllm_e2e_request_latency_seconds'],
      ttft: ['trtllm_time_to_first_token_seconds'],
      itl: ['trtllm_time_per_output_token_seconds'],
      tokens: ['trtllm_generation_tokens_total'],
      running: ['trtllm_num_requests_running'],
      queue: ['trtllm_num_requests_waiting'],
      kv: ['trtllm_kv_cache_utilization'],
    },
  },
  {
    name: 'NIM',
    by: ['model_name'],
    names: {
      rate: ['request_finish_total'],
      latency: ['e2e_request_latency_seconds'],
      ttft: ['time_to_first_token_seconds'],
      itl: ['time_per_output_token_seconds'],
      tokens: ['generation_tokens_total'],
      running: ['num_requests_running'],
      queue: ['num_requests_waiting'],
      kv: ['gpu_cache_usage_perc'],
    },
  },
  {
    name: 'Dynamo',
    by: ['model'],
    names: {
      rate: ['dynamo_frontend_requests_total'],
      latency: ['dynamo_frontend_request_duration_seconds'],
      ttft: ['dynamo_frontend_time_to_first_token_seconds'],
      itl: ['dynamo_frontend_inter_token_latency_seconds'],
      tokens: ['dynamo_frontend_output_tokens_total'],
      running: ['dynamo_frontend_inflight_requests'],
      queue: ['dynamo_frontend_queued_requests'],
    },
  },
  {
    name: 'Triton',
    by: ['model', 'version'],
    seconds: 1e-6,
    names: {
      rate: ['nv_inference_request_success'],
      failures: ['nv_inference_request_failure'],
      mean: ['nv_inference_request_duration_us', 'nv_inference_request_success'],
      queue: ['nv_inference_pending_request_count'],
    },
  },
  {
    name: 'TorchServe',
    by: ['model_name', 'model_version'],
    seconds: 1e-6,
    names: {
      rate: ['ts_inference_requests_total'],
      mean: ['ts_inference_latency_microseconds', 'ts_inference_requests_total'],
    },
  },
  {
    name: 'TensorFlow Serving',
    by: ['model_name'],
    seconds: 1e-6,
    names: {
      rate: [':tensorflow:serving:request_count'],
      failed: 'status!="OK"',
      latency: [':tensorflow:serving:request_latency'],
    },
  },
  { name: 'KServe', by: ['model_name'], names: { latency: ['request_predict_seconds'] } },
  {
    name: 'BentoML',
    by: ['service_name', 'service_version'],
    names: {
      rate: ['bentoml_service_request_total'],
      failed: 'http_response_code=~"5.."',
      latency: ['bentoml_service_request_duration_seconds'],
      running: ['bentoml_service_request_in_progress'],
    },
  },
  {
    name: 'TGI',
    by: ['job', 'instance'],
    names: {
      rate: ['tgi_request_count'],
      failures: ['tgi_request_failure'],
      latency: ['tgi_request_duration'],
      itl: ['tgi_request_mean_time_per_token_duration'],
      running: ['tgi_batch_current_size'],
      queue: ['tgi_queue_size'],
    },
  },
  { name: 'TEI', by: ['job', 'instance'], names: { latency: ['te_request_duration'], queue: ['te_queue_size'] } },
  { name: 'Model service', by: ['model', 'version'], names: { latency: ['model_prediction_latency_seconds'] } },
];

/** What the names of a system come to for a histogram's count. */
const countOf = (histogram: string) => `${histogram}_count`;

const allNames = ({ names }: System): string[] => [
  ...(names.rate ?? []),
  ...(names.failures ?? []),
  ...[...(names.latency ?? []), ...(names.ttft ?? []), ...(names.itl ?? [])].map(countOf),
  ...(names.mean ?? []),
  ...[...(names.tokens ?? []), ...(names.running ?? []), ...(names.queue ?? []), ...(names.kv ?? [])],
];

/** Every name that the board looks for. */
export const WANTED_NAMES: readonly string[] = [...new Set(SYSTEMS.flatMap(allNames))];

export interface Question {
  readonly measure: MeasureId;
  readonly expr: string;
}

/** Several quantiles of one histogram: read from one answer. */
export interface QuantileQuestion {
  readonly quantiles: readonly (readonly [measure: MeasureId, q: number])[];
  /** Rates by bucket. */
  readonly expr: string;
  /** Seconds in a unit of its bounds. */
  readonly seconds: number;
}

/**
 * What to ask for a system of which these names are there.
 *
 * @param windowMs of rates.
 */
export function questionsOf(
  system: System,
  present: ReadonlySet<string>,
  windowMs: number,
): (Question | QuantileQuestion)[] {
  const { names, by, seconds = 1 } = system;
  const window = `[${formatDuration(windowMs)}]`;
  const found = (list: readonly string[] | undefined) => list?.find((name) => present.has(name));
  const foundHistogram = (list: readonly string[] | undefined) => list?.find((name) => present.has(countOf(name)));
  const rate = (selector: string, labels = by) => `sum by (${labels.join(', ')}) (rate(${selector}${window}))`;
  const scaled = (expr: string) => (seconds === 1 ? expr : `${expr} * ${seconds}`);
  const buckets = (histogram: string) => rate(selectorOf(`${histogram}_bucket`), [...by, 'le']);
  const questions: (Question | QuantileQuestion)[] = [];
  const ask = (measure: MeasureId, expr: string | undefined) => {
    if (expr !== undefined) questions.push({ measure, expr });
  };

  const latency = foundHistogram(names.latency);
  const counter = found(names.rate) ?? (latency === undefined ? undefined : countOf(latency));
  if (counter !== undefined) {
    const all = rate(selectorOf(counter));
    const failures = found(names.failures);
    ask('rate', failures === undefined ? all : `${all} + (${rate(selectorOf(failures))} or 0 * ${all})`);
    if (failures !== undefined) {
      const bad = rate(selectorOf(failures));
      ask('errors', `(${bad} or 0 * ${all}) / (${all} + (${bad} or 0 * ${all}) > 0)`);
    } else if (names.failed !== undefined && counter === found(names.rate)) {
      ask('errors', `(${rate(withMatcher(selectorOf(counter), names.failed))} or 0 * ${all}) / (${all} > 0)`);
    }
  }
  if (latency !== undefined) {
    const quantiles = [
      ['p50', 0.5],
      ['p99', 0.99],
    ] as const;
    questions.push({ quantiles, expr: buckets(latency), seconds });
  }
  if (names.mean !== undefined && names.mean.every((name) => present.has(name))) {
    const [time, count] = names.mean.map((name) => rate(selectorOf(name)));
    ask('mean', scaled(`${time} / (${count} > 0)`));
  }
  for (const measure of ['ttft', 'itl'] as const) {
    const histogram = foundHistogram(names[measure]);
    if (histogram !== undefined) ask(measure, scaled(`histogram_quantile(0.95, ${buckets(histogram)})`));
  }
  const gauge = (name: string | undefined, how: string) =>
    name === undefined ? undefined : `${how} by (${by.join(', ')}) (${selectorOf(name)})`;
  const tokens = found(names.tokens);
  ask('tokens', tokens === undefined ? undefined : rate(selectorOf(tokens)));
  ask('running', gauge(found(names.running), 'sum'));
  ask('queue', gauge(found(names.queue), 'sum'));
  ask('kv', gauge(found(names.kv), 'max'));
  return questions;
}

function withMatcher(selector: string, matcher: string): string {
  return selector.endsWith('}') ? `${selector.slice(0, -1)}, ${matcher}}` : `${selector}{${matcher}}`;
}
