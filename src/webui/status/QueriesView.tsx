import React from 'react';
import { shortened, visible } from '../../shared/model/visible.ts';
import type { ApiRunningQueries, ApiRunningQuery } from '../../shared/api/status.ts';
import { formatDuration } from '../../shared/model/durations.ts';
import { send } from '../api/client.ts';
import type { Place } from '../location.ts';
import { ActionButton } from '../parts/ActionButton.tsx';
import { Notice } from '../parts/Card.tsx';
import { PageLink } from '../parts/TopBar.tsx';
import { formatDayClock, formatSeconds } from '../text.ts';
import { StatusCard } from './StatusCard.tsx';
import { useStatus } from './useStatus.ts';

interface QueriesViewProps {
  readonly now: number;
  readonly renew: () => void;
  readonly place: Place;
}

/** What clients wait for now, and what they waited for longest in the last day. */
export function QueriesView({ now, renew, place }: QueriesViewProps) {
  const queries = useStatus<ApiRunningQueries>('queries', now);
  return (
    <>
      <StatusCard title="Running now" fetched={queries}>
        {({ active }) =>
          active.length === 0 ? (
            <Notice kind="empty" title="No query is running">
              <p>Queries that take longer than a moment appear here, and can be cancelled.</p>
            </Notice>
          ) : (
            <QueryTable>
              {active.map((query) => (
                <tr key={query.id}>
                  <QueryCells query={query} place={place} />
                  <td className="right num nowrap">{formatSeconds(query.seconds)}</td>
                  <td className="right">
                    <ActionButton
                      label="Cancel"
                      name={`Cancel ${shortened(query.query)}`}
                      tone="bad"
                      act={async () => {
                        await send(`queries/${encodeURIComponent(query.id)}/cancel`);
                        renew();
                      }}
                    />
                  </td>
                </tr>
              ))}
            </QueryTable>
          )
        }
      </StatusCard>
      <StatusCard title="Slowest of the last day" fetched={queries}>
        {({ slow }) =>
          slow.length === 0 ? (
            <p className="dim">None was asked since the server started.</p>
          ) : (
            <QueryTable>
              {slow.map((query) => (
                <tr key={query.id}>
                  <QueryCells query={query} place={place} fault={query.error} />
                  <td className="right num nowrap">{formatSeconds(query.seconds)}</td>
                  <td className="right num nowrap">{formatDayClock(Date.parse(query.startedAt))}</td>
                </tr>
              ))}
            </QueryTable>
          )
        }
      </StatusCard>
    </>
  );
}

function QueryTable({ children }: { children: React.ReactNode }) {
  return (
    <div className="table-frame">
      <table className="table queries">
        <thead>
          <tr>
            <th scope="col">Expression</th>
            <th scope="col">Range</th>
            <th scope="col">Asked by</th>
            <th scope="col" className="right">
              Time
            </th>
            <th scope="col" className="right">
              <span className="visually-hidden">When, or what can be done</span>
            </th>
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

function QueryCells({ query, place, fault }: { query: ApiRunningQuery; place: Place; fault?: string }) {
  const { start, end, step } = query;
  const span: Readonly<Record<string, string>> =
    end > start ? { start: String(start * 1000), end: String(end * 1000) } : {};
  return (
    <>
      <td>
        <PageLink page="query" place={place} own={{ expr: query.query, ...span }}>
          <code className="labels clamped">{shortened(query.query, 600)}</code>
        </PageLink>
        {fault !== undefined && <p className="query-fault">{visible(fault)}</p>}
      </td>
      <td className="num nowrap">{end > start ? spanText(end - start, step) : 'one moment'}</td>
      <td className="num nowrap">{query.client}</td>
    </>
  );
}

function spanText(seconds: number, step: number): string {
  return `${formatDuration(Math.round(seconds) * 1000)} by ${formatDuration(Math.max(1, Math.round(step * 1000)))}`;
}
