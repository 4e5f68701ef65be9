/** From Grafana's frames to maps. */
import { createDataFrame, DataFrameType, FieldType, type DataFrame } from '@grafana/data';
import fc from 'fast-check';
import { quantileLines } from '../shared/heatmap/quantileLines.ts';
import { describeCell } from '../ui/selection.ts';
import { cellAt } from '../viz/hitTest.ts';
import { layout } from '../viz/layout.ts';
import { raster } from '../viz/raster.ts';
import { DARK_THEME, rasterPalette } from '../viz/theme.ts';
import { AUTO, rows, series, sparse, sum, times } from '../../tests/support/panelRig.tsx';
import { mapsFromFrames } from './fromFrames.ts';

describe('frames', () => {
  test('heatmap-rows: counts are those of the buckets, the unit comes from the metric name', () => {
    const { maps, notices } = mapsFromFrames([rows()], AUTO);
    expect(notices).toEqual([]);
    expect([...maps[0].model.yEdges]).toEqual([0, 0.1, 1, Infinity]);
    expect([...maps[0].model.counts]).toEqual([1, 5, 0, 2, 0, 0, 3, 0, 1, 4, 0, 0]);
    expect([maps[0].model.unit, maps[0].model.countUnit]).toEqual(['s', 'count']);
  });

  test('heatmap-rows without labels take their bounds from the names', () => {
    const frame = rows();
    frame.fields.forEach((field) => delete field.labels);
    expect([...mapsFromFrames([frame], AUTO).maps[0].model.yEdges]).toEqual([0, 0.1, 1, Infinity]);
  });

  test('sparse cells keep their bounds; slices that exist are zero elsewhere', () => {
    const { model } = mapsFromFrames([sparse({ model: 'a' })], AUTO).maps[0];
    expect([...model.yEdges]).toEqual([1, 2, 4, 8]);
    expect([...model.counts]).toEqual([3, 4, 0, 0, 0, 5]);
    expect([model.unit, model.title]).toEqual(['s', '{model="a"}']);
  });

  test('dense cells, which say only the upper bound, get the bound below as their lower one', () => {
    const frame = createDataFrame({
      meta: { type: DataFrameType.HeatmapCells },
      fields: [
        { name: 'xMax', type: FieldType.time, values: [times[0], times[0], times[0]] },
        { name: 'yMax', type: FieldType.number, values: [2, 4, 8] },
        { name: 'count', type: FieldType.number, values: [1, 2, 3] },
      ],
    });
    expect([...mapsFromFrames([frame], AUTO).maps[0].model.yEdges]).toEqual([1, 2, 4, 8]);
  });

  test('time series with le, a frame each, are cumulative; null is no data', () => {
    const frames = [series('0.1', [1, 2, null, 0]), series('+Inf', [3, 2, null, 0])];
    const { model } = mapsFromFrames(frames, AUTO).maps[0];
    expect([...model.counts]).toEqual([1, 2, 2, 0, NaN, NaN, 0, 0]);
    expect(model.countUnit).toBe('perSecond');
    expect([...mapsFromFrames(frames, { buckets: 'separate' }).maps[0].model.counts.subarray(0, 2)]).toEqual([1, 3]);
  });

  test('wide time series with several histograms give a map for each label set', () => {
    const frame = createDataFrame({
      meta: { type: DataFrameType.TimeSeriesWide },
      fields: [
        { name: 'Time', type: FieldType.time, values: times },
        ...['v1', 'v2', 'v3'].flatMap((version, i) =>
          ['1', '+Inf'].map((le) => ({
            name: 'x',
            type: FieldType.number,
            labels: { version, le },
            values: [i, i, i, i],
          })),
        ),
      ],
    });
    const { maps } = mapsFromFrames([frame], AUTO);
    expect(maps.map(({ labels }) => labels)).toEqual([[['version', 'v1']], [['version', 'v2']], [['version', 'v3']]]);
  });

  test('histograms of two queries with the same labels are told apart by the query', () => {
    const { maps } = mapsFromFrames([rows(), { ...rows(), refId: 'B' }], AUTO);
    expect(maps.map(({ labels }) => labels)).toEqual([[['query', 'A']], [['query', 'B']]]);
  });

  test('what is no histogram is named', () => {
    const frame = createDataFrame({
      fields: [
        { name: 'Time', type: FieldType.time, values: times },
        { name: 'cpu', type: FieldType.number, labels: { mode: 'idle' }, values: [1, 2, 3, 4] },
      ],
    });
    const { maps, notices } = mapsFromFrames([frame, { ...series('1', [1, 1, 1, 1]), refId: undefined }], AUTO);
    expect(maps).toHaveLength(1);
    expect(notices).toEqual([expect.stringMatching(/1 series without a bucket bound/)]);
  });

  const plain = (instance: string, values: number[], executedQueryString: string): DataFrame =>
    createDataFrame({
      meta: { executedQueryString },
      fields: [
        { name: 'Time', type: FieldType.time, values: times },
        { name: 'Value', type: FieldType.number, labels: { instance }, values },
      ],
    });

  test('series without buckets are calculated into a heatmap of their values, which is said', () => {
    const { maps, notices } = mapsFromFrames(
      [plain('a', [1, 2, 3, 4], 'Expr: x'), plain('b', [1, 2, 3, 90], 'Expr: x')],
      AUTO,
    );
    expect(sum(maps[0].model.counts)).toBe(8);
    expect(notices).toEqual([expect.stringMatching(/how the values of 2 series are distributed/)]);
  });

  for (const [server, expr] of [
    ['Triton', 'rate(nv_inference_request_duration_us[5m]) / rate(nv_inference_count[5m])'],
    ['TorchServe', 'rate(ts_inference_latency_microseconds[5m]) / rate(ts_inference_requests_total[5m])'],
    ['llama.cpp', 'rate(llamacpp:prompt_seconds_total[5m]) / rate(llamacpp:prompt_tokens_total[5m])'],
    ['a summary', 'rate(latency_seconds_sum[5m]) / rate(latency_seconds_count[5m])'],
  ]) {
    test(`a pair of counters of ${server} is drawn as means, and called so`, () => {
      const { maps, notices } = mapsFromFrames([plain('a', [1, 2, 3, 4], `Expr: ${expr}`)], AUTO);
      expect(maps[0].model.title).toBe('Means');
      expect(notices).toEqual([expect.stringMatching(/Means, not requests/)]);
    });
  }

  test('counters as they are scraped are drawn as what they grew by; where they began anew is known', () => {
    const raw = (le: string, values: number[]): DataFrame => ({
      ...series(le, values),
      meta: { executedQueryString: 'Expr: sum by (le) (x_bucket)' },
    });
    const { maps, notices } = mapsFromFrames([raw('1', [10, 12, 3, 3]), raw('+Inf', [10, 20, 4, 4])], AUTO);
    expect([...maps[0].model.counts]).toEqual([NaN, NaN, 2, 8, 3, 1, 0, 0]);
    expect(maps[0].model.resets).toEqual([2]);
    expect(notices).toEqual([expect.stringMatching(/counters/)]);
  });

  test('law: whatever the numbers, reading frames ends, throws nothing and loses no observation', () => {
    const number = fc.oneof(fc.double(), fc.constantFrom(null, NaN, Infinity, -Infinity, 0, -1), fc.nat(10));
    const text = fc.oneof(fc.constantFrom('+Inf', '-Inf', '0', '1', '1.0', '', 'NaN', '<b>'), fc.double().map(String));
    const name = fc.constantFrom('xMax', 'xMin', 'yMin', 'yMax', 'y', 'count', 'Time', 'Value');
    const field = fc.record({
      name,
      le: fc.option(text),
      type: fc.constantFrom(FieldType.time, FieldType.number, FieldType.string),
    });
    const frame = fc
      .tuple(fc.constantFrom(undefined, ...Object.values(DataFrameType)), fc.array(field, { maxLength: 6 }), fc.nat(8))
      .chain(([type, fields, length]) =>
        fc
          .array(fc.array(number, { minLength: length, maxLength: length }), {
            minLength: fields.length,
            maxLength: fields.length,
          })
          .map((values) =>
            createDataFrame({
              meta: { type },
              fields: fields.map((f, i) => ({
                name: f.name,
                type: f.type,
                labels: f.le === null ? undefined : { le: f.le },
                values: values[i],
              })),
            }),
          ),
      );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 4 }), (frames) => {
        const { maps } = mapsFromFrames(frames, AUTO);
        for (const { model } of maps) {
          expect(model.counts).toHaveLength((model.xEdges.length - 1) * (model.yEdges.length - 1));
          for (let i = 1; i < model.yEdges.length; i++) expect(model.yEdges[i]).toBeGreaterThan(model.yEdges[i - 1]);
          quantileLines(model, [0, 0.5, 1]);
          for (const yScale of ['linear', 'log', 'symlog'] as const) {
            const at = layout(model, { width: 120, height: 90, pixelRatio: 1 }, { yScale, colorScale: 'log' });
            raster(at, rasterPalette('isotherm', DARK_THEME));
            for (let x = 0; x < at.grid.columns; x++) {
              for (let y = 0; y < at.grid.rows; y++) expect(describeCell(at, cellAt(at, x, y))).not.toContain('NaN');
            }
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  test('law: the cells of random rows sum to the values of the frame', () => {
    const values = fc.array(fc.nat(1000), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(values, values, values, (a, b, c) => {
        const frame = rows();
        [a, b, c].forEach((column, i) => (frame.fields[i + 1].values = column));
        expect(sum(mapsFromFrames([frame], AUTO).maps[0].model.counts)).toBe(sum([...a, ...b, ...c]));
      }),
    );
  });
});
