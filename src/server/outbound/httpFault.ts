/** What went wrong with a request, in words a user can act upon. */
import { isNativeError } from 'node:util/types';
import { AnswerSyntaxError } from './answerParser.ts';

/** By the code that Node, OpenSSL or the HTTP client puts on the error. */
const WORDS: Readonly<Record<string, (host: string) => string>> = {
  ECONNREFUSED: (host) =>
    `nothing listens at ${host} (connection refused); is the service running, and is the port right?`,
  ECONNRESET: (host) => `${host} closed the connection before the answer was complete`,
  EPIPE: (host) => `${host} closed the connection before the answer was complete`,
  UND_ERR_SOCKET: (host) => `${host} closed the connection before the answer was complete`,
  ENOTFOUND: (host) => `the host name of ${host} is not known; check the name and DNS`,
  EAI_AGAIN: (host) => `the host name of ${host} cannot be looked up now; is DNS reachable?`,
  EHOSTUNREACH: (host) => `no route to ${host}`,
  ENETUNREACH: (host) => `the network of ${host} cannot be reached`,
  ETIMEDOUT: (host) => `no connection to ${host} in time; a firewall may be in the way`,
  UND_ERR_CONNECT_TIMEOUT: (host) => `no connection to ${host} in time; a firewall may be in the way`,
  UND_ERR_HEADERS_OVERFLOW: (host) => `the headers from ${host} are too large`,
  EPROTO: (host) => `TLS with ${host} failed; does it speak https at this port? If not, set scheme: http`,
  ERR_SSL_WRONG_VERSION_NUMBER: (host) => `${host} does not speak TLS at this port; set scheme: http`,
  ERR_TLS_CERT_ALTNAME_INVALID: (host) => `the certificate of ${host} is for another name; set tls_config.server_name`,
  CERT_HAS_EXPIRED: (host) => `the certificate of ${host} has expired; renew it`,
  DEPTH_ZERO_SELF_SIGNED_CERT: (host) => `the certificate of ${host} is self-signed; set tls_config.ca_file to it`,
  SELF_SIGNED_CERT_IN_CHAIN: (host) => `the certificate authority of ${host} is not known here; set tls_config.ca_file`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: (host) =>
    `the certificate authority of ${host} is not known here; set tls_config.ca_file`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: (host) =>
    `the certificate authority of ${host} is not known here; set tls_config.ca_file`,
};

/** A scrape that failed before there was a page to read. */
export class FetchError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FetchError';
  }
}

/** The page is larger than it may be. */
export class BodySizeError extends FetchError {}

export function fetchFault(error: unknown, url: string): FetchError {
  if (error instanceof FetchError) return error;
  const host = new URL(url).host;
  for (let cause = error; isNativeError(cause); cause = firstCause(cause)) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    if (Object.hasOwn(WORDS, code)) return new FetchError(WORDS[code](host), { cause: error });
    if (cause instanceof AnswerSyntaxError || code.startsWith('HPE_') || cause.name === 'HTTPParserError') {
      const why = `${host} does not answer in HTTP at this port (${cause.message}); does it speak https? Then set scheme: https`;
      return new FetchError(why, { cause: error });
    }
  }
  return new FetchError(`${host}: ${isNativeError(error) ? error.message : String(error)}`, { cause: error });
}

function firstCause(error: Error): unknown {
  // Several addresses were tried: the first one's fault tells most.
  const { errors } = error as Partial<AggregateError>;
  return errors?.[0] ?? error.cause;
}
