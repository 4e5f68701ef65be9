/** What goes over the channel between the backend and a collector, which is the server as a child process. */

/** From the collector. */
export type CollectorNews =
  | { readonly kind: 'ready' }
  | { readonly kind: 'reloaded'; readonly error: string }
  | { readonly kind: 'failed'; readonly error: string };

/** To the collector: read the configuration again. */
export const RELOAD = 'reload';
