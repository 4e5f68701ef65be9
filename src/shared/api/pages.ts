/** Paths of the pages: the web UI draws what stands at them, and the server answers 404 to any other. */

/** '' is the first one. */
export const PAGES = ['', 'models', 'query', 'alerts', 'targets', 'status'] as const;
export type Page = (typeof PAGES)[number];

/** Upstream's pages, to which alerts, dashboards and bookmarks link, and the page of ours that shows the same. Paths that both have are ours. */
export const UPSTREAM_PAGES: Readonly<Record<string, { readonly page: Page; readonly view?: string }>> = {
  agent: { page: '' },
  graph: { page: 'query' },
  rules: { page: 'alerts' },
  'alertmanager-discovery': { page: 'alerts' },
  'service-discovery': { page: 'targets', view: 'discovery' },
  config: { page: 'status', view: 'config' },
  flags: { page: 'status', view: 'flags' },
  'tsdb-status': { page: 'status', view: 'store' },
};
