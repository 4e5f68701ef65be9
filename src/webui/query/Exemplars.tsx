import React from 'react';
import { ask } from '../api/client.ts';
import { useFetched } from '../api/useFetched.ts';
import { valueFormat } from '../../viz/format.ts';
import { LabelChips } from '../parts/LabelChips.tsx';
import { CopyButton } from '../parts/CopyButton.tsx';
import { formatDayClock } from '../text.ts';
import type { Grid } from '../timeRange.ts';
import { unitInExpression } from './ask.ts';

interface SeriesExemplars {
  readonly seriesLabels: Readonly<Record<string, string>>;
  readonly exemplars: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: string;
    readonly timestamp: number;
  }[];
}

/** Those with the largest values: the slow requests one would look into. */
const SHOWN_MAX = 20;
const TRACE = /^(trace_?id|traceid)$/i;

/** Traces that stand for single observations of the queried series, if there are any. */
export function Exemplars({ expr, grid }: { expr: string; grid: Grid }) {
  const { start, end } = grid;
  const found = useFetched(
    `${expr} ${start} ${end}`,
    async (signal) => {
      const params = { query: expr, start: String(start / 1000), end: String(end / 1000) };
      return (await ask<readonly SeriesExemplars[]>('query_exemplars', params, signal)).data;
    },
    expr,
  );
  const rows = (found.data ?? [])
    .flatMap(({ seriesLabels, exemplars }) => exemplars.map((exemplar) => ({ ...exemplar, seriesLabels })))
    .sort((a, b) => Number(b.value) - Number(a.value));
  if (rows.length === 0) return null;
  const format = valueFormat(unitInExpression(expr));
  return (
    <details className="exemplars">
      <summary>
        {rows.length === 1 ? '1 exemplar' : `${rows.length} exemplars`}{' '}
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
            {rows.slice(0, SHOWN_MAX).map(({ labels, value, timestamp, seriesLabels }, i) => (
              <tr key={i}>
                <td className="right num">{format(Number(value))}</td>
                <td className="num nowrap">{formatDayClock(timestamp * 1000)}</td>
                <td>
                  <ExemplarLabels labels={labels} />
                </td>
                <td>
                  <LabelChips labels={seriesLabels} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function ExemplarLabels({ labels }: { labels: Readonly<Record<string, string>> }) {
  const trace = Object.entries(labels).find(([name]) => TRACE.test(name))?.[1];
  return (
    <span className="exemplar-labels">
      <LabelChips labels={labels} />
      {trace !== undefined && <CopyButton label="Copy" text={() => trace} />}
    </span>
  );
}
