import type { DataFrame } from '@grafana/data';
import type { ApiPlanNode, ApiQueryPlan } from '../../shared/api/queryPlan.ts';
import { withTraceLinks, type TraceDestination } from '../exemplarLinks.ts';
import { rawSelectors, samplesCsv } from './rawSamples.ts';
import { traceOf, traceOfStats } from './trace.ts';
import fc from 'fast-check';
import type { BuilderQuery, LatencyQuery } from '../../shared/api/grafanaQuery.ts';
import { parseExpr } from '../../shared/promql/parser.ts';
import { readable } from '../readable.ts';
import { AGGREGATES, BUILDER_DEFAULT, builderExpr, builderOf, OVER_TIME } from './builder.ts';
import { explainExpr } from './explain.ts';
import { hintsFor } from './hints.ts';
import { LATENCY_DEFAULT, latencyExpr, readQuantiles } from './latency.ts';
import { described, rankedNames, searchPattern } from './metricSearch.ts';
import { prettyWithVariables } from './pretty.ts';
import { PRESETS, presetsFor } from '../../shared/serving/presets.ts';

const isPromql = (expr: string) => expect(() => parseExpr(readable(expr))).not.toThrow();

describe('latency without PromQL', () => {
  const row = (part: Partial<LatencyQuery>, expr: string) =>
    test(`${JSON.stringify(part)} asks ${expr}`, () => {
      const asked = latencyExpr({ ...LATENCY_DEFAULT, metric: 'x_seconds', ...part });
      expect(asked).toBe(expr);
      if (expr !== '') isPromql(asked);
    });
  row({ metric: '' }, '');
  row({}, 'sum by (le) (rate(x_seconds_bucket[$__rate_interval]))');
  row({ splitBy: ['model'] }, 'sum by (le, model) (rate(x_seconds_bucket[$__rate_interval]))');
  row(
    {
      filters: [
        { name: 'model', op: '=~', value: 'a"b' },
        { name: 'half', op: '=', value: '' },
      ],
    },
    'sum by (le) (rate(x_seconds_bucket{model=~"a\\"b"}[$__rate_interval]))',
  );
  row({ isNative: true, splitBy: ['model'] }, 'sum by (model) (rate(x_seconds[$__rate_interval]))');
  row({ show: 'rate' }, 'sum (rate(x_seconds_count[$__rate_interval]))');
  row({ show: 'rate', isNative: true }, 'histogram_count(sum (rate(x_seconds[$__rate_interval])))');
  row(
    { show: 'within', limitMs: 250 },
    'histogram_fraction(0, 0.25, sum by (le) (rate(x_seconds_bucket[$__rate_interval])))',
  );
  row(
    { show: 'within', limitMs: 250, metric: 'x_duration_ms' },
    'histogram_fraction(0, 250, sum by (le) (rate(x_duration_ms_bucket[$__rate_interval])))',
  );
  row(
    { show: 'quantiles', quantiles: [0.99] },
    'histogram_quantile(0.99, sum by (le) (rate(x_seconds_bucket[$__rate_interval])))',
  );
  row(
    { show: 'quantiles', quantiles: [0.5, 0.9], metric: 'n', isNative: true },
    'label_replace(histogram_quantile(0.5, sum (rate(n[$__rate_interval]))), "quantile", "0.5", "", "") or label_replace(histogram_quantile(0.9, sum (rate(n[$__rate_interval]))), "quantile", "0.9", "", "")',
  );

  const quantiles = (text: string, expected: number[] | undefined) =>
    test(`quantiles ${JSON.stringify(text)} are ${JSON.stringify(expected)}`, () =>
      expect(readQuantiles(text)).toEqual(expected));
  quantiles('0.5, 95% p99', [0.5, 0.95, 0.99]);
  quantiles('99.9%', [0.999]);
  quantiles('', undefined);
  quantiles('0.5, fast', undefined);
  quantiles('99', undefined);
});

