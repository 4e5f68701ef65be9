/** Frames as a reader of their Arrow bytes sees them. */
import fc from 'fast-check';
import { tableFromIPC } from 'apache-arrow';
import type { ApiQueryData } from '../../shared/api/prometheus.ts';
import { encodeFrame } from './arrow.ts';
import type { Frame } from './frame.ts';
import { areBuckets, areNativeHistograms, boundUnit, heatmapCellsFrames, heatmapRowsFrames } from './heatmap.ts';
import { seriesName } from './legend.ts';
import { answerFromApi, type FrameSeries } from './series.ts';
import { exemplarFrame, numericFrames, tableFrame, textFrame, timeSeriesFrames, type FrameContext } from './shapes.ts';

const context: FrameContext = { refId: 'A', expr: 'up', legendFormat: '', stepMs: 15_000 };
const series = (labels: Record<string, string>, samples: [t: number, v: number][]): FrameSeries => ({
  labels,
  times: Float64Array.from(samples, ([t]) => t),
  values: Float64Array.from(samples, ([, v]) => v),
});

/** Decoded bytes: what the host sees. */
function decoded(frame: Frame) {
  const bytes = encodeFrame(frame);
  const magic = (at: number) => Buffer.from(bytes.subarray(at, at + 6)).toString('latin1');
  expect([magic(0), magic(bytes.length - 6)]).toEqual(['ARROW1', 'ARROW1']);
  const table = tableFromIPC(bytes);
  expect(table.batches.length).toBeLessThanOrEqual(1);
  const text = (metadata: Map<string, string>, key: string) => JSON.parse(metadata.get(key) ?? 'null');
  return {
    name: table.schema.metadata.get('name'),
    refId: table.schema.metadata.get('refId'),
    meta: text(table.schema.metadata, 'meta'),
    fields: table.schema.fields.map((field, i) => ({
      name: field.name,
      type: String(field.type),
      nullable: field.nullable,
      tstype: field.metadata.get('tstype'),
      labels: text(field.metadata, 'labels'),
      config: text(field.metadata, 'config'),
      values: [...(table.getChildAt(i) ?? [])],
      raw: table.getChildAt(i)?.data[0]?.values as ArrayLike<unknown> | undefined,
    })),
  };
}

describe('Arrow files', () => {
  const frame: Frame = {
    name: 'n',
    refId: 'A',
    meta: { type: 'table', custom: { note: 'ü' } },
    fields: [
      { kind: 'time', name: 'Time', values: Float64Array.of(1_700_000_000_123, NaN) },
      { kind: 'number', name: 'v', values: Float64Array.of(NaN, -Infinity), labels: { a: 'ü"\n' } },
      { kind: 'number', name: 'w', values: Float64Array.of(1, 2), nulls: Uint8Array.of(0b10) },
      { kind: 'string', name: 's', values: ['', '<img onerror=alert(1)>'] },
    ],
  };
  const { meta, fields } = decoded(frame);

  test('times are nanoseconds and NaN is no time', () => {
    expect(fields[0].type).toBe('Timestamp<NANOSECOND>');
    expect(fields[0].raw?.[0]).toBe(1_700_000_000_123_000_000n);
    expect(fields[0].values[1]).toBeNull();
  });
  test('NaN and infinities are values, nulls are null', () => {
    expect(fields[1].values).toEqual([NaN, -Infinity]);
    expect(fields[2].values).toEqual([1, null]);
  });
  test('only fields with nulls are nullable', () =>
    expect(fields.map((field) => field.nullable)).toEqual([true, false, true, false]));
  test('texts are plain, never dictionaries', () => {
    expect(fields[3].type).toBe('Utf8');
    expect(fields[3].values).toEqual(['', '<img onerror=alert(1)>']);
  });
  test('labels, kinds and meta travel beside', () => {
    expect(fields[1].labels).toEqual({ a: 'ü"\n' });
    expect(fields.map((field) => field.tstype)).toEqual(['time', 'number', 'number', 'string']);
    expect(meta).toEqual({ type: 'table', typeVersion: [0, 1], custom: { note: 'ü' } });
  });
  test('a frame without rows is a file too', () =>
    expect(
      decoded({ ...frame, fields: [{ kind: 'number', name: 'v', values: new Float64Array() }] }).fields[0].values,
    ).toEqual([]));
  test('fields of unequal length are our own broken promise', () =>
    expect(() =>
      encodeFrame({ ...frame, fields: [frame.fields[0], { kind: 'string', name: 's', values: [] }] }),
    ).toThrow(/another length/));
  test('any column of numbers and times comes back', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 2 ** 43 }), fc.double())), (rows) => {
        const back = decoded({
          ...frame,
          fields: [
            { kind: 'time', name: 't', values: Float64Array.from(rows, ([t]) => t) },
            { kind: 'number', name: 'v', values: Float64Array.from(rows, ([, v]) => v) },
          ],
        });
        expect(back.fields[0].values).toEqual(rows.map(([t]) => t));
        expect(back.fields[1].values).toEqual(rows.map(([, v]) => v));
      }),
    );
  });
});

