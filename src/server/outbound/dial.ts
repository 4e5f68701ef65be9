/** How a server is reached over plain TCP or TLS, and what is said to it first. */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import type { Headers, TlsOptions } from './client.ts';
import type { DialCounts } from './dials.ts';
import type { Dial } from './keptConnection.ts';

/** A dead peer is noticed after this time without traffic. */
const KEEP_ALIVE_PROBE_MS = 60_000;

export function dialer(url: URL, options: TlsOptions, dials: DialCounts): Dial {
  const isTls = url.protocol === 'https:';
  const place = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (isTls ? 443 : 80)),
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
  };
  if (!isTls) return (onread) => ({ socket: dials.follow(net.connect({ ...place, onread })), ready: 'connect' });
  const { ca, cert, key, minVersion, maxVersion } = options;
  let secureContext: tls.SecureContext | undefined;
  return (onread) => {
    secureContext ??= tls.createSecureContext({ ca, cert, key, minVersion, maxVersion });
    const { rejectUnauthorized } = options;
    // An address is no name to ask for.
    const servername = options.servername ?? (net.isIP(place.host) === 0 ? place.host : undefined);
    const tlsPlace = { ...place, servername, rejectUnauthorized, secureContext, ALPNProtocols: ['http/1.1'], onread };
    return { socket: dials.follow(tls.connect(tlsPlace)), ready: 'secureConnect' };
  };
}

/** A GET as it goes over the wire. @throws TypeError for a header that cannot be sent. */
export function requestBytes(url: URL, headers: Headers): Uint8Array {
  const lines = [`GET ${url.pathname}${url.search} HTTP/1.1`, `host: ${url.host}`];
  for (const [name, values] of Object.entries(headers)) {
    validateHeaderName(name);
    for (const value of [values].flat()) {
      validateHeaderValue(name, value);
      lines.push(`${name}: ${value}`);
    }
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
