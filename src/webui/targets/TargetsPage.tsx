import React from 'react';
import { refreshChoice, useClock } from '../clock.ts';
import type { Place } from '../location.ts';
import { SubPages } from '../parts/SubPages.tsx';
import { PageFrame } from '../parts/PageFrame.tsx';
import { RefreshPicker } from '../parts/TopBar.tsx';
import { DiscoveryView } from './DiscoveryView.tsx';
import { PushedView } from './PushedView.tsx';
import { TargetsView } from './TargetsView.tsx';

const VIEWS = [
  { view: '', text: 'Targets' },
  { view: 'discovery', text: 'Discovery' },
  { view: 'pushed', text: 'Pushed' },
] as const;

/** What is scraped, what was discovered and what became of it, and what was pushed. */
export default function TargetsPage({ place }: { place: Place }) {
  const { params } = place;
  const refresh = refreshChoice(params);
  const [now, renew] = useClock(refresh);
  const current = VIEWS.find(({ view }) => view === params.get('view'))?.view ?? '';
  const nav = <SubPages label="Parts of the targets" page="targets" place={place} views={VIEWS} current={current} />;
  const shown = { place, now, renew, nav };
  return (
    <PageFrame className="page-narrow" tools={<RefreshPicker refresh={refresh} onRenew={renew} />}>
      {current === '' && <TargetsView {...shown} />}
      {current === 'discovery' && <DiscoveryView {...shown} />}
      {current === 'pushed' && <PushedView {...shown} />}
    </PageFrame>
  );
}
