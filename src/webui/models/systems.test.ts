import { parseExpr } from '../../shared/promql/parser.ts';
import { SYSTEMS, WANTED_NAMES, questionsOf } from './systems.ts';

const system = (name: string) => SYSTEMS.find((one) => one.name === name)!;
const asked = (name: string, present: readonly string[]) =>
  Object.fromEntries(
    questionsOf(system(name), new Set(present), 60_000).map((question) =>
      'measure' in question
        ? [question.measure, question.expr]
        : [question.quantiles.map(([id, q]) => `${id} ${q}`).join(), [question.expr, question.seconds]],
    ),
  );

test('every question of every system is PromQL', () => {
  for (const one of SYSTEMS) {
    const questions = questionsOf(one, new Set(WANTED_NAMES), 60_000);
    expect([one.name, questions.length > 0]).toEqual([one.name, true]);
    for (const { expr } of questions) expect(() => parseExpr(expr)).not.toThrow();
  }
});

test('what is not there is not asked', () => {
  expect(asked('vLLM', [])).toEqual({});
  expect(Object.keys(asked('vLLM', ['vllm:num_requests_waiting']))).toEqual(['queue']);
});

test('of a renamed metric the present name is asked', () => {
  expect(asked('SGLang', ['sglang_num_queue_reqs']).queue).toBe('sum by (model_name) (sglang_num_queue_reqs)');
  expect(asked('vLLM', ['vllm:gpu_cache_usage_perc']).kv).toBe('max by (model_name) (vllm:gpu_cache_usage_perc)');
});

test('times in microseconds become seconds, and requests are counted by the latency where nothing else counts them', () => {
  expect(asked('TensorFlow Serving', [':tensorflow:serving:request_latency_count'])).toEqual({
    rate: 'sum by (model_name) (rate(:tensorflow:serving:request_latency_count[1m]))',
    'p50 0.5,p99 0.99': ['sum by (model_name, le) (rate(:tensorflow:serving:request_latency_bucket[1m]))', 0.000001],
  });
});

test('the share of failures is of all requests, and 0 where none has failed yet', () => {
  const { rate, errors } = asked('Triton', ['nv_inference_request_success', 'nv_inference_request_failure']);
  expect(rate).toMatch(/nv_inference_request_success.* \+ \(.*nv_inference_request_failure.* or 0 \* /);
  expect(errors).toMatch(/> 0\)$/);
});
