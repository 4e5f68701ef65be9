import React, { useMemo, useState } from 'react';
import { shortened, visibleLines } from '../../shared/model/visible.ts';
import type { ApiTarget } from '../../shared/api/prometheus.ts';
import { send } from '../api/client.ts';
import { useFetched } from '../api/useFetched.ts';
import { setParams } from '../location.ts';
import type { Place } from '../location.ts';
import { ActionButton } from '../parts/ActionButton.tsx';
import { Card, Notice } from '../parts/Card.tsx';
import { Segments } from '../parts/Choice.tsx';
import { LabelChips } from '../parts/LabelChips.tsx';
import { SearchField } from '../parts/SearchField.tsx';
import { PageLink } from '../parts/TopBar.tsx';
import { formatAge, formatSeconds, formatShort } from '../text.ts';
import { STATES, fetchTargets, poolsOf } from './pools.ts';
import type { Pool, TargetRow } from './pools.ts';
import { RelabelSteps } from './RelabelSteps.tsx';

export interface TargetsViewProps {
  readonly place: Place;
  readonly now: number;
  readonly renew: () => void;
  /** Links to the other parts of the page. */
  readonly nav: React.ReactNode;
}

/** Every target with its state, and the last error in full. */
export function TargetsView({ place, now, renew, nav }: TargetsViewProps) {
  const { params } = place;
  const state = STATES.find((one) => one === params.get('state')) ?? 'all';
  const text = params.get('search') ?? '';
  const targets = useFetched(String(now), (signal) => fetchTargets(now, signal));
  const pools = useMemo(() => poolsOf(targets.data?.rows ?? [], state, text), [targets.data, state, text]);
  const count = (health: string) => targets.data?.rows.filter((row) => row.target.health === health).length ?? 0;
  const dropped = Object.values(targets.data?.dropped ?? {}).reduce((sum, n) => sum + n, 0);

  return (
    <>
      <div className="page-head">
        <h1>Targets</h1>
        {nav}
        {targets.data !== undefined && (
          <Segments
            label="State"
            value={state}
            options={STATES.filter((one) => one === 'all' || one === state || count(one) > 0).map((one) => ({
              value: one,
              text:
                one === 'all'
                  ? `All ${targets.data!.rows.length}`
                  : `${one[0].toUpperCase()}${one.slice(1)} ${count(one)}`,
            }))}
            onChange={(value) => setParams({ state: value === 'all' ? undefined : value })}
          />
        )}
        <SearchField
          label="Search targets"
          placeholder="Address, label or error"
          value={text}
          onChange={(value) => setParams({ search: value === '' ? undefined : value })}
        />
      </div>
      {targets.error !== undefined && <Notice kind="error" title={targets.error.message} />}
      {targets.data === undefined && targets.error === undefined && <Notice kind="loading" title="Asking …" />}
      {targets.data?.rows.length === 0 && (
        <Notice kind="empty" title="Nothing is scraped yet">
          <p>
            Name your services under <code>scrape_configs</code> in the configuration file, then reload it.
          </p>
          <pre>{"scrape_configs:\n  - job_name: model\n    static_configs:\n      - targets: ['127.0.0.1:8000']"}</pre>
        </Notice>
      )}
      {targets.data !== undefined && targets.data.rows.length > 0 && pools.length === 0 && (
        <Notice kind="empty" title="No target is like that">
          <p>Choose another state, or search for something else.</p>
        </Notice>
      )}
      {pools.map((pool) => (
        <PoolCard key={pool.name} pool={pool} now={now} renew={renew} busy={targets.loading} />
      ))}
      {dropped > 0 && (
        <p className="dim">
          {dropped === 1 ? '1 discovered target was' : `${dropped} discovered targets were`} dropped by relabeling;{' '}
          <PageLink page="targets" place={place} own={{ view: 'discovery', state: 'dropped' }}>
            see why
          </PageLink>
          .
        </p>
      )}
    </>
  );
}

interface PoolCardProps {
  readonly pool: Pool;
  readonly now: number;
  readonly renew: () => void;
  readonly busy: boolean;
}

