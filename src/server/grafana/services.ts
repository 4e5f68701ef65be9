/** The gRPC services that Grafana's plugin host calls, as grpc-js wants them described. Names and paths: backend.proto, go-plugin's protos, grpc.health.v1. */
import type { MethodDefinition } from '@grpc/grpc-js';
import {
  callResourceRequest,
  callResourceResponse,
  checkHealthRequest,
  checkHealthResponse,
  emptyMessage,
  healthStatus,
  metricsResponse,
  queryDataRequest,
  queryDataResponse,
  type Codec,
} from './messages.ts';
import { streamAnswer, streamPacket, streamRequest } from './streamMessages.ts';

type Streams = 'none' | 'response' | 'both';

function method<Request, Response>(
  path: string,
  request: Codec<Request>,
  response: Codec<Response>,
  streams: Streams = 'none',
): MethodDefinition<Request, Response> {
  return {
    path,
    requestStream: streams === 'both',
    responseStream: streams !== 'none',
    requestSerialize: (message) => Buffer.from(request.encode(message)),
    requestDeserialize: (bytes) => request.decode(bytes),
    // grpc-js keeps the buffer until it is sent, and the codec's is of its own message: no copy is needed.
    responseSerialize: (message) => asBuffer(response.encode(message)),
    responseDeserialize: (bytes) => response.decode(bytes),
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export const healthService = { check: method('/grpc.health.v1.Health/Check', emptyMessage, healthStatus) };
export const stdioService = {
  streamStdio: method('/plugin.GRPCStdio/StreamStdio', emptyMessage, emptyMessage, 'response'),
};
export const brokerService = {
  startStream: method('/plugin.GRPCBroker/StartStream', emptyMessage, emptyMessage, 'both'),
};
export const controllerService = { shutdown: method('/plugin.GRPCController/Shutdown', emptyMessage, emptyMessage) };

export const diagnosticsService = {
  checkHealth: method('/pluginv2.Diagnostics/CheckHealth', checkHealthRequest, checkHealthResponse),
  collectMetrics: method('/pluginv2.Diagnostics/CollectMetrics', emptyMessage, metricsResponse),
};
export const dataService = { queryData: method('/pluginv2.Data/QueryData', queryDataRequest, queryDataResponse) };
export const resourceService = {
  callResource: method('/pluginv2.Resource/CallResource', callResourceRequest, callResourceResponse, 'response'),
};
export const streamService = {
  subscribeStream: method('/pluginv2.Stream/SubscribeStream', streamRequest, streamAnswer),
  publishStream: method('/pluginv2.Stream/PublishStream', streamRequest, streamAnswer),
  runStream: method('/pluginv2.Stream/RunStream', streamRequest, streamPacket, 'response'),
};
