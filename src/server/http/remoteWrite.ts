/**
 * POST /api/v1/write: remote write 1.0 and 2.0, behind --web.enable-remote-write-receiver. Answered once everything of the request is synced.
 * Source: the Prometheus remote write specifications 1.0 and 2.0.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { WireError } from '../../shared/bytes/protobufWire.ts';
import { SCRAPE_FEATURES } from '../config/scrapeFeatures.ts';
import type { Intake } from '../remote/receive/intake.ts';
import { INPUT_SIZE_MAX } from '../remote/receive/readWrites.wat.ts';
import { BlockError } from '../remote/receive/writeKernel.ts';
import { WriteReader, type WriteVersion } from '../remote/receive/writeReader.ts';
import type { WriteOutcome } from '../remote/receive/writtenSeries.ts';
import type { Appender, Storage } from '../storage/appender.ts';
import { TEXT_TYPE } from './answer.ts';
import type { HttpDeps } from './deps.ts';
import { isCrossSite, notReady, refuseCrossSite } from './lifecycle.ts';
import { takeBytes } from './rawBody.ts';
import { RequestRefused } from './requestRefused.ts';

/** Samples further ahead of now are refused, as upstream has it: one from the far future would make the store refuse all that follow. */
const AHEAD_MS_MAX = 600_000;

export function registerRemoteWrite(app: FastifyInstance, deps: HttpDeps, prefix: string): void {
  const reader = new WriteReader();
  app.register(async (scope) => {
    takeBytes(scope, INPUT_SIZE_MAX);
    scope.post(`${prefix}/write`, (request, reply) => receive(deps, reader, request, reply));
  });
}

async function receive(
  deps: HttpDeps,
  reader: WriteReader,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const say = (status: number, text: string) => reply.code(status).type(TEXT_TYPE).send(`${text}\n`);
  if (!deps.options.enableRemoteWrite) {
    return say(404, 'remote write receiver is not enabled; start with --web.enable-remote-write-receiver');
  }
  if (isCrossSite(request)) return refuseCrossSite(reply);
  const rooms = deps.rooms();
  if (rooms === undefined) return notReady(reply);
  const appender = rooms.storage.appender();
  try {
    const version = versionOf(request, deps.options.writeMessages);
    const outcome = reader.read(version, blockOf(request), intakeOf(deps, rooms.storage, appender, 'remote write'));
    const refusals = outcome.words();
    await appender.commit({ sync: true });
    // Of the first version nobody expects them.
    if (version === 2) reply.headers(writtenHeaders(outcome));
    return refusals.length === 0 ? reply.code(204).send() : say(400, refusals.join('; '));
  } catch (error) {
    appender.rollback();
    if (error instanceof RequestRefused) return say(error.status, error.message);
    if (error instanceof BlockError) return say(400, `snappy: ${error.message}`);
    if (error instanceof WireError) return say(400, `not a WriteRequest: ${error.message}`);
    throw error;
  }
}

/** @param key of the group that has the metadata. */
export function intakeOf({ clock, options }: HttpDeps, storage: Storage, appender: Appender, key: string): Intake {
  const startZeros = options.enabledFeatures.includes(SCRAPE_FEATURES.startTimes);
  return { appender, group: storage.group(key), maxTime: clock.now() + AHEAD_MS_MAX, startZeros };
}

function versionOf(request: FastifyRequest, messages: readonly string[]): WriteVersion {
  const encoding = request.headers['content-encoding'] ?? 'snappy';
  if (encoding !== 'snappy') throw new RequestRefused(415, `content encoding ${encoding} is not taken; send snappy`);
  const type = request.headers['content-type'] ?? 'application/x-protobuf';
  const [media, ...parameters] = type.split(';').map((part) => part.trim());
  const proto = parameters.find((parameter) => /^proto=/i.test(parameter))?.slice('proto='.length);
  const message = proto ?? 'prometheus.WriteRequest';
  const version = messages.includes(message) ? MESSAGES[message] : undefined;
  if (media.toLowerCase() === 'application/x-protobuf' && version !== undefined) return version;
  const taken = messages.map((message) => `application/x-protobuf;proto=${message}`);
  throw new RequestRefused(415, `content type ${type} is not taken; send ${taken.join(' or ')}`);
}

const MESSAGES: Readonly<Record<string, WriteVersion | undefined>> = {
  'prometheus.WriteRequest': 1,
  'io.prometheus.write.v2.Request': 2,
};

function blockOf(request: FastifyRequest): Uint8Array {
  const body = request.body as Buffer | undefined;
  if (body === undefined || body.length === 0) throw new RequestRefused(400, 'the request has no body');
  return body;
}

/** How much of a request was written, also where something of it was refused. */
function writtenHeaders({ samples, histograms, exemplars }: WriteOutcome): Record<string, number> {
  return {
    'x-prometheus-remote-write-samples-written': samples,
    'x-prometheus-remote-write-histograms-written': histograms,
    'x-prometheus-remote-write-exemplars-written': exemplars,
  };
}
