/** The keys of `http_config`, `tls_config`, `oauth2` and what they share. */
import { z } from 'zod';
import { bool, oneOf, text, url } from './scalars.ts';

export const tlsKeys = z.strictObject({
  ca: text.optional(),
  ca_file: text.optional(),
  cert: text.optional(),
  cert_file: text.optional(),
  key: text.optional(),
  key_file: text.optional(),
  server_name: text.optional(),
  insecure_skip_verify: bool.optional(),
  min_version: oneOf('TLS10', 'TLS11', 'TLS12', 'TLS13').optional(),
  max_version: oneOf('TLS10', 'TLS11', 'TLS12', 'TLS13').optional(),
});

export const basicAuthKeys = z.strictObject({
  username: text.optional(),
  username_file: text.optional(),
  password: text.optional(),
  password_file: text.optional(),
});

export const authorizationKeys = z.strictObject({
  type: text.optional(),
  credentials: text.optional(),
  credentials_file: text.optional(),
});

const headerKeys = z.strictObject({
  values: z.array(text).optional(),
  secrets: z.array(text).optional(),
  files: z.array(text).optional(),
});

const proxyKeys = {
  proxy_url: url.optional(),
  no_proxy: text.optional(),
  proxy_from_environment: bool.optional(),
  proxy_connect_header: z.record(text, z.array(text)).optional(),
};

const oauth2Keys = z.strictObject({
  client_id: text.optional(),
  grant_type: text.optional(),
  client_secret: text.optional(),
  client_secret_file: text.optional(),
  client_certificate_key: text.optional(),
  client_certificate_key_file: text.optional(),
  client_certificate_key_id: text.optional(),
  signature_algorithm: z.enum(['RS256', 'RS384', 'RS512']).optional(),
  iss: text.optional(),
  audience: text.optional(),
  claims: z.record(text, z.unknown()).optional(),
  scopes: z.array(text).optional(),
  token_url: url.optional(),
  endpoint_params: z.record(text, text).optional(),
  tls_config: tlsKeys.optional(),
  ...proxyKeys,
});

/** Spread into the objects that carry an HTTP client: scrape_config, alertmanager, remote_write, remote_read. */
export const httpKeys = {
  basic_auth: basicAuthKeys.optional(),
  authorization: authorizationKeys.optional(),
  bearer_token: text.optional(),
  bearer_token_file: text.optional(),
  oauth2: oauth2Keys.optional(),
  tls_config: tlsKeys.optional(),
  follow_redirects: bool.optional(),
  enable_http2: bool.optional(),
  http_headers: z.record(text, headerKeys).optional(),
  ...proxyKeys,
};

export type RawHttpConfig = z.output<z.ZodObject<typeof httpKeys>>;
export type RawOAuth2 = z.output<typeof oauth2Keys>;
export type RawProxyConfig = z.output<z.ZodObject<typeof proxyKeys>>;
export type RawTlsConfig = z.output<typeof tlsKeys>;

/** Keys whose values never leave the program. */
const SECRET_KEYS: ReadonlySet<string> = new Set([
  'password',
  'credentials',
  'bearer_token',
  'client_secret',
  'client_certificate_key',
  'certificate_password',
  'proxy_connect_header',
  'secret_key',
  'service_key',
  'token',
  'secret',
  'secrets',
  'key',
]);

export function isSecretKey(key: string): boolean {
  return SECRET_KEYS.has(key);
}
