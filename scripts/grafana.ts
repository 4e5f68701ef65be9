/**
 * `npm run grafana -- <folder of a Grafana installation>`: that Grafana on loopback with the plugin bundle, data source, dashboard and alert rule, beside a
 * sidecar that runs already (`npm start`). Ctrl-C stops it; its data stay in data/grafana.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildPlugin, PLUGIN_IDS } from './buildPlugin.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const READY_MS_MAX = 120_000;
const DATASOURCE_ID = 'isotherm-metrics-datasource';
const USAGE = `usage: npm run grafana -- <folder of a Grafana installation> [--port 3000] [--url http://127.0.0.1:9090] [--data data/grafana]

  The folder is that of an unpacked Grafana download or package: it holds bin/grafana and conf/defaults.ini.
  --url   address of the sidecar, or of any Prometheus-compatible server
  --data  where Grafana keeps its database, and the data source what it collects
`;

export interface GrafanaOptions {
  /** Holds bin/grafana (or bin/grafana-server) and conf/defaults.ini. */
  readonly home: string;
  readonly port: number;
  readonly sidecarUrl: string;
  readonly dataFolder: string;
  /** Where the bundle's folder lies. */
  readonly pluginsFolder: string;
  /** Read in place of the Grafana's own conf/custom.ini. */
  readonly configFile?: string;
}

/** Settings that Grafana takes from a file only: its own custom ones, and where samples lie that are collected here, out of the way of every build. */
export async function writeGrafanaConfig(home: string, dataFolder: string): Promise<string> {
  await mkdir(dataFolder, { recursive: true });
  const own = await readFile(path.join(home, 'conf/custom.ini'), 'utf8').catch(() => '');
  const file = path.join(dataFolder, 'grafana.ini');
  const samples = path.join(dataFolder, 'isotherm');
  await writeFile(file, `${own}\n[plugin.${DATASOURCE_ID}]\ndata_dir = ${samples}\n`);
  return file;
}

/** The command that starts this Grafana with our bundle and provisioning: development settings, loopback only, no account needed. */
export function grafanaCommand(options: GrafanaOptions): { command: string; args: string[]; env: NodeJS.ProcessEnv } {
  const newer = path.join(options.home, 'bin/grafana');
  const older = path.join(options.home, 'bin/grafana-server');
  if (!existsSync(newer) && !existsSync(older)) {
    throw new Error(
      `no Grafana in ${options.home}: bin/grafana is not there; give the folder that a Grafana download unpacks to`,
    );
  }
  const provisioning = path.join(ROOT, 'provisioning');
  const settings: Record<string, string> = {
    'server.http_addr': '127.0.0.1',
    'server.http_port': String(options.port),
    'paths.data': options.dataFolder,
    'paths.logs': path.join(options.dataFolder, 'log'),
    'paths.plugins': options.pluginsFolder,
    'paths.provisioning': provisioning,
    'plugins.allow_loading_unsigned_plugins': PLUGIN_IDS.join(','),
    'plugins.preinstall_disabled': 'true',
    'auth.anonymous.enabled': 'true',
    'auth.anonymous.org_role': 'Admin',
    'analytics.reporting_enabled': 'false',
    'analytics.check_for_updates': 'false',
    'analytics.check_for_plugin_updates': 'false',
    'news.news_feed_enabled': 'false',
    'log.mode': 'console',
    'log.level': 'error',
  };
  return {
    command: existsSync(newer) ? newer : older,
    args: [
      ...(existsSync(newer) ? ['server'] : []),
      '--homepath',
      options.home,
      ...(options.configFile === undefined ? [] : ['--config', options.configFile]),
      ...Object.entries(settings).map(([key, value]) => `cfg:${key}=${value}`),
    ],
    env: {
      ...process.env,
      ISOTHERM_URL: options.sidecarUrl,
      ISOTHERM_DASHBOARDS: path.join(provisioning, 'dashboards'),
    },
  };
}

/** Resolves when Grafana answers. */
export async function untilHealthy(port: number, stop: AbortSignal): Promise<void> {
  for (const until = Date.now() + READY_MS_MAX; !stop.aborted && Date.now() < until;) {
    const ok = await fetch(`http://127.0.0.1:${port}/api/health`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  throw new Error(
    stop.aborted
      ? 'Grafana ended before it was ready; its last lines say why'
      : `Grafana is not ready after ${READY_MS_MAX / 1000} s`,
  );
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: 'string', default: '3000' },
      url: { type: 'string', default: 'http://127.0.0.1:9090' },
      data: { type: 'string', default: 'data/grafana' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || positionals.length !== 1) {
    console.error(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const port = Number(values.port);
  const dataFolder = path.resolve(values.data);
  const bundle = await buildPlugin();
  const start = grafanaCommand({
    home: path.resolve(positionals[0]),
    port,
    sidecarUrl: values.url,
    dataFolder,
    pluginsFolder: path.dirname(bundle.folder),
    configFile: await writeGrafanaConfig(path.resolve(positionals[0]), dataFolder),
  });
  const grafana = spawn(start.command, start.args, { env: start.env, stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = new AbortController();
  grafana.on('error', (error) => {
    console.error(`Grafana could not be started: ${error.message}`);
    ended.abort();
  });
  grafana.on('exit', (code) => {
    process.exitCode = code ?? 0;
    ended.abort();
  });
  // A terminal's Ctrl-C reaches Grafana by itself; a second request to stop does it no harm.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => grafana.kill('SIGTERM'));
  await untilHealthy(port, ended.signal);
  const base = `http://127.0.0.1:${port}`;
  console.log(`Grafana     ${base}/d/isotherm-model-serving   latency heatmap, requests, data job, machine`);
  console.log(`            ${base}/a/isotherm-monitoring-app  what the data source found`);
  console.log(`Data source ${values.url}   Ctrl-C stops Grafana`);
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === import.meta.filename) {
  void main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
