/** Targets from an HTTP endpoint that answers with a JSON list of `{targets, labels}`. */
import type { HttpSdConfig } from '../config/discoveryConfig.ts';
import { groupsOf } from './groupList.ts';
import { JsonClient } from './jsonClient.ts';
import { createRefresher } from './refresher.ts';
import type { Discoverer, DiscoveryDeps } from './targetGroup.ts';

const JSON_TYPE = /^application\/json(?:;\s*charset=(?:"utf-8"|utf-8))?$/i;

export function createHttpDiscoverer(config: HttpSdConfig, deps: DiscoveryDeps): Discoverer {
  const { url, refreshIntervalMs } = config;
  const client = new JsonClient(config.http, { dials: deps.dials?.named('http') });
  const find = async (signal: AbortSignal) => {
    const headers = { 'x-prometheus-refresh-interval-seconds': String(refreshIntervalMs / 1000) };
    const { json, header } = await client.get(url, signal, headers);
    const type = header('content-type')?.trim() ?? '';
    if (!JSON_TYPE.test(type))
      throw new Error(`the answer's Content-Type is ${JSON.stringify(type)}; it must be application/json in UTF-8`);
    return groupsOf(json, url, ['__meta_url', url]);
  };
  return createRefresher(
    { mechanism: 'http', source: url, intervalMs: refreshIntervalMs, find, close: () => client.close() },
    deps,
  );
}
