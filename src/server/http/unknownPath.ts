/** What no route takes: a known path written otherwise is sent on, anything else is told where things are. */
import { posix } from 'node:path';
import { TEXT_TYPE } from './answer.ts';
import { queryOf } from './params.ts';
import type { RawHandler } from './route.ts';
import type { WebUi } from './webUi.ts';

/**
 * Slashes too many and dots in a path are 307, a slash at its end 301 (307 where there may be a body), as upstream has it. Only to paths that
 * are there, so never to another server.
 *
 * @param routePrefix '' or `/path`.
 * @param paths of all routes, below the prefix and as the router writes them.
 */
export function unknownPath(routePrefix: string, paths: ReadonlySet<string>, pages: WebUi): RawHandler {
  const help = `404 page not found; pages begin at ${routePrefix}/, the API at ${routePrefix}/api/v1\n`;
  const isThere = (path: string) =>
    path.startsWith(`${routePrefix}/`) && isPathOf(paths, path.slice(routePrefix.length));
  return (request, reply) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const [path] = request.url.split('?', 1);
    if (isRead && routePrefix !== '' && path === '/') return reply.redirect(`${routePrefix}/`);
    const clean = posix.normalize(path);
    const bare = clean.replace(/\/$/, '');
    const there = [clean, bare, `${clean}/`].find((one) => one !== path && isThere(one));
    const query = queryOf(request.url);
    if (there !== undefined)
      return reply.redirect(there + (query === '' ? '' : `?${query}`), isRead && clean === path ? 301 : 307);
    // Deeper than that the page would not find its assets.
    const isBeside = path.startsWith(`${routePrefix}/`) && !path.slice(routePrefix.length + 1).includes('/');
    const isBrowser = isRead && /\btext\/html\b/.test(request.headers.accept ?? '');
    reply.code(404);
    return isBeside && isBrowser ? pages.page(request, reply) : reply.type(TEXT_TYPE).send(help);
  };
}

/** Whether a path is that of a route, whose `:name` stands for anything. */
function isPathOf(paths: ReadonlySet<string>, path: string): boolean {
  if (paths.has(path)) return true;
  const parts = path.split('/');
  return [...paths].some((pattern) => {
    const wanted = pattern.split('/');
    return (
      wanted.length === parts.length &&
      wanted.every((part, i) => part === parts[i] || (part.startsWith(':') && parts[i] !== ''))
    );
  });
}
