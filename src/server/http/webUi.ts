/** The built pages: index.html for every page path, assets beside it under names that carry their hash. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PAGES, UPSTREAM_PAGES } from '../../shared/api/pages.ts';
import { acceptedEncoding, sendTexts } from './answer.ts';
import type { RawRoute } from './lifecycle.ts';
import { queryOf } from './params.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.map': 'application/json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};
const TEXTUAL = /^text\/|json|svg/;

/** Pages run our own scripts only and talk to us only. Styles that scripts set on elements, or adopt, need no exception. */
export const PAGE_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
  "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/** Names with a hash never change their content. */
const HASHED = /[-.][A-Za-z0-9_]{8,}\.[a-z0-9]+$/;

const NOT_BUILT =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Isotherm</title>' +
  '<h1>Isotherm is running</h1><p>Its pages are not built yet: run <code>npm run build:webui</code> and reload. ' +
  'The API is at <code>/api/v1</code>, our own metrics at <a href="metrics">/metrics</a>.</p></html>\n';

/** Files the pages may hold; a folder with more is not a build of ours. */
const FILES_MAX = 1_000;

export interface WebUi {
  /** The page that draws itself by its address. */
  page(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>;
  /** @param path below the folder, with a slash before it. Calls for the answer to unknown paths where there is no such file. */
  file(path: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> | void;
}

export function createWebUi(folder: string): WebUi {
  const index = join(folder, 'index.html');
  let files = new Set<string>();
  let listedAt = -1;
  /** Only listed files are served, so no path can climb out of the folder. Listed anew when the pages are built anew. */
  const has = (path: string): boolean => {
    if (!existsSync(index)) return false;
    const changedAt = statSync(index).mtimeMs;
    if (changedAt !== listedAt) {
      files = new Set(listFiles(folder));
      listedAt = changedAt;
    }
    return files.has(path);
  };
  return {
    page: (request, reply) => sendPage(request, reply, existsSync(index) ? readFileSync(index, 'utf8') : NOT_BUILT),
    file: (path, request, reply) =>
      has(path) ? sendFile(path, join(folder, path), request, reply) : reply.callNotFound(),
  };
}

/** The pages, their assets, and the way from the paths of upstream's pages to ours. */
export function pageRoutes(ui: WebUi): readonly RawRoute[] {
  return [
    ...PAGES.map((page): RawRoute => ({ path: `/${page}`, methods: ['GET'], handle: ui.page })),
    ...Object.entries(UPSTREAM_PAGES).map(([path, { page, view }]): RawRoute => {
      // Relative: where a proxy takes a prefix off, it is the browser that knows it.
      const handle = ({ url }: FastifyRequest, reply: FastifyReply) => {
        const query = [...(view === undefined ? [] : [`view=${view}`]), queryOf(url)].filter((part) => part !== '');
        return reply.redirect(`./${page}${query.length === 0 ? '' : `?${query.join('&')}`}`);
      };
      return { path: `/${path}`, methods: ['GET'], handle };
    }),
    {
      path: '/assets/*',
      methods: ['GET'],
      handle: (request, reply) => ui.file(`/assets/${(request.params as { '*': string })['*']}`, request, reply),
    },
  ];
}

function listFiles(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .slice(0, FILES_MAX)
    .map((entry) => `/${relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/')}`);
}

function sendPage(request: FastifyRequest, reply: FastifyReply, html: string): Promise<FastifyReply> {
  reply.header('content-security-policy', PAGE_CSP).header('cache-control', 'no-cache');
  return sendTexts(request, reply, [html], TYPES['.html']);
}

async function sendFile(
  path: string,
  file: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  reply.header('cache-control', HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache');
  reply.header('content-security-policy', PAGE_CSP);
  if (TEXTUAL.test(type) && acceptedEncoding(request.headers['accept-encoding']) !== 'identity') {
    return sendTexts(request, reply, [await readFile(file, 'utf8')], type);
  }
  return reply.type(type).send(await readFile(file));
}
