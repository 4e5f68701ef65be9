/** A page of ours with Grafana's own packages in it, as one script. */
import path from 'node:path';
import { build, type Plugin } from 'esbuild';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Grafana's own code editor; nothing of ours draws it. */
const withoutMonaco: Plugin = {
  name: 'without-monaco',
  setup(hooks) {
    hooks.onResolve({ filter: /^monaco-editor/ }, ({ path: name }) => ({ path: name, namespace: 'nothing' }));
    hooks.onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** @param entry below the repository's root. */
export async function bundlePage(entry: string, outfile: string): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    outfile,
    format: 'iife',
    platform: 'browser',
    jsx: 'transform',
    define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
    loader: { '.svg': 'dataurl', '.css': 'empty', '.ttf': 'empty', '.woff2': 'empty' },
    logLevel: 'error',
    plugins: [withoutMonaco],
  });
}
