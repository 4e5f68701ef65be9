/**
 * --web.config.file: TLS, users, headers and a rate limit, as upstream has them (exporter-toolkit's web configuration), and tokens, which are
 * ours: a name, what it may do, and the SHA-256 of its secret, so that the file holds none.
 */
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { checkTree } from '../../config/check.ts';
import { ConfigError } from '../../config/configError.ts';
import { bool, count, oneOf, positiveDuration, text } from '../../config/scalars.ts';
import { YamlSource } from '../../config/yamlSource.ts';

const CLIENT_AUTH = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const;
export type ClientAuth = (typeof CLIENT_AUTH)[number];

const VERSIONS = ['TLS10', 'TLS11', 'TLS12', 'TLS13'] as const;
type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
const NODE_VERSION: Readonly<Record<(typeof VERSIONS)[number], TlsVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
};

/** Those that upstream takes. */
const HEADERS = [
  'Strict-Transport-Security',
  'X-Content-Type-Options',
  'X-Frame-Options',
  'X-XSS-Protection',
  'Content-Security-Policy',
] as const;

const bcryptHash = text.refine((hash) => /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(hash), {
  message: 'not a bcrypt hash; make one with: htpasswd -nBC 10 "" | tr -d \':\\n\'',
});
const sha256 = text.refine((hash) => /^[0-9a-fA-F]{64}$/.test(hash), {
  message: 'not the SHA-256 of a token in hexadecimal; make one with: printf %s "$TOKEN" | sha256sum',
});

const schema = z.strictObject({
  tls_server_config: z
    .strictObject({
      cert_file: text.optional(),
      key_file: text.optional(),
      cert: text.optional(),
      key: text.optional(),
      client_auth_type: oneOf(...CLIENT_AUTH).optional(),
      client_ca_file: text.optional(),
      client_ca: text.optional(),
      client_allowed_sans: z.array(text).optional(),
      min_version: oneOf(...VERSIONS).optional(),
      max_version: oneOf(...VERSIONS).optional(),
      cipher_suites: z.array(text).optional(),
      prefer_server_cipher_suites: bool.optional(),
      curve_preferences: z.array(text).optional(),
    })
    .optional(),
  http_server_config: z
    .strictObject({
      http2: bool.optional(),
      headers: z.strictObject(Object.fromEntries(HEADERS.map((name) => [name, text.optional()]))).optional(),
    })
    .optional(),
  basic_auth_users: z.record(text, bcryptHash).optional(),
  tokens: z.array(z.strictObject({ name: text, access: oneOf('read', 'write'), sha256 })).optional(),
  rate_limit: z.strictObject({ interval: positiveDuration.optional(), burst: count.optional() }).optional(),
});

export interface TlsConfig {
  readonly cert: string;
  readonly key: string;
  readonly ca: string | undefined;
  readonly clientAuth: ClientAuth;
  /** Empty allows every certificate. */
  readonly allowedSans: readonly string[];
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  readonly ciphers: string | undefined;
  readonly curves: string | undefined;
}

export interface Token {
  readonly name: string;
  readonly access: 'read' | 'write';
  /** Lower case hexadecimal. */
  readonly sha256: string;
}

export interface WebConfig {
  readonly tls: TlsConfig | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Names and bcrypt hashes. */
  readonly users: ReadonlyMap<string, string>;
  readonly tokens: readonly Token[];
  /** One request is let in each interval, and `burst` at once; undefined for no limit. */
  readonly rateLimit: { readonly intervalMs: number; readonly burst: number } | undefined;
}

export const OPEN: WebConfig = {
  tls: undefined,
  headers: {},
  users: new Map(),
  tokens: [],
  rateLimit: undefined,
};

/** @throws ConfigError with the place of each fault, or what file cannot be read. */
export function loadWebConfig(path: string): WebConfig {
  const source = new YamlSource(readFile(path, path), path);
  const raw = checkTree(source, schema);
  const fail = (keys: readonly string[], why: string): never => {
    throw new ConfigError(path, [source.fault(keys, why)]);
  };
  const dir = dirname(resolve(path));
  const { interval = 0, burst = 1 } = raw.rate_limit ?? {};
  return {
    tls: raw.tls_server_config === undefined ? undefined : tlsOf(raw.tls_server_config, dir, path, fail),
    headers: Object.fromEntries(
      Object.entries(raw.http_server_config?.headers ?? {}).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
      ),
    ),
    users: new Map(Object.entries(raw.basic_auth_users ?? {})),
    tokens: (raw.tokens ?? []).map((token) => ({ ...token, sha256: token.sha256.toLowerCase() })),
    rateLimit: interval > 0 ? { intervalMs: interval, burst: Math.max(1, burst) } : undefined,
  };
}

type RawTls = NonNullable<z.output<typeof schema>['tls_server_config']>;
type Fail = (keys: readonly string[], why: string) => never;

function tlsOf(raw: RawTls, dir: string, path: string, fail: Fail): TlsConfig {
  const at = (key: string) => ['tls_server_config', key];
  const pem = (inline: string | undefined, file: string | undefined) =>
    inline ?? (file === undefined ? undefined : readFile(isAbsolute(file) ? file : join(dir, file), path));
  const cert = pem(raw.cert, raw.cert_file) ?? fail(at('cert_file'), 'missing; name the file of the certificate');
  const key = pem(raw.key, raw.key_file) ?? fail(at('key_file'), 'missing; name the file of the key');
  const ca = pem(raw.client_ca, raw.client_ca_file);
  const clientAuth = raw.client_auth_type ?? 'NoClientCert';
  if (clientAuth.includes('Verify') && ca === undefined)
    fail(at('client_auth_type'), `${clientAuth} needs client_ca_file: who vouches for clients?`);
  if (clientAuth === 'NoClientCert' && ca !== undefined)
    fail(at('client_ca_file'), 'has no effect without client_auth_type; write RequireAndVerifyClientCert');
  return {
    cert,
    key,
    ca,
    clientAuth,
    allowedSans: raw.client_allowed_sans ?? [],
    minVersion: NODE_VERSION[raw.min_version ?? 'TLS12'],
    maxVersion: NODE_VERSION[raw.max_version ?? 'TLS13'],
    ciphers: raw.cipher_suites?.map(opensslCipher).join(':'),
    curves: raw.curve_preferences?.map((curve) => curve.replace(/^CurveP/, 'P-')).join(':'),
  };
}

/** Go's name of a cipher suite, `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`, as OpenSSL calls it. Those of TLS 1.3 are the same. */
export function opensslCipher(name: string): string {
  if (!name.includes('_WITH_')) return name;
  return name
    .replace(/^TLS_(RSA_WITH_)?/, '')
    .replace('_WITH_', '-')
    .replace(/AES_(\d+)/, 'AES$1')
    .replaceAll('_', '-')
    .replace('-CBC', '')
    .replace(/POLY1305-SHA256$/, 'POLY1305');
}

function readFile(file: string, config: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? `no such file: ${file}` : `${file} cannot be read: ${message}`;
    throw new ConfigError(config, [{ line: 0, column: 0, key: '', why }], { cause: error });
  }
}
