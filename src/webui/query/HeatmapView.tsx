import React, { useMemo } from 'react';
import { HeatmapFacets, HeatmapsLegend } from '../charts/HeatmapFacets.tsx';
import { heatmapsOf } from '../charts/heatmaps.ts';
import { Notice } from '../parts/Card.tsx';
import { formatMetric } from '../text.ts';
import { countUnitInExpression, unitInExpression } from './ask.ts';
import type { AnswerViewProps } from './GraphView.tsx';

/** The answer's histograms, by their labels apart from `le`. */
export function HeatmapView({ expr, answer, mode, crosshair, onSelectRange }: AnswerViewProps) {
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
  const { start, end, step } = answer.grid;
  return (
    <div className="heatmap-view">
      <HeatmapsLegend maps={maps} mode={mode} />
      {notices.map((notice) => (
        <p key={notice} className="dim">
          {notice}
        </p>
      ))}
      <HeatmapFacets
        maps={maps}
        mode={mode}
        domain={[start - step, end]}
        crosshair={crosshair}
        onSelectRange={onSelectRange}
      />
    </div>
  );
}
