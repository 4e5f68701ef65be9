/** What needs undici, in a module that is loaded with the first request of {@link OutboundClient}: most servers only scrape, by connections of their own. */
import type { Socket } from 'node:net';
import { Agent, buildConnector, EnvHttpProxyAgent, type Dispatcher } from 'undici';
import type { HttpConfig } from '../config/config.ts';
import type { DialCounts } from './dials.ts';

export { request } from 'undici';

type DispatcherOptions = Agent.Options & { readonly connect: buildConnector.BuildOptions };

/** Connections straight to servers, which are counted, or through the proxy that is meant. */
export function createDispatcher(
  proxy: HttpConfig['proxy'],
  options: DispatcherOptions,
  dials: DialCounts,
): Dispatcher {
  const { allowH2, connect } = options;
  if (proxy.url === undefined && !proxy.fromEnvironment)
    return new Agent({ ...options, connect: counted(dials, { ...connect, allowH2 }) });
  return new EnvHttpProxyAgent({
    ...options,
    ...(proxy.url && { httpProxy: proxy.url, httpsProxy: proxy.url, noProxy: proxy.noProxy ?? '' }),
    ...(proxy.connectHeaders && { headers: connectHeaders(proxy.connectHeaders) }),
  });
}

/** Opens sockets as undici does, and counts them. */
function counted(dials: DialCounts, options: buildConnector.BuildOptions): buildConnector.connector {
  const connect = buildConnector(options) as (...args: Parameters<buildConnector.connector>) => Socket;
  return (place, callback) => void dials.follow(connect(place, callback));
}

/** Of a name with several values one line, as the proxy would read them. */
function connectHeaders(headers: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.join(', ')]));
}
