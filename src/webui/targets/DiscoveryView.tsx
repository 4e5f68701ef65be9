import React, { useState } from 'react';
import { shortened } from '../../shared/model/visible.ts';
import type { ApiTargets } from '../../shared/api/prometheus.ts';
import { ask } from '../api/client.ts';
import { useFetched } from '../api/useFetched.ts';
import { setParams } from '../location.ts';
import { Card, Notice } from '../parts/Card.tsx';
import { Segments } from '../parts/Choice.tsx';
import { LabelChips } from '../parts/LabelChips.tsx';
import { SearchField } from '../parts/SearchField.tsx';
import { discoveredPools } from './discovery.ts';
import type { Discovered, DiscoveredPool } from './discovery.ts';
import { RelabelSteps } from './RelabelSteps.tsx';
import type { TargetsViewProps } from './TargetsView.tsx';

/** Rows of a pool that are listed; the rest is counted. */
const ROWS_MAX = 100;
const STATES = ['all', 'kept', 'dropped'] as const;

/** Everything that discovery found, job by job: what it became, or which rule dropped it. */
export function DiscoveryView({ place, now, nav }: TargetsViewProps) {
  const { params } = place;
  const state = STATES.find((one) => one === params.get('state')) ?? 'all';
  const text = params.get('search') ?? '';
  const found = useFetched(`discovery ${now}`, async (signal) => (await ask<ApiTargets>('targets', {}, signal)).data);
  const all = found.data === undefined ? undefined : discoveredPools(found.data, 'all', '');
  const pools = found.data === undefined ? [] : discoveredPools(found.data, state, text);
  const count = (of: (pool: DiscoveredPool) => number) => (all ?? []).reduce((sum, pool) => sum + of(pool), 0);
  return (
    <>
      <div className="page-head">
        <h1>Discovery</h1>
        {nav}
        {all !== undefined && (
          <Segments
            label="What became of it"
            value={state}
            options={[
              { value: 'all', text: `All ${count(({ kept, dropped }) => kept + dropped)}` },
              { value: 'kept', text: `Scraped ${count(({ kept }) => kept)}` },
              { value: 'dropped', text: `Dropped ${count(({ dropped }) => dropped)}` },
            ]}
            onChange={(value) => setParams({ state: value === 'all' ? undefined : value })}
          />
        )}
        <SearchField
          label="Search discovered targets"
          placeholder="Label or value"
          value={text}
          onChange={(value) => setParams({ search: value === '' ? undefined : value })}
        />
      </div>
      {found.error !== undefined && <Notice kind="error" title={found.error.message} />}
      {found.data === undefined && found.error === undefined && <Notice kind="loading" title="Asking …" />}
      {all?.length === 0 && (
        <Notice kind="empty" title="Nothing was discovered yet">
          <p>
            Jobs find their targets by <code>static_configs</code>, files, HTTP, DNS, Consul, Docker, Kubernetes or EC2.
          </p>
        </Notice>
      )}
      {all !== undefined && all.length > 0 && pools.length === 0 && (
        <Notice kind="empty" title="Nothing discovered is like that">
          <p>Choose another state, or search for something else.</p>
        </Notice>
      )}
      {pools.map((pool) => (
        <Card
          key={pool.name}
          title={pool.name}
          busy={found.loading}
          tools={
            <span className="dim">
              {pool.kept} scraped, {pool.dropped} dropped
            </span>
          }
        >
          <ul className="discovered">
            {pool.rows.slice(0, ROWS_MAX).map((row) => (
              <DiscoveredItem key={row.key} pool={pool.name} row={row} />
            ))}
          </ul>
          {pool.rows.length > ROWS_MAX && (
            <p className="dim">and {pool.rows.length - ROWS_MAX} more; search to see them</p>
          )}
        </Card>
      ))}
    </>
  );
}

function DiscoveredItem({ pool, row }: { pool: string; row: Discovered }) {
  const [isOpen, setOpen] = useState(false);
  const { discovered, labels } = row;
  const button = isOpen ? 'Close' : labels === undefined ? 'Why?' : 'Rules';
  return (
    <li>
      <div className="discovered-head">
        <span className={`badge badge-${labels === undefined ? 'quiet' : 'good'}`}>
          {labels === undefined ? 'Dropped' : 'Scraped'}
        </span>
        <div className="discovered-labels">
          <LabelChips labels={labels ?? discovered} />
        </div>
        <button
          type="button"
          className="button button-small"
          aria-expanded={isOpen}
          aria-label={`${button} ${shortened(discovered.__address__ ?? 'this target')}`}
          onClick={() => setOpen(!isOpen)}
        >
          {button}
        </button>
      </div>
      {isOpen && <RelabelSteps pool={pool} discovered={discovered} />}
    </li>
  );
}