describe('answers of the API', () => {
  test('a matrix in seconds becomes columns in milliseconds', () => {
    const data: ApiQueryData = {
      resultType: 'matrix',
      result: [
        {
          metric: { __name__: 'up' },
          values: [
            [1.001, '1'],
            [2, '+Inf'],
          ],
        },
      ],
    };
    expect(answerFromApi(data)).toEqual({
      kind: 'matrix',
      series: [
        {
          ...series({ __name__: 'up' }, [
            [1001, 1],
            [2000, Infinity],
          ]),
          histograms: undefined,
        },
      ],
    });
  });
  test('a scalar is one series without labels', () =>
    expect(answerFromApi({ resultType: 'scalar', result: [3, '42'] })).toEqual({
      kind: 'scalar',
      series: [series({}, [[3000, 42]])],
    }));
  test('a native histogram keeps its bounds, in order', () => {
    const answer = answerFromApi({
      resultType: 'vector',
      result: [
        {
          metric: {},
          histogram: [
            1,
            {
              count: '3',
              sum: '2',
              buckets: [
                [0, '1', '2', '1'],
                [3, '-0.5', '0.5', '2'],
              ],
            },
          ],
        },
      ],
    });
    if (answer.kind === 'string') throw new Error('unexpected text');
    expect(answer.series[0].histograms?.[0].buckets).toEqual([
      { lower: -0.5, upper: 0.5, count: 2 },
      { lower: 1, upper: 2, count: 1 },
    ]);
    expect(areNativeHistograms(answer.series)).toBe(true);
  });
  test('an unknown result type is refused by name', () =>
    expect(() => answerFromApi({ resultType: 'table', result: [] } as never)).toThrow(/"table"/));
});

describe('shapes', () => {
  test('time series: a frame each, named as PromQL writes it, gaps known by the interval', () => {
    const [frame] = timeSeriesFrames([series({ __name__: 'up', job: 'a' }, [[0, 1]])], context);
    const { meta, fields } = decoded(frame);
    expect(meta.type).toBe('timeseries-multi');
    expect(fields[0].config).toEqual({ interval: 15_000 });
    expect(fields[1].config).toEqual({ displayNameFromDS: 'up{job="a"}' });
    expect(fields[1].labels).toEqual({ __name__: 'up', job: 'a' });
  });
  test('numbers: a frame a sample, for alert rules', () => {
    const frames = numericFrames([series({ m: 'a' }, [[0, 1]]), series({ m: 'b' }, [[0, 2]])], {
      ...context,
      stepMs: 0,
    });
    expect(frames.map((frame) => frame.meta.type)).toEqual(['numeric-multi', 'numeric-multi']);
    expect(frames.map((frame) => frame.fields[1].values[0])).toEqual([1, 2]);
  });
  test('table: a row a sample, a column a label, sorted', () => {
    const frame = tableFrame([series({ z: '1' }, [[0, 1]]), series({ a: '2' }, [[0, 2]])], context);
    expect(frame.fields.map((field) => [field.name, [...field.values]])).toEqual([
      ['Time', [0, 0]],
      ['a', ['', '2']],
      ['z', ['1', '']],
      ['Value', [1, 2]],
    ]);
  });
  test('a text is one row', () =>
    expect(decoded(textFrame({ kind: 'string', t: 5, text: 'hi' }, context)).fields[1].values).toEqual(['hi']));
  test('exemplars: time, value, then labels, in time order, as annotations', () => {
    const frame = exemplarFrame(
      [
        {
          seriesLabels: { job: 'a' },
          exemplars: [
            { labels: { trace_id: 'y' }, value: '2', timestamp: 2 },
            { labels: { trace_id: 'x' }, value: '1', timestamp: 1 },
          ],
        },
      ],
      context,
    );
    expect(frame.name).toBe('exemplar');
    expect(frame.meta.dataTopic).toBe('annotations');
    expect(frame.fields.map((field) => [field.name, [...field.values]])).toEqual([
      ['Time', [1000, 2000]],
      ['Value', [1, 2]],
      ['job', ['a', 'a']],
      ['trace_id', ['x', 'y']],
    ]);
  });
});

describe('names in the legend', () => {
  const row = (format: string, labels: Record<string, string>, name: string) =>
    test(`${JSON.stringify(format)} with ${JSON.stringify(labels)} is ${name}`, () =>
      expect(seriesName(format, labels, 'sum(x)')).toBe(name));
  row('{{model}} v{{ version }}', { model: 'm', version: '2' }, 'm v2');
  row('{{none}}!', {}, '!');
  row('{{constructor}}', {}, '');
  row('', { job: 'a' }, '{job="a"}');
  row('', {}, 'sum(x)');
});

