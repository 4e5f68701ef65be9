/** A collector as the server that a data source asks. */
import { parseInterval } from '../../../shared/api/grafanaQuery.ts';
import type { Connection } from '../settings.ts';
import { openUpstream, UpstreamError, type Upstream, type UpstreamRequest } from '../upstream.ts';
import type { CollectSettings } from './collectSettings.ts';
import type { Collector } from './collector.ts';

export function collectedUpstream(collector: Collector, settings: CollectSettings): Upstream {
  let open: { readonly address: string; readonly upstream: Upstream } | undefined;
  const connectionTo = (address: string): Connection => ({
    baseUrl: new URL(`http://${address === '' ? 'collector' : address}`),
    headers: {},
    forwardIdentity: false,
    queryMethod: 'POST',
    extraParameters: [],
    timeoutMs: settings.timeoutMs,
    scrapeIntervalMs: Math.max(1, parseInterval(settings.scrapeInterval)),
    tls: { skipVerify: false },
  });
  /** The address changes when a collector is started again and its port was taken meanwhile. */
  const current = (): Upstream => {
    if (open?.address !== collector.address) {
      open?.upstream.close();
      open = { address: collector.address, upstream: openUpstream(connectionTo(collector.address)) };
    }
    return open!.upstream;
  };
  const whenReady = async (request: UpstreamRequest) => {
    try {
      await collector.whenReady(request.signal);
    } catch (error) {
      if (request.signal?.aborted)
        throw new UpstreamError('canceled', 499, 'the request was canceled', { cause: error });
      throw new UpstreamError('collector', 503, (error as Error).message, { cause: error });
    }
  };
  return {
    get connection() {
      return connectionTo(collector.address);
    },
    collector,
    async ask(request) {
      await whenReady(request);
      try {
        return await current().ask(request);
      } catch (error) {
        // It was killed, or is being started again with other settings: its successor is asked, once.
        if (!(error instanceof UpstreamError) || (error.kind !== 'refused' && error.kind !== 'reset')) throw error;
        await new Promise((resolve) => setTimeout(resolve, RESTART_NOTICED_MS));
        await whenReady(request);
        return current().ask(request);
      }
    },
    close: () => open?.upstream.close(),
  };
}

/** Until the end of a process is known. */
const RESTART_NOTICED_MS = 100;
