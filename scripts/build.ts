/**
 * Builds what is shipped: `webui` (the sidecar's pages, dist/webui), `server` (the `isotherm` command, dist/server) and `plugin` (the Grafana bundle, dist/). Without a name: all.
 */
import process from 'node:process';

const BUILDS: Record<string, () => Promise<void>> = {
  webui: async () => (await import('./buildWebui.ts')).main(),
  server: async () => (await import('./buildServer.ts')).main(),
  plugin: async () => (await import('./buildPlugin.ts')).main(),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in BUILDS));
if (unknown.length > 0) {
  console.error(`build: no such part: ${unknown.join(', ')}; parts are ${Object.keys(BUILDS).join(', ')}`);
  process.exit(2);
}
for (const name of wanted.length > 0 ? wanted : Object.keys(BUILDS)) await BUILDS[name]();
