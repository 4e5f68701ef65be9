import { signV4 } from './sigv4.ts';

const credentials = { accessKey: 'AKIDEXAMPLE', secretKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const request = {
  url: 'https://example.amazonaws.com/',
  body: 'Param1=value1',
  contentType: 'application/x-www-form-urlencoded',
  region: 'us-east-1',
  service: 'service',
  now: Date.UTC(2015, 7, 30, 12, 36),
};

test('a form is signed as in the published example', () =>
  expect(signV4(request, credentials)).toEqual({
    'content-type': 'application/x-www-form-urlencoded',
    'x-amz-date': '20150830T123600Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  }));

test('a session’s token is sent and signed', () => {
  const signed = signV4(request, { ...credentials, sessionToken: 'token' });
  expect(signed['x-amz-security-token']).toBe('token');
  expect(signed.authorization).toContain('SignedHeaders=content-type;host;x-amz-date;x-amz-security-token');
});

test('everything that the server sees changes the signature', () => {
  const signature = (change: Partial<typeof request>) => signV4({ ...request, ...change }, credentials).authorization;
  const all = [
    {},
    { body: 'Param1=value2' },
    { url: 'https://example.amazonaws.com/a' },
    { url: 'https://b.example/' },
    { url: 'https://example.amazonaws.com/?a=b' },
    { region: 'eu-west-1' },
    { service: 'ec2' },
    { now: request.now + 1000 },
  ].map(signature);
  expect(new Set(all).size).toBe(all.length);
});
