import React, { Suspense, lazy, useEffect, useState } from 'react';
import { PAGES, type Page } from '../shared/api/pages.ts';
import { usePlace } from './location.ts';
import type { Place } from './location.ts';
import { OverviewPage } from './overview/OverviewPage.tsx';
import { Notice } from './parts/Card.tsx';
import { Failure } from './parts/Failure.tsx';
import { PageFrame, ToolsPlace } from './parts/PageFrame.tsx';
import { PageLink, TopBar } from './parts/TopBar.tsx';
import { themeChoice, useThemeMode } from './theme.ts';

const ModelsPage = lazy(() => import('./models/ModelsPage.tsx'));
const QueryPage = lazy(() => import('./query/QueryPage.tsx'));
const AlertsPage = lazy(() => import('./alerts/AlertsPage.tsx'));
const TargetsPage = lazy(() => import('./targets/TargetsPage.tsx'));
const StatusPage = lazy(() => import('./status/StatusPage.tsx'));

const DRAWN: Record<Page, { readonly title: string; readonly draw: (place: Place) => React.ReactNode }> = {
  '': { title: 'Overview', draw: (place) => <OverviewPage place={place} /> },
  models: { title: 'Models', draw: (place) => <ModelsPage place={place} /> },
  query: { title: 'Query', draw: (place) => <QueryPage place={place} /> },
  alerts: { title: 'Alerts', draw: (place) => <AlertsPage place={place} /> },
  targets: { title: 'Targets', draw: (place) => <TargetsPage place={place} /> },
  status: { title: 'Status', draw: (place) => <StatusPage place={place} /> },
};

export function App() {
  const place = usePlace();
  const theme = themeChoice(place.params);
  const mode = useThemeMode(theme);
  const [toolsPlace, setToolsPlace] = useState<HTMLElement | null>(null);
  const page = place.page === undefined ? undefined : DRAWN[place.page];
  useEffect(() => {
    document.documentElement.dataset.theme = mode;
  }, [mode]);
  useEffect(() => {
    document.title = page === undefined ? 'No such page · Isotherm' : `${page.title} · Isotherm`;
  }, [page]);
  return (
    <div className="shell">
      <a className="skip-link" href="#main">
        Skip to the content
      </a>
      <TopBar place={place} theme={theme} toolsRef={setToolsPlace} />
      <ToolsPlace.Provider value={toolsPlace}>
        <Failure key={place.page}>
          <Suspense fallback={<Loading />}>
            {page === undefined ? <NoSuchPage place={place} /> : page.draw(place)}
          </Suspense>
        </Failure>
      </ToolsPlace.Provider>
    </div>
  );
}

function Loading() {
  return (
    <PageFrame>
      <h1 className="visually-hidden">Loading</h1>
      <Notice kind="loading" title="Loading the page …" />
    </PageFrame>
  );
}

function NoSuchPage({ place }: { place: Place }) {
  return (
    <PageFrame>
      <h1 className="visually-hidden">No such page</h1>
      <Notice kind="empty" title="There is no page at this address">
        <p>
          Go to the{' '}
          {PAGES.map((page, i) => (
            <React.Fragment key={page}>
              {i > 0 && (i < PAGES.length - 1 ? ', ' : ' or ')}
              <PageLink page={page} place={place}>
                {DRAWN[page].title.toLowerCase()}
              </PageLink>
            </React.Fragment>
          ))}
          .
        </p>
      </Notice>
    </PageFrame>
  );
}
