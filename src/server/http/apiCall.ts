/** What a handler of the API is given, however the request came. */
import type { Client } from './client.ts';
import type { ApiCall } from './route.ts';

/** Below it are the routes of the API. */
export const API = '/api/v1';

/** What is known beside who asks. */
type Known = Pick<ApiCall, 'deps' | 'rooms' | 'params' | 'path' | 'queries' | 'accept'>;

/** @param route its path below {@link API}. */
export function apiCall(known: Known, method: string, route: string, client: Client): ApiCall {
  const { deps, rooms, params, path, queries, accept } = known;
  const gone = new AbortController();
  client.watch(gone);
  const { address } = client;
  const origin = { httpRequest: { clientIP: address, method, path: API + route } };
  return { deps, rooms, params, path, queries, accept, client: address, origin, gone };
}
