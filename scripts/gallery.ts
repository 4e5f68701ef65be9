/**
 * npm run gallery                 serves a page of the heatmap panel in every mode, until Ctrl-C
 * npm run gallery -- --pictures   takes the pictures of docs/img anew, with the Chromium of this machine
 * npm run gallery -- --all <dir>  a picture of every mode, dark and light, into a folder
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bundlePage } from './gallery/bundlePage.ts';
import { takePictures } from './gallery/pictures.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Heatmap gallery</title></head>
<body><div id="root"></div><script>window.grafanaBootData = { settings: {}, user: {}, navTree: [] };</script><script src="page.js"></script></body></html>`;
const PORT = 9099;

function serve(script: Buffer, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const name = new URL(request.url ?? '/', 'http://gallery').pathname;
    if (name === '/') response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
    else if (name === '/page.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    else response.writeHead(204).end();
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

async function main(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'isotherm-gallery-'));
  try {
    await bundlePage('scripts/gallery/page.tsx', path.join(folder, 'page.js'));
    const [what, into] = process.argv.slice(2);
    const server = await serve(await readFile(path.join(folder, 'page.js')), what === undefined ? PORT : 0);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    if (what === undefined) {
      console.log(`gallery: ${url} (dark), ${url}#light; Ctrl-C stops it`);
      return;
    }
    const pictures = await takePictures(url, what === '--all');
    const target = what === '--all' ? path.resolve(into ?? 'gallery') : path.join(ROOT, 'docs/img');
    for (const { name, png } of pictures) await writeFile(path.join(target, name), png);
    console.log(`gallery: ${pictures.length} pictures in ${path.relative(process.cwd(), target) || '.'}`);
    server.closeAllConnections();
    server.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
