/** The HTTP side of a job: connections kept alive, login, TLS, redirects, and one time limit over everything. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, EnvHttpProxyAgent, request, type Dispatcher } from 'undici';
import type { EscapingScheme, HttpConfig, ScrapeProtocol } from '../config/config.ts';
import { readSecret } from '../config/secrets.ts';
import { ACCEPTED_CODINGS, readBody } from './body.ts';
import { FetchError, fetchFault } from './httpFault.ts';

const REDIRECTS_MAX = 10;
const REDIRECT_STATUS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** As long as upstream keeps an idle connection; a server's own hint shortens it. */
const IDLE_MS = 300_000;
const HEADER_BYTES_MAX = 64 * 1024;
const USER_AGENT = 'Isotherm';

export interface Page {
  readonly bytes: Uint8Array;
  readonly contentType: string | undefined;
}

export interface PageRequest {
  readonly url: string;
  readonly timeoutMs: number;
  /** Bytes after decompression; 0 for the general bound. */
  readonly bodySizeLimit: number;
}

export interface ScrapeClient {
  /** @throws FetchError, in words for the targets page. */
  get(page: PageRequest, stop: AbortSignal): Promise<Page>;
  close(): Promise<void>;
}

export interface ClientSettings {
  readonly http: HttpConfig;
  readonly protocols: readonly ScrapeProtocol[];
  readonly escaping: EscapingScheme;
  readonly enableCompression: boolean;
}

export function createScrapeClient(settings: ClientSettings): ScrapeClient {
  return new UndiciClient(settings);
}

const MEDIA_TYPES: Readonly<Record<ScrapeProtocol, string>> = {
  PrometheusProto: 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
  'OpenMetricsText1.0.0': 'application/openmetrics-text;version=1.0.0',
  'OpenMetricsText0.0.1': 'application/openmetrics-text;version=0.0.1',
  'PrometheusText1.0.0': 'text/plain;version=1.0.0',
  'PrometheusText0.0.4': 'text/plain;version=0.0.4',
};
/** Versions that know names beyond [a-zA-Z0-9_:] and so take an escaping scheme. */
const ESCAPABLE: ReadonlySet<ScrapeProtocol> = new Set(['OpenMetricsText1.0.0', 'PrometheusText1.0.0']);

/** The Accept header: preference falls by a tenth with each protocol, anything at all comes last. */
export function acceptHeader(protocols: readonly ScrapeProtocol[], escaping: EscapingScheme): string {
  let tenths = Object.keys(MEDIA_TYPES).length + 1;
  const types = protocols.map((protocol) => {
    const escape = ESCAPABLE.has(protocol) ? `;escaping=${escaping}` : '';
    return `${MEDIA_TYPES[protocol]}${escape};q=0.${tenths--}`;
  });
  return [...types, `*/*;q=0.${tenths}`].join(',');
}

class UndiciClient implements ScrapeClient {
  private readonly settings: ClientSettings;
  private readonly accept: string;
  private dispatcher: { readonly key: string; readonly agent: Dispatcher } | undefined;

  constructor(settings: ClientSettings) {
    this.settings = settings;
    this.accept = acceptHeader(settings.protocols, settings.escaping);
  }

