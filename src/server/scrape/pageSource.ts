/**
 * One target's pages, fetched one after the other under one time limit each. Plain HTTP/1.1 and TLS go over a connection of the target's own
 * (`outbound/keptConnection.ts`); what needs more (proxies, redirects, servers that speak HTTP/2 only) goes through the general client.
 */
import type { HttpConfig, Secret } from '../config/config.ts';
import { AnswerParser, type AnswerHead } from '../outbound/answerParser.ts';
import {
  certificatesKey,
  discard,
  headerText,
  orAborted,
  readAnswer,
  REDIRECT_STATUS,
  type Headers,
  type OutboundClient,
} from '../outbound/client.ts';
import { dialer, requestBytes } from '../outbound/dial.ts';
import { FetchError, fetchFault } from '../outbound/httpFault.ts';
import { KeptConnection, type Dial } from '../outbound/keptConnection.ts';
import { PageSink } from '../outbound/pageSink.ts';

export interface Page {
  /** Memory of the pool: the receiver gives it back. */
  readonly bytes: Uint8Array;
  readonly contentType: string | undefined;
}

export interface PageLimits {
  readonly timeoutMs: number;
  /** Bytes after decompression; 0 for the general bound. */
  readonly bodySizeLimit: number;
}

export interface PageSource {
  /** One at a time. @throws FetchError, in words for the targets page. */
  fetch(limits: PageLimits): Promise<Page>;
  /** Gives up a fetch under way: it is rejected. */
  abort(): void;
  /** Ends the connection, after the fetch under way if there is one. */
  close(): void;
}

/** What a source needs of its job. */
export interface SourceClient {
  readonly http: HttpConfig;
  readonly outbound: OutboundClient;
  headers(timeoutMs: number): Headers;
}

/** A fetch under way. */
interface Fetching {
  readonly limits: PageLimits;
  readonly resolve: (page: Page) => void;
  readonly reject: (error: Error) => void;
}

/** How a target is asked, until a secret or the time limit changes. */
interface Prepared {
  readonly timeoutMs: number;
  readonly request: Uint8Array;
  readonly dial: Dial;
  /** Of the certificates that connections are made with. */
  readonly certificates: string;
}

/** Thrown where the general client has to take over. */
class NotPlain extends Error {}
/** The server speaks HTTP/2 only. */
const NO_HTTP1 = 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL';

export class TargetSource implements PageSource {
  readonly #url: URL;
  readonly #client: SourceClient;
  readonly #connection = new KeptConnection();
  readonly #sink = new PageSink((head) => this.#check(head));
  readonly #answer = new AnswerParser(this.#sink);
  /** Secrets in files are read for each scrape, so that they may change. */
  readonly #mayChange: boolean;
  #isPlain: boolean;
  #prepared: Prepared | undefined;
  #fetching: Fetching | undefined;
  #isClosed = false;
  /** Why the fetch under way is given up. */
  #fault: FetchError | undefined;
  #general: AbortController | undefined;
  /** Runs on after a fetch that was in time, and means nothing then: it is made once, as there is a fetch each second. */
  #timer: NodeJS.Timeout | undefined;
  #timerMs = 0;
  readonly #settle = (fault?: Error) => this.#settled(fault);

  constructor(url: string, client: SourceClient) {
    const { proxy } = client.http;
    this.#url = new URL(url);
    this.#client = client;
    this.#mayChange = client.http.oauth2 !== undefined || secretsOf(client.http).some(({ kind }) => kind === 'file');
    this.#isPlain = proxy.url === undefined && !proxy.fromEnvironment;
  }

  fetch(limits: PageLimits): Promise<Page> {
    this.#fault = undefined;
    this.#setTimer(limits.timeoutMs);
    return new Promise((resolve, reject) => {
      this.#fetching = { limits, resolve, reject };
      if (!this.#isPlain) {
        void this.#fetchGeneral(limits).then(this.#succeed, this.#fail);
        return;
      }
      const prepared = this.#prepare(limits.timeoutMs);
      if (prepared instanceof Promise) void this.#orGivenUp(prepared).then((now) => this.#send(now), this.#fail);
      else this.#send(prepared);
    });
  }

