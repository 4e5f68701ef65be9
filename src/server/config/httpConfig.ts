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

export interface HttpConfig {
  readonly basicAuth?: { readonly username?: Secret; readonly password?: Secret };
  readonly authorization?: { readonly type: string; readonly credentials?: Secret };
  readonly tls: TlsConfig;
  readonly followRedirects: boolean;
  readonly proxy: { readonly url?: string; readonly noProxy?: string; readonly fromEnvironment: boolean };
  readonly headers: readonly { readonly name: string; readonly values: readonly Secret[] }[];
}