  async get(page: PageRequest, stop: AbortSignal): Promise<Page> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), page.timeoutMs);
    const signal = AbortSignal.any([stop, limit.signal]);
    try {
      return await this.getWithin(page, signal);
    } catch (error) {
      if (limit.signal.aborted) {
        throw new FetchError(
          `no complete answer within ${page.timeoutMs / 1000} s; raise scrape_timeout or find out why the page is slow`,
          { cause: error },
        );
      }
      throw fetchFault(error, page.url);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    await this.dispatcher?.agent.destroy();
  }

  private async getWithin(page: PageRequest, signal: AbortSignal): Promise<Page> {
    const agent = await this.agent();
    const own = await this.headers(page.timeoutMs);
    const login = await this.loginHeaders();
    const origin = new URL(page.url).origin;
    let url = page.url;
    for (let hop = 0; hop <= REDIRECTS_MAX; hop++) {
      // What logs us in here is nobody else's business.
      const headers = new URL(url).origin === origin ? { ...own, ...login } : own;
      const answer = await requestOnce(url, { dispatcher: agent, headers, signal });
      const location = answer.headers.location;
      if (
        this.settings.http.followRedirects &&
        REDIRECT_STATUS.has(answer.statusCode) &&
        typeof location === 'string'
      ) {
        answer.body.on('error', () => undefined).destroy();
        url = new URL(location, url).href;
        continue;
      }
      return await readAnswer(answer, page.bodySizeLimit);
    }
    throw new FetchError(`redirected more than ${REDIRECTS_MAX} times, at last to ${url}`);
  }

  private async headers(timeoutMs: number): Promise<Record<string, string | string[]>> {
    return {
      accept: this.accept,
      'accept-encoding': this.settings.enableCompression ? ACCEPTED_CODINGS : 'identity',
      'user-agent': USER_AGENT,
      'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1000),
    };
  }

  private async loginHeaders(): Promise<Record<string, string | string[]>> {
    const { basicAuth, authorization, headers } = this.settings.http;
    const login: Record<string, string | string[]> = {};
    if (basicAuth !== undefined) {
      const [user, password] = await Promise.all(
        [basicAuth.username, basicAuth.password].map((s) => (s ? readSecret(s) : '')),
      );
      login.authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    } else if (authorization?.credentials !== undefined) {
      login.authorization = `${authorization.type} ${await readSecret(authorization.credentials)}`;
    }
    for (const { name, values } of headers) login[name] = await Promise.all(values.map(readSecret));
    return login;
  }

  /** Connections live as long as the certificates they were made with. */
  private async agent(): Promise<Dispatcher> {
    const { tls, proxy } = this.settings.http;
    const [ca, cert, key] = await Promise.all([tls.ca, tls.cert, tls.key].map((s) => (s ? readSecret(s) : undefined)));
    const certificates = JSON.stringify([ca, cert, key]);
    if (this.dispatcher?.key === certificates) return this.dispatcher.agent;
    const connect = {
      ca,
      cert,
      key,
      servername: tls.serverName,
      rejectUnauthorized: !tls.insecureSkipVerify,
      minVersion: tls.minVersion,
      maxVersion: tls.maxVersion,
      // The time limit over the whole scrape covers connecting too.
      timeout: 0,
    };
    const options = {
      connect,
      keepAliveTimeout: IDLE_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: 0,
      bodyTimeout: 0,
      pipelining: 1,
    };
    const agent =
      proxy.url === undefined && !proxy.fromEnvironment
        ? new Agent(options)
        : new EnvHttpProxyAgent({
            ...options,
            ...(proxy.url && { httpProxy: proxy.url, httpsProxy: proxy.url, noProxy: proxy.noProxy ?? '' }),
          });
    void this.dispatcher?.agent.close();
    this.dispatcher = { key: certificates, agent };
    return agent;
  }
}

type RequestOptions = { dispatcher: Dispatcher; headers: Record<string, string | string[]>; signal: AbortSignal };

/** Codes of a kept connection that the server closed just as it was used again. */
const LOST_CONNECTION: ReadonlySet<string | undefined> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);
/** Lets the pool notice that its connection is gone before it is asked for another. */
const LOST_PAUSE_MS = 10;

/** One request; a second one if a kept connection turns out to be closed. */
async function requestOnce(url: string, options: RequestOptions): Promise<Dispatcher.ResponseData> {
  try {
    return await request(url, options);
  } catch (error) {
    if (options.signal.aborted || !LOST_CONNECTION.has((error as NodeJS.ErrnoException).code)) throw error;
    await sleep(LOST_PAUSE_MS, undefined, { signal: options.signal });
    return await request(url, options);
  }
}

async function readAnswer(answer: Dispatcher.ResponseData, bodySizeLimit: number): Promise<Page> {
  if (answer.statusCode !== 200) {
    answer.body.on('error', () => undefined).destroy();
    throw new FetchError(statusFault(answer.statusCode));
  }
  const coding = headerText(answer.headers['content-encoding'])?.toLowerCase() ?? '';
  const bytes = await readBody(answer.body, coding, bodySizeLimit);
  return { bytes, contentType: headerText(answer.headers['content-type']) };
}

const STATUS_HINTS: Readonly<Record<number, string>> = {
  401: '; set basic_auth or authorization for the job',
  403: '; the login in use is not allowed to read this page',
  404: '; is metrics_path right?',
  406: '; the server offers none of the formats in scrape_protocols',
};

function statusFault(status: number): string {
  return `server returned HTTP status ${status}${STATUS_HINTS[status] ?? ''}`;
}

function headerText(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
