/** The built backend executable, started for the tests of a file, and what Grafana hands to it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { arch, platform, tmpdir } from 'node:os';
import path from 'node:path';
import { buildBackend } from '../../scripts/buildPlugin.ts';
import type { DataQuery, PluginContext } from '../../src/server/grafana/messages.ts';
import { startPlugin, type PluginHost } from './pluginHost.ts';

const goName = `${platform()}_${arch() === 'x64' ? 'amd64' : arch()}`;

export interface BackendRig {
  readonly folder: string;
  readonly executable: string;
  readonly plugin: PluginHost;
}

/** Builds and starts it before the tests, and ends it behind them. */
export function backendRig(): BackendRig {
  let folder: string;
  let executable: string;
  let plugin: PluginHost;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'isotherm-backend-'));
    await buildBackend(folder);
    executable = path.join(folder, `gpx_isotherm_${goName}`);
    plugin = await startPlugin(executable);
  });
  afterAll(() => {
    plugin.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    get folder() {
      return folder;
    },
    get executable() {
      return executable;
    },
    get plugin() {
      return plugin;
    },
  };
}

let changes = 0;
/** A data source as its settings page leaves it. */
export function source(
  url: string,
  json: Record<string, unknown> = {},
  secure: Record<string, string> = {},
): PluginContext {
  return {
    orgId: 1,
    pluginId: 'isotherm-metrics-datasource',
    dataSource: {
      id: 1,
      name: 'isotherm',
      url,
      user: '',
      database: '',
      basicAuthEnabled: false,
      basicAuthUser: 'ada',
      jsonData: Buffer.from(JSON.stringify({ mode: 'beside', ...json })),
      secureJsonData: secure,
      lastUpdatedMs: ++changes,
      uid: 'isotherm',
    },
  };
}

export function query(refId: string, model: Record<string, unknown>, more: Partial<DataQuery> = {}): DataQuery {
  const toMs = Date.now();
  return {
    refId,
    maxDataPoints: 500,
    intervalMs: 1000,
    fromMs: toMs - 60_000,
    toMs,
    queryType: '',
    json: Buffer.from(JSON.stringify({ refId, interval: '1s', ...model })),
    ...more,
  };
}
