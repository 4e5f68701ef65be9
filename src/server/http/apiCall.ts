/** What a handler of the API is given, however the request came. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiCall } from './route.ts';

/** Below it are the routes of the API. */
export const API = '/api/v1';

/** What is known beside the request itself. */
type Known = Pick<ApiCall, 'deps' | 'rooms' | 'params' | 'path' | 'queries'>;

/** @param route its path below {@link API}. */
export function apiCall(known: Known, route: string, request: IncomingMessage, response: ServerResponse): ApiCall {
  const { method = '', headers, socket } = request;
  const gone = new AbortController();
  // Of a request that is answered there is nothing to abort, and telling so costs.
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  const client = socket.remoteAddress ?? '';
  const origin = { httpRequest: { clientIP: client, method, path: API + route } };
  return { ...known, accept: headers.accept ?? '', client, origin, gone };
}
