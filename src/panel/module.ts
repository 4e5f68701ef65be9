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
import { tr } from '../shared/texts/texts.ts';

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
    const look = [tr('Several histograms and times')];
    const yAxis = ['Y axis'];
    const colours = ['Colours'];
    const display = ['Display'];
    builder
      .addCustomEditor({
        id: 'quantiles',
        path: 'quantiles',
        name: tr('Quantiles'),
        description: tr('Computed from the drawn cells, as histogram_quantile does.'),
        category: lines,
        defaultValue: [...DEFAULT_OPTIONS.quantiles],
        editor: QuantilesEditor,
      })
      .addTextInput({
        path: 'limits',
        name: tr('Limits'),
        description: tr(
          'Lines with the share of observations under them, such as a service level: 250ms, 1s. Variables work, and the letter of a query that gives the limit: B.',
        ),
        category: lines,
        defaultValue: DEFAULT_OPTIONS.limits,
        settings: { placeholder: tr('none') },
      })
      .addBooleanSwitch({
        path: 'thresholds',
        name: tr('Thresholds as limits'),
        description: tr('Draws the thresholds below as lines, with the share of observations under each.'),
        category: lines,
        defaultValue: DEFAULT_OPTIONS.thresholds,
      })
      .addBooleanSwitch({
        path: 'bands',
        name: tr('Error bands'),
        description: tr('The bucket that each quantile lies in: nothing narrower is certain.'),
        category: lines,
        defaultValue: DEFAULT_OPTIONS.bands,
      })
      .addBooleanSwitch({
        path: 'marks',
        name: tr('Versions, annotations, changes of buckets'),
        category: lines,
        defaultValue: DEFAULT_OPTIONS.marks,
      })
      .addBooleanSwitch({
        path: 'exemplars',
        name: tr('Exemplars'),
        description: tr('Single observations with a trace, if the query asks for them.'),
        category: lines,
        defaultValue: DEFAULT_OPTIONS.exemplars,
      })
      .addBooleanSwitch({
        path: 'changes',
        name: tr('Steps and modes'),
        description: tr(
          'Times from which on the distribution is another one, and values round which observations gather.',
        ),
        category: lines,
        defaultValue: DEFAULT_OPTIONS.changes,
      })
      .addRadio({
        path: 'several',
        name: tr('Several histograms'),
        category: look,
        defaultValue: DEFAULT_OPTIONS.several,
        settings: { options: choices(SEVERAL) },
      })
      .addSelect({
        path: 'compare',
        name: tr('Compare with'),
        description: tr('Draws how shares differ, so that more load is no difference.'),
        category: look,
        defaultValue: DEFAULT_OPTIONS.compare,
        settings: { options: choices(COMPARE_MODES) },
      })
      .addRadio({
        path: 'fold',
        name: tr('Across'),
        description: tr('Folded, all days or weeks of the range lie over each other.'),
        category: look,
        defaultValue: DEFAULT_OPTIONS.fold,
        settings: { options: choices(FOLDS) },
      })
      .addBooleanSwitch({
        path: 'side',
        name: tr('Distribution beside the map'),
        description: tr(
          'Over all times; of the column under the pointer or the box over it. The line is the share up to a value.',
        ),
        category: look,
        defaultValue: DEFAULT_OPTIONS.side,
      })
      .addRadio({
        path: 'yScale',
        name: tr('Scale'),
        category: yAxis,
        defaultValue: DEFAULT_OPTIONS.yScale,
        settings: { options: choices(Y_SCALES) },
      })
      .addUnitPicker({
        path: 'unit',
        name: tr('Unit'),
        description: tr('Of the bucket bounds. Empty: from the data or the name of the metric.'),
        category: yAxis,
      })
      .addNumberInput({
        path: 'yMin',
        name: tr('Min'),
        description: tr('Empty: the lowest bucket with observations.'),
        category: yAxis,
        settings: { placeholder: tr('auto') },
      })
      .addNumberInput({
        path: 'yMax',
        name: tr('Max'),
        description: tr('Empty: the highest bucket with observations.'),
        category: yAxis,
        settings: { placeholder: tr('auto') },
      })
      .addSelect({
        path: 'buckets',
        name: tr('Bucket counts'),
        description: tr(
          'Whether a series with the label le counts all observations up to its bound, or those of its bucket alone.',
        ),
        category: yAxis,
        defaultValue: DEFAULT_OPTIONS.buckets,
        settings: { options: choices(BUCKET_KINDS) },
      })
      .addSelect({
        path: 'palette',
        name: tr('Palette'),
        category: colours,
        defaultValue: DEFAULT_OPTIONS.palette,
        settings: { options: paletteChoices },
      })
      .addSelect({
        path: 'colorBy',
        name: tr('Colour by'),
        category: colours,
        defaultValue: DEFAULT_OPTIONS.colorBy,
        settings: { options: choices(COLOR_MODES) },
      })
      .addSelect({
        path: 'colorScale',
        name: tr('Scale'),
        category: colours,
        defaultValue: DEFAULT_OPTIONS.colorScale,
        settings: { options: choices(COLOR_SCALES) },
      })
      .addTextInput({
        path: 'colorMin',
        name: tr('Min'),
        description: tr('What is at the begin of the palette: 10, 5 %. Variables work. Empty: the least.'),
        category: colours,
        defaultValue: DEFAULT_OPTIONS.colorMin,
        settings: { placeholder: tr('auto') },
      })
      .addTextInput({
        path: 'colorMax',
        name: tr('Max'),
        description: tr('What is at its end: 500, 40 %. Variables work, so panels can share it. Empty: the most.'),
        category: colours,
        defaultValue: DEFAULT_OPTIONS.colorMax,
        settings: { placeholder: tr('auto') },
      })
      .addBooleanSwitch({
        path: 'sharedColors',
        name: tr('Same scale for all maps'),
        description: tr('With several histograms: the same colour is the same count in each.'),
        category: colours,
        defaultValue: DEFAULT_OPTIONS.sharedColors,
      })
      .addBooleanSwitch({ path: 'legend', name: tr('Legend'), category: display, defaultValue: DEFAULT_OPTIONS.legend })
      .addBooleanSwitch({
        path: 'tooltip',
        name: tr('Tooltip'),
        category: display,
        defaultValue: DEFAULT_OPTIONS.tooltip,
      })
      .addTextInput({
        path: 'webUrl',
        name: tr('Web UI'),
        description: tr('Address of the sidecar as browsers reach it: boxes then open there. Variables work.'),
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
