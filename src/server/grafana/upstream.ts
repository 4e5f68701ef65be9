/**
 * Requests to the server that a data source names: pooled connections, credentials, TLS, a time limit, and faults in words.
 *
 * On node:http and not on undici, as the rest of the server: this code runs on the Node of a Grafana host, from version 20 on, which undici 8 refuses.
 */
import http from 'node:http';
import https from 'node:https';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Collector } from './collect/collector.ts';
import type { Connection } from './settings.ts';
import { signatureHeaders } from './sigv4.ts';

export type FaultKind =
  | 'dns'
  | 'refused'
  | 'unreachable'
  | 'tls'
  | 'timeout'
  | 'canceled'
  | 'reset'
  | 'too_large'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'not_prometheus'
  | 'status'
  | 'query'
  | 'collector';

/** The server could not be asked, or did not answer as a Prometheus-compatible server does. The message tells the user what to do. */
export class UpstreamError extends Error {
  readonly kind: FaultKind;
  /** HTTP status for Grafana. */
  readonly status: number;
  constructor(kind: FaultKind, status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UpstreamError';
    this.kind = kind;
    this.status = status;
  }
}

export interface UpstreamRequest {
  readonly method: 'GET' | 'POST';
  /** Below the base URL, beginning with a slash. */
  readonly path: string;
  /** In the address of a GET and beside a body; else the body itself, as a form. */
  readonly parameters?: URLSearchParams;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal;
  /** Over the connection's own. */
  readonly timeoutMs?: number;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Already unzipped. Read it to its end or destroy it. */
  readonly body: Readable;
}

export interface Upstream {
  readonly connection: Connection;
  /** Where this data source collects by itself. */
  readonly collector?: Collector;
  /** @throws UpstreamError if no answer came; any HTTP status is an answer. */
  ask(request: UpstreamRequest): Promise<UpstreamAnswer>;
  /** Lets go of idle connections; those in use end with their answers. */
  close(): void;
}

const SOCKETS_MAX = 64;
const SOCKETS_IDLE_MAX = 8;

export function openUpstream(connection: Connection): Upstream {
  const { tls } = connection;
  const secure = connection.baseUrl.protocol === 'https:';
  // Node 24.5 and later go through the proxies that the environment names; earlier ones ignore the option.
  const pool = { keepAlive: true, maxSockets: SOCKETS_MAX, maxFreeSockets: SOCKETS_IDLE_MAX, proxyEnv: process.env };
  const agent = secure
    ? new https.Agent({
        ...pool,
        rejectUnauthorized: !tls.skipVerify,
        servername: tls.serverName,
        ca: tls.ca,
        cert: tls.cert,
        key: tls.key,
      })
    : new http.Agent(pool);
  return {
    connection,
    ask: (request) => askOnce(connection, agent, request, true),
    close: () => {
      for (const idle of Object.values(agent.freeSockets)) for (const socket of idle ?? []) socket.destroy();
    },
  };
}

function askOnce(
  connection: Connection,
  agent: http.Agent,
  request: UpstreamRequest,
  mayRepeat: boolean,
): Promise<UpstreamAnswer> {
  const url = addressOf(connection, request);
  const timeoutMs = request.timeoutMs ?? connection.timeoutMs;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]);
  const body = bodyOf(request);
  const headers: Record<string, string | number> = {
    // On one machine, packing takes longer than sending.
    'accept-encoding': isLoopback(url) ? 'identity' : 'gzip',
    ...connection.headers,
    ...request.headers,
  };
  if (body !== undefined) {
    headers['content-length'] = body.length;
    headers['content-type'] ??= 'application/x-www-form-urlencoded';
  }
  if (connection.signature !== undefined) {
    const contentType = headers['content-type'] as string | undefined;
    Object.assign(headers, signatureHeaders({ url, method: request.method, contentType, body }, connection.signature));
  }
  return new Promise((resolve, reject) => {
    const fault = (error: Error) => {
      if (request.signal?.aborted)
        return new UpstreamError('canceled', 499, 'the request was canceled', { cause: error });
      return faultOf(error, url, timeout.aborted ? timeoutMs : undefined);
    };
    const send = url.protocol === 'https:' ? https.request : http.request;
    const call = send(url, { agent, method: request.method, headers, signal });
    call.on('error', (error: NodeJS.ErrnoException) => {
      // A kept connection may be closed by the server just as it is used again; queries may be repeated without harm.
      if (mayRepeat && call.reusedSocket && error.code === 'ECONNRESET') {
        resolve(askOnce(connection, agent, request, false));
      } else reject(fault(error));
    });
    call.on('response', (response) => {
      const zipped = response.headers['content-encoding'] === 'gzip';
      // A pipeline ends both streams when either ends; what went wrong is told by the one that is read.
      const plain = zipped ? pipeline(response, createGunzip(), () => undefined) : response;
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: plain });
    });
    call.end(body);
  });
}

