/** Where the user is: page and parameters, all of it in the address, so that a link or a reload gives the same view. */
import { useSyncExternalStore } from 'react';
import { PAGES, type Page } from '../shared/api/pages.ts';

export interface Place {
  /** The last part of the path; anything that is not a page is undefined. */
  readonly page: Page | undefined;
  readonly params: URLSearchParams;
}

const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener('popstate', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('popstate', listener);
  };
}

let parsed: { readonly href: string; readonly place: Place } | undefined;

function currentPlace(): Place {
  const href = window.location.href;
  if (parsed?.href !== href) parsed = { href, place: placeOf(new URL(href)) };
  return parsed.place;
}

export function placeOf(url: URL): Place {
  const last = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
  const page = PAGES.find((page) => page === last);
  return { page, params: page === 'query' ? ownParams(url.searchParams) : url.searchParams };
}

/** Upstream's names of what a query page shows: alerts and other programs link so. */
const UPSTREAM_TABS: Readonly<Record<string, string>> = { 0: 'graph', graph: 'graph', 1: 'table', table: 'table' };

function ownParams(params: URLSearchParams): URLSearchParams {
  const expr = params.get('g0.expr');
  if (expr === null || params.has('expr')) return params;
  const own = new URLSearchParams([...params].filter(([name]) => !/^g\d+\./.test(name)));
  own.set('expr', expr);
  const view = UPSTREAM_TABS[params.get('g0.tab') ?? ''];
  if (view !== undefined) own.set('view', view);
  const range = params.get('g0.range_input');
  if (range !== null) own.set('range', range);
  return own;
}

export function usePlace(): Place {
  return useSyncExternalStore(subscribe, currentPlace);
}

/** Parameters that stay when the page changes: they belong to the user, not to a page. */
const KEPT = ['range', 'start', 'end', 'refresh', 'theme'];

/** A relative address of a page that keeps the range, refresh and theme of the present one. */
export function pageHref(page: Page, present: URLSearchParams, own: Readonly<Record<string, string>> = {}): string {
  const params = new URLSearchParams();
  for (const name of KEPT) {
    const value = present.get(name);
    if (value !== null) params.set(name, value);
  }
  for (const [name, value] of Object.entries(own)) params.set(name, value);
  const text = params.toString();
  return `./${page}${text === '' ? '' : `?${text}`}`;
}

let navigated = false;

/** Whether another page than the one that was loaded has been gone to. */
export const hasNavigated = (): boolean => navigated;

export function goTo(href: string): void {
  navigated = true;
  window.history.pushState(null, '', href);
  for (const listener of listeners) listener();
}

/**
 * Changes parameters of the present page; undefined removes one.
 *
 * @param how `push` makes a step that the browser's Back undoes; `replace` does not.
 */
export function setParams(
  changes: Readonly<Record<string, string | undefined>>,
  how: 'push' | 'replace' = 'replace',
): void {
  const url = new URL(window.location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  if (url.href === window.location.href) return;
  if (how === 'push') window.history.pushState(null, '', url);
  else window.history.replaceState(null, '', url);
  for (const listener of listeners) listener();
}
