/** HTTP client settings: at most one way to log in, files made absolute, secrets left unread. */
import { isAbsolute, join } from 'node:path';
import type { HttpConfig, JwtGrant, OAuth2Config, ProxyConfig, Secret, TlsConfig, TlsVersion } from './httpConfig.ts';
import type { RawHttpConfig, RawOAuth2, RawProxyConfig, RawTlsConfig } from './httpSchema.ts';
import type { Complain } from './resolveRelabel.ts';

/** Headers that have keys of their own or belong to the protocol, whatever is asked for. */
export const PROTOCOL_HEADERS = new Set([
  'authorization',
  'host',
  'content-encoding',
  'content-length',
  'content-type',
  'user-agent',
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'www-authenticate',
  'accept-encoding',
  'x-prometheus-remote-write-version',
  'x-prometheus-remote-read-version',
]);
/** A scrape sets one more. */
const RESERVED_HEADERS = new Set([...PROTOCOL_HEADERS, 'x-prometheus-scrape-timeout-seconds']);
export const HEADER_IS_OURS = 'this header is set by the client itself; use the key meant for it';

const TLS_VERSIONS = { TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const;

export function absolute(dir: string, path: string): string {
  return isAbsolute(path) ? path : join(dir, path);
}

export function resolveHttp(raw: RawHttpConfig, dir: string, complain: Complain): HttpConfig {
  const secret = (value: string | undefined, file: string | undefined) => secretOf(value, file, dir);
  const ways = (['basic_auth', 'authorization', 'oauth2', 'bearer_token', 'bearer_token_file'] as const).filter(
    (way) => raw[way] !== undefined,
  );
  if (ways.length > 1) complain([ways[1]], `only one of ${ways.join(' and ')} can log in; remove the others`);
  const basic = raw.basic_auth;
  if (basic?.password !== undefined && basic.password_file !== undefined)
    complain(['basic_auth', 'password_file'], 'password stands there too; keep one');
  if (basic?.username !== undefined && basic.username_file !== undefined)
    complain(['basic_auth', 'username_file'], 'username stands there too; keep one');
  const auth = raw.authorization;
  if (auth?.credentials !== undefined && auth.credentials_file !== undefined)
    complain(['authorization', 'credentials_file'], 'credentials stands there too; keep one');
  if (auth?.type?.toLowerCase() === 'basic')
    complain(['authorization', 'type'], 'write basic_auth for user name and password');
  for (const name of Object.keys(raw.http_headers ?? {})) {
    if (RESERVED_HEADERS.has(name.toLowerCase())) complain(['http_headers', name], HEADER_IS_OURS);
  }
  return {
    basicAuth: basic && {
      username: secret(basic.username, basic.username_file),
      password: secret(basic.password, basic.password_file),
    },
    authorization: resolveAuthorization(raw, secret),
    tls: resolveTls(raw.tls_config ?? {}, dir, (path, why) => complain(['tls_config', ...path], why)),
    followRedirects: raw.follow_redirects ?? true,
    oauth2: raw.oauth2 && resolveOAuth2(raw.oauth2, dir, (path, why) => complain(['oauth2', ...path], why)),
    proxy: resolveProxy(raw, complain),
    enableHttp2: raw.enable_http2 ?? true,
    headers: Object.entries(raw.http_headers ?? {}).map(([name, header]) => ({
      name,
      values: [
        ...[...(header.values ?? []), ...(header.secrets ?? [])].map((value): Secret => ({ kind: 'inline', value })),
        ...(header.files ?? []).map((path): Secret => ({ kind: 'file', path: absolute(dir, path) })),
      ],
    })),
  };
}

function resolveProxy(raw: RawProxyConfig, complain: Complain): ProxyConfig {
  const fromEnvironment = raw.proxy_from_environment ?? false;
  if (raw.no_proxy !== undefined && raw.proxy_url === undefined)
    complain(['no_proxy'], 'has no meaning without proxy_url');
  if (fromEnvironment && raw.proxy_url !== undefined)
    complain(['proxy_from_environment'], 'proxy_url stands there too; keep one');
  if (raw.proxy_connect_header !== undefined && !fromEnvironment && raw.proxy_url === undefined)
    complain(['proxy_connect_header'], 'has no meaning without proxy_url');
  return { url: raw.proxy_url, noProxy: raw.no_proxy, fromEnvironment, connectHeaders: raw.proxy_connect_header };
}

const CLIENT_CREDENTIALS = 'client_credentials';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

function resolveOAuth2(raw: RawOAuth2, dir: string, complain: Complain): OAuth2Config {
  const grant = raw.grant_type ?? CLIENT_CREDENTIALS;
  if (grant !== CLIENT_CREDENTIALS && grant !== JWT_BEARER)
    complain(
      ['grant_type'],
      `only ${CLIENT_CREDENTIALS} and ${JWT_BEARER} are spoken here; a token that something else keeps fresh goes into authorization.credentials_file`,
    );
  if (!raw.client_id) complain([], 'client_id is missing');
  if (!raw.token_url) complain([], 'token_url is missing');
  if (raw.client_secret !== undefined && raw.client_secret_file !== undefined)
    complain(['client_secret_file'], 'client_secret stands there too; keep one');
  return {
    clientId: raw.client_id ?? '',
    clientSecret: secretOf(raw.client_secret, raw.client_secret_file, dir) ?? { kind: 'inline', value: '' },
    jwt: grant === JWT_BEARER ? resolveJwt(raw, dir, complain) : undefined,
    tokenUrl: raw.token_url ?? '',
    scopes: raw.scopes ?? [],
    endpointParams: Object.entries(raw.endpoint_params ?? {}),
    tls: resolveTls(raw.tls_config ?? {}, dir, (path, why) => complain(['tls_config', ...path], why)),
    proxy: resolveProxy(raw, complain),
  };
}

function resolveJwt(raw: RawOAuth2, dir: string, complain: Complain): JwtGrant {
  const key = secretOf(raw.client_certificate_key, raw.client_certificate_key_file, dir);
  if (key === undefined) complain([], 'this grant needs client_certificate_key or client_certificate_key_file');
  if (raw.client_certificate_key !== undefined && raw.client_certificate_key_file !== undefined)
    complain(['client_certificate_key_file'], 'client_certificate_key stands there too; keep one');
  return {
    key: key ?? { kind: 'inline', value: '' },
    keyId: raw.client_certificate_key_id,
    algorithm: raw.signature_algorithm ?? 'RS256',
    issuer: raw.iss || (raw.client_id ?? ''),
    audience: raw.audience || (raw.token_url ?? ''),
    claims: raw.claims ?? {},
  };
}

function resolveAuthorization(
  raw: RawHttpConfig,
  secret: (value?: string, file?: string) => Secret | undefined,
): HttpConfig['authorization'] {
  const bearer = secret(raw.bearer_token, raw.bearer_token_file);
  if (bearer !== undefined) return { type: 'Bearer', credentials: bearer };
  if (raw.authorization === undefined) return undefined;
  return {
    type: raw.authorization.type ?? 'Bearer',
    credentials: secret(raw.authorization.credentials, raw.authorization.credentials_file),
  };
}

function resolveTls(raw: RawTlsConfig, dir: string, complain: Complain): TlsConfig {
  for (const name of ['ca', 'cert', 'key'] as const) {
    if (raw[name] !== undefined && raw[`${name}_file`] !== undefined)
      complain([`${name}_file`], `${name} stands there too; keep one`);
  }
  const has = (name: 'cert' | 'key') => (raw[name] ?? raw[`${name}_file`]) !== undefined;
  if (has('cert') !== has('key'))
    complain([], has('cert') ? 'a client certificate needs its key or key_file' : 'a key needs its cert or cert_file');
  const version = (name: keyof typeof TLS_VERSIONS | undefined): TlsVersion | undefined => name && TLS_VERSIONS[name];
  return {
    ca: secretOf(raw.ca, raw.ca_file, dir),
    cert: secretOf(raw.cert, raw.cert_file, dir),
    key: secretOf(raw.key, raw.key_file, dir),
    serverName: raw.server_name,
    insecureSkipVerify: raw.insecure_skip_verify ?? false,
    minVersion: version(raw.min_version),
    maxVersion: version(raw.max_version),
  };
}

function secretOf(value: string | undefined, file: string | undefined, dir: string): Secret | undefined {
  if (value !== undefined) return { kind: 'inline', value };
  return file === undefined ? undefined : { kind: 'file', path: absolute(dir, file) };
}
