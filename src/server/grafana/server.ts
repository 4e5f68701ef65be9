/** The gRPC server of the data source's backend: each call of the host handed to the function that answers it. */
import {
  Server,
  ServerCredentials,
  status,
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
} from '@grpc/grpc-js';
import type { Collectors } from './collect/collectors.ts';
import { checkHealth } from './health.ts';
import { createInstances, identityHeaders } from './instances.ts';
import type { Log } from './log.ts';
import type {
  CallResourceRequest,
  CallResourceResponse,
  CheckHealthRequest,
  CheckHealthResponse,
  DataResponse,
  MetricsResponse,
  QueryDataRequest,
  QueryDataResponse,
} from './messages.ts';
import type { BackendMetrics } from './metrics.ts';
import { callResource } from './resources.ts';
import {
  brokerService,
  controllerService,
  dataService,
  diagnosticsService,
  healthService,
  resourceService,
  stdioService,
  streamService,
} from './services.ts';
import { createStreams } from './streams.ts';

export interface BackendDeps {
  readonly collectors: Collectors;
  readonly log: Log;
  readonly now: () => number;
  readonly metrics: BackendMetrics;
  /** The host asked us to leave, or went away. Called once or more. */
  readonly leave: (why: string) => void;
}

export interface Backend {
  /** Listens on a gRPC address (`unix:/path` or `127.0.0.1:0`). @returns the port, 0 for a socket. */
  listen(address: string): Promise<number>;
  close(): void;
}

/** What Go plugins accept; answers have no bound of gRPC's, as queries are bounded where they are read. */
const REQUEST_BYTES_MAX = 16 * 2 ** 20;
const UNBOUNDED = -1;
const SERVING = 1;

type Empty = Record<string, never>;

export function createBackend({ collectors, log, now, metrics, leave }: BackendDeps): Backend {
  const instances = createInstances(collectors);
  const server = new Server({
    'grpc.max_receive_message_length': REQUEST_BYTES_MAX,
    'grpc.max_send_message_length': UNBOUNDED,
  });

  const queryData: handleUnaryCall<QueryDataRequest, QueryDataResponse> = (call, done) => {
    const { context, headers, queries } = call.request;
    const stop = stopOf(call);
    const fromAlert = headers.FromAlert === 'true';
    // Loaded with the first query: the host waits for the handshake, not for this.
    const answers = import('./query.ts').then(({ answerQuery, failure }) =>
      Promise.all(
        queries.map(async (query): Promise<[string, DataResponse]> => {
          const startedAt = now();
          let response: DataResponse;
          try {
            const upstream = instances.of(context);
            const scope = { upstream, headers: identityHeaders(upstream, headers), fromAlert, signal: stop };
            response = await answerQuery(query, scope);
          } catch (error) {
            response = failure(error);
          }
          metrics.query(response.status, (now() - startedAt) / 1000);
          if (response.errorSource === 'plugin') log('error', response.error, { refId: query.refId });
          return [query.refId, response];
        }),
      ),
    );
    answers.then(
      (pairs) => done(null, new Map(pairs)),
      (error: Error) => {
        log('error', `query: ${error.message}`);
        done({ code: status.INTERNAL, details: error.message });
      },
    );
  };

  const health: handleUnaryCall<CheckHealthRequest, CheckHealthResponse> = (call, done) => {
    const { context, headers } = call.request;
    const scope = {
      upstream: () => instances.of(context),
      headers: (upstream: ReturnType<typeof instances.of>) => identityHeaders(upstream, headers),
      now,
      signal: stopOf(call),
    };
    void checkHealth(scope).then((answer) => done(null, answer));
  };

  const collectMetrics: handleUnaryCall<Empty, MetricsResponse> = (_call, done) => {
    metrics.text(instances.size).then(
      (text) => done(null, { prometheus: new TextEncoder().encode(text) }),
      (error: Error) => done({ code: status.INTERNAL, details: error.message }),
    );
  };

  const resource: handleServerStreamingCall<CallResourceRequest, CallResourceResponse> = (call) => {
    const { context, headers } = call.request;
    const stop = stopOf(call);
    const scope = {
      upstream: () => instances.of(context),
      headers: (upstream: ReturnType<typeof instances.of>) => identityHeaders(upstream, headers),
      signal: stop,
      collectors,
    };
    const pass = async () => {
      for await (const part of callResource(call.request, scope)) {
        if (stop.aborted) return;
        if (!call.write(part)) await drained(call, stop);
      }
      call.end();
    };
    pass().catch((error: Error) => {
      log('warn', `resource: ${error.message}`, { path: call.request.path });
      call.destroy(Object.assign(error, { code: status.UNAVAILABLE }));
    });
  };

  // Both stay open as long as the host lives; the end of the first is the surest sign that it does not.
  const stdio: handleServerStreamingCall<Empty, Empty> = (call) => {
    call.on('cancelled', () => leave('the host closed its connection'));
  };
  const broker: handleBidiStreamingCall<Empty, Empty> = (call) => {
    call.on('data', () => undefined);
    call.on('error', () => undefined);
    call.on('end', () => call.end());
  };
  const shutdown: handleUnaryCall<Empty, Empty> = (_call, done) => {
    done(null, {});
    leave('the host asked to stop');
  };

  server.addService(healthService, {
    check: ((_call, done) => done(null, { status: SERVING })) as handleUnaryCall<Empty, { status: number }>,
  });
  server.addService(stdioService, { streamStdio: stdio });
  server.addService(brokerService, { startStream: broker });
  server.addService(controllerService, { shutdown });
  server.addService(diagnosticsService, { checkHealth: health, collectMetrics });
  server.addService(dataService, { queryData });
  server.addService(resourceService, { callResource: resource });
  server.addService(streamService, createStreams({ instances, log, now, stopOf, drained }));

  return {
    listen: (address) =>
      new Promise((resolve, reject) => {
        server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) =>
          error === null
            ? resolve(port)
            : reject(new Error(`cannot listen on ${address}: ${error.message}`, { cause: error })),
        );
      }),
    close: () => {
      server.forceShutdown();
      instances.close();
    },
  };
}

/** Fires when the caller gives up, by a deadline or because the user went on. */
function stopOf(call: {
  readonly cancelled: boolean;
  on(event: 'cancelled', listener: () => void): unknown;
}): AbortSignal {
  const controller = new AbortController();
  if (call.cancelled) controller.abort();
  call.on('cancelled', () => controller.abort());
  return controller.signal;
}

function drained(call: { once(event: 'drain', listener: () => void): unknown }, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    call.once('drain', resolve);
    stop.addEventListener('abort', () => resolve(), { once: true });
  });
}
