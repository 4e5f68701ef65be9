/**
 * Bundles src/webui into a folder that any static server can serve under any prefix: index.html with relative addresses, and assets/ with
 * content-hashed names. No inline script or style, so that a strict Content-Security-Policy holds.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, context } from 'esbuild';
import type { BuildOptions, BuildResult } from 'esbuild';

const ROOT = path.resolve(import.meta.dirname, '..');
const SOURCE = path.join(ROOT, 'src/webui');
export const WEBUI_FOLDER = path.join(ROOT, 'dist/webui');

/** What a first visit of the overview may cost, gzipped: page, styles, icon, entry script and the chunks it imports statically. */
export const FIRST_LOAD_BYTES_MAX = 300_000;

export interface WebuiReport {
  readonly folder: string;
  /** Gzipped bytes of the first load. */
  readonly firstLoadBytes: number;
  /** Gzipped bytes of everything, lazy pages included. */
  readonly allBytes: number;
  readonly assets: readonly string[];
}

/** Builds once. Files appear whole: assets first, then index.html, then assets of older builds go. */
export async function buildWebui(folder = WEBUI_FOLDER): Promise<WebuiReport> {
  return writeOut(folder, await build(bundleOptions({ minify: true })));
}

/**
 * Builds now and after every change of a source.
 *
 * @returns a function that ends the watching.
 */
export async function watchWebui(onBuilt: (report: WebuiReport) => void): Promise<() => Promise<void>> {
  const options = bundleOptions({ minify: false });
  const watching = await context({
    ...options,
    plugins: [
      {
        name: 'write-out',
        setup(hooks) {
          hooks.onEnd(async (result) => {
            if (result.errors.length === 0) onBuilt(await writeOut(WEBUI_FOLDER, result as Bundle));
          });
        },
      },
    ],
  });
  await watching.watch();
  return () => watching.dispose();
}

export async function main(): Promise<void> {
  const report = await buildWebui();
  const kB = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
  console.log(
    `webui: ${path.relative(ROOT, report.folder)}, first load ${kB(report.firstLoadBytes)} gzipped (at most ${kB(FIRST_LOAD_BYTES_MAX)}), all ${kB(report.allBytes)}`,
  );
  if (report.firstLoadBytes > FIRST_LOAD_BYTES_MAX) throw new Error('webui: the first load is over its limit');
}

type Bundle = BuildResult<BuildOptions & { metafile: true; write: false }>;

function bundleOptions({ minify }: { minify: boolean }) {
  return {
    absWorkingDir: ROOT,
    entryPoints: { main: path.join(SOURCE, 'main.tsx'), style: path.join(SOURCE, 'styles/index.css') },
    outdir: 'out',
    entryNames: '[name]-[hash]',
    chunkNames: 'chunk-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: ['es2022', 'chrome110', 'firefox115', 'safari16'],
    minify,
    sourcemap: minify ? false : 'inline',
    legalComments: 'none',
    define: { 'process.env.NODE_ENV': minify ? '"production"' : '"development"' },
    metafile: true,
    write: false,
    logLevel: 'warning',
  } as const satisfies BuildOptions;
}

async function writeOut(folder: string, bundle: Bundle): Promise<WebuiReport> {
  const files = new Map<string, Uint8Array>();
  for (const file of bundle.outputFiles) files.set(path.basename(file.path), file.contents);
  const icon = await readFile(path.join(SOURCE, 'icon.svg'));
  const iconName = `icon-${createHash('sha256').update(icon).digest('hex').slice(0, 8)}.svg`;
  files.set(iconName, icon);

  const first = firstLoad(bundle);
  const page = indexPage({ ...first, icon: iconName });
  const assets = path.join(folder, 'assets');
  await mkdir(assets, { recursive: true });
  for (const [name, bytes] of files) await writeWhole(path.join(assets, name), bytes);
  await writeWhole(path.join(folder, 'index.html'), Buffer.from(page));
  for (const name of await readdir(assets)) {
    if (!files.has(name)) await rm(path.join(assets, name), { force: true });
  }

  const zipped = (bytes: Uint8Array) => gzipSync(bytes).length;
  const firstNames = [first.script, first.style, iconName, ...first.chunks];
  return {
    folder,
    firstLoadBytes: firstNames.reduce((sum, name) => sum + zipped(files.get(name)!), zipped(Buffer.from(page))),
    allBytes: [...files.values()].reduce((sum, bytes) => sum + zipped(bytes), zipped(Buffer.from(page))),
    assets: [...files.keys()].sort(),
  };
}

/**
 * Another process may build or serve the same folder: a reader sees the old file or the new one, never half of it. A file that is right
 * already is left alone, so that a checkout that cannot be written to serves the pages that it has.
 */
async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  const before = await readFile(file).catch(() => undefined);
  if (before?.equals(bytes) === true) return;
  const draft = `${file}.${process.pid}.tmp`;
  await writeFile(draft, bytes);
  await rename(draft, file);
}

interface FirstLoad {
  readonly script: string;
  readonly style: string;
  readonly chunks: readonly string[];
}

/** The entry files and, transitively, the chunks that the entry script imports statically. */
function firstLoad(bundle: Bundle): FirstLoad {
  const outputs = bundle.metafile.outputs;
  const entry = (name: string) => {
    const found = Object.keys(outputs).find((file) => path.basename(file).startsWith(`${name}-`));
    if (found === undefined) throw new Error(`webui: the bundle has no ${name}`);
    return found;
  };
  const script = entry('main');
  const chunks = new Set<string>();
  const visit = (file: string) => {
    for (const imported of outputs[file].imports) {
      if (imported.kind !== 'import-statement' || chunks.has(imported.path)) continue;
      chunks.add(imported.path);
      visit(imported.path);
    }
  };
  visit(script);
  return {
    script: path.basename(script),
    style: path.basename(entry('style')),
    chunks: [...chunks].map((file) => path.basename(file)),
  };
}

function indexPage({ script, style, chunks, icon }: FirstLoad & { icon: string }): string {
  const preloads = chunks.map((name) => `    <link rel="modulepreload" href="./assets/${name}">\n`).join('');
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Isotherm</title>
    <link rel="icon" type="image/svg+xml" href="./assets/${icon}">
    <link rel="stylesheet" href="./assets/${style}">
${preloads}    <script type="module" src="./assets/${script}"></script>
  </head>
  <body>
    <div id="root"></div>
    <noscript>Isotherm draws its pages with JavaScript. The HTTP API under /api/v1 works without.</noscript>
  </body>
</html>
`;
}
