/** --web.listen-address, --web.external-url and --web.cors.origin, as the server needs them. */
import { compilePattern } from '../../shared/model/matchers.ts';
import { StartError } from './startError.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, `[v6]:port`, or `:port` for every address of the machine. */
export function parseListenAddress(text: string): ListenAddress {
  const parts = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(text);
  const port = Number(parts?.[3]);
  if (parts === null || port > 65_535) {
    throw new StartError(`--web.listen-address=${text}: write HOST:PORT, such as 127.0.0.1:9090 or :9090`);
  }
  return { host: (parts[1] ?? parts[2]) || '0.0.0.0', port };
}

/** Addresses that only programs on this machine reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

export interface ExternalUrl {
  readonly url: string;
  /** '' or `/path`, without a slash at its end. */
  readonly routePrefix: string;
}

/**
 * @param given --web.external-url: a URL, one without its scheme, or a path alone.
 * @param routePrefix --web.route-prefix, '' if not given: then the path of the external URL.
 * @param otherwise the URL to assume if none is given, and for a path alone.
 */
export function externalUrlOf(given: string, routePrefix: string, otherwise: string): ExternalUrl {
  const text = given === '' || /^(\/|https?:\/\/)/.test(given) ? given : `http://${given}`;
  if (!URL.canParse(text, otherwise))
    throw new StartError(`--web.external-url=${given}: write a URL, such as https://monitor.example.org/isotherm`);
  const url = new URL(text, otherwise);
  const path = (routePrefix === '' ? url.pathname : routePrefix).replace(/^\/+|\/+$/g, '');
  return { url: url.href, routePrefix: path === '' ? '' : `/${path}` };
}

/** --web.cors.origin, once it is known to be a pattern. */
export function corsOriginOf(pattern: string): string {
  try {
    compilePattern(pattern);
    return pattern;
  } catch (error) {
    const why = (error as Error).message;
    throw new StartError(
      `--web.cors.origin=${pattern}: ${why}; write an RE2 pattern, such as https?://.*[.]example[.]org`,
    );
  }
}
