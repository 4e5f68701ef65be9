// eslint-disable-next-line @typescript-eslint/triple-slash-reference
/// <reference path="../../shared/bytes/snappyjs.d.ts" />
/** POST /api/v1/read: stored samples for another server's queries. Source: Prometheus' remote read API. */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { WireError, WireWriter } from '../../shared/bytes/protobufWire.ts';
import { labelsFrom, labelValue, type Labels } from '../../shared/model/labels.ts';
import {
  readReadRequest,
  SAMPLES,
  STREAMED_XOR_CHUNKS,
  writeTimeSeries,
  type ReadQuery,
  type ReadRequest,
  type SeriesSamples,
} from '../remote/prompb.ts';
import { SelectLimitError, type Queryable } from '../storage/queryable.ts';
import { TEXT_TYPE } from './answer.ts';
import type { HttpDeps, ServerRooms } from './deps.ts';
import { isCrossSite, notReady, refuseCrossSite } from './lifecycle.ts';
import { takeBytes } from './rawBody.ts';
import { eachStoredSeries, storedSeries } from './storedSeries.ts';
import { STREAMED_TYPE, streamedFrames } from './streamedRead.ts';
import { Turns } from './turns.ts';

const COMPRESSED_BYTES_MAX = 1024 * 1024;
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
const PROTOBUF = 'application/x-protobuf';

/** The request is at fault; the text goes to the client. */
class ReadError extends Error {}

export function registerRemoteRead(app: FastifyInstance, deps: HttpDeps, prefix: string): void {
  const turns = new Turns(deps.options.remoteReadsMax);
  deps.metrics.gauge(
    'prometheus_remote_read_handler_queries',
    'Remote reads that are being answered or wait for their turn.',
    () => turns.size,
  );
  app.register(async (scope) => {
    takeBytes(scope, COMPRESSED_BYTES_MAX);
    scope.post(`${prefix}/read`, async (request, reply) => {
      if (isCrossSite(request)) return refuseCrossSite(reply);
      const rooms = deps.rooms();
      if (rooms === undefined) return notReady(reply);
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const done = await turns.take(gone.signal);
      // A streamed answer is under way until its connection is done with it.
      gone.signal.addEventListener('abort', done, { once: true });
      return read(deps, rooms, request, reply).catch((error: unknown) => refuse(deps, reply, error));
    });
  });
}

async function read(
  deps: HttpDeps,
  rooms: ServerRooms,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const asked = await requestOf((request.body as Buffer | undefined) ?? new Uint8Array());
  const external = deps.externalLabels();
  if (answerKind(asked) === STREAMED_XOR_CHUNKS) {
    const frames = allFrames(rooms.ownQueryable, asked.queries, external, deps.options.remoteReadFrameBytesMax);
    return reply.type(STREAMED_TYPE).send(Readable.from(frames, { objectMode: false }));
  }
  const answer = await answerQueries(rooms.ownQueryable, asked.queries, external, deps.options.remoteReadSamplesMax);
  const { compress } = await import('snappyjs');
  return reply
    .type(PROTOBUF)
    .header('content-encoding', 'snappy')
    .send(Buffer.from(compress(answer)));
}

/** Few servers are read from; the others do without the code of snappy. */
async function requestOf(body: Uint8Array): Promise<ReadRequest> {
  const { uncompress } = await import('snappyjs');
  try {
    return readReadRequest(uncompress(body, MESSAGE_BYTES_MAX));
  } catch (error) {
    if (error instanceof WireError || !(error instanceof Error) || error.message.includes('nappy'))
      throw new ReadError(`not a ReadRequest: ${String(error)}`, { cause: error });
    throw error;
  }
}

/** The first kind of answer among those that the client takes and we have; samples where it names none. */
function answerKind({ accepted }: ReadRequest): number {
  if (accepted.length === 0) return SAMPLES;
  const kind = accepted.find((one) => one === SAMPLES || one === STREAMED_XOR_CHUNKS);
  if (kind === undefined)
    throw new ReadError(`no known kind of answer among ${accepted.join(', ')}; ask for SAMPLES or STREAMED_XOR_CHUNKS`);
  return kind;
}

function refuse(deps: HttpDeps, reply: FastifyReply, error: unknown): FastifyReply {
  const refused = (text: string) => reply.code(400).type(TEXT_TYPE).send(`${text}\n`);
  if (error instanceof ReadError) return refused(error.message);
  if (!(error instanceof SelectLimitError)) throw error;
  const limit = deps.options.remoteReadSamplesMax;
  return refused(`exceeded sample limit (${limit}); see --storage.remote.read-sample-limit`);
}

/** A `ReadResponse` with the samples of each query. */
async function answerQueries(
  queryable: Queryable,
  queries: readonly ReadQuery[],
  external: Labels,
  maxSamples: number,
): Promise<Uint8Array> {
  const out = new WireWriter();
  for (const query of queries) {
    const series = await storedSeries(queryable, ownMatchers(query, external), rangeOf(query), maxSamples);
    out.message(1, (result) => {
      for (const one of series) result.message(1, (message) => writeTimeSeries(message, withExternal(one, external)));
    });
  }
  return out.finish();
}

async function* allFrames(
  queryable: Queryable,
  queries: readonly ReadQuery[],
  external: Labels,
  frameBytesMax: number,
): AsyncGenerator<Uint8Array> {
  for (const [index, query] of queries.entries()) {
    const series = eachStoredSeries(queryable, ownMatchers(query, external), rangeOf(query));
    yield* streamedFrames(allWithExternal(series, external), index, frameBytesMax);
  }
}

const rangeOf = ({ start, end }: ReadQuery) => ({ minTime: start, maxTime: end });

/** What asks for this server's own labels is fulfilled already; stored series do not have them, and those that do have them are others. */
function ownMatchers({ matchers }: ReadQuery, external: Labels): ReadQuery['matchers'] {
  return matchers.map((matcher) => {
    const { name, op, value } = matcher;
    return op === '=' && labelValue(external, name) === value ? { ...matcher, value: '' } : matcher;
  });
}

async function* allWithExternal(series: AsyncIterable<SeriesSamples>, external: Labels) {
  for await (const one of series) yield withExternal(one, external);
}

function withExternal(series: SeriesSamples, external: Labels): SeriesSamples {
  return external.length === 0 ? series : { ...series, labels: labelsFrom([...external, ...series.labels]) };
}
