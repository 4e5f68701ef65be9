import {
  createDataFrame,
  createTheme,
  DataFrameType,
  DataHoverEvent,
  EventBusSrv,
  FieldType,
  getDefaultTimeRange,
  LoadingState,
  dateTime,
  standardEditorsRegistry,
  type DataFrame,
  type PanelModel,
  type PanelProps,
} from '@grafana/data';
import { act, fireEvent, render, screen } from '@testing-library/react';
import fc from 'fast-check';
import React from 'react';
import { quantileLines } from '../shared/heatmap/quantileLines.ts';
import { describeCell } from '../ui/selection.ts';
import { cellAt } from '../viz/hitTest.ts';
import { layout } from '../viz/layout.ts';
import { raster } from '../viz/raster.ts';
import { DARK_THEME, rasterPalette } from '../viz/theme.ts';
import { isHistogramData, mapsFromFrames } from './fromFrames.ts';
import { zoneOf } from './formats.ts';
import { LatencyHeatmapPanel } from './LatencyHeatmapPanel.tsx';
import { plugin } from './module.ts';
import { completeOptions, DEFAULT_OPTIONS, optionsFromCoreHeatmap, type HeatmapOptions } from './options.ts';
import { suggestHeatmap } from './suggestions.ts';
import { opaqueHex, vizThemeOf } from './vizTheme.ts';

const START = Date.UTC(2026, 10, 23, 3, 0);
const times = [0, 1, 2, 3].map((i) => START + i * 15_000);
const AUTO = { buckets: 'auto' } as const;

const rows = (labels: Record<string, string> = {}): DataFrame =>
  createDataFrame({
    refId: 'A',
    meta: {
      type: DataFrameType.HeatmapRows,
      executedQueryString: 'sum by (le) (increase(model_latency_seconds_bucket[15s]))',
    },
    fields: [
      { name: 'Time', type: FieldType.time, values: times },
      { name: '0.1', type: FieldType.number, labels: { ...labels, le: '0.1' }, values: [1, 2, 3, 4] },
      { name: '1', type: FieldType.number, labels: { ...labels, le: '1' }, values: [5, 0, 0, 0] },
      { name: '+Inf', type: FieldType.number, labels: { ...labels, le: '+Inf' }, values: [0, 0, 1, 0] },
    ],
  });

const sparse = (labels: Record<string, string> = {}): DataFrame =>
  createDataFrame({
    meta: { type: DataFrameType.HeatmapCells },
    fields: [
      { name: 'xMax', type: FieldType.time, values: [times[0], times[0], times[1]] },
      { name: 'yMin', type: FieldType.number, values: [1, 2, 4], config: { unit: 's' } },
      { name: 'yMax', type: FieldType.number, values: [2, 4, 8], config: { unit: 's' } },
      { name: 'count', type: FieldType.number, labels, values: [3, 4, 5] },
    ],
  });

const series = (le: string, values: (number | null)[], labels: Record<string, string> = {}): DataFrame =>
  createDataFrame({
    refId: 'A',
    meta: { type: DataFrameType.TimeSeriesMulti, executedQueryString: 'sum by (le) (rate(x_bucket[1m]))' },
    fields: [
      { name: 'Time', type: FieldType.time, values: times },
      { name: 'Value', type: FieldType.number, labels: { ...labels, le }, values },
    ],
  });

const sum = (counts: Iterable<number>): number => {
  let total = 0;
  for (const count of counts) if (!Number.isNaN(count)) total += count;
  return total;
};

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

