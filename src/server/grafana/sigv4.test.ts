/** Our signatures are those that Amazon's own signer makes. */
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { signatureHeaders, sigV4Of, type SigV4 } from './sigv4.ts';
import { SettingsError } from './settingsError.ts';

const by: SigV4 = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG', region: 'eu-west-1' };

async function amazons(
  url: URL,
  method: string,
  at: Date,
  more: { body?: string; contentType?: string; sessionToken?: string },
) {
  const signer = new SignatureV4({
    service: 'aps',
    region: by.region,
    credentials: { ...by, sessionToken: more.sessionToken },
    sha256: Sha256,
    applyChecksum: false,
  });
  const query: Record<string, string[]> = {};
  for (const [name, value] of url.searchParams) (query[name] ??= []).push(value);
  const signed = await signer.sign(
    {
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query,
      headers: {
        host: url.host,
        ...(more.contentType === undefined ? {} : { 'content-type': more.contentType }),
        ...(more.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(more.body)) }),
      },
      body: more.body,
    },
    { signingDate: at },
  );
  return signed.headers.authorization;
}

const signs = (
  name: string,
  address: string,
  method: string,
  more: { body?: string; contentType?: string; sessionToken?: string } = {},
) =>
  test(`${name} is signed as by Amazon`, async () => {
    const url = new URL(address);
    const headers = signatureHeaders(
      {
        url,
        method,
        contentType: more.contentType,
        body: more.body === undefined ? undefined : new TextEncoder().encode(more.body),
      },
      { ...by, sessionToken: more.sessionToken },
    );
    const at = headers['x-amz-date'].replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/aps\/aws4_request, /,
    );
    const signature = (text: string) => /Signature=(\w+)/.exec(text)?.[1];
    expect(signature(headers.authorization)).toBe(signature(await amazons(url, method, new Date(at), more)));
  });
const WORKSPACE = 'https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1';
signs('a GET', `${WORKSPACE}/labels`, 'GET');
signs(
  'a GET with parameters',
  `${WORKSPACE}/query?query=${encodeURIComponent('sum by (le) (rate(x_bucket{a="b c"}[5m]))')}&time=1`,
  'GET',
);
signs('a form', `${WORKSPACE}/query_range`, 'POST', {
  body: 'query=up&step=15',
  contentType: 'application/x-www-form-urlencoded',
});
signs('a request with a session', `${WORKSPACE}/query`, 'GET', { sessionToken: 'token' });

describe('settings', () => {
  const secure = { sigV4AccessKey: 'A', sigV4SecretKey: 'B' };
  test('without SigV4 sign nothing', () => expect(sigV4Of({}, secure, {})).toBeUndefined());
  test("keys of the settings, under the names of Grafana's own fields", () =>
    expect(sigV4Of({ sigV4Auth: true, sigV4AuthType: 'keys', sigV4Region: 'r' }, secure, {})).toEqual({
      accessKeyId: 'A',
      secretAccessKey: 'B',
      region: 'r',
    }));
  test('keys of the environment', () =>
    expect(
      sigV4Of(
        { authMethod: 'sigv4', sigV4AuthType: 'default' },
        {},
        { AWS_REGION: 'r', AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 'B', AWS_SESSION_TOKEN: 'C' },
      ),
    ).toEqual({
      accessKeyId: 'A',
      secretAccessKey: 'B',
      sessionToken: 'C',
      region: 'r',
    }));
  const refused = (name: string, options: Parameters<typeof sigV4Of>[0], words: RegExp) =>
    test(`${name} is refused in words`, () => {
      expect(() => sigV4Of({ sigV4Auth: true, sigV4Region: 'r', ...options }, {}, {})).toThrow(SettingsError);
      expect(() => sigV4Of({ sigV4Auth: true, sigV4Region: 'r', ...options }, {}, {})).toThrow(words);
    });
  refused('a missing key', {}, /keys are missing/);
  refused('a missing region', { sigV4Region: '' }, /no region/);
  refused('a role', { sigV4AssumeRoleArn: 'arn:x' }, /assumed role is not supported/);
  refused('a profile', { sigV4AuthType: 'credentials' }, /"credentials" is not supported/);
});
