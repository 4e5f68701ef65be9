/** What a data source's settings say about collecting by itself. */
import {
  modeOf,
  parseInterval,
  type CollectOptions,
  type ConnectionOptions,
} from '../../../shared/api/grafanaQuery.ts';
import type { DataSourceSettings } from '../messages.ts';
import { readOptions, readTimeout, SettingsError } from '../settings.ts';

export interface CollectSettings {
  readonly name: string;
  readonly lastUpdatedMs: number;
  readonly options: CollectOptions;
  readonly secrets: Readonly<Record<string, string>>;
  /** Such as 15s. */
  readonly scrapeInterval: string;
  readonly retention: string;
  /** `host:port`; '' for a free port of this machine alone. */
  readonly listen: string;
  readonly timeoutMs: number;
}

const SCRAPE_INTERVAL_DEFAULT = '15s';
const RETENTION_DEFAULT = '15d';

/** Undefined for a data source that asks a server beside Grafana. @throws SettingsError */
export function collectSettingsOf(settings: DataSourceSettings): CollectSettings | undefined {
  const options = readOptions(settings.jsonData);
  if (modeOf(settings.url, options) !== 'collect') return undefined;
  const collect = options.collect ?? {};
  const listen = (collect.listen ?? '').trim();
  if (listen !== '' && !/^(\[[0-9a-f:]+\]|[^:\s]*):\d{1,5}$/i.test(listen)) {
    throw new SettingsError(
      `the address of pages and API, ${JSON.stringify(listen)}, cannot be read: write host:port, such as 127.0.0.1:9090, or leave it empty for a free port`,
    );
  }
  return {
    name: settings.name,
    lastUpdatedMs: settings.lastUpdatedMs,
    options: collect,
    secrets: secretsOf(options, settings.secureJsonData),
    scrapeInterval: durationOf('scrape interval', options.timeInterval, SCRAPE_INTERVAL_DEFAULT),
    retention: durationOf('retention', collect.retention, RETENTION_DEFAULT),
    listen,
    timeoutMs: readTimeout(options.timeout),
  };
}

/** `collectSecretName1` in plain sight, `collectSecretValue1` among the secrets, as Grafana keeps headers. */
export function secretsOf(
  options: ConnectionOptions & Record<string, unknown>,
  secure: Readonly<Record<string, string>>,
): Record<string, string> {
  const secrets: Record<string, string> = {};
  for (const [key, name] of Object.entries(options)) {
    const number = /^collectSecretName(\d+)$/.exec(key)?.[1];
    if (number === undefined || typeof name !== 'string' || name.trim() === '') continue;
    secrets[name.trim()] = secure[`collectSecretValue${number}`] ?? '';
  }
  return secrets;
}

function durationOf(what: string, text: string | undefined, otherwise: string): string {
  const given = (text ?? '').trim();
  if (given === '') return otherwise;
  try {
    parseInterval(given);
  } catch (cause) {
    throw new SettingsError(`${what}: ${(cause as Error).message}`);
  }
  return /^\d+$/.test(given) ? `${given}s` : given;
}
