/**
 * Bundles the server: one file is read at a start in place of hundreds, and its text, which stays in memory, is a third as long. `bin/isotherm` runs the
 * bundle as long as no source is newer, else the sources.
 */
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';

const ROOT = path.resolve(import.meta.dirname, '..');
export const SERVER_FOLDER = path.join(ROOT, 'dist/server');

/** Threads find their code beside that of the program. */
const THREADS = {
  queryWorker: 'src/server/workers/queryWorker.ts',
  compactionWorker: 'src/server/tsdb/block/compactionWorker.ts',
  readAheadWorker: 'src/server/tsdb/wal/readAheadWorker.ts',
};

/**
 * Packages that are loaded when they are needed stay outside: of a CommonJS one in a piece of its own, the names would be missing. The `isotherm`
 * command runs beside `node_modules`.
 */
const PACKAGES_WHEN_NEEDED: Plugin = {
  name: 'packages when needed',
  setup: (bundler) =>
    bundler.onResolve({ filter: /^[^./]/ }, ({ kind, path: name }) =>
      kind === 'dynamic-import' ? { path: name, external: true } : undefined,
    ),
};

/** Fastify asks for these where routes have schemas; ours have none. They would be a sixth of the program's text. */
const SCHEMA_COMPILERS = ['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler'];

/** A program of the server and its threads as modules in `outdir`. */
export async function bundleServer(
  program: Readonly<Record<string, string>>,
  outdir: string,
  more: BuildOptions,
): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: { ...program, ...THREADS },
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    external: SCHEMA_COMPILERS,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // Packages of the CommonJS kind in it ask for modules of Node by `require`.
    // A name that the minifier will not choose for one of its own.
    banner: {
      js: "import{createRequire as createRequireOfBundle}from'node:module';const require=createRequireOfBundle(import.meta.url);",
    },
    legalComments: 'none',
    logLevel: 'warning',
    ...more,
  });
}

/** The `isotherm` command, in pieces that are read when they are needed. Its folder is replaced whole. */
export async function buildServer(folder = SERVER_FOLDER): Promise<void> {
  const [draft, old] = [`${folder}.${process.pid}.tmp`, `${folder}.${process.pid}.old`];
  await rm(draft, { recursive: true, force: true });
  // Names stay as they are: stacks in a log can be read.
  const smaller = { minifyWhitespace: true, minifySyntax: true, splitting: true, plugins: [PACKAGES_WHEN_NEEDED] };
  await bundleServer({ main: 'src/server/main.ts' }, draft, smaller);
  await symlink('../webui', path.join(draft, 'webui'));
  await mkdir(folder, { recursive: true });
  await rename(folder, old);
  await rename(draft, folder);
  await rm(old, { recursive: true });
}

export async function main(): Promise<void> {
  await buildServer();
  console.log(`server: ${path.relative(ROOT, SERVER_FOLDER)}`);
}
