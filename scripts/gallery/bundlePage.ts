/** A page of ours with Grafana's own packages in it, as one script. */
import path from 'node:path';
import { build, type Plugin } from 'esbuild';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Grafana's own code editor, which nothing of ours draws, and what an older loader asks for outside of browsers. */
const withoutMonaco: Plugin = {
  name: 'without-monaco',
  setup(hooks) {
    hooks.onResolve({ filter: /^(monaco-editor|fs$)/ }, ({ path: name }) => ({ path: name, namespace: 'nothing' }));
    hooks.onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** What Grafana hands to plugins, of another of its versions: our own code then runs with those packages as it would there. */
const SHARED = /^(@grafana\/|@emotion\/|rxjs(\/|$)|react(\/|$)|react-dom(\/|$))/;

function packagesOf(folder: string): Plugin {
  return {
    name: 'packages-of-another-grafana',
    setup(hooks) {
      hooks.onResolve({ filter: SHARED }, ({ path: name, kind, resolveDir, pluginData }) => {
        if (pluginData === 'resolved' || resolveDir.startsWith(folder)) return undefined;
        return hooks.resolve(name, { kind, resolveDir: folder, pluginData: 'resolved' });
      });
    },
  };
}

/**
 * @param entry below the repository's root.
 * @param packages a folder with the node_modules of another Grafana's packages; by default those of this repository.
 */
export async function bundlePage(entry: string, outfile: string, packages?: string): Promise<void> {
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
    plugins: [withoutMonaco, ...(packages === undefined ? [] : [packagesOf(path.resolve(packages))])],
  });
}
