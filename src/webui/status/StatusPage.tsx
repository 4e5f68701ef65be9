import React from 'react';
import { refreshChoice, useClock } from '../clock.ts';
import type { Place } from '../location.ts';
import { SubPages } from '../parts/SubPages.tsx';
import { PageFrame } from '../parts/PageFrame.tsx';
import { RefreshPicker } from '../parts/TopBar.tsx';
import { ApiView } from './ApiView.tsx';
import { ConfigView } from './ConfigView.tsx';
import { FlagsView } from './FlagsView.tsx';
import { QueriesView } from './QueriesView.tsx';
import { ServerView } from './ServerView.tsx';
import { StoreView } from './StoreView.tsx';

const VIEWS = [
  { view: '', text: 'Server' },
  { view: 'store', text: 'Store' },
  { view: 'queries', text: 'Queries' },
  { view: 'config', text: 'Configuration' },
  { view: 'flags', text: 'Flags' },
  { view: 'api', text: 'API' },
] as const;

/** What runs here, what its store holds, which queries it works on, and how it was configured. */
export default function StatusPage({ place }: { place: Place }) {
  const { params } = place;
  const current = VIEWS.find(({ view }) => view === params.get('view'))?.view ?? '';
  const refresh = refreshChoice(params);
  const [now, renew] = useClock(refresh);
  return (
    <PageFrame className="page-narrow" tools={<RefreshPicker refresh={refresh} onRenew={renew} />}>
      <div className="page-head">
        <h1>Status</h1>
        <SubPages label="Parts of the status" page="status" place={place} views={VIEWS} current={current} />
      </div>
      {current === '' && <ServerView now={now} />}
      {current === 'store' && <StoreView now={now} place={place} />}
      {current === 'queries' && <QueriesView now={now} renew={renew} place={place} />}
      {current === 'config' && <ConfigView now={now} />}
      {current === 'flags' && <FlagsView />}
      {current === 'api' && <ApiView place={place} />}
    </PageFrame>
  );
}
