/** The assertion of a client that has a key (RFC 7523): claims of itself, signed, which a token server takes for a login. */
import { createPrivateKey, randomUUID, sign, type KeyObject } from 'node:crypto';
import type { JwtGrant } from '../config/httpConfig.ts';

export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
/** As long as upstream's are good. */
const GOOD_SECONDS = 600;

export interface AssertionOf {
  /** PEM. */
  readonly key: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** @throws Error for a key that is none, or not RSA. */
export function signedAssertion(grant: JwtGrant, { key, clientId, scopes, now }: AssertionOf): string {
  const seconds = Math.floor(now / 1000);
  const head = { alg: grant.algorithm, typ: 'JWT', ...(grant.keyId !== undefined && { kid: grant.keyId }) };
  const claims = {
    iss: grant.issuer,
    sub: clientId,
    jti: randomUUID(),
    aud: grant.audience,
    iat: seconds,
    exp: seconds + GOOD_SECONDS,
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    ...grant.claims,
  };
  const text = [head, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign(`sha${grant.algorithm.slice(2)}`, Buffer.from(text), rsaKey(key));
  return `${text}.${signature.toString('base64url')}`;
}

function rsaKey(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    throw new Error('client_certificate_key is no private key in PEM', { cause: error });
  }
  if (key.asymmetricKeyType !== 'rsa')
    throw new Error(`client_certificate_key is of type ${key.asymmetricKeyType}, not RSA`);
  return key;
}
