/** The calls of Grafana Live: who may enter a channel, and what is pushed through it. */
import { status, type handleServerStreamingCall, type handleUnaryCall, type ServerWritableStream } from '@grpc/grpc-js';
import type { Instances } from './instances.ts';
import type { Log } from './log.ts';
import {
  STREAM_FORBIDDEN,
  STREAM_NOT_FOUND,
  STREAM_OK,
  type StreamAnswer,
  type StreamPacket,
  type StreamRequest,
} from './streamMessages.ts';

export interface StreamsDeps {
  readonly instances: Instances;
  readonly log: Log;
  readonly now: () => number;
  readonly stopOf: (call: ServerWritableStream<StreamRequest, StreamPacket>) => AbortSignal;
  readonly drained: (call: ServerWritableStream<StreamRequest, StreamPacket>, stop: AbortSignal) => Promise<void>;
}

export interface Streams {
  subscribeStream: handleUnaryCall<StreamRequest, StreamAnswer>;
  publishStream: handleUnaryCall<StreamRequest, StreamAnswer>;
  runStream: handleServerStreamingCall<StreamRequest, StreamPacket>;
  [name: string]: handleUnaryCall<StreamRequest, StreamAnswer> | handleServerStreamingCall<StreamRequest, StreamPacket>;
}

/** Each is a query a step; browsers that find no channel ask by themselves. */
const CHANNELS_MAX = 500;

export function createStreams({ instances, log, now, stopOf, drained }: StreamsDeps): Streams {
  let running = 0;
  /** @throws if there is nothing to run: the data says no query, or the answers depend on who asks. */
  const opened = async ({ context, path, data }: StreamRequest) => {
    const { LIVE_PATH, liveRequestOf, livePackets } = await import('./stream.ts');
    if (!LIVE_PATH.test(path)) throw new Error(`no such channel: ${path}`);
    const request = liveRequestOf(data);
    const upstream = instances.of(context);
    if (upstream.connection.forwardIdentity)
      throw new Error('this data source asks with the login of its user, whom a shared channel does not have');
    return (stop: AbortSignal) => livePackets(request, { upstream, now, sleep }, stop);
  };
  return {
    subscribeStream: (call, done) => {
      opened(call.request).then(
        () => done(null, { status: running < CHANNELS_MAX ? STREAM_OK : STREAM_NOT_FOUND }),
        (error: Error) => {
          log('debug', `live: ${error.message}`, { path: call.request.path });
          done(null, { status: STREAM_NOT_FOUND });
        },
      );
    },
    // Nothing is ever taken from browsers.
    publishStream: (_call, done) => done(null, { status: STREAM_FORBIDDEN }),
    runStream: (call) => {
      const stop = stopOf(call);
      const push = async (): Promise<void> => {
        const packets = await opened(call.request);
        for await (const packet of packets(stop)) {
          if (!call.write({ data: new TextEncoder().encode(JSON.stringify(packet)) })) await drained(call, stop);
        }
        call.end();
      };
      running++;
      push()
        .catch((error: Error) => {
          log('warn', `live: ${error.message}`, { path: call.request.path });
          call.destroy(Object.assign(error, { code: status.FAILED_PRECONDITION }));
        })
        .finally(() => running--);
    },
  };
}

function sleep(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stop.addEventListener('abort', done);
  });
}
