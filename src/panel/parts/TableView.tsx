import React from 'react';
import { formatCount, formatShare, type FormatValue } from '../../viz/format.ts';
import { stripName } from '../../viz/layout.ts';
import type { VizTheme } from '../../viz/theme.ts';
import type { MapView } from '../views.ts';
import { tr } from '../../shared/texts/texts.ts';

interface TableViewProps {
  readonly views: readonly MapView[];
  readonly titles: readonly string[];
  readonly formatOf: (unit: string) => FormatValue;
  readonly timeZone?: string;
  readonly theme: VizTheme;
  readonly height: number;
}

/** More lines are in the CSV. */
const ROWS_MAX = 500;

/** The maps as tables: a line a slice, newest first, a column a bucket that holds anything. */
export function TableView({ views, titles, formatOf, timeZone, theme, height }: TableViewProps): React.JSX.Element {
  return (
    <div
      style={{ height, overflow: 'auto', color: theme.text, fontSize: 12 }}
      tabIndex={0}
      role="region"
      aria-label={tr('Table')}
    >
      {views.map((view, i) => (
        <MapTable
          key={i}
          view={view}
          title={titles[i]}
          formatY={formatOf(view.model.unit)}
          timeZone={timeZone}
          theme={theme}
        />
      ))}
    </div>
  );
}

interface MapTableProps {
  readonly view: MapView;
  readonly title: string;
  readonly formatY: FormatValue;
  readonly timeZone?: string;
  readonly theme: VizTheme;
}

function MapTable({ view: { model, lines }, title, formatY, timeZone, theme }: MapTableProps): React.JSX.Element {
  const { xEdges, yEdges, counts, countUnit } = model;
  const rows = yEdges.length - 1;
  const used = Array.from({ length: rows }, (_, y) => y).filter((y) => {
    for (let i = y; i < counts.length; i += rows) if (counts[i] > 0 || counts[i] < 0) return true;
    return false;
  });
  const slices = Array.from({ length: Math.max(0, xEdges.length - 1) }, (_, i) => xEdges.length - 2 - i);
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  const cell: React.CSSProperties = {
    padding: '3px 10px',
    textAlign: 'right',
    whiteSpace: 'nowrap',
    borderBottom: `1px solid ${theme.grid}`,
  };
  const head: React.CSSProperties = {
    ...cell,
    position: 'sticky',
    top: 0,
    background: theme.background,
    fontWeight: 500,
  };
  return (
    <table style={{ borderCollapse: 'collapse', fontVariantNumeric: 'tabular-nums', marginBottom: 12 }}>
      <caption style={{ textAlign: 'left', padding: '4px 10px', fontWeight: 500 }}>
        {title || 'Histogram'}
        {slices.length > ROWS_MAX && tr(', the newest {0} of {1} times', ROWS_MAX, slices.length)}
      </caption>
      <thead>
        <tr>
          <th scope="col" style={{ ...head, textAlign: 'left' }}>
            {tr('Until')}
          </th>
          {lines.map(({ name }) => (
            <th key={name} scope="col" style={head}>
              {name}
            </th>
          ))}
          {used.map((y) => (
            <th key={y} scope="col" style={head}>
              {stripName({ from: yEdges[y], to: yEdges[y + 1] }, formatY)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {slices.slice(0, ROWS_MAX).map((x) => (
          <tr key={x}>
            <th scope="row" style={{ ...cell, textAlign: 'left', fontWeight: 400 }}>
              {model.fold === undefined ? clock.format(xEdges[x + 1]) : `hour ${x}`}
            </th>
            {lines.map(({ name, values }) => (
              <td key={name} style={cell}>
                {Number.isNaN(values[x]) ? '–' : formatY(values[x])}
              </td>
            ))}
            {used.map((y) => {
              const count = counts[x * rows + y];
              return (
                <td key={y} style={{ ...cell, color: count === 0 ? theme.textDim : theme.text }}>
                  {Number.isNaN(count)
                    ? '–'
                    : countUnit === 'shareDifference'
                      ? signedShare(count)
                      : formatCount(count, countUnit)}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const signedShare = (share: number): string => `${share < 0 ? '−' : '+'}${formatShare(Math.abs(share))}`;
