/**
 * POST /api/v1/write: remote write 1.0 and 2.0, behind --web.enable-remote-write-receiver. Answered once everything of the request is synced.
 * Source: the Prometheus remote write specifications 1.0 and 2.0.
 */
import type { IncomingHttpHeaders } from 'node:http';
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

/** Samples further ahead of now are refused, as upstream has it: one from the far future would make the store refuse all that follow. */
const AHEAD_MS_MAX = 600_000;
const PROTOBUF_TYPE = 'application/x-protobuf';
const NO_BYTES = new Uint8Array();

/** Below the route prefix. */
export const WRITE_PATH = '/api/v1/write';

export interface WriteAnswer {
  readonly status: number;
  /** '' where there is nothing to tell. */
  readonly text: string;
  readonly headers?: Readonly<Record<string, number>>;
}

/** What both ways into remote write have in common. */
export class WriteReceiver {
  readonly #deps: HttpDeps;
  readonly #reader = new WriteReader();

  constructor(deps: HttpDeps) {
    this.#deps = deps;
  }

  /** The version that a request's headers name; undefined for what is not taken. */
  versionOf({ 'content-encoding': encoding, 'content-type': type }: IncomingHttpHeaders): WriteVersion | undefined {
    return encoding === undefined || encoding === 'snappy'
      ? versionOf(type, this.#deps.options.writeMessages)
      : undefined;
  }

  /** Once all of a request is synced. Rejects with what is not the request's fault. */
  async take(version: WriteVersion, block: Uint8Array, storage: Storage): Promise<WriteAnswer> {
    const appender = storage.appender();
    try {
      const outcome = this.#reader.read(version, block, intakeOf(this.#deps, storage, appender, 'remote write'));
      const refusals = outcome.words();
      await appender.commit({ sync: true });
      // Of the first version nobody expects them.
      const headers = version === 2 ? writtenHeaders(outcome) : undefined;
      return { status: refusals.length === 0 ? 204 : 400, text: lineOf(refusals.join('; ')), headers };
    } catch (error) {
      appender.rollback();
      if (error instanceof BlockError) return { status: 400, text: lineOf(`snappy: ${error.message}`) };
      if (error instanceof WireError) return { status: 400, text: lineOf(`not a WriteRequest: ${error.message}`) };
      throw error;
    }
  }
}

const lineOf = (words: string) => (words === '' ? '' : `${words}\n`);

export function registerRemoteWrite(app: FastifyInstance, deps: HttpDeps, receiver: WriteReceiver, path: string): void {
  app.register(async (scope) => {
    takeBytes(scope, INPUT_SIZE_MAX);
    scope.post(path, (request, reply) => receive(deps, receiver, request, reply));
  });
}

async function receive(
  deps: HttpDeps,
  receiver: WriteReceiver,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const say = (status: number, text: string) => reply.code(status).type(TEXT_TYPE).send(lineOf(text));
  if (!deps.options.enableRemoteWrite) {
    return say(404, 'remote write receiver is not enabled; start with --web.enable-remote-write-receiver');
  }
  if (isCrossSite(request)) return refuseCrossSite(reply);
  const rooms = deps.rooms();
  if (rooms === undefined) return notReady(reply);
  const version = receiver.versionOf(request.headers);
  if (version === undefined) return say(415, notTaken(request.headers, deps.options.writeMessages));
  const block = (request.body as Buffer | undefined) ?? NO_BYTES;
  if (block.length === 0) return say(400, 'the request has no body');
  const { status, text, headers } = await receiver.take(version, block, rooms.storage);
  if (headers !== undefined) reply.headers(headers);
  return text === '' ? reply.code(status).send() : reply.code(status).type(TEXT_TYPE).send(text);
}

/** @param key of the group that has the metadata. */
export function intakeOf({ clock, options }: HttpDeps, storage: Storage, appender: Appender, key: string): Intake {
  const startZeros = options.enabledFeatures.includes(SCRAPE_FEATURES.startTimes);
  return { appender, group: storage.group(key), maxTime: clock.now() + AHEAD_MS_MAX, startZeros };
}

function versionOf(type: string | undefined, messages: readonly string[]): WriteVersion | undefined {
  const [media, ...parameters] = (type ?? PROTOBUF_TYPE).split(';').map((part) => part.trim());
  const proto = parameters.find((parameter) => /^proto=/i.test(parameter))?.slice('proto='.length);
  const message = proto ?? 'prometheus.WriteRequest';
  return media.toLowerCase() === PROTOBUF_TYPE && messages.includes(message) ? MESSAGES[message] : undefined;
}

/** Why the headers name no version, and what to send. */
function notTaken(headers: IncomingHttpHeaders, messages: readonly string[]): string {
  const { 'content-encoding': encoding = 'snappy', 'content-type': type = PROTOBUF_TYPE } = headers;
  if (encoding !== 'snappy') return `content encoding ${encoding} is not taken; send snappy`;
  const taken = messages.map((message) => `${PROTOBUF_TYPE};proto=${message}`);
  return `content type ${type} is not taken; send ${taken.join(' or ')}`;
}

const MESSAGES: Readonly<Record<string, WriteVersion | undefined>> = {
  'prometheus.WriteRequest': 1,
  'io.prometheus.write.v2.Request': 2,
};

/** How much of a request was written, also where something of it was refused. */
function writtenHeaders({ samples, histograms, exemplars }: WriteOutcome): Record<string, number> {
  return {
    'x-prometheus-remote-write-samples-written': samples,
    'x-prometheus-remote-write-histograms-written': histograms,
    'x-prometheus-remote-write-exemplars-written': exemplars,
  };
}
