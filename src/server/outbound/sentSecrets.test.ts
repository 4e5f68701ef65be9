import { SentSecrets } from './sentSecrets.ts';

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
  ['none of what is too short to be one', 'at', 'nothing listens at a:1', 'nothing listens at a:1'],
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
