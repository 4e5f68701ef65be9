import React from 'react';
import { valueFormat } from '../../viz/format.ts';
import { useFetched } from '../api/useFetched.ts';
import { refreshChoice, useClock } from '../clock.ts';
import type { Place } from '../location.ts';
import { INTERVAL_MS_DEFAULT, summariseTargets } from '../overview/inventory.ts';
import { Card, Notice } from '../parts/Card.tsx';
import { Title } from '../parts/Title.tsx';
import { PageFrame } from '../parts/PageFrame.tsx';
import { TimeTools } from '../parts/TopBar.tsx';
import { formatPercent, formatRate } from '../text.ts';
import { gridFor, gridKey, rangeFromParams } from '../timeRange.ts';
import type { TimeRange } from '../timeRange.ts';
import { fetchBoard, newest } from './board.ts';
import type { Board, ModelRow } from './board.ts';
import { Gpus } from './Gpus.tsx';
import { Sparkline } from './Sparkline.tsx';
import { MEASURES, SYSTEMS } from './systems.ts';
import type { MeasureId } from './systems.ts';

const RANGE_DEFAULT: TimeRange = { kind: 'last', ms: 3_600_000 };
const COLUMNS_MAX = 60;

/** Every model that is served, whatever serves it, on one board. */
export default function ModelsPage({ place }: { place: Place }) {
  const { params } = place;
  const refresh = refreshChoice(params);
  const [now, renew] = useClock(refresh);
  const range = rangeFromParams(params) ?? RANGE_DEFAULT;
  const targets = useFetched('interval', summariseTargets);
  const intervalMs = targets.data?.intervalMs ?? INTERVAL_MS_DEFAULT;
  const isKnown = targets.data !== undefined || targets.error !== undefined;
  const grid = gridFor(range, now, COLUMNS_MAX, intervalMs);
  const board = useFetched(isKnown ? `${gridKey(grid)} ${intervalMs}` : undefined, (signal) =>
    fetchBoard(grid, intervalMs, signal),
  );
  return (
    <PageFrame className="page-narrow" tools={<TimeTools range={range} refresh={refresh} onRenew={renew} />}>
      <div className="page-head">
        <h1>Models</h1>
      </div>
      {board.error !== undefined && <Notice kind="error" title={board.error.message} />}
      {board.data === undefined && board.error === undefined && <Notice kind="loading" title="Asking …" />}
      {board.data !== undefined && board.data.rows.length === 0 && <NoModels />}
      {board.data !== undefined && board.data.rows.length > 0 && <BoardCard board={board.data} busy={board.loading} />}
      <Gpus grid={grid} />
    </PageFrame>
  );
}

function NoModels() {
  return (
    <Notice kind="empty" title="No serving system is scraped in this range">
      <p>
        Known here: {SYSTEMS.map(({ name }) => name).join(', ')}. Name the service under <code>scrape_configs</code>;
        for any other histogram there is the overview.
      </p>
    </Notice>
  );
}

function BoardCard({ board: { rows, faults }, busy }: { board: Board; busy: boolean }) {
  const measures = MEASURES.filter(({ id }) => rows.some(({ values }) => values.has(id)));
  return (
    <Card
      title={rows.length === 1 ? '1 model' : `${rows.length} models`}
      busy={busy}
      tools={<span className="dim">newest value, and the range as a line</span>}
    >
      {faults.map((fault) => (
        <p key={fault} className="action-fault">
          {fault}
        </p>
      ))}
      <div className="table-frame">
        <table className="table models">
          <thead>
            <tr>
              <th scope="col">Model</th>
              {measures.map(({ id, text }) => (
                <th key={id} scope="col" className="right">
                  {text}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={`${row.system} ${row.title}`}>
                <th scope="row">
                  <Title className="model-title" text={row.title} />
                  <span className="dim">{row.system}</span>
                </th>
                {measures.map(({ id, text }) => (
                  <td key={id} data-name={text} className="right num">
                    <MeasureCell row={row} measure={id} top={topOf(rows, id)} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

/** Lines of one column share their scale, so that models can be compared. */
function topOf(rows: readonly ModelRow[], measure: MeasureId): number {
  let top = 0;
  for (const { values } of rows) for (const value of values.get(measure) ?? []) if (value > top) top = value;
  return Number.isFinite(top) ? top : 0;
}

function MeasureCell({ row, measure, top }: { row: ModelRow; measure: MeasureId; top: number }) {
  const values = row.values.get(measure);
  if (values === undefined) return <span className="dim">–</span>;
  const value = newest(values);
  const isBad = measure === 'errors' && value > 0;
  return (
    <span className={`measure ${isBad ? 'measure-bad' : ''}`}>
      <span className="measure-value">{textOf(measure, value)}</span>
      <Sparkline values={values} top={top} />
    </span>
  );
}

function textOf(measure: MeasureId, value: number): string {
  if (Number.isNaN(value)) return '–';
  const unit = MEASURES.find(({ id }) => id === measure)!.unit;
  if (unit === 'percentunit') return formatPercent(value);
  return unit === 'reqps' ? formatRate(value) : valueFormat(unit)(value);
}
