import React, { useMemo } from 'react';
import { textSplitBy, textWithMatcher } from '../../shared/explain/histogramQuery.ts';
import { HeatmapFacets, HeatmapsLegend } from '../charts/HeatmapFacets.tsx';
import { heatmapsOf, mapsOfDistribution, type NamedHeatmaps, type SeriesExemplar } from '../charts/heatmaps.ts';
import { LimitField } from '../charts/LimitField.tsx';
import { MapControls } from '../charts/MapControls.tsx';
import { lookOf } from '../charts/mapLook.ts';
import { useCompared } from '../charts/useCompared.ts';
import { ExplainButton, ExplainedMaps } from '../explain/ExplainedMaps.tsx';
import { setParams } from '../location.ts';
import type { Place } from '../location.ts';
import { Notice } from '../parts/Card.tsx';
import { formatMetric } from '../text.ts';
import { chartDomain, type Grid } from '../timeRange.ts';
import {
  askCounts,
  askRange,
  countUnitInExpression,
  unitInExpression,
  type CountedAnswer,
  type RangeAnswer,
} from './ask.ts';
import type { AnswerViewProps } from './GraphView.tsx';

type HeatmapAnswer = RangeAnswer | CountedAnswer;

interface HeatmapViewProps extends Omit<AnswerViewProps, 'answer'> {
  readonly answer: HeatmapAnswer;
  readonly place: Place;
  /** Which of the page's queries; boxes are drawn on the first one. */
  readonly index: number;
  readonly exemplars: readonly SeriesExemplar[];
  /** What the answer's grid was made from, milliseconds. */
  readonly shown: { readonly start: number; readonly end: number };
}

/** The answer's histograms, by their labels apart from `le`; or how they differ from others. */
export function HeatmapView(props: HeatmapViewProps) {
  const { expr, answer, mode, crosshair, onSelectRange, place, index, shown, exemplars } = props;
  const own = useMemo(() => mapsOf(expr, answer, answer.grid), [answer, expr]);
  const { maps, notices, busy, choices } = useCompared(expr, answer.grid, own, place.params, {
    ask: (then, signal): Promise<HeatmapAnswer> =>
      answer.kind === 'counted' ? askCounts(expr, then, answer.countUnit, [], signal) : askRange(expr, then, signal),
    mapsOf: (earlier, grid) => mapsOf(expr, earlier, grid),
  });
  const look = lookOf(place.params);
  if (maps.length === 0) {
    return (
      <Notice kind="empty" title="This answer is no histogram">
        <p>
          A heatmap needs buckets: group by <code>le</code>, as in{' '}
          <code>sum by (le) (rate(some_latency_seconds_bucket[5m]))</code>, or ask for a native histogram.
        </p>
      </Notice>
    );
  }
  return (
    <div className="heatmap-view" aria-busy={busy}>
      <div className="heatmap-view-head">
        <MapControls params={place.params} choices={choices} />
        {index === 0 && <ExplainButton params={place.params} />}
        <LimitField params={place.params} unit={unitInExpression(expr)} />
        <HeatmapsLegend maps={maps} mode={mode} look={look} />
      </div>
      {notices.map((notice) => (
        <p key={notice} className="dim">
          {notice}
        </p>
      ))}
      {index > 0 ? (
        <HeatmapFacets
          maps={maps}
          mode={mode}
          look={look}
          exemplars={exemplars}
          domain={chartDomain(answer.grid)}
          crosshair={crosshair}
          onSelectRange={onSelectRange}
          onSelectBox={({ from, to }) => onSelectRange(from, to)}
          limits={place.params.get('limit') ?? ''}
        />
      ) : (
        <ExplainedMaps
          place={place}
          expr={expr}
          grid={answer.grid}
          shown={shown}
          unit={unitInExpression(expr)}
          choices={choices}
          maps={maps}
          mode={mode}
          look={look}
          exemplars={exemplars}
          crosshair={crosshair}
          onSelectRange={onSelectRange}
          onFilter={({ label, op, value }) =>
            setParams({ expr: textWithMatcher(expr, { name: label, op, value }) }, 'push')
          }
          onSplit={(label) => setParams({ expr: textSplitBy(expr, label) }, 'push')}
        />
      )}
    </div>
  );
}

function mapsOf(expr: string, answer: HeatmapAnswer, grid: Grid): NamedHeatmaps {
  const unit = unitInExpression(expr);
  const titleOf = ({ le: _bound, ...labels }: Readonly<Record<string, string>>) =>
    Object.keys(labels).length === 0 ? 'all' : formatMetric(labels);
  return answer.kind === 'counted'
    ? mapsOfDistribution(answer.distribution, { grid, unit, countUnit: answer.countUnit, titleOf })
    : heatmapsOf(answer.series, grid, unit, titleOf, countUnitInExpression(expr));
}
