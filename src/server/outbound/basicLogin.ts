/** HTTP Basic logins (RFC 7617). */

/** The value of an `Authorization` header. */
export const basicLogin = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** The login that a URL itself has (`http://user:password@host`), as a header. */
export function loginOfUrl(url: string | URL): { readonly authorization?: string } {
  const { username, password } = new URL(url);
  if (username === '' && password === '') return {};
  return { authorization: basicLogin(decoded(username), decoded(password)) };
}

/** Percent-encoded text as it was meant; as it stands where it is badly encoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
