import React, { useMemo } from 'react';
import { textSplitBy, textWithMatcher } from '../../shared/explain/histogramQuery.ts';
import { HeatmapFacets, HeatmapsLegend } from '../charts/HeatmapFacets.tsx';
import { heatmapsOf } from '../charts/heatmaps.ts';
import { LimitField } from '../charts/LimitField.tsx';
import { ExplainButton, ExplainedMaps } from '../explain/ExplainedMaps.tsx';
import { setParams } from '../location.ts';
import type { Place } from '../location.ts';
import { Notice } from '../parts/Card.tsx';
import { formatMetric } from '../text.ts';
import { countUnitInExpression, unitInExpression } from './ask.ts';
import type { AnswerViewProps } from './GraphView.tsx';

interface HeatmapViewProps extends AnswerViewProps {
  readonly place: Place;
  /** Which of the page's queries; boxes are drawn on the first one. */
  readonly index: number;
  /** What the answer's grid was made from, milliseconds. */
  readonly shown: { readonly start: number; readonly end: number };
}

/** The answer's histograms, by their labels apart from `le`. */
export function HeatmapView({ expr, answer, mode, crosshair, onSelectRange, place, index, shown }: HeatmapViewProps) {
  const { maps, notices } = useMemo(
    () =>
      heatmapsOf(
        answer.series,
        answer.grid,
        unitInExpression(expr),
        ({ le: _bound, ...labels }) => (Object.keys(labels).length === 0 ? 'all' : formatMetric(labels)),
        countUnitInExpression(expr),
      ),
    [answer, expr],
  );
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
    <div className="heatmap-view">
      <div className="heatmap-view-head">
        {index === 0 && <ExplainButton params={place.params} />}
        <LimitField params={place.params} unit={unitInExpression(expr)} />
        <HeatmapsLegend maps={maps} mode={mode} />
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
          domain={[answer.grid.start - answer.grid.step, answer.grid.end]}
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
          maps={maps}
          mode={mode}
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
