/** What Grafana takes from the panel plugin: options, suggestions, migration. */
import { createTheme, standardEditorsRegistry, type DataFrame, type PanelModel } from '@grafana/data';
import React from 'react';
import { rows, series, sparse } from '../../tests/support/panelRig.tsx';
import { zoneOf } from './formats.ts';
import { isHistogramData } from './fromFrames.ts';
import { LatencyHeatmapPanel } from './LatencyHeatmapPanel.tsx';
import { plugin } from './module.ts';
import { completeOptions, DEFAULT_OPTIONS, optionsFromCoreHeatmap, type HeatmapOptions } from './options.ts';
import { suggestHeatmap } from './suggestions.ts';
import { opaqueHex, vizThemeOf } from './vizTheme.ts';

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