describe('the builder', () => {
  test('reads back what it wrote, whatever that is', () => {
    const name = fc
      .stringMatching(/^[a-z][a-z_]{0,8}$/)
      .filter((text) => !['by', 'inf', 'nan', 'on', 'or', 'and'].includes(text));
    const filter = fc.record({
      name,
      op: fc.constantFrom('=', '!=') as fc.Arbitrary<'='>,
      value: fc.string({ minLength: 1 }),
    });
    const builder: fc.Arbitrary<BuilderQuery> = fc.record({
      metric: fc.stringMatching(/^[a-z]{3,9}_seconds$/),
      filters: fc.array(filter, { maxLength: 3 }),
      overTime: fc.constantFrom('', ...OVER_TIME),
      range: fc.constantFrom('', '5m', '$__interval'),
      aggregate: fc.constantFrom('', ...AGGREGATES.filter((op) => op !== 'quantile' && !op.endsWith('k'))),
      by: fc.uniqueArray(name, { maxLength: 2 }),
    });
    fc.assert(
      fc.property(builder, (wanted) => {
        // An empty choice drops what hangs on it.
        const expected = {
          ...wanted,
          range: wanted.overTime === '' ? '' : wanted.range,
          by: wanted.aggregate === '' ? [] : wanted.by,
        };
        expect(builderOf(builderExpr(wanted))).toEqual(expected);
      }),
    );
  });
  const row = (expr: string, part: Partial<BuilderQuery> | undefined) =>
    test(`${expr} is ${part === undefined ? 'more than it can show' : JSON.stringify(part)}`, () =>
      expect(builderOf(expr)).toEqual(part === undefined ? undefined : { ...BUILDER_DEFAULT, ...part }));
  row('', {});
  row('up', { metric: 'up' });
  row('topk(3, rate(x[5m]))', { metric: 'x', overTime: 'rate', range: '5m', aggregate: 'topk', number: 3 });
  row('sum by (a) (rate(x{b=~"$b"}[$__rate_interval]))', {
    metric: 'x',
    filters: [{ name: 'b', op: '=~', value: '$b' }],
    overTime: 'rate',
    aggregate: 'sum',
    by: ['a'],
  });
  row('a / b', undefined);
  row('up offset 5m', undefined);
  row('sum without (a) (x)', undefined);
  row('half typed (', undefined);
});

describe('hints', () => {
  const row = (expr: string, fixes: (string | undefined)[], known?: string[]) =>
    test(`${expr} is told ${fixes.length === 0 ? 'nothing' : fixes.join(' | ')}`, () => {
      const hints = hintsFor(expr, known === undefined ? undefined : new Set(known));
      expect(hints.map(({ fix }) => fix?.expr)).toEqual(fixes);
      for (const { fix } of hints) if (fix !== undefined) isPromql(fix.expr);
    });
  row('up', []);
  row('http_requests_total', ['rate(http_requests_total[$__rate_interval])']);
  row('sum by (a) (http_requests_total{b="c"})', ['sum by (a) (rate(http_requests_total{b="c"}[$__rate_interval]))']);
  row('rate(http_requests_total[$__rate_interval])', []);
  row('sum(rate(x_bucket[5m]))', ['sum by (le) (rate(x_bucket[5m]))']);
  row('sum by (le) (rate(x_bucket[5m]))', []);
  row('histogram_quantile(0.9, sum by (v) (rate(x_bucket[5m])))', [
    'histogram_quantile(0.9, sum by (le, v) (rate(x_bucket[5m])))',
  ]);
  row('histogram_quantile(0.9, sum(rate(x_bucket[5m])) by (v))', [
    'histogram_quantile(0.9, sum(rate(x_bucket[5m])) by (le, v))',
  ]);
  row('rate(sum(x_total)[5m:1m])', [undefined]);
  row('vllm:gpu_cache_usage_perc', []);
  row('vllm:gpu_cache_usage_perc', ['vllm:kv_cache_usage_perc'], ['vllm:kv_cache_usage_perc']);
  row('vllm:gpu_cache_usage_perc', [], ['vllm:gpu_cache_usage_perc', 'vllm:kv_cache_usage_perc']);
  row(
    'rate(vllm:time_per_output_token_seconds_count[5m])',
    ['rate(vllm:inter_token_latency_seconds_count[5m])'],
    ['vllm:inter_token_latency_seconds_count'],
  );
  row('half typed (', []);
});

