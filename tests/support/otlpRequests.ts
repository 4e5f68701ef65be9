/** OTLP requests in JSON that walk the ways in which metrics become series. Times are given in milliseconds. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const nanos = (ms: number) => `${ms}000000`;

/** Attributes from texts, or from whole AnyValues. */
export const attributes = (all: Readonly<Record<string, unknown>>): Json[] =>
  Object.entries(all).map(([key, value]) => ({
    key,
    value: (typeof value === 'string' ? { stringValue: value } : value) as Json,
  }));

export const CUMULATIVE = 2;
export const DELTA = 1;

const at = (t: number, own: Readonly<Record<string, Json>> = {}) => ({
  startTimeUnixNano: nanos(t - 60_000),
  timeUnixNano: nanos(t),
  ...own,
});

const gauge = (name: string, unit: string, dataPoints: readonly Json[]) => ({ name, unit, gauge: { dataPoints } });
const sum = (name: string, unit: string, dataPoints: readonly Json[], isMonotonic = true) => ({
  ...{ name, unit, sum: { dataPoints, isMonotonic, aggregationTemporality: CUMULATIVE } },
});

const request = (resource: Readonly<Record<string, Json>>, scope: Json, metrics: readonly Json[]): Json => ({
  resourceMetrics: [
    {
      resource: { attributes: attributes(resource) },
      scopeMetrics: [{ scope, schemaUrl: 'https://schemas.example/1.2', metrics }],
    },
  ],
});

const SCOPE = { name: 'models.server', version: '1.4.2', attributes: attributes({ 'build.kind': 'debug', _x: 'y' }) };
const RESOURCE = {
  'service.name': 'ranker',
  'service.namespace': 'shop',
  'service.instance.id': 'ranker-7',
  'k8s.pod.name': 'ranker-7f',
  'host.name': 'node-1',
  'process.pid': { intValue: '4711' },
};

/** Names, units and kinds as one finds them, and as one hopes never to. */
const NAMES: readonly (readonly [name: string, unit: string])[] = [
  ...([
    ['http.server.duration', 'ms'],
    ['http.server.request.duration', 's'],
    ['process.memory.usage', 'By'],
    ['process_memory_bytes', 'By'],
    ['queue.length', '{requests}'],
    ['cache.hits', '1'],
    ['cache.hit.ratio', '1'],
    ['network.io', 'By/s'],
    ['speed', 'km/h'],
    ['pages', '{page}/min'],
    ['battery', '%'],
    ['temperature', 'Cel'],
    ['requests.total', ''],
    ['total', '1'],
    ['2xx.responses', ''],
    ['__many__under__scores__', 's'],
    ['with:colon', 'm'],
    ['größe', 'By'],
    ['odd unit', 'foo bar/baz_qux'],
    ['per.second', '1/s'],
    ['seconds', 's'],
    ['rate_per_second', 'By/s'],
    ['cost', 'USD/__'],
    ['ends.with.ratio', '1'],
    ['x', 'By/y'],
  ] as const),
];

export function nameRequest(t: number): Json {
  const point = (v: number) => [at(t, { asDouble: v })];
  return request(RESOURCE, SCOPE, [
    ...NAMES.map(([name, unit], i) => gauge(`g.${name}`, unit, point(i))),
    ...NAMES.map(([name, unit], i) => gauge(name, unit, point(i + 0.5))),
    ...NAMES.map(([name, unit], i) => sum(`c.${name}`, unit, point(i + 100))),
    ...NAMES.map(([name, unit], i) => sum(`u.${name}`, unit, point(i - 7), false)),
  ]);
}

export function labelRequest(t: number): Json {
  const values = {
    plain: 'v',
    'dotted.name': 'v',
    '9lives': 'cat',
    _private: 'p',
    __double: 'd',
    'many...dots': 'm',
    ünïcode: 'ü',
    empty: '',
    flag: { boolValue: true },
    whole: { intValue: '-9007199254740995' },
    real: { doubleValue: 1e21 },
    small: { doubleValue: 1e-7 },
    tiny: { doubleValue: 0.1 },
    none: {},
    bytes: { bytesValue: '3q2+7w==' },
    list: { arrayValue: { values: [{ stringValue: 'a<b>"\u2028' }, { intValue: '3' }, { doubleValue: 0.5 }, {}] } },
    map: {
      kvlistValue: { values: [...attributes({ z: { boolValue: false }, a: { arrayValue: { values: [] } } })] },
    },
    'host.name': 'of the point',
    job: 'overwritten',
  };
  return request(RESOURCE, SCOPE, [
    gauge('labels', '', [at(t, { asInt: '42', attributes: attributes(values) })]),
    gauge('colliding', '', [at(t, { asInt: 1, attributes: attributes({ 'a.b': '1', a_b: '2', 'a-b': '3' }) })]),
    gauge('series', '', [
      at(t - 20_000, { asDouble: 1, attributes: attributes({ n: '1' }) }),
      at(t - 10_000, { asDouble: 'NaN', attributes: attributes({ n: '1' }) }),
      at(t, { asDouble: '-Infinity', attributes: attributes({ n: '1' }) }),
      at(t, { asInt: '9007199254740993', attributes: attributes({ n: '2' }) }),
    ]),
  ]);
}

