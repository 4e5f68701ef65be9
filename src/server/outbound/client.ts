/** Requests as an `http_config` says: connections kept alive, TLS, proxies, login, redirects. For scrapes and for discovery. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import type { Dispatcher } from 'undici';
import type { HttpConfig } from '../config/config.ts';
import { readSecret } from '../config/secrets.ts';
import { HEAD_BYTES_MAX } from './answerParser.ts';
import { basicLogin, loginOfUrl } from './basicLogin.ts';
import { readBody } from './body.ts';
import { DialCounts } from './dials.ts';
import { FetchError } from './httpFault.ts';
import { IDLE_MS_MAX } from './keptConnection.ts';
import { TokenSource } from './oauth2.ts';
import { SentSecrets } from '../config/masking.ts';

const REDIRECTS_MAX = 10;
export const REDIRECT_STATUS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
export const USER_AGENT = 'Isotherm';

export type Headers = Record<string, string | string[]>;
export type Answer = Dispatcher.ResponseData;

export type TlsOptions = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized' | 'minVersion' | 'maxVersion'
>;

export interface OutboundOptions {
  /** A Unix socket to connect to, whatever host the URL names. */
  readonly socketPath?: string;
  /** Where its connections are counted; not those behind a proxy. */
  readonly dials?: DialCounts;
}

/** A megabyte of program and several of memory. */
const undici = () => import('./dispatchers.ts');

export class OutboundClient {
  /** What it sent to log in. */
  readonly secrets = new SentSecrets();
  readonly dials: DialCounts;
  private readonly http: HttpConfig;
  private readonly options: OutboundOptions;
  private readonly tokens: TokenSource | undefined;
  private dispatcher: { readonly key: string; readonly agent: Dispatcher } | undefined;

  constructor(http: HttpConfig, options: OutboundOptions = {}) {
    this.http = http;
    this.options = options;
    this.dials = options.dials ?? new DialCounts();
    if (http.proxy.url !== undefined) this.noteUrl(http.proxy.url);
    for (const value of Object.values(http.proxy.connectHeaders ?? {}).flat()) this.secrets.note(value);
    this.tokens =
      http.oauth2 && new TokenSource(http.oauth2, (settings) => new OutboundClient(settings, { dials: this.dials }));
  }

  /**
   * A GET, redirects followed. The time limit is the caller's, by `signal`.
   *
   * @returns the answer whatever its status; its body must be read or destroyed.
   * @throws what the connection throws (`fetchFault` finds words for it), FetchError for too many redirects.
   */
  async get(first: string, own: Headers, signal: AbortSignal): Promise<Answer> {
    const agent = await this.agent();
    const login = await orAborted(this.loginHeaders(), signal);
    this.noteUrl(first);
    const { origin } = new URL(first);
    let url = first;
    for (let hop = 0; hop <= REDIRECTS_MAX; hop++) {
      // What logs us in here is nobody else's business.
      const mine = new URL(url).origin === origin && login;
      const headers = { 'user-agent': USER_AGENT, ...own, ...loginOfUrl(url), ...mine };
      const answer = await requestOnce(url, { dispatcher: agent, headers, signal });
      const location = answer.headers.location;
      if (!this.http.followRedirects || !REDIRECT_STATUS.has(answer.statusCode) || typeof location !== 'string')
        return answer;
      discard(answer);
      url = new URL(location, url).href;
    }
    throw new FetchError(`redirected more than ${REDIRECTS_MAX} times, at last to ${url}`);
  }

  /**
   * A POST; redirects are answers. The time limit is the caller's, by `signal`.
   *
   * @returns the answer whatever its status; its body must be read or destroyed.
   * @throws what the connection throws (`fetchFault` finds words for it).
   */
  async post(url: string, body: Uint8Array | string, own: Headers, signal: AbortSignal): Promise<Answer> {
    const dispatcher = await this.agent();
    const login = await orAborted(this.loginHeaders(), signal);
    this.noteUrl(url);
    const headers = { 'user-agent': USER_AGENT, ...own, ...loginOfUrl(url), ...login };
    const { request } = await undici();
    return request(url, { method: 'POST', body, dispatcher, headers, signal });
  }

  async close(): Promise<void> {
    this.tokens?.close();
    await this.dispatcher?.agent.destroy();
  }