describe('an explanation', () => {
  test('goes from the inside out, in words', () =>
    expect(explainExpr('histogram_quantile(0.99, sum by (le) (rate(x_bucket{a="b"}[$__rate_interval])))')).toEqual([
      {
        code: 'x_bucket{a="b"}[$__rate_interval]',
        words: 'at each step, the samples of the last $__rate_interval of x_bucket where a is b',
      },
      { code: 'rate(x_bucket{a="b"}[$__rate_interval])', words: expect.stringMatching(/per second/) as string },
      { code: expect.stringMatching(/^sum by/) as string, words: 'the series of each le, added up' },
      {
        code: expect.stringMatching(/^histogram_quantile/) as string,
        words: expect.stringMatching(/below which this fraction/) as string,
      },
    ]));
  test('of half an expression is none', () => expect(explainExpr('sum(')).toBeUndefined());
});

describe('laying out', () => {
  test('keeps variables where they are', () => {
    const text =
      'sum by (le, version) (rate(model_prediction_latency_seconds_bucket{job=~"${job:regex}", model="$model"}[$__rate_interval])) / $limit > scalar($x_metric)';
    const laidOut = prettyWithVariables(text);
    expect(laidOut?.replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
    expect(laidOut).toContain('\n');
  });
  test('leaves alone what it cannot read', () => expect(prettyWithVariables('sum(')).toBeUndefined());
});

describe('finding metrics', () => {
  test('the longest word is asked for, without regard to case, and taken literally', () => {
    expect(searchPattern('')).toBe('');
    expect(searchPattern('q Latency')).toBe('(?i).*latency.*');
    expect(searchPattern('a.b')).toBe('(?i).*a\\.b.*');
  });
  test('names are in the order of how well they fit', () =>
    expect(rankedNames(['x_flatency', 'http_latency_seconds', 'latency_total', 'latency', 'other'], 'latency')).toEqual(
      ['latency', 'latency_total', 'http_latency_seconds', 'x_flatency'],
    ));
  test('each word must be there', () => expect(rankedNames(['a_b', 'b_c', 'b_x_a'], 'a b')).toEqual(['a_b', 'b_x_a']));
  test('a bucket is described by its histogram', () =>
    expect(described('x_bucket', { x: [{ type: 'histogram', help: 'h', unit: 's' }] })).toEqual({
      name: 'x_bucket',
      type: 'histogram',
      help: 'h',
      unit: 's',
    }));
});

describe('presets', () => {
  test('are PromQL, and those of the latency editor say the same as it does', () => {
    for (const { query } of PRESETS) {
      isPromql(query.expr);
      if (query.latency !== undefined) expect(latencyExpr(query.latency)).toBe(query.expr);
    }
  });
  test('are offered only where their metric is', () =>
    expect(presetsFor(new Set(['nv_inference_count', 'up'])).map(({ title }) => title)).toEqual([
      'Inferences a second',
    ]));
});

describe('how a query was answered', () => {
  const node = (
    expr: string,
    milliseconds: number,
    children: ApiPlanNode[] = [],
    more: Partial<ApiPlanNode> = {},
  ): ApiPlanNode =>
    ({
      expr,
      kind: 'call',
      steps: 10,
      once: false,
      series: 4,
      samples: 400,
      milliseconds,
      children,
      ...more,
    }) as ApiPlanNode;
  const plan = (root: ApiPlanNode, more: Partial<ApiQueryPlan> = {}): ApiQueryPlan => ({
    plan: root,
    parseMilliseconds: 1,
    selectMilliseconds: 5,
    evaluateMilliseconds: root.milliseconds,
    samplesRead: 400,
    series: 4,
    ...more,
  });
  const slow = node('sum(rate(x[5m]))', 900, [
    node('rate(x[5m])', 800, [node('x[5m]', 100), node('5', 0, [], { kind: 'number' })]),
  ]);

  test('parts are told with their own share of the time', () => {
    const { parts, stages } = traceOf(plan(slow), 100);
    expect(parts.map(({ text, depth, ownShare }) => [text, depth, Math.round(ownShare * 9)])).toEqual([
      ['sum(rate(x[5m]))', 0, 1],
      ['rate(x[5m])', 1, 7],
      ['x[5m]', 2, 1],
    ]);
    expect(stages.map(({ ms }) => ms)).toEqual([1, 5, 900]);
  });
  const advises = (name: string, given: ApiQueryPlan, words: RegExp) =>
    test(`${name}: ${words.source}`, () => expect(traceOf(given, 100).advice).toMatch(words));
  advises('a quick one', plan(node('x', 3)), /Nothing here is slow/);
  advises('one part', plan(slow), /Most of the time went into rate\(x\[5m\]\)/);
  advises('the index', plan(slow, { selectMilliseconds: 5000 }), /finding series/);
  advises('much for little', plan(slow, { samplesRead: 1e6 }), /Each point drawn reads 2500 samples/);
  test('other servers tell totals', () => {
    const told = traceOfStats(
      { timings: { innerEvalTime: 0.02, resultSortTime: 0 }, samples: { totalQueryableSamples: 7 } },
      3,
    );
    expect(told).toMatchObject({
      series: 3,
      samples: 7,
      parts: [],
      stages: [
        { name: 'evaluate', ms: 20 },
        { name: 'sort', ms: 0 },
      ],
    });
  });
});

describe('samples as they are stored', () => {
  test('are asked by every selector, once, without what moves it in time', () => {
    expect(rawSelectors('sum(rate(a{b="c"}[5m])) / sum(rate(a{b="c"}[5m] offset 1h)) + d @ 5', 90.2)).toEqual([
      'a{b="c"}[91s]',
      'd[91s]',
    ]);
    expect(() => rawSelectors('sum(', 60)).toThrow();
  });
  test('are lines of series, time and value; what would be a formula is a text', () => {
    const csv = samplesCsv([
      {
        resultType: 'matrix',
        result: [{ metric: { a: 'b,"c' }, values: [[1.5, 'NaN']], histograms: [[2, { count: '3', sum: '4' }]] }],
      },
      { resultType: 'scalar', result: [0, '1'] },
    ]);
    expect(csv.split('\r\n')).toEqual([
      'series,time,value,count,sum',
      '"{a=""b,\\""c""}",1970-01-01T00:00:01.500Z,NaN,,',
      '"{a=""b,\\""c""}",1970-01-01T00:00:02.000Z,,3,4',
      '',
    ]);
  });
});

describe('exemplars lead to their traces', () => {
  const frame = (name: string) =>
    ({
      name,
      fields: [{ name: 'Time' }, { name: 'trace_id', config: {} }, { name: 'pod', config: {} }],
      length: 1,
    }) as unknown as DataFrame;
  const linksOf = (destinations: TraceDestination[], name = 'exemplar') =>
    withTraceLinks([frame(name)], destinations, (uid) => (uid === 'tempo' ? 'Tempo' : undefined))[0].fields.map(
      (field) => field.config?.links,
    );
  test('in a data source, or at an address', () => {
    expect(linksOf([{ name: 'trace_id', datasourceUid: 'tempo' }])[1]).toEqual([
      {
        title: 'Query with Tempo',
        url: '',
        internal: {
          datasourceUid: 'tempo',
          datasourceName: 'Tempo',
          query: { refId: 'trace', query: '${__value.raw}', queryType: 'traceql' },
        },
      },
    ]);
    expect(linksOf([{ name: 'trace_id', url: 'https://t/${__value.raw}', urlDisplayLabel: 'T' }])[1]).toEqual([
      { title: 'T', url: 'https://t/${__value.raw}', targetBlank: true },
    ]);
  });
  test('not from other labels, other frames, or to what is not there', () => {
    expect(linksOf([{ name: 'trace_id', datasourceUid: 'tempo' }])[2]).toBeUndefined();
    expect(linksOf([{ name: 'trace_id', datasourceUid: 'gone' }])[1]).toBeUndefined();
    expect(linksOf([{ name: 'trace_id', url: 'https://t' }], 'x')[1]).toBeUndefined();
  });
});