  abort(): void {
    if (this.#fetching !== undefined) this.#giveUp(new FetchError('given up'));
  }

  close(): void {
    this.#isClosed = true;
    if (this.#fetching !== undefined) return;
    clearTimeout(this.#timer);
    this.#connection.destroy(new FetchError('closed'));
  }

  #setTimer(timeoutMs: number): void {
    if (this.#timer !== undefined && this.#timerMs === timeoutMs) return void this.#timer.refresh();
    clearTimeout(this.#timer);
    this.#timerMs = timeoutMs;
    // What is waited for keeps the process alive.
    this.#timer = setTimeout(() => {
      if (this.#fetching !== undefined) this.#giveUp(timeoutFault(timeoutMs));
    }, timeoutMs).unref();
  }

  #giveUp(fault: FetchError): void {
    this.#fault = fault;
    this.#connection.destroy(fault);
    this.#general?.abort();
  }

  readonly #succeed = (page: Page): void => {
    const fetching = this.#end();
    if (this.#fault === undefined) fetching.resolve(page);
    else fetching.reject(this.#fault);
  };

  readonly #fail = (error: unknown): void => {
    this.#end().reject(this.#fault ?? fetchFault(error, this.#url.href));
  };

  #end(): Fetching {
    const fetching = this.#fetching;
    if (fetching === undefined) throw new Error('no fetch is under way');
    this.#fetching = undefined;
    if (this.#isClosed) this.close();
    return fetching;
  }

  #send({ request, dial }: Prepared): void {
    if (this.#fault !== undefined) return this.#fail(this.#fault);
    this.#sink.start(this.#fetching!.limits.bodySizeLimit);
    this.#connection.send(request, this.#answer, dial, this.#settle);
  }

  #settled(fault?: Error): void {
    if (fault !== undefined) return this.#failPlain(fault);
    const { contentType } = this.#answer;
    const bytes = this.#sink.finish();
    if (bytes instanceof Promise)
      void bytes.then((unpacked) => this.#succeed({ bytes: unpacked, contentType }), this.#fail);
    else this.#succeed({ bytes, contentType });
  }

  #failPlain(fault: Error): void {
    this.#sink.drop();
    if (!(fault instanceof NotPlain) && (fault as NodeJS.ErrnoException).code !== NO_HTTP1) return this.#fail(fault);
    this.#isPlain = false;
    void this.#fetchGeneral(this.#fetching!.limits).then(this.#succeed, this.#fail);
  }

  #orGivenUp<T>(work: Promise<T>): Promise<T> {
    this.#general = new AbortController();
    return orAborted(work, this.#general.signal);
  }

  async #fetchGeneral({ timeoutMs, bodySizeLimit }: PageLimits): Promise<Page> {
    if (this.#fault !== undefined) throw this.#fault;
    const { outbound } = this.#client;
    this.#general = new AbortController();
    const answer = await outbound.get(this.#url.href, this.#client.headers(timeoutMs), this.#general.signal);
    if (answer.statusCode !== 200) {
      discard(answer);
      throw statusFault(answer.statusCode);
    }
    const bytes = await readAnswer(answer, bodySizeLimit);
    return { bytes, contentType: headerText(answer.headers['content-type']) };
  }

  #check({ status, location }: AnswerHead): void {
    if (REDIRECT_STATUS.has(status) && location !== undefined && this.#client.http.followRedirects)
      throw new NotPlain('redirected');
    if (status !== 200) throw statusFault(status);
  }

  #prepare(timeoutMs: number): Prepared | Promise<Prepared> {
    const known = this.#prepared;
    return known !== undefined && known.timeoutMs === timeoutMs && !this.#mayChange ? known : this.#renew(timeoutMs);
  }

  async #renew(timeoutMs: number): Promise<Prepared> {
    const { outbound } = this.#client;
    const login = await outbound.loginHeaders();
    const tls = await outbound.tlsOptions();
    const certificates = certificatesKey(tls);
    const known = this.#prepared;
    const isSameServer = known?.certificates === certificates;
    // Connections live as long as the certificates that they were made with.
    if (known !== undefined && !isSameServer) this.#connection.destroy(new FetchError('the certificates have changed'));
    return (this.#prepared = {
      timeoutMs,
      request: requestBytes(this.#url, { ...this.#client.headers(timeoutMs), ...login }),
      dial: isSameServer ? known.dial : dialer(this.#url, tls, outbound.dials),
      certificates,
    });
  }
}

function secretsOf({ basicAuth, authorization, headers, tls }: HttpConfig): Secret[] {
  const secrets = [basicAuth?.username, basicAuth?.password, authorization?.credentials, tls.ca, tls.cert, tls.key];
  return [...secrets, ...headers.flatMap(({ values }) => values)].filter((secret) => secret !== undefined);
}

function timeoutFault(timeoutMs: number): FetchError {
  return new FetchError(
    `no complete answer within ${timeoutMs / 1000} s; raise scrape_timeout or find out why the page is slow`,
  );
}

const STATUS_HINTS: Readonly<Record<number, string>> = {
  401: '; set basic_auth or authorization for the job',
  403: '; the login in use is not allowed to read this page',
  404: '; is metrics_path right?',
  406: '; the server offers none of the formats in scrape_protocols',
};

function statusFault(status: number): FetchError {
  return new FetchError(`server returned HTTP status ${status}${STATUS_HINTS[status] ?? ''}`);
}
