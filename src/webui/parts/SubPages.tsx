import React from 'react';
import type { Page } from '../../shared/api/pages.ts';
import type { Place } from '../location.ts';
import { PageLink } from './TopBar.tsx';

export interface SubPage {
  /** '' is the first one. */
  readonly view: string;
  readonly text: string;
}

interface SubPagesProps {
  readonly label: string;
  readonly page: Page;
  readonly place: Place;
  readonly views: readonly SubPage[];
  readonly current: string;
}

/** Links to the parts of a page that has several. */
export function SubPages({ label, page, place, views, current }: SubPagesProps) {
  return (
    <nav className="segments sub-pages" aria-label={label}>
      {views.map(({ view, text }) => (
        <PageLink key={view} page={page} place={place} own={view === '' ? {} : { view }} current={view === current}>
          {text}
        </PageLink>
      ))}
    </nav>
  );
}
