/**
 * POST /api/v1/otlp/v1/metrics: OTLP over HTTP in protobuf and JSON, behind --web.enable-otlp-receiver. Answered once everything of the request is synced.
 * Source: "OTLP/HTTP" of the OpenTelemetry protocol specification.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { WireError, WireWriter } from '../../shared/bytes/protobufWire.ts';
import { DeltaSums } from '../remote/otlp/deltaSums.ts';
import { readJsonRequest } from '../remote/otlp/json.ts';
import { OtlpError, type ResourceMetrics } from '../remote/otlp/metrics.ts';
import type { OtlpOutcome } from '../remote/otlp/pointSink.ts';
import { readProtobufRequest } from '../remote/otlp/protobuf.ts';
import { appendMetrics, type OtlpSettings } from '../remote/otlp/translate.ts';
import { JSON_TYPE } from './answer.ts';
import type { HttpDeps } from './deps.ts';
import { isCrossSite, notReady, refuseCrossSite } from './lifecycle.ts';
import { takeBytes, unfoldedBody } from './rawBody.ts';
import { intakeOf } from './remoteWrite.ts';
import { RequestRefused } from '../../shared/api/requestRefused.ts';

const PROTOBUF_TYPE = 'application/x-protobuf';
const OFF = 'OTLP is not taken; start with --web.enable-otlp-receiver';
/** Of a request, before and after it is unfolded. */
const BODY_BYTES_MAX = 32 * 1024 * 1024;
/** google.rpc.Code of a request that cannot be taken as it is. */
const INVALID_ARGUMENT = 3;

export const DELTA_FEATURES = { added: 'otlp-deltatocumulative', stored: 'otlp-native-delta-ingestion' } as const;

export function registerOtlp(app: FastifyInstance, deps: HttpDeps, prefix: string): void {
  const deltas = deltasOf(deps);
  app.register(async (scope) => {
    takeBytes(scope, BODY_BYTES_MAX);
    scope.post(`${prefix}/otlp/v1/metrics`, (request, reply) => receive(deps, deltas, request, reply));
  });
}

function deltasOf({ options, clock }: HttpDeps): OtlpSettings['deltas'] {
  if (options.enabledFeatures.includes(DELTA_FEATURES.added)) return new DeltaSums(() => clock.now());
  return options.enabledFeatures.includes(DELTA_FEATURES.stored) ? 'stored' : 'refused';
}

async function receive(
  deps: HttpDeps,
  deltas: OtlpSettings['deltas'],
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const isJson = isJsonRequest(request);
  const refuse = (status: number, why: string) =>
    reply
      .code(status)
      .type(isJson ? JSON_TYPE : PROTOBUF_TYPE)
      .send(statusOf(why, isJson));
  if (!deps.options.enableOtlp) return refuse(404, OFF);
  if (isCrossSite(request)) return refuseCrossSite(reply);
  const rooms = deps.rooms();
  if (rooms === undefined) return notReady(reply);
  const appender = rooms.storage.appender();
  try {
    const metrics = await readRequest(request, isJson);
    const { enabledFeatures, lookbackDeltaMs } = deps.options;
    const typeAndUnitLabels = enabledFeatures.includes('type-and-unit-labels');
    const settings = { config: deps.otlp(), lookbackDeltaMs, typeAndUnitLabels, deltas };
    const outcome = appendMetrics(metrics, settings, intakeOf(deps, rooms.storage, appender, 'otlp'));
    // Said before the commit, which may take a while: names of what was refused are those of this request.
    const words = outcome.words().join('; ');
    await appender.commit({ sync: true });
    if (outcome.points > 0 && outcome.refusedPoints === outcome.points) return refuse(400, words);
    return reply
      .code(200)
      .type(isJson ? JSON_TYPE : PROTOBUF_TYPE)
      .send(answerOf(outcome, words, isJson));
  } catch (error) {
    appender.rollback();
    if (error instanceof RequestRefused) return refuse(error.status, error.message);
    if (error instanceof OtlpError) return refuse(400, error.message);
    if (error instanceof WireError) return refuse(400, `not an ExportMetricsServiceRequest: ${error.message}`);
    throw error;
  }
}

const isJsonRequest = ({ headers }: FastifyRequest) => mediaType(headers['content-type']) === JSON_TYPE;

const mediaType = (type = '') => type.split(';')[0].trim().toLowerCase();

async function readRequest(request: FastifyRequest, isJson: boolean): Promise<ResourceMetrics[]> {
  const type = request.headers['content-type'];
  if (!isJson && mediaType(type) !== PROTOBUF_TYPE)
    throw new RequestRefused(415, `content type ${type ?? 'none'} is not taken; send ${PROTOBUF_TYPE} or ${JSON_TYPE}`);
  const bytes = await unfoldedBody(request, BODY_BYTES_MAX);
  return isJson
    ? readJsonRequest(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString())
    : readProtobufRequest(bytes);
}

/** A google.rpc.Status. */
function statusOf(message: string, isJson: boolean): string | Buffer {
  if (isJson) return JSON.stringify({ code: INVALID_ARGUMENT, message });
  return Buffer.from(new WireWriter().int(1, INVALID_ARGUMENT).string(2, message).finish());
}

/** An ExportMetricsServiceResponse: what was refused, or what else is to be told. Empty where all is well. */
function answerOf({ refusedPoints }: OtlpOutcome, errorMessage: string, isJson: boolean): string | Buffer {
  const isWhole = refusedPoints === 0 && errorMessage === '';
  if (isJson) {
    const partialSuccess = { rejectedDataPoints: String(refusedPoints), errorMessage };
    return JSON.stringify(isWhole ? {} : { partialSuccess });
  }
  const out = new WireWriter();
  if (!isWhole) out.message(1, (partial) => void partial.int(1, refusedPoints).string(2, errorMessage));
  return Buffer.from(out.finish());
}
