/** Tokens by the client credentials grant (RFC 6749, section 4.4) or a signed assertion (RFC 7523): asked for once, kept until shortly before they end, shared by all requests of a client. */
import type { Dispatcher } from 'undici';
import type { HttpConfig, JwtGrant, OAuth2Config } from '../config/httpConfig.ts';
import { readSecret } from '../config/secrets.ts';
import { basicLogin } from './basicLogin.ts';
import { readBody } from './body.ts';
import { FetchError, fetchFault } from './httpFault.ts';
import { JWT_BEARER, signedAssertion } from './jwtGrant.ts';
import { SentSecrets } from '../config/masking.ts';

/** A token that ends sooner is not used any more: the request that it goes with takes time too. */
const SPARE_MS = 10_000;
const REQUEST_MS_MAX = 10_000;
const ANSWER_BYTES_MAX = 1024 * 1024;
const SHOWN_CHARS = 200;

/** What asks for tokens. */
interface Poster {
  post(
    url: string,
    body: string,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData>;
  close(): Promise<void>;
}

interface Token {
  readonly text: string;
  /** `performance.now()` from which on it is not used. */
  readonly until: number;
  /** Of the client that it was given to. */
  readonly secret: string;
}

/** Where the client says who it is. Servers take one or both; which is found out. */
type Style = 'header' | 'body' | 'assertion';
const SECRET_STYLES: readonly Style[] = ['header', 'body'];

export class TokenSource {
  private readonly config: OAuth2Config;
  private readonly poster: Poster;
  private readonly secrets = new SentSecrets();
  private style: Style | undefined;
  private known: Token | undefined;
  private asking: Promise<Token> | undefined;

  constructor(config: OAuth2Config, makePoster: (settings: HttpConfig) => Poster) {
    this.config = config;
    if (config.jwt !== undefined) this.style = 'assertion';
    const { tls, proxy } = config;
    this.poster = makePoster({ tls, proxy, followRedirects: false, enableHttp2: true, headers: [] });
  }

  /** @throws FetchError */
  async token(): Promise<string> {
    const secret = await readSecret(this.config.jwt?.key ?? this.config.clientSecret);
    if (this.known !== undefined && performance.now() < this.known.until && this.known.secret === secret)
      return this.known.text;
    this.asking ??= this.ask(secret).finally(() => (this.asking = undefined));
    this.known = await this.asking;
    return this.known.text;
  }

  close(): void {
    void this.poster.close();
  }

  private async ask(secret: string): Promise<Token> {
    const styles = this.style === undefined ? SECRET_STYLES : [this.style];
    let refusal = '';
    for (const style of styles) {
      const { status, text } = await this.request(style, secret);
      if (status < 200 || status > 299) {
        refusal = `HTTP status ${status}: ${this.secrets.masked(text).slice(0, SHOWN_CHARS)}`;
        continue;
      }
      this.style = style;
      return { ...readToken(text, (why) => this.fault(why)), secret };
    }
    throw this.fault(refusal);
  }

  private async request(style: Style, secret: string): Promise<{ status: number; text: string }> {
    const { clientId, tokenUrl, scopes, endpointParams, jwt } = this.config;
    const form = new URLSearchParams([['grant_type', jwt === undefined ? 'client_credentials' : JWT_BEARER]]);
    if (scopes.length > 0) form.set('scope', scopes.join(' '));
    for (const [name, value] of endpointParams) form.set(name, value);
    const headers: Record<string, string> = {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    };
    const sent = jwt === undefined ? secret : this.assertion(jwt, secret);
    const login = basic(clientId, secret);
    for (const text of [sent, login, login.slice('Basic '.length)]) this.secrets.note(text);
    if (jwt !== undefined) form.set('assertion', sent);
    else if (style === 'header') headers.authorization = login;
    else {
      form.set('client_id', clientId);
      if (secret !== '') form.set('client_secret', secret);
    }
    try {
      const signal = AbortSignal.timeout(REQUEST_MS_MAX);
      const answer = await this.poster.post(tokenUrl, form.toString(), headers, signal);
      const bytes = await readBody(answer.body, '', ANSWER_BYTES_MAX);
      return { status: answer.statusCode, text: Buffer.from(bytes).toString('utf8') };
    } catch (error) {
      if ((error as Error).name === 'TimeoutError') throw this.fault(`no answer within ${REQUEST_MS_MAX / 1000} s`);
      throw this.fault(fetchFault(error, tokenUrl).message);
    }
  }

  private assertion(jwt: JwtGrant, key: string): string {
    const { clientId, scopes } = this.config;
    try {
      return signedAssertion(jwt, { key, clientId, scopes, now: Date.now() });
    } catch (error) {
      throw this.fault((error as Error).message);
    }
  }

  private fault(why: string): FetchError {
    return new FetchError(`oauth2: no token from ${this.config.tokenUrl}: ${this.secrets.masked(why)}`);
  }
}

/** Both parts are form-encoded first, as the RFC has it. */
function basic(clientId: string, secret: string): string {
  const [id, password] = [clientId, secret].map((part) => encodeURIComponent(part).replace(/%20/g, '+'));
  return basicLogin(id, password);
}

function readToken(text: string, fault: (why: string) => FetchError): Pick<Token, 'text' | 'until'> {
  let answer: { access_token?: unknown; expires_in?: unknown };
  try {
    answer = JSON.parse(text) as typeof answer;
  } catch {
    throw fault('the answer is not JSON');
  }
  if (typeof answer.access_token !== 'string' || answer.access_token === '')
    throw fault('the answer has no access_token');
  const seconds = Number(answer.expires_in ?? 0);
  // A token that says nothing of its end is good as long as the client lives.
  const until = seconds > 0 ? performance.now() + seconds * 1000 - SPARE_MS : Infinity;
  return { text: answer.access_token, until };
}