describe('heatmaps', () => {
  const bucket = (le: string, values: (number | undefined)[], rest: Record<string, string> = {}) =>
    series(
      { ...rest, le },
      values.flatMap((v, i): [number, number][] => (v === undefined ? [] : [[i * 15_000, v]])),
    );
  const rows = (input: FrameSeries[]) =>
    heatmapRowsFrames(input, context).map((frame) => {
      const { name, meta, fields } = decoded(frame);
      return { name, type: meta.type, times: fields[0].values, rows: fields.slice(1).map((f) => [f.name, f.values]) };
    });

  test('cumulative buckets in any order become ascending rows of their own counts', () =>
    expect(rows([bucket('+Inf', [10, 10]), bucket('0.5', [1, 4]), bucket('1', [3, 9])])).toEqual([
      {
        name: '',
        type: 'heatmap-rows',
        times: [0, 15_000],
        rows: [
          ['0.5', [1, 4]],
          ['1', [2, 5]],
          ['+Inf', [7, 1]],
        ],
      },
    ]));
  test('a map for each label set beside le, none lost', () => {
    const found = rows(['a', 'b'].flatMap((m) => [bucket('1', [1], { model: m }), bucket('+Inf', [2], { model: m })]));
    expect(found.map((one) => one.name)).toEqual(['{model="a"}', '{model="b"}']);
  });
  test('a step without samples is a column of nulls between its neighbours', () =>
    expect(rows([bucket('1', [1, undefined, 3]), bucket('+Inf', [1, undefined, 5])])[0]).toMatchObject({
      times: [0, 15_000, 30_000],
      rows: [
        ['1', [1, null, 3]],
        ['+Inf', [0, null, 2]],
      ],
    }));
  test('a layout that changes within the range loses no observation', () =>
    expect(rows([bucket('1', [1, undefined]), bucket('2', [4, 5]), bucket('+Inf', [9, 9])])[0].rows).toEqual([
      ['1', [1, null]],
      ['2', [3, 5]],
      ['+Inf', [5, 4]],
    ]));
  test('bounds spelled in two ways are one bucket', () =>
    expect(rows([bucket('1', [1, undefined]), bucket('1.0', [undefined, 2]), bucket('+Inf', [3, 3])])[0].rows).toEqual([
      ['1', [1, 2]],
      ['+Inf', [2, 1]],
    ]));
  test('rows of a step add up to the count, for any cumulative histogram', () => {
    const counts = fc.array(fc.array(fc.nat(1000), { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(counts, (steps) => {
        const cumulative = steps.map((own) => own.map((_, i) => own.slice(0, i + 1).reduce((a, b) => a + b)));
        const [map] = rows(
          ['0.1', '1', '10', '+Inf'].map((le, b) =>
            bucket(
              le,
              cumulative.map((step) => step[b]),
            ),
          ),
        );
        steps.forEach((own, i) => expect(map.rows.map(([, values]) => (values as number[])[i])).toEqual(own));
      }),
    );
  });
  test('series are buckets only if each bears a bound and two differ', () => {
    expect(areBuckets([bucket('1', [1]), bucket('+Inf', [1])])).toBe(true);
    expect(areBuckets([bucket('1', [1])])).toBe(false);
    expect(areBuckets([bucket('1', [1], { m: 'a' }), bucket('1', [1], { m: 'b' })])).toBe(false);
    expect(areBuckets([bucket('1', [1]), bucket('low', [1])])).toBe(false);
    expect(areBuckets([])).toBe(false);
  });
  test('native histograms become cells with their own bounds; an empty one keeps its step', () => {
    const [frame] = heatmapCellsFrames(
      [
        {
          ...series({ m: 'a' }, []),
          histograms: [
            {
              t: 0,
              count: 3,
              sum: 1,
              buckets: [
                { lower: -1, upper: 1, count: 1 },
                { lower: 1, upper: 2, count: 2 },
              ],
            },
            { t: 15_000, count: 0, sum: 0, buckets: [] },
          ],
        },
      ],
      { ...context, expr: 'rate(x_seconds[5m])' },
    );
    const { meta, fields } = decoded(frame);
    expect(meta.type).toBe('heatmap-cells');
    expect(fields.map((field) => [field.name, field.values])).toEqual([
      ['xMax', [0, 0, 15_000]],
      ['yMin', [-1, 1, 0]],
      ['yMax', [1, 2, 0]],
      ['count', [1, 2, 0]],
    ]);
    expect(fields[2].config).toEqual({ unit: 's' });
  });
  const unit = (expr: string, expected: string | undefined) =>
    test(`bounds of ${expr} are in ${expected}`, () => expect(boundUnit(expr)).toBe(expected));
  unit('sum by (le) (rate(model_prediction_latency_seconds_bucket[1m]))', 's');
  unit('rate(body_bytes_bucket[1m])', 'bytes');
  unit('rate(vllm:request_ms_bucket[1m])', 'ms');
  unit('rate(tokens_bucket[1m])', undefined);
});
