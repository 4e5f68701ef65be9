import { hideUrlPassword, SentSecrets } from './masking.ts';

function noting(...texts: string[]): SentSecrets {
  const secrets = new SentSecrets();
  for (const text of texts) secrets.note(text);
  return secrets;
}

test.each([
  ['a whole secret', 'hunter2hunter', 'refused hunter2hunter!', 'refused <secret>!'],
  ['one that JSON writes', 'say "hi" now', String.raw`{"k":"say \"hi\" now"}`, '{"k":"<secret>"}'],
  ['one that a URL writes', 'a b/c&d', 'GET /?k=a%20b%2Fc%26d', 'GET /?k=<secret>'],
  ['one that a page writes', '<top&secret>', '<p>&lt;top&amp;secret&gt;</p>', '<p><secret></p>'],
  ['its beginning, where an excerpt ends', 'abcdefghijklmnop', 'line 1: "abcdefghij…', 'line 1: "<secret>…'],
  ['its end, where an excerpt begins', 'abcdefghijklmnop', '…ijklmnop is unknown', '…<secret> is unknown'],
  ['no word of a sentence', 'at', 'nothing listens at a:1', 'nothing listens at a:1'],
  ['no number of a sentence', '500', 'HTTP status 500 of a:500', 'HTTP status 500 of a:500'],
  ['a short one in JSON', 'at', '{"login":"at"} at last', '{"login":"<secret>"} at last'],
  ['a short one in a form', 'ab', 'user=me&password=ab&by=abba', 'user=me&password=<secret>&by=abba'],
  ['a short one in a header', 'ab', 'x-key: ab', 'x-key: <secret>'],
  ['a short one on a page', '7', '<td>7</td><td>17</td>', '<td><secret></td><td>17</td>'],
  ['a short one that is all there is', 'ab', 'ab', '<secret>'],
  [
    'a short one that is no word, anywhere by itself',
    'x1',
    'token x1 is none, x12 neither',
    'token <secret> is none, x12 neither',
  ],
  ['a short one of signs', '$&', 'got $& here', 'got <secret> here'],
  ['a short one that a URL writes', 'a/', 'GET /?k=a%2F', 'GET /?k=<secret>'],
  ['the password of any URL', 'other-one', 'no http://me:hunter2@a:1', 'no http://me:<secret>@a:1'],
])('masks %s', (_, secret, text, shown) => expect(noting(secret).masked(text)).toBe(shown));

test('masks an error in place, with its causes', () => {
  const cause = new TypeError('cannot read topsecret');
  const error = new Error('topsecret was refused', { cause });
  expect(noting('topsecret').maskedError(error)).toBe(error);
  expect([error.message, cause.message, error.stack, cause.stack].join('\n')).not.toContain('topsecret');
  expect(error.message).toBe('<secret> was refused');
});

test('of many tokens the last ones are masked', () => {
  const tokens = Array.from({ length: 200 }, (_, i) => `token-number-${i}-x`);
  const secrets = noting(...tokens);
  for (const token of tokens.slice(-50)) expect(secrets.masked(`bad ${token}`)).toBe('bad <secret>');
});

test('the password of a URL is hidden, its user is not', () => {
  expect(hideUrlPassword('from http://user:hunter2@host/a to https://b')).toBe(
    'from http://user:<secret>@host/a to https://b',
  );
});
