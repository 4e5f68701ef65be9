import type { DataFrame } from '@grafana/data';
import { isHistogramData } from './fromFrames.ts';
import { tr } from '../shared/texts/texts.ts';

interface Summary {
  readonly hasData?: boolean;
  readonly rawFrames?: readonly DataFrame[];
}

/** What Grafana before 12.4 hands to a supplier. */
interface OldBuilder {
  readonly data?: { readonly series?: readonly DataFrame[] };
  readonly dataSummary?: Summary;
  getListAppender(defaults: object): { append(suggestion: object): void };
}

const SUGGESTION = { name: tr('Isotherm heatmap'), pluginId: 'isotherm-heatmap-panel', options: {} };
/** VisualizationSuggestionScore.Best, which older hosts lack. */
const BEST = 100;

function suggestionsFor(summary: Summary): object[] | undefined {
  return isHistogramData(summary.rawFrames ?? []) ? [{ ...SUGGESTION, score: BEST }] : undefined;
}

/** Newer hosts call it with a summary of the data, older ones ask its method with a builder: one value serves both. */
export const suggestHeatmap = Object.assign(suggestionsFor, {
  getSuggestionsForData(builder: OldBuilder): void {
    const frames = builder.data?.series ?? builder.dataSummary?.rawFrames ?? [];
    if (!isHistogramData(frames)) return;
    builder.getListAppender(SUGGESTION).append({ score: BEST });
  },
});
