import { FieldConfigProperty, PanelPlugin } from '@grafana/data';
import { COLOR_SCALES } from '../shared/heatmap/colorScale.ts';
import { PALETTES } from '../shared/heatmap/palettes.ts';
import { LatencyHeatmapPanel } from './LatencyHeatmapPanel.tsx';
import {
  BUCKET_KINDS,
  completeOptions,
  DEFAULT_OPTIONS,
  optionsFromCoreHeatmap,
  Y_SCALES,
  type HeatmapOptions,
} from './options.ts';
import { QuantilesEditor } from './QuantilesEditor.tsx';
import { suggestHeatmap } from './suggestions.ts';

const choices = <T extends string>(labels: Readonly<Record<T, string>>): { value: T; label: string }[] =>
  (Object.keys(labels) as T[]).map((value) => ({ value, label: labels[value] }));
const paletteChoices = (Object.keys(PALETTES) as (keyof typeof PALETTES)[]).map((value) => ({
  value,
  label: PALETTES[value].label,
}));

export const plugin = new PanelPlugin<HeatmapOptions>(LatencyHeatmapPanel)
  .useFieldConfig({
    disableStandardOptions: [
      FieldConfigProperty.Color,
      FieldConfigProperty.Thresholds,
      FieldConfigProperty.Mappings,
      FieldConfigProperty.Min,
      FieldConfigProperty.Max,
      FieldConfigProperty.Decimals,
      FieldConfigProperty.NoValue,
      FieldConfigProperty.Links,
    ].filter((property) => property !== undefined),
  })
  .setPanelOptions((builder) => {
    const lines = ['Lines'];
    const yAxis = ['Y axis'];
    const colours = ['Colours'];
    const display = ['Display'];
    builder
      .addCustomEditor({
        id: 'quantiles',
        path: 'quantiles',
        name: 'Quantiles',
        description: 'Computed from the drawn cells, as histogram_quantile does.',
        category: lines,
        defaultValue: [...DEFAULT_OPTIONS.quantiles],
        editor: QuantilesEditor,
      })
      .addTextInput({
        path: 'limits',
        name: 'Limits',
        description:
          'Lines with the share of observations under them, such as a service level: 250ms, 1s. Variables work.',
        category: lines,
        defaultValue: DEFAULT_OPTIONS.limits,
        settings: { placeholder: 'none' },
      })
      .addRadio({
        path: 'yScale',
        name: 'Scale',
        category: yAxis,
        defaultValue: DEFAULT_OPTIONS.yScale,
        settings: { options: choices(Y_SCALES) },
      })
      .addUnitPicker({
        path: 'unit',
        name: 'Unit',
        description: 'Of the bucket bounds. Empty: from the data or the name of the metric.',
        category: yAxis,
      })
      .addNumberInput({
        path: 'yMin',
        name: 'Min',
        description: 'Empty: the lowest bucket with observations.',
        category: yAxis,
        settings: { placeholder: 'auto' },
      })
      .addNumberInput({
        path: 'yMax',
        name: 'Max',
        description: 'Empty: the highest bucket with observations.',
        category: yAxis,
        settings: { placeholder: 'auto' },
      })
      .addSelect({
        path: 'buckets',
        name: 'Bucket counts',
        description:
          'Whether a series with the label le counts all observations up to its bound, or those of its bucket alone.',
        category: yAxis,
        defaultValue: DEFAULT_OPTIONS.buckets,
        settings: { options: choices(BUCKET_KINDS) },
      })
      .addSelect({
        path: 'palette',
        name: 'Palette',
        category: colours,
        defaultValue: DEFAULT_OPTIONS.palette,
        settings: { options: paletteChoices },
      })
      .addSelect({
        path: 'colorScale',
        name: 'Scale',
        category: colours,
        defaultValue: DEFAULT_OPTIONS.colorScale,
        settings: { options: choices(COLOR_SCALES) },
      })
      .addNumberInput({
        path: 'colorMax',
        name: 'Max',
        description: 'The count at the end of the palette. Empty: the largest.',
        category: colours,
        settings: { placeholder: 'auto' },
      })
      .addBooleanSwitch({
        path: 'sharedColors',
        name: 'Same scale for all maps',
        description: 'With several histograms: the same colour is the same count in each.',
        category: colours,
        defaultValue: DEFAULT_OPTIONS.sharedColors,
      })
      .addBooleanSwitch({ path: 'legend', name: 'Legend', category: display, defaultValue: DEFAULT_OPTIONS.legend })
      .addBooleanSwitch({ path: 'tooltip', name: 'Tooltip', category: display, defaultValue: DEFAULT_OPTIONS.tooltip });
  })
  .setPanelChangeHandler((panel, previousId, previous) =>
    previousId === 'heatmap' ? optionsFromCoreHeatmap(previous) : (panel.options ?? {}),
  )
  .setMigrationHandler((panel) => completeOptions(panel.options))
  .setSuggestionsSupplier(suggestHeatmap as never);