/** Histograms, summaries, ends of series, exemplars. */
export function kindRequest(t: number): Json {
  const exemplar = (v: number, own: Readonly<Record<string, Json>> = {}) => ({
    timeUnixNano: nanos(t - 1),
    asDouble: v,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    ...own,
  });
  const histogram = (own: Readonly<Record<string, Json>>) => ({
    aggregationTemporality: CUMULATIVE,
    dataPoints: [at(t, own)],
  });
  const explicit = {
    count: '11',
    explicitBounds: [0, 1e-7, 0.25, 1, 1e21],
    bucketCounts: ['0', '0', '4', '1', '5', '1'],
    exemplars: [exemplar(0.1), exemplar(0.3, { filteredAttributes: attributes({ user: 'u1' }) }), exemplar(1e22)],
  };
  const exponential = {
    count: '26',
    sum: 30.25,
    scale: 20,
    zeroCount: '2',
    positive: { offset: -5, bucketCounts: ['1', '0', '0', '0', '3', '9', '0', '4'] },
    negative: { offset: 100_000, bucketCounts: ['2', '5'] },
    exemplars: [exemplar(2, { traceId: '', spanId: '' })],
  };
  return request(RESOURCE, SCOPE, [
    { name: 'explicit', unit: 's', histogram: histogram({ ...explicit, sum: 5.5 }) },
    { name: 'no_sum', unit: 's', histogram: histogram({ ...explicit, exemplars: [] }) },
    {
      name: 'one_bucket',
      unit: '',
      histogram: histogram({ count: '3', sum: 1, bucketCounts: ['3'], explicitBounds: [] }),
    },
    { name: 'ended', unit: '', histogram: histogram({ flags: 1, explicitBounds: [1], bucketCounts: ['0', '0'] }) },
    { name: 'exponential', unit: 's', exponentialHistogram: histogram(exponential) },
    {
      name: 'coarse',
      unit: '',
      exponentialHistogram: histogram({
        ...{
          count: 7,
          sum: -3,
          scale: -4,
          zeroCount: 0,
          positive: { offset: -2, bucketCounts: [1, 2, 0, 0, 0, 0, 4] },
        },
      }),
    },
    { name: 'exponential_ended', unit: '', exponentialHistogram: histogram({ flags: 1, scale: 0 }) },
    {
      name: 'summary',
      unit: 'ms',
      summary: {
        dataPoints: [
          at(t, {
            count: 9,
            sum: 99.5,
            quantileValues: [{ quantile: 0.5, value: 7 }, { quantile: 0.999, value: 60 }, {}],
          }),
        ],
      },
    },
    sum('with.exemplars', 's', [at(t, { asInt: 5, exemplars: [exemplar(3)] })]),
    gauge('ended.gauge', '', [at(t - 10_000, { asInt: 5 }), at(t, { flags: 1 })]),
  ]);
}

/** Resources without identity, without attributes, the same twice, and a scope without a name. */
export function resourceRequest(t: number): Json {
  const resource = (own: Readonly<Record<string, Json>>, scope: Json, v: number, from = t, name = 'g') => ({
    resource: { attributes: attributes(own) },
    scopeMetrics: [
      { scope, metrics: [gauge(name, '', [at(from, { asDouble: v }), at(t + 1_000, { asDouble: v + 1 })])] },
    ],
  });
  return {
    resourceMetrics: [
      resource({ 'service.name': 'alone' }, {}, 1),
      resource({ 'service.name': 'told', zone: 'a', 'zone.': 'b' }, SCOPE, 3, t - 600_000),
      resource({ 'service.name': 'told', zone: 'a', 'zone.': 'b' }, { ...SCOPE, name: 'other' }, 3, t - 600_000, 'h'),
      resource({ zone: 'nobody' }, { name: 'nameless' }, 5),
      resource({ 'service.instance.id': 'i', zone: 'c', kind: { intValue: 3 } }, {}, 7),
      resource({ 'service.namespace': 'n', 'service.instance.id': 'j', 'host.name': 'h' }, {}, 9),
    ],
  };
}

/** Counts since the point before, in three requests that follow each other. */
export function deltaRequests(t: number): Json[] {
  const delta = (i: number, own: Readonly<Record<string, Json>>) => ({
    aggregationTemporality: DELTA,
    dataPoints: [{ startTimeUnixNano: nanos(t + (i - 1) * 1_000), timeUnixNano: nanos(t + i * 1_000), ...own }],
  });
  const step = (i: number) =>
    request(RESOURCE, SCOPE, [
      { name: 'd.counter', unit: '', sum: { ...delta(i, { asInt: 3 + i }), isMonotonic: true } },
      { name: 'd.updown', unit: '', sum: { ...delta(i, { asDouble: 0.5 - i }) } },
      {
        name: 'd.explicit',
        unit: 's',
        histogram: delta(i, { count: 3 + i, sum: 1.5, explicitBounds: [1, 2], bucketCounts: [1, i, 2] }),
      },
      {
        name: 'd.exponential',
        unit: 's',
        exponentialHistogram: delta(i, {
          ...{ count: 5 + i, sum: 2.5, scale: 6 - i, zeroCount: i },
          positive: { offset: -30 * i, bucketCounts: [1, 0, 2] },
          negative: { offset: 10, bucketCounts: [2] },
        }),
      },
      {
        name: 'd.wide',
        unit: '',
        exponentialHistogram: delta(i, {
          ...{ count: 2, sum: 2, scale: 10, zeroCount: 0, positive: { offset: 500 * i, bucketCounts: [1, 1] } },
        }),
      },
    ]);
  return [0, 1, 2].map(step);
}
