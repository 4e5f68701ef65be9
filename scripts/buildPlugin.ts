/**
 * Builds the Grafana bundle: the app that carries the data source (with its backend) and the heatmap panel, as Grafana's plugin folder wants it.
 *
 * Front ends are AMD modules. esbuild writes CommonJS; a `define` of ours around it hands in the modules that Grafana shares. Only modules that hosts
 * from 10.1 on share are external; all else is in the bundle (docs/decisions/020-plugin-bundle.md).
 */
import { chmod, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type BuildOptions } from 'esbuild';
import { readBuildInfo } from '../src/server/telemetry/build.ts';
import { bundleServer } from './buildServer.ts';
import { buildWebui } from './buildWebui.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
export const APP_ID = 'isotherm-monitoring-app';
export const PLUGIN_IDS = [APP_ID, 'isotherm-metrics-datasource', 'isotherm-heatmap-panel'] as const;
export const PLUGIN_FOLDER = path.join(ROOT, 'dist/plugin', APP_ID);

/** What Grafana 10.1 and all later hosts hand to plugins. */
export const SHARED_BY_GRAFANA = [
  'react',
  'react-dom',
  '@grafana/data',
  '@grafana/ui',
  '@grafana/runtime',
  'rxjs',
  'rxjs/operators',
  '@emotion/css',
];

/** Go's names of the platforms that Grafana starts executables for; all run the same launcher and the same code. */
const PLATFORMS = ['linux_amd64', 'linux_arm64', 'darwin_amd64', 'darwin_arm64'];

const FRONT_ENDS = [
  { entry: 'src/app/module.ts', out: 'module.js' },
  { entry: 'src/datasource/module.ts', out: 'datasource/module.js' },
  { entry: 'src/panel/module.ts', out: 'panel/module.js' },
];

/** Loaded when a query is edited, as an ES module by its address: dashboards that only show do not pay for the editor. */
const LAZY_CHUNKS = [{ entry: 'src/datasource/editor/chunk.ts', out: 'datasource/promqlEditor.js' }];

export interface PluginReport {
  readonly folder: string;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly zippedBytes: number }[];
}