/** Names of this machine itself; a name that only resolves to it is asked as any other. */
function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}

function addressOf(connection: Connection, request: UpstreamRequest): URL {
  const url = new URL(connection.baseUrl);
  url.username = '';
  url.password = '';
  url.pathname = `${connection.baseUrl.pathname.replace(/\/$/, '')}${request.path}`;
  for (const [name, value] of connection.extraParameters) url.searchParams.append(name, value);
  if (request.method === 'GET' || request.body !== undefined) {
    for (const [name, value] of request.parameters ?? []) url.searchParams.append(name, value);
  }
  return url;
}

function bodyOf(request: UpstreamRequest): Uint8Array | undefined {
  if (request.method === 'GET') return undefined;
  return request.body ?? new TextEncoder().encode(request.parameters?.toString() ?? '');
}

/** The whole body, as long as it stays below the limit. @throws UpstreamError */
export async function readBody(body: Readable, bytesMax: number, url: string, signal?: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > bytesMax) {
        throw new UpstreamError(
          'too_large',
          422,
          `the answer of ${url} is over ${Math.round(bytesMax / 2 ** 20)} MiB; narrow the query, shorten the range, or raise the min step`,
        );
      }
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof UpstreamError) throw error;
    if (signal?.aborted) throw new UpstreamError('canceled', 499, 'the request was canceled', { cause: error });
    throw faultOf(error as Error, new URL(url), (error as Error).name === 'AbortError' ? 0 : undefined);
  }
  return Buffer.concat(chunks, size);
}

/** TLS faults by OpenSSL's and Node's codes, with what to do about each. */
const TLS_FAULTS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; add it as CA certificate, or skip the verification',
  SELF_SIGNED_CERT_IN_CHAIN: "its chain ends in an unknown authority; add that authority's CA certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "its certificate comes from an unknown authority; add that authority's CA certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "its certificate comes from an unknown authority; add that authority's CA certificate",
  UNABLE_TO_GET_ISSUER_CERT: 'its chain is incomplete; add the CA certificate in between',
  CERT_HAS_EXPIRED: 'its certificate has expired; renew it on the server',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; compare the clocks',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'its certificate is for another name; use that name in the URL, or set it as TLS server name',
  EPROTO: 'it does not speak TLS as expected; if the server speaks plain HTTP, write http:// in the URL',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it speaks no TLS; write http:// in the URL',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it asks for a client certificate; switch on TLS client authentication',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'it refused the handshake; it may ask for a client certificate',
};

function faultOf(error: NodeJS.ErrnoException, url: URL, timedOutAfterMs: number | undefined): UpstreamError {
  const code = codeOf(error);
  const say = (kind: FaultKind, status: number, text: string) =>
    new UpstreamError(kind, status, text, { cause: error });
  const where = `${url.protocol}//${url.host}`;
  if (timedOutAfterMs !== undefined) {
    return say(
      'timeout',
      504,
      `${where} did not answer within ${timedOutAfterMs > 0 ? `${timedOutAfterMs / 1000} s` : 'the time limit'}; check that a firewall lets Grafana through, narrow the query, or raise the timeout`,
    );
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return say(
      'dns',
      502,
      `the name ${url.hostname} is not known to the Grafana server (DNS, ${code}); check its spelling, or write an address`,
    );
  }
  if (code === 'ECONNREFUSED') {
    return say(
      'refused',
      502,
      `nothing listens on ${where} (connection refused); start the server, check the port, and mind that localhost means the Grafana server itself, or its container`,
    );
  }
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'ETIMEDOUT') {
    return say(
      'unreachable',
      502,
      `${where} cannot be reached from the Grafana server (${code}); check routes and firewalls`,
    );
  }
  if (TLS_FAULTS[code] !== undefined || /^(ERR_TLS|ERR_SSL|CERT_|ERR_OSSL)/.test(code)) {
    return say('tls', 502, `TLS with ${where} failed: ${TLS_FAULTS[code] ?? error.message} (${code})`);
  }
  if (code === 'ECONNRESET' || code === 'EPIPE' || code.startsWith('HPE_')) {
    const hint = url.protocol === 'http:' ? '; if the server speaks TLS, write https:// in the URL' : '';
    return say('reset', 502, `${where} broke off the connection (${code})${hint}`);
  }
  return say('reset', 502, `the request to ${where} failed: ${error.message}`);
}

/** The code of an error, or of the first of several attempts (IPv6, then IPv4). */
function codeOf(error: NodeJS.ErrnoException & { errors?: readonly NodeJS.ErrnoException[] }): string {
  return error.code ?? error.errors?.[0]?.code ?? '';
}
