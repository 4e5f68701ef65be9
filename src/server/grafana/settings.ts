/** What a data source instance says about its server: address, credentials, TLS, limits. Read once per change of the settings. */
import { DEFAULT_SCRAPE_INTERVAL_MS, parseInterval, type ConnectionOptions } from '../../shared/api/grafanaQuery.ts';
import { basicLogin } from '../outbound/basicLogin.ts';
import type { DataSourceSettings } from './messages.ts';
import { SettingsError } from './settingsError.ts';
import { sigV4Of, type SigV4 } from './sigv4.ts';

export { SettingsError } from './settingsError.ts';

export interface Connection {
  /** Without a slash at its end; `/api/v1/…` is appended. */
  readonly baseUrl: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Each request is signed by it. */
  readonly signature?: SigV4;
  /** Send the caller's own Authorization and ID token on. */
  readonly forwardIdentity: boolean;
  readonly queryMethod: 'GET' | 'POST';
  readonly extraParameters: readonly (readonly [name: string, value: string])[];
  readonly timeoutMs: number;
  readonly scrapeIntervalMs: number;
  readonly tls: {
    readonly skipVerify: boolean;
    readonly serverName?: string;
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
  };
}

const TIMEOUT_MS_DEFAULT = 30_000;
const TIMEOUT_MS_MAX = 600_000;

/** @throws SettingsError */
export function connectionFrom(settings: DataSourceSettings): Connection {
  const options = readOptions(settings.jsonData);
  const secure = settings.secureJsonData;
  return {
    baseUrl: readUrl(settings.url),
    headers: { ...authHeaders(settings, options), ...customHeaders(options, secure) },
    signature: sigV4Of(options, secure, process.env),
    forwardIdentity: options.oauthPassThru === true || options.authMethod === 'forward',
    queryMethod: options.httpMethod === 'GET' ? 'GET' : 'POST',
    extraParameters: [...new URLSearchParams(options.customQueryParameters ?? '')],
    timeoutMs: readTimeout(options.timeout),
    scrapeIntervalMs: readScrapeInterval(options.timeInterval),
    tls: {
      skipVerify: options.tlsSkipVerify === true,
      serverName: options.serverName || undefined,
      ca: options.tlsAuthWithCACert === true ? pem('CA certificate', secure.tlsCACert) : undefined,
      cert: options.tlsAuth === true ? pem('client certificate', secure.tlsClientCert) : undefined,
      key: options.tlsAuth === true ? pem('client key', secure.tlsClientKey) : undefined,
    },
  };
}

export function readOptions(jsonData: Uint8Array): ConnectionOptions & Record<string, unknown> {
  if (jsonData.length === 0) return {};
  const value: unknown = JSON.parse(new TextDecoder().decode(jsonData));
  return typeof value === 'object' && value !== null ? (value as ConnectionOptions & Record<string, unknown>) : {};
}

function readUrl(text: string): URL {
  if (text.trim() === '') {
    throw new SettingsError('no URL is set: write the address of the server, such as http://localhost:9090');
  }
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch (cause) {
    throw new SettingsError(
      `the URL ${JSON.stringify(text)} cannot be read (${(cause as Error).message}): write it in full, such as http://localhost:9090`,
    );
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new SettingsError(
      `the URL begins with ${url.protocol}//: write http:// or https://, as in http://localhost:9090`,
    );
  }
  // People paste the address of the API or of the graph page; the server is above it.
  url.pathname = url.pathname.replace(/\/+$/, '').replace(/\/api\/v1$/, '');
  url.hash = '';
  return url;
}

function authHeaders(settings: DataSourceSettings, options: ConnectionOptions): Record<string, string> {
  const secure = settings.secureJsonData;
  const method = options.authMethod ?? (settings.basicAuthEnabled ? 'basic' : secure.bearerToken ? 'bearer' : 'none');
  if (method === 'basic') {
    return { authorization: basicLogin(settings.basicAuthUser, secure.basicAuthPassword ?? '') };
  }
  if (method === 'bearer') {
    const token = (secure.bearerToken ?? '').trim();
    if (token === '')
      throw new SettingsError(
        'authentication is "Bearer token", but no token is set: fill it in, or choose another method',
      );
    return { authorization: `Bearer ${token}` };
  }
  return {};
}

/** `httpHeaderName1` in plain sight, `httpHeaderValue1` among the secrets, and so on, as all of Grafana's data sources keep them. */
function customHeaders(
  options: Record<string, unknown>,
  secure: Readonly<Record<string, string>>,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [key, name] of Object.entries(options)) {
    const number = /^httpHeaderName(\d+)$/.exec(key)?.[1];
    if (number === undefined || typeof name !== 'string' || name.trim() === '') continue;
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name.trim())) {
      throw new SettingsError(`${JSON.stringify(name)} cannot be a header name: use letters, digits and dashes`);
    }
    headers[name.trim().toLowerCase()] = (secure[`httpHeaderValue${number}`] ?? '').replace(/[\r\n]+/g, ' ').trim();
  }
  return headers;
}

export function readTimeout(value: number | string | undefined): number {
  const seconds = Number(value ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1000, TIMEOUT_MS_MAX) : TIMEOUT_MS_DEFAULT;
}

function readScrapeInterval(text: string | undefined): number {
  if (text === undefined || text.trim() === '') return DEFAULT_SCRAPE_INTERVAL_MS;
  try {
    return Math.max(1, parseInterval(text));
  } catch (cause) {
    throw new SettingsError(`scrape interval: ${(cause as Error).message}`);
  }
}

function pem(what: string, text: string | undefined): string {
  if (text === undefined || !text.includes('-----BEGIN')) {
    throw new SettingsError(
      `TLS is set to use a ${what}, but none is there: paste it as PEM text that begins with -----BEGIN`,
    );
  }
  return text;
}