  /** What logs in, by the secrets as they are now. */
  async loginHeaders(): Promise<Headers> {
    const { basicAuth, authorization, headers } = this.http;
    const login: Headers = {};
    if (basicAuth !== undefined) {
      const [user, password] = await Promise.all(
        [basicAuth.username, basicAuth.password].map((s) => (s ? readSecret(s) : '')),
      );
      this.secrets.note(password);
      login.authorization = basicLogin(user, password);
    } else if (authorization?.credentials !== undefined) {
      login.authorization = `${authorization.type} ${await readSecret(authorization.credentials)}`;
    }
    if (this.tokens !== undefined) login.authorization = `Bearer ${await this.tokens.token()}`;
    for (const { name, values } of headers) login[name] = await Promise.all(values.map(readSecret));
    for (const value of Object.values(login).flat()) this.noteCredentials(value);
    return login;
  }

  /** With and without the scheme before it: `Bearer`, `Basic`. */
  private noteCredentials(value: string): void {
    this.secrets.note(value);
    this.secrets.note(value.slice(value.indexOf(' ') + 1));
  }

  private noteUrl(url: string): void {
    const { password } = new URL(url);
    if (password === '') return;
    this.secrets.note(password);
    this.noteCredentials(loginOfUrl(url).authorization ?? '');
  }

  /** TLS as configured, with the certificates as they are now. */
  async tlsOptions(): Promise<TlsOptions> {
    const { tls } = this.http;
    const [ca, cert, key] = await Promise.all([tls.ca, tls.cert, tls.key].map((s) => (s ? readSecret(s) : undefined)));
    return {
      ca,
      cert,
      key,
      servername: tls.serverName,
      rejectUnauthorized: !tls.insecureSkipVerify,
      minVersion: tls.minVersion,
      maxVersion: tls.maxVersion,
    };
  }

  /** Connections live as long as the certificates they were made with. */
  private async agent(): Promise<Dispatcher> {
    const { proxy } = this.http;
    const [tls, { createDispatcher }] = await Promise.all([this.tlsOptions(), undici()]);
    const certificates = certificatesKey(tls);
    if (this.dispatcher?.key === certificates) return this.dispatcher.agent;
    const connect = {
      ...tls,
      // The time limit over the whole request covers connecting too.
      timeout: 0,
      ...(this.options.socketPath !== undefined && { socketPath: this.options.socketPath }),
    };
    const options = {
      connect,
      allowH2: this.http.enableHttp2,
      // A server's own hint shortens it.
      keepAliveTimeout: IDLE_MS_MAX,
      maxHeaderSize: HEAD_BYTES_MAX,
      headersTimeout: 0,
      bodyTimeout: 0,
      pipelining: 1,
    };
    const agent = createDispatcher(proxy, options, this.dials);
    void this.dispatcher?.agent.close();
    this.dispatcher = { key: certificates, agent };
    return agent;
  }
}

/** Equal while the certificates are. */
export const certificatesKey = ({ ca, cert, key }: TlsOptions): string => JSON.stringify([ca, cert, key]);

/** The body, unfolded. @param limit in bytes; 0 for none. @throws FetchError */
export function readAnswer({ body, headers }: Answer, limit: number): Promise<Uint8Array> {
  return readBody(body, headerText(headers['content-encoding'])?.toLowerCase() ?? '', limit);
}

/** Gives an answer's body up. */
export function discard(answer: Answer): void {
  answer.body.on('error', () => undefined).destroy();
}

export function headerText(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** What `work` comes to, or the signal's reason as soon as there is one: a token server that hangs holds nobody. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

type RequestOptions = { dispatcher: Dispatcher; headers: Headers; signal: AbortSignal };

/** Codes of a kept connection that the server closed just as it was used again. */
const LOST_CONNECTION: ReadonlySet<string | undefined> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);
/** Lets the pool notice that its connection is gone before it is asked for another. */
const LOST_PAUSE_MS = 10;

/** One request; a second one if a kept connection turns out to be closed. */
async function requestOnce(url: string, options: RequestOptions): Promise<Answer> {
  const { request } = await undici();
  try {
    return await request(url, options);
  } catch (error) {
    if (options.signal.aborted || !LOST_CONNECTION.has((error as NodeJS.ErrnoException).code)) throw error;
    await sleep(LOST_PAUSE_MS, undefined, { signal: options.signal });
    return await request(url, options);
  }
}
