import type { Inventory } from './inventory.ts';
import { commonest } from './inventory.ts';
import {
  bucketRates,
  chooseLatency,
  chooseSplit,
  mapTitle,
  nativeRates,
  splitChoices,
  unitOf,
} from './latencySource.ts';
import { chooseRequests, errorShare, requestLabels, requestRates, statusClass, sumBy } from './requestSource.ts';

const inventory = (...names: string[]): Inventory => ({
  histograms: names.filter((name) => name.endsWith('_bucket')).map((name) => name.slice(0, -7)),
  natives: new Set(),
  names: new Set(names),
  metadata: {},
});

describe('which histogram is shown', () => {
  const shown = (text: string, ...names: string[]) =>
    test(`${names.join(', ')} → ${text}`, () => expect(chooseLatency(inventory(...names), null)).toBe(text));
  shown('model_prediction_latency_seconds', 'a_seconds_bucket', 'model_prediction_latency_seconds_bucket');
  shown('vllm:e2e_request_latency_seconds', 'a_seconds_bucket', 'vllm:e2e_request_latency_seconds_bucket');
  shown('my_latency', 'aaa_size_bucket', 'my_latency_bucket');
  shown('aaa_size', 'aaa_size_bucket', 'prometheus_http_request_duration_seconds_bucket');
  shown('prometheus_http_request_duration_seconds', 'prometheus_http_request_duration_seconds_bucket');
  shown(
    'prometheus_http_request_duration_seconds',
    'nodejs_gc_duration_seconds_bucket',
    'prometheus_http_request_duration_seconds_bucket',
  );
  test('what the address asks for, if there is such a one', () => {
    const two = inventory('a_seconds_bucket', 'b_bytes_bucket');
    expect(chooseLatency(two, 'b_bytes')).toBe('b_bytes');
    expect(chooseLatency(two, 'c')).toBe('a_seconds');
  });
  test('none, where there is none', () =>
    expect(chooseLatency(inventory('http_requests_total'), null)).toBeUndefined());
});

describe('the unit of bounds', () => {
  const unit = (metric: string, text: string, declared?: string) =>
    test(`${metric} is in ${text}`, () => expect(unitOf(metric, declared)).toBe(text));
  unit('model_prediction_latency_seconds', 's');
  unit('tgi_request_duration', 's');
  unit(':tensorflow:serving:request_latency', 'µs');
  unit('ray_serve_deployment_processing_latency_ms', 'ms');
  unit('response_size_bytes', 'bytes');
  unit('batch_size', 'short');
  unit('odd_name', 's', 'seconds');
});

describe('how a histogram is split', () => {
  const labels = ['__name__', 'instance', 'job', 'le', 'model', 'route', 'version'];
  test('by model and version first, by place last', () =>
    expect(splitChoices(labels)).toEqual(['model,version', 'model', 'version', 'route', 'instance', 'job', '']));
  test('model labels are split by unasked, others are not', () => {
    expect(chooseSplit(splitChoices(labels), null)).toBe('model,version');
    expect(chooseSplit(splitChoices(['le', 'route']), null)).toBe('');
    expect(chooseSplit(splitChoices(['le', 'route']), 'route')).toBe('route');
    expect(chooseSplit(splitChoices(['le', 'route']), 'nonsense')).toBe('');
  });
  test('names that PromQL would not take bare are quoted', () => {
    expect(bucketRates('a_seconds', 'model,version', 45_000)).toBe(
      'sum by (le, model, version) (rate(a_seconds_bucket[45s]))',
    );
    expect(bucketRates('a.b', 'x.y', 60_000)).toBe('sum by (le, "x.y") (rate({"a.b_bucket"}[1m]))');
  });
  test('of a native histogram there are no buckets to keep apart', () => {
    expect(nativeRates('a_seconds', 'model,version', 45_000)).toBe('sum by (model, version) (rate(a_seconds[45s]))');
    const conditions = [{ label: 'a', op: '=', value: '1' }] as const;
    expect(nativeRates('a.b', '', 60_000, conditions)).toBe('sum by () (rate({"a.b",a="1"}[1m]))');
  });
  test('a map is called by its labels', () => {
    expect(mapTitle({ model: 'm', version: 'v1' }, 'model,version')).toBe('m · v1');
    expect(mapTitle({}, '')).toBe('all requests');
    expect(mapTitle({}, 'version')).toBe('no version');
  });
});

describe('requests', () => {
  test('http_requests_total stands before our own counters', () =>
    expect(chooseRequests(inventory('prometheus_http_requests_total', 'http_requests_total'))).toBe(
      'http_requests_total',
    ));
  test('a name alike is taken where none is known', () => {
    expect(chooseRequests(inventory('isotherm_x_requests_total', 'shop_requests_total'))).toBe('shop_requests_total');
    expect(chooseRequests(inventory('data_job_runs_total'))).toBeUndefined();
  });
  test('a gauge is no counter, whatever its name', () => {
    const gauge = { type: 'gauge', help: '', unit: '' };
    const found = { ...inventory('nodejs_active_requests_total'), metadata: { nodejs_active_requests_total: gauge } };
    expect(chooseRequests(found)).toBeUndefined();
  });
  test('labels of status and route are found by their usual names', () => {
    expect(requestLabels(['code', 'handler'])).toEqual({ status: 'code', route: 'handler' });
    expect(requestRates('n', { status: 'code' }, 60_000)).toBe('sum by (code) (rate(n[1m]))');
  });
  for (const [status, kind] of [
    ['200', 'good'],
    ['302', 'info'],
    ['404', 'warn'],
    ['503', 'bad'],
    ['stop', 'good'],
    ['abort', 'warn'],
    ['error', 'bad'],
    ['?', 'quiet'],
  ]) {
    test(`status ${status} is ${kind}`, () => expect(statusClass(status)).toBe(kind));
  }
  const series = (status: string, ...values: number[]) => ({ metric: { status }, values: Float64Array.from(values) });
  test('series of one status are summed; what is known of none is a gap', () => {
    const [only] = sumBy([series('200', 1, NaN, NaN), series('200', 2, 3, NaN)], 'status', 3);
    expect([...only.values]).toEqual([3, 3, NaN]);
  });
  test('the share of errors is that of the last time with requests', () => {
    const groups = sumBy([series('200', 9, 3, NaN), series('500', 0, 1, NaN)], 'status', 3);
    expect(errorShare(groups)).toBe(0.25);
    expect(errorShare([])).toBeNaN();
    expect(errorShare(sumBy([series('500', 0)], 'status', 1))).toBeNaN();
  });
});

test('the commonest interval is the one of most targets', () => {
  expect(commonest([15_000, 5_000, 15_000])).toBe(15_000);
  expect(commonest([60_000, 5_000])).toBe(5_000);
  expect(commonest([])).toBe(15_000);
});