function PoolCard({ pool, now, renew, busy }: PoolCardProps) {
  const fine = pool.up === pool.all;
  return (
    <Card
      title={pool.name}
      className="pool-card"
      busy={busy}
      tools={
        <span className={`pill pill-${fine ? 'good' : 'bad'}`}>
          <span className="dot" />
          {pool.up} of {pool.all} up
        </span>
      }
    >
      <div className="table-frame">
        <table className="table targets">
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">Endpoint</th>
              <th scope="col">Labels</th>
              <th scope="col" className="right">
                Last scrape
              </th>
              <th scope="col" className="right">
                Took
              </th>
              <th scope="col" className="right">
                Samples
              </th>
              <th scope="col" className="right">
                Every
              </th>
              <th scope="col" className="right">
                <span className="visually-hidden">What can be done</span>
              </th>
            </tr>
          </thead>
          {pool.rows.map((row) => (
            <TargetLines
              key={`${row.target.scrapeUrl} ${JSON.stringify(row.target.labels)}`}
              row={row}
              now={now}
              renew={renew}
            />
          ))}
        </table>
      </div>
    </Card>
  );
}

const TONES = { up: 'good', down: 'bad', unknown: 'quiet' } as const;
const WORDS = { up: 'Up', down: 'Down', unknown: 'Not yet scraped' } as const;

function TargetLines({ row, now, renew }: { row: TargetRow; now: number; renew: () => void }) {
  const { target, lastScrape, samples } = row;
  const [isOpen, setOpen] = useState(false);
  return (
    <tbody className="target">
      <tr className={target.lastError === '' ? '' : 'with-error'}>
        <td data-name="State">
          <span className={`badge badge-${TONES[target.health]}`}>{WORDS[target.health]}</span>
        </td>
        <td data-name="Endpoint" className="endpoint">
          <Endpoint url={target.scrapeUrl} />
        </td>
        <td data-name="Labels">
          <LabelChips labels={target.labels} />
        </td>
        <td data-name="Last scrape" className="right num">
          {Number.isNaN(lastScrape) ? 'never' : `${formatAge(now - lastScrape)} ago`}
        </td>
        <td data-name="Took" className="right num">
          {Number.isNaN(lastScrape) ? '–' : formatSeconds(target.lastScrapeDuration)}
        </td>
        <td data-name="Samples" className="right num">
          {Number.isNaN(samples) ? '–' : formatShort(samples)}
        </td>
        <td data-name="Every" className="right num" title={`times out after ${target.scrapeTimeout}`}>
          {target.scrapeInterval}
        </td>
        <td data-name="" className="right target-acts">
          <ActionButton
            label="Scrape now"
            name={`Scrape now: ${shortened(target.scrapeUrl)}`}
            act={async () => {
              await send('targets/scrape', { scrapePool: target.scrapePool, scrapeUrl: target.scrapeUrl });
              renew();
            }}
          />
          <button
            type="button"
            className="button button-small"
            aria-expanded={isOpen}
            aria-label={`${isOpen ? 'Close' : 'Labels'}: ${shortened(target.scrapeUrl)}, rule by rule`}
            onClick={() => setOpen(!isOpen)}
          >
            {isOpen ? 'Close' : 'Labels'}
          </button>
        </td>
      </tr>
      {target.lastError !== '' && (
        <tr className="error-row">
          <td colSpan={8}>
            <p className="target-error">{visibleLines(target.lastError)}</p>
          </td>
        </tr>
      )}
      {isOpen && (
        <tr className="detail-row">
          <td colSpan={8}>
            <TargetDetail target={target} />
          </td>
        </tr>
      )}
    </tbody>
  );
}

function TargetDetail({ target }: { target: ApiTarget }) {
  return (
    <div className="target-detail">
      <RelabelSteps pool={target.scrapePool} discovered={target.discoveredLabels} />
    </div>
  );
}

/** A link only for addresses that a browser fetches; a relabeled target can have any text. */
function Endpoint({ url }: { url: string }) {
  if (!/^https?:\/\//i.test(url)) return <code>{shortened(url, 400)}</code>;
  return (
    <a href={url} target="_blank" rel="noreferrer noopener">
      <code>{shortened(url, 400)}</code>
    </a>
  );
}
