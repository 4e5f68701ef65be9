/** Questions that people who serve models ask first. Shown are those whose metric is there, so that none ends in an empty panel. */
import type { MetricsQuery } from '../api/grafanaQuery.ts';

export interface Preset {
  readonly system: string;
  readonly title: string;
  /** Must be there. */
  readonly metric: string;
  readonly query: Pick<MetricsQuery, 'expr' | 'legendFormat' | 'format' | 'editorMode' | 'latency'>;
}

const histogram = (system: string, title: string, metric: string, splitBy: readonly string[] = []): Preset => ({
  system,
  title,
  metric: `${metric}_bucket`,
  query: {
    expr: `sum by (${['le', ...splitBy].join(', ')}) (rate(${metric}_bucket[$__rate_interval]))`,
    format: 'auto',
    editorMode: 'latency',
    latency: { metric, filters: [], splitBy, show: 'heatmap', quantiles: [0.5, 0.95, 0.99] },
  },
});
const lines = (system: string, title: string, metric: string, expr: string, legendFormat = ''): Preset => ({
  system,
  title,
  metric,
  query: { expr, legendFormat, format: 'time_series', editorMode: 'code' },
});
const perSecond = (system: string, title: string, metric: string, by: string) =>
  lines(system, title, metric, `sum by (${by}) (rate(${metric}[$__rate_interval]))`, `{{${by.split(', ')[0]}}}`);
const gauge = (system: string, title: string, metric: string, by: string, op = 'sum') =>
  lines(system, title, metric, `${op} by (${by}) (${metric})`, `{{${by.split(', ')[0]}}}`);

const SGLANG = ['sglang:', 'sglang_'].flatMap((prefix) => [
  histogram('SGLang', 'Request latency', `${prefix}e2e_request_latency_seconds`, ['model_name']),
  histogram('SGLang', 'Time to first token', `${prefix}time_to_first_token_seconds`, ['model_name']),
  histogram('SGLang', 'Time between tokens', `${prefix}inter_token_latency_seconds`, ['model_name']),
  perSecond('SGLang', 'Generated tokens a second', `${prefix}generation_tokens_total`, 'model_name'),
  gauge('SGLang', 'Waiting requests', `${prefix}num_queue_reqs`, 'model_name'),
  gauge('SGLang', 'KV cache in use', `${prefix}token_usage`, 'model_name', 'max'),
]);

export const PRESETS: readonly Preset[] = [
  histogram('Model service', 'Prediction latency', 'model_prediction_latency_seconds', ['version']),
  perSecond('Model service', 'Requests a second', 'http_requests_total', 'route, status'),
  histogram('vLLM', 'Request latency', 'vllm:e2e_request_latency_seconds', ['model_name']),
  histogram('vLLM', 'Time to first token', 'vllm:time_to_first_token_seconds', ['model_name']),
  histogram('vLLM', 'Time between tokens', 'vllm:inter_token_latency_seconds', ['model_name']),
  histogram('vLLM', 'Time per output token', 'vllm:time_per_output_token_seconds', ['model_name']),
  histogram('vLLM', 'Time in the queue', 'vllm:request_queue_time_seconds', ['model_name']),
  perSecond('vLLM', 'Generated tokens a second', 'vllm:generation_tokens_total', 'model_name'),
  perSecond('vLLM', 'Finished requests a second', 'vllm:request_success_total', 'model_name, finished_reason'),
  gauge('vLLM', 'Waiting requests', 'vllm:num_requests_waiting', 'model_name'),
  gauge('vLLM', 'KV cache in use', 'vllm:kv_cache_usage_perc', 'model_name', 'max'),
  gauge('vLLM', 'KV cache in use', 'vllm:gpu_cache_usage_perc', 'model_name', 'max'),
  ...SGLANG,
  histogram('TensorRT-LLM', 'Request latency', 'trtllm_e2e_request_latency_seconds', ['model_name']),
  histogram('TensorRT-LLM', 'Time to first token', 'trtllm_time_to_first_token_seconds', ['model_name']),
  histogram('Dynamo', 'Time to first token', 'dynamo_frontend_time_to_first_token_seconds', ['model']),
  histogram('TGI', 'Request latency', 'tgi_request_duration'),
  histogram('TEI', 'Request latency', 'te_request_duration'),
  histogram('TensorFlow Serving', 'Request latency', ':tensorflow:serving:request_latency', ['model_name']),
  histogram('KServe', 'Prediction latency', 'request_predict_seconds', ['model_name']),
  perSecond('Triton', 'Inferences a second', 'nv_inference_count', 'model, version'),
  gauge('Triton', 'Pending requests', 'nv_inference_pending_request_count', 'model'),
  lines(
    'Triton',
    'Mean request time, µs',
    'nv_inference_request_duration_us',
    'sum by (model) (rate(nv_inference_request_duration_us[$__rate_interval])) / sum by (model) (rate(nv_inference_request_success[$__rate_interval]))',
    '{{model}}',
  ),
  gauge('GPU (DCGM)', 'Utilisation, %', 'DCGM_FI_DEV_GPU_UTIL', 'gpu, Hostname', 'avg'),
  gauge('GPU (DCGM)', 'Memory in use, MiB', 'DCGM_FI_DEV_FB_USED', 'gpu, Hostname'),
  gauge('GPU (DCGM)', 'Power, W', 'DCGM_FI_DEV_POWER_USAGE', 'gpu, Hostname'),
  lines(
    'Machine',
    'CPU in use',
    'node_cpu_seconds_total',
    '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))',
    '{{instance}}',
  ),
  lines(
    'Machine',
    'Memory in use',
    'node_memory_MemAvailable_bytes',
    '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes',
    '{{instance}}',
  ),
];

/** Those whose metric is among the names; of two spellings of one question both are kept where both are there. */
export function presetsFor(names: ReadonlySet<string>): Preset[] {
  return PRESETS.filter(({ metric }) => names.has(metric));
}

/** The presets that are there by the system that they are about, in the table's order. */
export function systemsFor(names: ReadonlySet<string>): { system: string; presets: Preset[] }[] {
  const systems = new Map<string, Preset[]>();
  for (const preset of presetsFor(names)) systems.set(preset.system, [...(systems.get(preset.system) ?? []), preset]);
  return [...systems].map(([system, presets]) => ({ system, presets }));
}