/** Builds into `folder`, which is replaced whole when all is there. `nodePath` is the Node that the launcher tries first after a configured one. */
export async function buildPlugin(folder = PLUGIN_FOLDER, nodePath = process.execPath): Promise<PluginReport> {
  const draft = `${folder}.${process.pid}.tmp`;
  await rm(draft, { recursive: true, force: true });
  const scripts = new Map<string, Uint8Array>();
  try {
    await Promise.all([
      ...FRONT_ENDS.map(async ({ entry, out }) => scripts.set(out, await bundleFrontEnd(entry))),
      ...LAZY_CHUNKS.map(async ({ entry, out }) => scripts.set(out, await bundleChunk(entry))),
      buildBackend(path.join(draft, 'datasource'), nodePath).then((code) =>
        scripts.set('datasource/gpx_isotherm.cjs', code),
      ),
    ]);
    for (const [name, code] of scripts) await put(path.join(draft, name), code);
    await copyPages(draft);
    await replaceFolder(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return {
    folder,
    files: [...scripts].map(([name, code]) => ({ name, bytes: code.length, zippedBytes: gzipSync(code).length })),
  };
}

/** The data source's executables and their code alone, into `folder`. @returns the code */
export async function buildBackend(folder: string, nodePath = process.execPath): Promise<Uint8Array> {
  const launcher = await readFile(path.join(ROOT, 'src/server/grafana/launcher/gpx_isotherm.sh'));
  for (const platform of PLATFORMS) {
    const file = path.join(folder, `gpx_isotherm_${platform}`);
    await put(file, launcher);
    await chmod(file, 0o755);
  }
  await put(path.join(folder, 'node-path.txt'), `${nodePath}\n`);
  const code = await bundleBackend();
  await put(path.join(folder, 'gpx_isotherm.cjs'), code);
  await buildServer(path.join(folder, 'server'));
  return code;
}

/** The server as the backend starts it: its code, the code of its threads beside it, and its pages. */
async function buildServer(folder: string): Promise<void> {
  const { version } = await readPackage();
  const { revision, branch } = readBuildInfo();
  await bundleServer({ collector: 'src/server/main/collector.ts' }, folder, {
    minify: true,
    define: { BUNDLED_BUILD: JSON.stringify({ version, revision, branch }) },
  });
  await buildWebui(path.join(folder, 'webui'));
}

export async function main(): Promise<void> {
  const report = await buildPlugin();
  console.log(`plugin: ${path.relative(ROOT, report.folder)}`);
  for (const { name, bytes, zippedBytes } of report.files) {
    console.log(`  ${name}: ${(bytes / 1000).toFixed(1)} kB, ${(zippedBytes / 1000).toFixed(1)} kB gzipped`);
  }
}

const BROWSER = {
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  write: false,
  platform: 'browser',
  target: ['es2020', 'chrome100', 'firefox100', 'safari15'],
  jsx: 'transform',
  legalComments: 'none',
  define: { 'process.env.NODE_ENV': '"production"' },
  logLevel: 'warning',
  loader: { '.svg': 'dataurl' },
} as const satisfies BuildOptions;

async function bundleFrontEnd(entry: string): Promise<Uint8Array> {
  const result = await build({
    ...BROWSER,
    entryPoints: [entry],
    format: 'cjs',
    external: SHARED_BY_GRAFANA,
    alias: { re2js: path.join(ROOT, 'src/datasource/unreadPatterns.ts') },
    metafile: true,
  });
  const imported = new Set(
    Object.values(result.metafile.outputs).flatMap((output) =>
      output.imports.filter((i) => i.external).map((i) => i.path),
    ),
  );
  return Buffer.from(asAmd(result.outputFiles[0].text, [...imported].sort()));
}

/** The code of a CommonJS module as an AMD module; `amdModule.uri` is the file's own address, by which lazy chunks are found. */
function asAmd(code: string, dependencies: readonly string[]): string {
  const names = dependencies.map((_, i) => `d${i}`);
  const table = dependencies.map((name, i) => `${JSON.stringify(name)}:d${i}`).join(',');
  return (
    `define(${JSON.stringify(['module', ...dependencies])},function(${['amdModule', ...names].join(',')}){` +
    `var shared={${table}},module={exports:{}},exports=module.exports,require=function(name){return shared[name]};\n` +
    `${code}\nreturn module.exports;});\n`
  );
}

async function bundleChunk(entry: string): Promise<Uint8Array> {
  const result = await build({
    ...BROWSER,
    entryPoints: [entry],
    format: 'esm',
    alias: { react: path.join(ROOT, 'src/datasource/editor/hostReact.ts') },
  });
  return result.outputFiles[0].contents;
}

async function bundleBackend(): Promise<Uint8Array> {
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/server/grafana/main.ts'],
    bundle: true,
    minify: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // Only gRPC's own admin services read .proto files; none of them runs here.
    external: ['@grpc/proto-loader'],
    legalComments: 'none',
    logLevel: 'warning',
  });
  return result.outputFiles[0].contents;
}

async function readPackage(): Promise<{ version: string }> {
  return JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
}

async function copyPages(draft: string): Promise<void> {
  const { version } = await readPackage();
  const today = new Date().toISOString().slice(0, 10);
  for (const [from, to] of [
    ['plugin.json', 'plugin.json'],
    ['src/datasource/plugin.json', 'datasource/plugin.json'],
    ['src/panel/plugin.json', 'panel/plugin.json'],
  ]) {
    const text = await readFile(path.join(ROOT, from), 'utf8');
    await put(path.join(draft, to), text.replaceAll('%VERSION%', version).replaceAll('%TODAY%', today));
    // Where Grafana, from 12.1 on, looks for the texts of a plugin in its languages.
    const { id, languages } = JSON.parse(text) as { id: string; languages: readonly string[] };
    for (const language of languages) {
      const file = path.join(draft, path.dirname(to), 'locales', language, `${id}.json`);
      await put(file, await readFile(path.join(ROOT, `src/locales/${language}.json`)));
    }
  }
  for (const [from, to] of [
    ['src/app/img', 'img'],
    ['src/datasource/img', 'datasource/img'],
    ['src/panel/img', 'panel/img'],
    ['provisioning/dashboards/model-serving.json', 'dashboards/model-serving.json'],
    ['src/app/README.md', 'README.md'],
    ['CHANGELOG.md', 'CHANGELOG.md'],
    ['LICENSE', 'LICENSE'],
  ]) {
    await cp(path.join(ROOT, from), path.join(draft, to), { recursive: true });
  }
}

async function put(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
}

/** A Grafana that looks at the folder meanwhile sees the old bundle or the new one. */
async function replaceFolder(draft: string, folder: string): Promise<void> {
  const old = `${folder}.${process.pid}.old`;
  await mkdir(path.dirname(folder), { recursive: true });
  await rename(folder, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(draft, folder);
  await rm(old, { recursive: true, force: true });
}
