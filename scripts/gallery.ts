/**
 * npm run gallery                 serves a page of the heatmap panel in every mode, until Ctrl-C
 * npm run gallery -- --pictures   takes the pictures of docs/img anew, with the Chromium of this machine
 * npm run gallery -- --all <dir>  a picture of every mode, dark and light, into a folder
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bundlePage } from './gallery/bundlePage.ts';
import { takePictures } from './gallery/pictures.ts';
import { serveGallery } from './gallery/serve.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const PORT = 9099;

async function main(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'isotherm-gallery-'));
  try {
    await bundlePage('scripts/gallery/page.tsx', path.join(folder, 'page.js'));
    const [what, into] = process.argv.slice(2);
    const server = await serveGallery(await readFile(path.join(folder, 'page.js')), what === undefined ? PORT : 0);
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
