import { FieldConfigProperty, PanelPlugin } from '@grafana/data';
import { COLOR_SCALES } from '../shared/heatmap/colorScale.ts';
import { PALETTES } from '../shared/heatmap/palettes.ts';
import { LatencyHeatmapPanel } from './LatencyHeatmapPanel.tsx';
import {
  BUCKET_KINDS,
  COLOR_MODES,
  COMPARE_MODES,
  completeOptions,
  DEFAULT_OPTIONS,
  FOLDS,
  optionsFromCoreHeatmap,
  SEVERAL,
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
    disableStandardOptions: [FieldConfigProperty.Color, FieldConfigProperty.Min, FieldConfigProperty.Max],
  })
  .setDataSupport({ annotations: true, alertStates: false })
  .setPanelOptions((builder) => {
    const lines = ['Lines'];
    const look = ['Several histograms and times'];
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
          'Lines with the share of observations under them, such as a service level: 250ms, 1s. Variables work, and the letter of a query that gives the limit: B.',
        category: lines,
        defaultValue: DEFAULT_OPTIONS.limits,
        settings: { placeholder: 'none' },
      })
      .addBooleanSwitch({
        path: 'thresholds',
        name: 'Thresholds as limits',
        description: 'Draws the thresholds below as lines, with the share of observations under each.',
        category: lines,
        defaultValue: DEFAULT_OPTIONS.thresholds,
      })
      .addBooleanSwitch({
        path: 'bands',
        name: 'Error bands',
        description: 'The bucket that each quantile lies in: nothing narrower is certain.',
        category: lines,
        defaultValue: DEFAULT_OPTIONS.bands,
      })
      .addBooleanSwitch({
        path: 'marks',
        name: 'Versions, annotations, changes of buckets',
        category: lines,
        defaultValue: DEFAULT_OPTIONS.marks,
      })
      .addBooleanSwitch({
        path: 'exemplars',
        name: 'Exemplars',
        description: 'Single observations with a trace, if the query asks for them.',
        category: lines,
        defaultValue: DEFAULT_OPTIONS.exemplars,
      })
      .addBooleanSwitch({
        path: 'changes',
        name: 'Steps and modes',
        description: 'Times from which on the distribution is another one, and values round which observations gather.',
        category: lines,
        defaultValue: DEFAULT_OPTIONS.changes,
      })
      .addRadio({
        path: 'several',
        name: 'Several histograms',
        category: look,
        defaultValue: DEFAULT_OPTIONS.several,
        settings: { options: choices(SEVERAL) },
      })
      .addSelect({
        path: 'compare',
        name: 'Compare with',
        description: 'Draws how shares differ, so that more load is no difference.',
        category: look,
        defaultValue: DEFAULT_OPTIONS.compare,
        settings: { options: choices(COMPARE_MODES) },
      })
      .addRadio({
        path: 'fold',
        name: 'Across',
        description: 'Folded, all days or weeks of the range lie over each other.',
        category: look,
        defaultValue: DEFAULT_OPTIONS.fold,
        settings: { options: choices(FOLDS) },
      })
      .addBooleanSwitch({
        path: 'side',
        name: 'Distribution beside the map',
        description:
          'Over all times; of the column under the pointer or the box over it. The line is the share up to a value.',
        category: look,
        defaultValue: DEFAULT_OPTIONS.side,
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
        path: 'colorBy',
        name: 'Colour by',
        category: colours,
        defaultValue: DEFAULT_OPTIONS.colorBy,
        settings: { options: choices(COLOR_MODES) },
      })
      .addSelect({
        path: 'colorScale',
        name: 'Scale',
        category: colours,
        defaultValue: DEFAULT_OPTIONS.colorScale,
        settings: { options: choices(COLOR_SCALES) },
      })
      .addTextInput({
        path: 'colorMin',
        name: 'Min',
        description: 'What is at the begin of the palette: 10, 5 %. Variables work. Empty: the least.',
        category: colours,
        defaultValue: DEFAULT_OPTIONS.colorMin,
        settings: { placeholder: 'auto' },
      })
      .addTextInput({
        path: 'colorMax',
        name: 'Max',
        description: 'What is at its end: 500, 40 %. Variables work, so panels can share it. Empty: the most.',
        category: colours,
        defaultValue: DEFAULT_OPTIONS.colorMax,
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
      .addBooleanSwitch({ path: 'tooltip', name: 'Tooltip', category: display, defaultValue: DEFAULT_OPTIONS.tooltip })
      .addTextInput({
        path: 'webUrl',
        name: 'Web UI',
        description: 'Address of the sidecar as browsers reach it: boxes then open there. Variables work.',
        category: display,
        defaultValue: DEFAULT_OPTIONS.webUrl,
        settings: { placeholder: 'http://host:9090' },
      });
  })
  .setPanelChangeHandler((panel, previousId, previous) =>
    previousId === 'heatmap' ? optionsFromCoreHeatmap(previous) : (panel.options ?? {}),
  )
  .setMigrationHandler((panel) => completeOptions(panel.options))
  .setSuggestionsSupplier(suggestHeatmap as never);
