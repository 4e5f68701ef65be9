import React from 'react';
import { shortened } from '../../shared/model/visible.ts';
import { ApiError, ask, sendDelete } from '../api/client.ts';
import { useFetched } from '../api/useFetched.ts';
import { ActionButton } from '../parts/ActionButton.tsx';
import { Card, Notice } from '../parts/Card.tsx';
import { LabelChips } from '../parts/LabelChips.tsx';
import { formatAge, formatShort } from '../text.ts';
import { groupPath, pushedGroups } from './pushed.ts';
import type { PushedGroup } from './pushed.ts';
import type { TargetsViewProps } from './TargetsView.tsx';

/** Metrics of one group that are listed; the rest is counted. */
const METRICS_MAX = 60;

/** What short-lived jobs pushed, group by group. */
export function PushedView({ now, renew, nav }: TargetsViewProps) {
  const fetched = useFetched(`pushed ${now}`, async (signal) => {
    try {
      return pushedGroups((await ask<readonly Record<string, unknown>[]>('metrics', {}, signal)).data);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return 'off' as const;
      throw error;
    }
  });
  return (
    <>
      <div className="page-head">
        <h1>Pushed metrics</h1>
        {nav}
      </div>
      {fetched.error !== undefined && <Notice kind="error" title={fetched.error.message} />}
      {fetched.data === undefined && fetched.error === undefined && <Notice kind="loading" title="Asking …" />}
      {fetched.data === 'off' && (
        <Notice kind="empty" title="Pushes are not taken">
          <p>
            Start the server with <code>--web.enable-push-receiver</code>, and short-lived jobs can push their metrics
            here as they would to a Pushgateway.
          </p>
        </Notice>
      )}
      {Array.isArray(fetched.data) && fetched.data.length === 0 && (
        <Notice kind="empty" title="Nothing was pushed yet">
          <p>A job pushes like this:</p>
          <pre>{`echo "rows_total 42" | curl --data-binary @- ${new URL('metrics/job/nightly', document.baseURI).href}`}</pre>
        </Notice>
      )}
      {Array.isArray(fetched.data) &&
        fetched.data.map((group) => (
          <GroupCard key={JSON.stringify(group.labels)} group={group} now={now} renew={renew} />
        ))}
    </>
  );
}

function GroupCard({ group, now, renew }: { group: PushedGroup; now: number; renew: () => void }) {
  const { labels, succeeded, pushedAt, metrics } = group;
  const { job = '', ...others } = labels;
  return (
    <Card
      title={job}
      tools={
        <>
          <span className={`badge badge-${succeeded ? 'good' : 'bad'}`}>
            {succeeded ? `pushed ${formatAge(Math.max(0, now - pushedAt))} ago` : 'last push failed'}
          </span>
          <ActionButton
            label="Delete group"
            name={`Delete group ${shortened(job)}`}
            tone="bad"
            act={async () => {
              await sendDelete(groupPath(labels));
              renew();
            }}
          />
        </>
      }
    >
      {Object.keys(others).length > 0 && <LabelChips labels={others} />}
      <div className="table-frame">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Metric</th>
              <th scope="col">Type</th>
              <th scope="col">Labels</th>
              <th scope="col" className="right">
                Value
              </th>
            </tr>
          </thead>
          <tbody>
            {metrics.slice(0, METRICS_MAX).map(({ name, type, labels: own, text }, i) => (
              <tr key={i}>
                <td>
                  <code>{shortened(name)}</code>
                </td>
                <td className="dim">{type}</td>
                <td>
                  <LabelChips labels={own} />
                </td>
                <td className="right num">{Number.isFinite(Number(text)) ? formatShort(Number(text)) : text}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {metrics.length > METRICS_MAX && <p className="dim">and {metrics.length - METRICS_MAX} more</p>}
    </Card>
  );
}
