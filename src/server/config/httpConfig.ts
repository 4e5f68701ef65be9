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

/** What a client that has a key instead of a secret says of itself: signed, it is the grant (RFC 7523, section 2.1). */
export interface JwtGrant {
  /** RSA, as PEM. */
  readonly key: Secret;
  readonly keyId?: string;
  readonly algorithm: 'RS256' | 'RS384' | 'RS512';
  readonly issuer: string;
  readonly audience: string;
  /** Beside the usual ones, and in their place. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** OAuth 2 by the client credentials grant, or by a signed assertion: a token is asked for, kept while it is good, and sent as a bearer. */
export interface OAuth2Config {
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly jwt?: JwtGrant;
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
