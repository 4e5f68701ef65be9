/** An `http_config` after checking. */

/** A secret is read when it is used, so that a rotated file needs no reload. */
export type Secret =
  { readonly kind: 'inline'; readonly value: string } | { readonly kind: 'file'; readonly path: string };

export interface TlsConfig {
  readonly ca?: Secret;
  readonly cert?: Secret;
  readonly key?: Secret;
  readonly serverName?: string;
  readonly insecureSkipVerify: boolean;
  readonly minVersion?: TlsVersion;
  readonly maxVersion?: TlsVersion;
}
export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** The client credentials grant of OAuth 2: a token is asked for, kept while it is good, and sent as a bearer. */
export interface OAuth2Config {
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly tokenUrl: string;
  readonly scopes: readonly string[];
  readonly endpointParams: readonly (readonly [name: string, value: string])[];
  /** For the token's server. */
  readonly tls: TlsConfig;
  readonly proxy: ProxyConfig;
}

export interface ProxyConfig {
  readonly url?: string;
  readonly noProxy?: string;
  readonly fromEnvironment: boolean;
  /** Sent to the proxy with CONNECT. */
  readonly connectHeaders?: Readonly<Record<string, readonly string[]>>;
}

export interface HttpConfig {
  readonly basicAuth?: { readonly username?: Secret; readonly password?: Secret };
  readonly authorization?: { readonly type: string; readonly credentials?: Secret };
  readonly tls: TlsConfig;
  readonly followRedirects: boolean;
  readonly oauth2?: OAuth2Config;
  readonly proxy: ProxyConfig;
  /** Where a server speaks both, HTTP/2 is allowed. */
  readonly enableHttp2: boolean;
  readonly headers: readonly { readonly name: string; readonly values: readonly Secret[] }[];
}
