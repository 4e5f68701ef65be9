/**
 * POST /api/v1/write: remote write 1.0, behind --web.enable-remote-write-receiver. Answered once everything of the request is synced.
 * Source: the Prometheus remote write specification 1.0; message numbers from prompb.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { METRIC_NAME } from '../../shared/model/labels.ts';
import { WireError } from '../../shared/bytes/protobufWire.ts';
import type { AppendOutcome } from '../storage/appender.ts';
import { INPUT_SIZE_MAX } from '../remote/receive/readWrites.wat.ts';
import { BlockError } from '../remote/receive/writeKernel.ts';
import { WriteReader } from '../remote/receive/writeReader.ts';
import type { Refusals } from '../remote/receive/writeRequest.ts';
import { TEXT_TYPE } from './answer.ts';
import type { HttpDeps } from './deps.ts';
import { isCrossSite, notReady, refuseCrossSite } from './lifecycle.ts';
import { takeBytes } from './rawBody.ts';

/** Samples further ahead of now are refused, as upstream has it: one from the far future would make the store refuse all that follow. */
const AHEAD_MS_MAX = 600_000;

/** Something in the request is not as the specification has it. */
class WriteRefused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'WriteRefused';
    this.status = status;
  }
}

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
    const refusals = wordsOf(reader.read(blockOf(request), appender, deps.clock.now() + AHEAD_MS_MAX));
    await appender.commit({ sync: true });
    return refusals.length === 0 ? reply.code(204).send() : say(400, refusals.join('; '));
  } catch (error) {
    appender.rollback();
    if (error instanceof WriteRefused) return say(error.status, error.message);
    if (error instanceof BlockError) return say(400, `snappy: ${error.message}`);
    if (error instanceof WireError) return say(400, `not a WriteRequest: ${error.message}`);
    throw error;
  }
}

function blockOf(request: FastifyRequest): Uint8Array {
  const encoding = request.headers['content-encoding'] ?? 'snappy';
  if (encoding !== 'snappy') throw new WriteRefused(415, `content encoding ${encoding} is not taken; send snappy`);
  const type = request.headers['content-type'] ?? 'application/x-protobuf';
  if (!/^application\/x-protobuf\s*(;|$)/.test(type) || /io\.prometheus\.write\.v2/.test(type)) {
    throw new WriteRefused(
      415,
      `content type ${type} is not taken; send application/x-protobuf;proto=prometheus.WriteRequest`,
    );
  }
  const body = request.body as Buffer | undefined;
  if (body === undefined || body.length === 0) throw new WriteRefused(400, 'the request has no body');
  return body;
}

/** Refused samples are counted and told, the rest is kept: a sender that resends them would be refused again. */
function wordsOf({ refused, nameless }: Refusals): string[] {
  const told = [...refused].map(([outcome, count]) => `${count} samples refused: ${OUTCOME_WORDS[outcome]}`);
  return nameless === 0 ? told : [...told, `${nameless} samples refused: their series has no ${METRIC_NAME}`];
}

const OUTCOME_WORDS: Readonly<Record<AppendOutcome, string>> = {
  ok: 'taken',
  duplicate: 'another value stands for the same time',
  outOfOrder: 'older than the newest of their series',
  tooOld: 'older than the out-of-order window',
  outOfBounds: 'too far from now',
};
