/** AWS Signature Version 4 for a POST. Source: "Signature Version 4 signing process" in the AWS documentation. */
import { createHash, createHmac } from 'node:crypto';

export interface AwsCredentials {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string;
}

export interface SignedRequest {
  readonly url: string;
  readonly body: string;
  readonly contentType: string;
  readonly region: string;
  /** Such as `ec2`. */
  readonly service: string;
  /** Milliseconds. */
  readonly now: number;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** The headers that sign it: authorization and those that it covers. */
export function signV4(request: SignedRequest, credentials: AwsCredentials): Record<string, string> {
  const { url, body, contentType, region, service, now } = request;
  const { host, pathname, searchParams } = new URL(url);
  const time = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const headers: Record<string, string> = { 'content-type': contentType, host, 'x-amz-date': time };
  if (credentials.sessionToken !== undefined) headers['x-amz-security-token'] = credentials.sessionToken;
  const names = Object.keys(headers).sort();
  const canonical = [
    'POST',
    pathname,
    canonicalQuery(searchParams),
    ...names.map((name) => `${name}:${headers[name].trim()}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const signature = hmac(
    signingKey(credentials.secretKey, scope),
    [ALGORITHM, time, scope, sha256(canonical)].join('\n'),
  );
  const { host: _, ...sent } = headers;
  const credential = `Credential=${credentials.accessKey}/${scope}`;
  const authorization = `${ALGORITHM} ${credential}, SignedHeaders=${names.join(';')}, Signature=${signature.toString('hex')}`;
  return { ...sent, authorization };
}

function signingKey(secretKey: string, scope: string): Buffer {
  return scope.split('/').reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secretKey}`));
}

function canonicalQuery(params: URLSearchParams): string {
  return [...params]
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .sort()
    .join('&');
}

/** As RFC 3986 has it. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