describe('panel', () => {
  beforeAll(() => {
    // jsdom has no canvas; what is drawn is tested on the raster and in a browser.
    HTMLCanvasElement.prototype.getContext = () => null;
    window.PointerEvent ??= MouseEvent as unknown as typeof PointerEvent;
  });

  function show(
    frames: DataFrame[],
    options: Partial<HeatmapOptions> = {},
    more: Partial<PanelProps<HeatmapOptions>> = {},
  ) {
    const range = { ...getDefaultTimeRange(), from: dateTime(times[0] - 15_000), to: dateTime(times[3]) };
    const props = {
      id: 1,
      data: { state: LoadingState.Done, series: frames, timeRange: range },
      timeRange: range,
      timeZone: 'utc',
      width: 800,
      height: 400,
      options: options as HeatmapOptions,
      fieldConfig: { defaults: {}, overrides: [] },
      eventBus: new EventBusSrv(),
      onChangeTimeRange: jest.fn(),
      ...more,
    } as unknown as PanelProps<HeatmapOptions>;
    return { props, ...render(<LatencyHeatmapPanel {...props} />) };
  }

  test('one histogram is one map with a legend', () => {
    show([rows()]);
    expect(screen.getAllByRole('application')).toHaveLength(1);
    expect(screen.getByText('no data')).toBeTruthy();
  });

  test('six histograms are six maps, titled by the labels in which they differ', () => {
    show(['v1', 'v2', 'v3', 'v4', 'v5', 'v6'].map((version) => rows({ version, job: 'serving' })));
    expect(screen.getAllByRole('application')).toHaveLength(6);
    expect(screen.getByText('version=v6')).toBeTruthy();
    expect(screen.queryByText(/job=serving/)).toBeNull();
  });

  test('hostile labels are text', () => {
    const evil = '<img src=x onerror=alert(1)>';
    const { container } = show([rows({ model: evil }), rows({ model: 'b' })]);
    expect(container.querySelector('img')).toBeNull();
    expect(screen.getByText(`model=${evil}`)).toBeTruthy();
  });

  test('no histogram: the words say what to query', () => {
    show([]);
    expect(screen.getByText(/Query a histogram grouped by le/)).toBeTruthy();
  });

  const said = (name: string, data: object, words: RegExp) =>
    test(`${name} is said in words`, () => {
      show([], {}, { data: { series: [], ...data } as unknown as PanelProps['data'] });
      expect(screen.getByText(words)).toBeTruthy();
    });
  said('waiting for the first answer', { state: LoadingState.Loading }, /Loading …/);
  said(
    'a failed query',
    { state: LoadingState.Error, errors: [{ message: 'unknown metric' }] },
    /failed: unknown metric/,
  );
  said(
    'a failed query on older hosts',
    { state: LoadingState.Error, error: { data: { message: 'bad' } } },
    /failed: bad/,
  );

  test('observations outside of the chosen range are counted', () => {
    show([rows()], { yMax: 0.1 });
    expect(screen.getByText('6 observations are out of view')).toBeTruthy();
  });

  test('arrow keys move a cursor that is read out', () => {
    const { container } = show([rows()]);
    const map = screen.getByRole('application');
    fireEvent.keyDown(map, { key: 'ArrowRight' });
    expect(container.querySelector('[aria-live]')?.textContent).toBe(
      'Mon 23 Nov, 03:00:30 – 03:00:45, ≤ 100 ms: 4 observations, 100 % of the column',
    );
    fireEvent.keyDown(map, { key: 'Home' });
    fireEvent.keyDown(map, { key: 'ArrowUp' });
    expect(container.querySelector('[aria-live]')?.textContent).toBe(
      'Mon 23 Nov, 02:59:45 – 03:00:00, 100 ms – 1 s: 5 observations, 83.3 % of the column',
    );
    fireEvent.keyDown(map, { key: 'Escape' });
    expect(container.querySelector('[aria-live]')?.textContent).toBe('');
  });

  test('dragging chooses a time range', () => {
    const { props } = show([rows()]);
    const map = screen.getByRole('application');
    fireEvent.pointerDown(map, { button: 0, clientX: 200, clientY: 100 });
    fireEvent.pointerMove(map, { clientX: 500, clientY: 100 });
    fireEvent.pointerUp(map, { clientX: 500, clientY: 100 });
    const [{ from, to }] = (props.onChangeTimeRange as jest.Mock).mock.calls[0];
    expect(from).toBeGreaterThan(times[0] - 15_000);
    expect(to).toBeLessThan(times[3]);
    expect(to - from).toBeGreaterThan(15_000);
  });

  function drawBox(): void {
    const map = screen.getAllByRole('application')[0];
    fireEvent.pointerDown(map, { button: 0, clientX: 200, clientY: 150, shiftKey: true });
    fireEvent.pointerMove(map, { clientX: 500, clientY: 200, shiftKey: true });
    fireEvent.pointerUp(map, { clientX: 500, clientY: 200 });
  }

  test('a box of whole buckets tells what is in it, zooms, and a chip shows all again', () => {
    const { props } = show([rows()]);
    drawBox();
    expect(screen.getByRole('dialog').textContent).toMatch(/In this box[\s\S]*100 ms – 1 s[\s\S]*of its time/);
    fireEvent.click(screen.getByText('Zoom'));
    expect(props.onChangeTimeRange).toHaveBeenCalledTimes(1);
    expect(screen.getByRole('status').textContent).toMatch(/out of view/);
    fireEvent.click(screen.getByLabelText('Remove: Zoomed to some buckets'));
    expect(screen.queryByRole('status')).toBeNull();
  });

  test('every time is compared with the box’s times, until that is taken back', () => {
    show([rows()]);
    drawBox();
    fireEvent.click(screen.getByText('Compare with it'));
    expect(screen.getByText(/^Compared with/)).toBeTruthy();
    expect(screen.queryByRole('dialog')).toBeNull();
    fireEvent.click(screen.getByLabelText(/^Remove: Compared/));
    expect(screen.queryByText(/^Compared with/)).toBeNull();
  });

  test('a click keeps the tooltip, with links that know the cell; Escape closes it', () => {
    const links = [
      {
        title: 'Logs',
        url: '/explore?low=${__bucket.lower}&high=${__bucket.upper}&from=${__bucket.from}&n=${__bucket.count}',
      },
      { title: 'Evil', url: 'javascript:alert(1)' },
    ];
    show([rows()], {}, { fieldConfig: { defaults: { links }, overrides: [] } });
    const map = screen.getByRole('application');
    fireEvent.pointerDown(map, { button: 0, clientX: 700, clientY: 340 });
    fireEvent.pointerUp(map, { clientX: 700, clientY: 340 });
    expect(screen.getByRole('dialog').textContent).toMatch(/≤ 100 ms[\s\S]*p0 – p100/);
    expect(screen.getByText('Logs').getAttribute('href')).toBe(`/explore?low=0&high=0.1&from=${times[2]}&n=4`);
    expect(screen.queryByText('Evil')).toBeNull();
    fireEvent.keyDown(document, { key: 'Escape' });
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  test('the bucket doctor says what three buckets cannot answer, and what would', () => {
    show([rows()]);
    fireEvent.click(screen.getByLabelText('More'));
    fireEvent.click(screen.getByText('Check the buckets'));
    expect(screen.getByRole('dialog').textContent).toMatch(
      /over the last bound, 1 s[\s\S]*only 3 buckets[\s\S]*These would/,
    );
  });

  test('the table has every slice and bucket in words', () => {
    show([rows()]);
    fireEvent.click(screen.getByLabelText('More'));
    fireEvent.click(screen.getByText('Show as a table'));
    const table = screen.getByRole('table');
    expect(table.querySelectorAll('tbody tr')).toHaveLength(4);
    expect(table.textContent).toMatch(/Until.*p50.*≤ 100 ms.*≤ 1 s.*> 1 s/);
  });

  test('colours by share have a legend in per cent, and bounds come from variables', () => {
    show([rows()], { colorBy: 'columnShare', colorMax: '$most' }, { replaceVariables: () => '40 %' });
    expect(screen.getByText('40 %')).toBeTruthy();
  });

  test('a colour bound that is none is named', () => {
    show([rows()], { colorMax: 'plenty' });
    expect(screen.getByRole('status').textContent).toMatch(/a bound is a number/);
  });

  test('maps against the first one, laid over each other, or folded are said so or drawn so', () => {
    const versions = ['v1', 'v2', 'v3'].map((version) => rows({ version }));
    show(versions, { compare: 'first' });
    expect(screen.getAllByRole('application')).toHaveLength(2);
    expect(screen.getByText('no difference')).toBeTruthy();
    show([rows()], { compare: 'first' });
    expect(screen.getByText(/only one histogram/)).toBeTruthy();
    show([rows()], { compare: 'before' });
    expect(screen.getByText(/No new version and no annotation/)).toBeTruthy();
  });

  test('a click is no selection', () => {
    const { props } = show([rows()]);
    const map = screen.getByRole('application');
    fireEvent.pointerDown(map, { button: 0, clientX: 200, clientY: 100 });
    fireEvent.pointerUp(map, { clientX: 201, clientY: 100 });
    expect(props.onChangeTimeRange).not.toHaveBeenCalled();
  });

  test('the pointer is told to other panels, and theirs does no harm here', () => {
    const eventBus = new EventBusSrv();
    const heard: unknown[] = [];
    eventBus.getStream(DataHoverEvent).subscribe((event) => heard.push(event.payload.point.time));
    show([rows()], {}, { eventBus });
    fireEvent.pointerMove(screen.getByRole('application'), { clientX: 400, clientY: 100 });
    expect(heard).toEqual([expect.any(Number)]);
    expect(heard[0]).toBeGreaterThan(times[0]);
    act(() => eventBus.publish(new DataHoverEvent({ point: { time: times[1] } })));
    expect(screen.getAllByRole('application')).toHaveLength(1);
  });

  test('options that make no sense are as good as none', () => {
    show([rows(), sparse()], {
      palette: 'nope',
      yScale: 7,
      quantiles: 'x',
      colorMax: NaN,
    } as unknown as HeatmapOptions);
    expect(screen.getAllByRole('application')).toHaveLength(2);
  });

  for (const [width, height] of [
    [0, 0],
    [1, 1],
    [50, 20],
    [3000, 40],
  ]) {
    test(`a panel of ${width} by ${height} pixels draws without error`, () => {
      expect(() => show([rows(), sparse()], {}, { width, height })).not.toThrow();
    });
  }
});

describe('plugin', () => {
  test('suggestions come for histograms, through the new way and the old', () => {
    const appended: object[] = [];
    const builder = (data: DataFrame[]) => ({
      dataSummary: { rawFrames: data },
      getListAppender: () => ({ append: (s: object) => appended.push(s) }),
    });
    expect(suggestHeatmap({ hasData: true, rawFrames: [rows()] })).toHaveLength(1);
    expect(suggestHeatmap({ hasData: true, rawFrames: [] })).toBeUndefined();
    suggestHeatmap.getSuggestionsForData(builder([sparse()]));
    suggestHeatmap.getSuggestionsForData(builder([]));
    expect(appended).toHaveLength(1);
    expect(isHistogramData([series('1', [1, 2, 3, 4])])).toBe(true);
  });

  test('the plugin has the component and its defaults', () => {
    // The editors live in Grafana itself; for defaults their names are enough.
    const ids = ['multi-select', 'text', 'radio', 'unit', 'number', 'select', 'boolean'];
    standardEditorsRegistry.setInit(() => ids.map((id) => ({ id, name: id, editor: () => <></> })));
    expect(plugin.panel).toBe(LatencyHeatmapPanel);
    expect(completeOptions(plugin.defaults as Partial<HeatmapOptions>)).toEqual(completeOptions(DEFAULT_OPTIONS));
  });

  test('quantiles are read as people write them', () => {
    expect(completeOptions({ quantiles: ['p99', '0.5', 95, '50', 'x', -1] as unknown as number[] }).quantiles).toEqual([
      0.5, 0.95, 0.99,
    ]);
    expect(completeOptions({ quantiles: [] }).quantiles).toEqual([]);
  });

  test('options of the core heatmap are taken over', () => {
    const old = {
      color: { scheme: 'Oranges', max: 40 },
      yAxis: { unit: 's', min: 0.1 },
      legend: { show: false },
      tooltip: { mode: 'single' },
    };
    const options = completeOptions(optionsFromCoreHeatmap(old));
    expect(options).toMatchObject({
      palette: 'ember',
      colorMax: '40',
      unit: 's',
      yMin: 0.1,
      legend: false,
      tooltip: true,
    });
    expect(completeOptions(optionsFromCoreHeatmap(undefined)).palette).toBe('isotherm');
    const panel = { options: {} } as PanelModel;
    expect(plugin.onPanelTypeChanged?.(panel, 'heatmap', old, { defaults: {}, overrides: [] })).toMatchObject({
      palette: 'ember',
    });
    expect(plugin.onPanelTypeChanged?.(panel, 'timeseries', old, { defaults: {}, overrides: [] })).toEqual({});
  });

  test('colours and time zones of Grafana', () => {
    expect(vizThemeOf(createTheme({ colors: { mode: 'light' } })).mode).toBe('light');
    expect(vizThemeOf(createTheme()).background).toMatch(/^#[0-9a-f]{6}$/);
    expect(['#fff', '#aabbccdd', 'rgba(1, 2, 300, 0.5)', 'red'].map(opaqueHex)).toEqual([
      '#ffffff',
      '#aabbcc',
      '#0102ff',
      undefined,
    ]);
    expect(['browser', 'utc', 'Europe/Berlin', 'Mars/Base'].map(zoneOf)).toEqual([
      undefined,
      'UTC',
      'Europe/Berlin',
      undefined,
    ]);
  });
});
