import React, { useState } from 'react';
import { ask, send } from '../api/client.ts';
import { ActionButton } from '../parts/ActionButton.tsx';
import { Card } from '../parts/Card.tsx';
import { LongLabels } from '../query/TableView.tsx';
import { formatMetric } from '../text.ts';

/** Series that are shown before they are deleted. */
const SHOWN_MAX = 8;

interface Found {
  readonly selector: string;
  readonly series: readonly Readonly<Record<string, string>>[];
}

interface DeleteSeriesProps {
  /** Whether the server was started with the admin API; undefined while that is not known. */
  readonly enabled: boolean | undefined;
  readonly now: number;
}

/** Deleting in two steps: first what a selector means is seen, then it is deleted. */
export function DeleteSeries({ enabled, now }: DeleteSeriesProps) {
  const [selector, setSelector] = useState('');
  const [found, setFound] = useState<Found>();
  const [said, setSaid] = useState('');
  const current = found?.selector === selector.trim() ? found : undefined;
  const look = async () => {
    setSaid('');
    const params = { 'match[]': selector.trim(), end: String(now / 1000) };
    const { data } = await ask<Found['series']>('series', params);
    setFound({ selector: selector.trim(), series: data });
  };
  const remove = async () => {
    const count = current!.series.length;
    await send('admin/tsdb/delete_series', { 'match[]': current!.selector });
    setFound(undefined);
    setSelector('');
    setSaid(`Deleted ${seriesText(count)}. Their bytes go when blocks are merged, or with clean_tombstones.`);
  };
  if (enabled === undefined) return null;
  return (
    <Card title="Delete series">
      {!enabled ? (
        <p className="dim">
          Off. Start the server with <code>--web.enable-admin-api</code> to delete series here.
        </p>
      ) : (
        <>
          <form
            className="delete-form"
            onSubmit={(event) => {
              event.preventDefault();
              void look().catch((error: unknown) => setSaid((error as Error).message));
            }}
          >
            <label>
              <span className="visually-hidden">Selector of the series to delete</span>
              <input
                className="input input-code"
                value={selector}
                placeholder='metric{label="value"}'
                spellCheck={false}
                onChange={(event) => setSelector(event.target.value)}
              />
            </label>
            <button type="submit" className="button button-small" disabled={selector.trim() === ''}>
              Look
            </button>
            {current !== undefined && current.series.length > 0 && (
              <ActionButton label={`Delete ${seriesText(current.series.length)}`} tone="bad" act={remove} />
            )}
          </form>
          <div role="status">
            {said !== '' && <p className="dim">{said}</p>}
            {current !== undefined && current.series.length === 0 && <p className="dim">No series match.</p>}
          </div>
          {current !== undefined && current.series.length > 0 && (
            <ul className="delete-list">
              {current.series.slice(0, SHOWN_MAX).map((metric) => (
                <li key={JSON.stringify(metric)}>
                  <LongLabels text={formatMetric(metric)} />
                </li>
              ))}
              {current.series.length > SHOWN_MAX && (
                <li className="dim">and {current.series.length - SHOWN_MAX} more</li>
              )}
            </ul>
          )}
        </>
      )}
    </Card>
  );
}

const seriesText = (count: number) => (count === 1 ? '1 series' : `${count} series`);
