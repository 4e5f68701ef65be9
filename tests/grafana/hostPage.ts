/** Builds the page that plays Grafana and serves it beside a built bundle, on loopback. */
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildPlugin, type PluginReport } from '../../scripts/buildPlugin.ts';
import { bundlePage } from '../../scripts/gallery/bundlePage.ts';

const PAGE = `<!doctype html><html><head><meta charset="utf-8"><title>host</title></head>
<body><div id="root"></div><script>window.grafanaBootData = { settings: {}, user: {}, navTree: [] };</script><script src="page.js"></script></body></html>`;
const NO_PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>';
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.html': 'text/html',
  '.svg': 'image/svg+xml',
};

export interface ServedHost {
  readonly url: string;
  /** Files that were asked for and are not there. */
  readonly missing: readonly string[];
  /** Sizes of the bundle's files. */
  readonly bundle: PluginReport;
  close(): void;
}

/** @param packages a folder with the node_modules of another Grafana; this repository's own packages if undefined. */
export async function serveHost(packages?: string): Promise<ServedHost> {
  const folder = mkdtempSync(path.join(tmpdir(), 'isotherm-host-'));
  const [bundle] = await Promise.all([
    buildPlugin(path.join(folder, 'plugin')),
    bundlePage('tests/grafana/host/page.tsx', path.join(folder, 'page.js'), packages),
  ]);
  const missing: string[] = [];
  const server = createServer((request, response) => {
    const name = new URL(request.url ?? '/', 'http://host').pathname;
    if (name === '/') {
      response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
      return;
    }
    if (name.startsWith('/public/')) {
      // Icons and fonts of Grafana itself: any will do.
      response.writeHead(200, { 'content-type': TYPES[path.extname(name)] ?? 'font/woff2' }).end(NO_PICTURE);
      return;
    }
    readFile(path.join(folder, path.normalize(name))).then(
      (content) =>
        response
          .writeHead(200, { 'content-type': TYPES[path.extname(name)] ?? 'application/octet-stream' })
          .end(content),
      () => {
        if (name === '/favicon.ico') return response.writeHead(204).end();
        missing.push(name);
        return response.writeHead(404).end();
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    missing,
    bundle,
    close: () => {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
