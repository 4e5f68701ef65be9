import React from 'react';
import { valueFormat } from '../../viz/format.ts';
import type { SeriesExemplar } from '../charts/heatmaps.ts';
import { CopyButton } from '../parts/CopyButton.tsx';
import { LabelChips } from '../parts/LabelChips.tsx';
import { formatDayClock } from '../text.ts';
import { unitInExpression } from './ask.ts';
import { traceOf } from './exemplarList.ts';

const SHOWN_MAX = 20;

/** Exemplars as a table, if there are any. */
export function Exemplars({ expr, exemplars }: { expr: string; exemplars: readonly SeriesExemplar[] }) {
  if (exemplars.length === 0) return null;
  const format = valueFormat(unitInExpression(expr));
  return (
    <details className="exemplars">
      <summary>
        {exemplars.length === 1 ? '1 exemplar' : `${exemplars.length} exemplars`}{' '}
        <span className="dim">largest values first</span>
      </summary>
      <div className="table-frame">
        <table className="table">
          <thead>
            <tr>
              <th scope="col" className="right">
                Value
              </th>
              <th scope="col">Time</th>
              <th scope="col">Trace</th>
              <th scope="col">Series</th>
            </tr>
          </thead>
          <tbody>
            {exemplars.slice(0, SHOWN_MAX).map((exemplar, i) => (
              <tr key={i}>
                <td className="right num">{format(exemplar.value)}</td>
                <td className="num nowrap">{formatDayClock(exemplar.time)}</td>
                <td>
                  <ExemplarLabels exemplar={exemplar} />
                </td>
                <td>
                  <LabelChips labels={exemplar.series} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function ExemplarLabels({ exemplar }: { exemplar: SeriesExemplar }) {
  const trace = traceOf(exemplar);
  return (
    <span className="exemplar-labels">
      <LabelChips labels={Object.fromEntries(exemplar.labels)} />
      {trace !== undefined && <CopyButton label="Copy" text={() => trace} />}
    </span>
  );
}
