// eslint-disable-next-line @typescript-eslint/triple-slash-reference
/// <reference path="../../shared/bytes/snappyjs.d.ts" />
/** POST /api/v1/read: stored samples for another server's queries. Source: Prometheus' remote read API. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { WireError, WireWriter } from '../../shared/bytes/protobufWire.ts';
import { labelsFrom, labelValue, type Labels } from '../../shared/model/labels.ts';
import { readReadRequest, writeTimeSeries, type ReadQuery, type SeriesSamples } from '../remote/prompb.ts';
import { SelectLimitError, type Queryable } from '../storage/queryable.ts';
import { TEXT_TYPE } from './answer.ts';
import type { HttpDeps } from './deps.ts';
import { isCrossSite, notReady, refuseCrossSite } from './lifecycle.ts';
import { takeBytes } from './rawBody.ts';
import { storedSeries } from './storedSeries.ts';

const COMPRESSED_BYTES_MAX = 1024 * 1024;
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
const PROTOBUF = 'application/x-protobuf';

export function registerRemoteRead(app: FastifyInstance, deps: HttpDeps, prefix: string): void {
  let running = 0;
  app.register(async (scope) => {
    takeBytes(scope, COMPRESSED_BYTES_MAX);
    scope.post(`${prefix}/read`, async (request, reply) => {
      if (running >= deps.options.remoteReadsMax) {
        return reply
          .code(503)
          .type(TEXT_TYPE)
          .send('too many remote reads at a time; see --storage.remote.read-concurrent-limit\n');
      }
      running++;
      try {
        return await read(deps, request, reply);
      } finally {
        running--;
      }
    });
  });
}

async function read(deps: HttpDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  if (isCrossSite(request)) return refuseCrossSite(reply);
  const rooms = deps.rooms();
  if (rooms === undefined) return notReady(reply);
  const { compress, uncompress } = await import('snappyjs'); // Few servers are read from; the others do without the code.
  try {
    const body = request.body as Buffer | undefined;
    const { queries } = readReadRequest(uncompress(body ?? new Uint8Array(), MESSAGE_BYTES_MAX));
    const answer = await answerQueries(
      rooms.queryable,
      queries,
      deps.externalLabels(),
      deps.options.remoteReadSamplesMax,
    );
    return reply
      .type(PROTOBUF)
      .header('content-encoding', 'snappy')
      .send(Buffer.from(compress(answer)));
  } catch (error) {
    if (error instanceof SelectLimitError) {
      const limit = deps.options.remoteReadSamplesMax;
      return reply
        .code(400)
        .type(TEXT_TYPE)
        .send(`exceeded sample limit (${limit}); see --storage.remote.read-sample-limit\n`);
    }
    if (error instanceof WireError || !(error instanceof Error) || error.message.includes('nappy')) {
      return reply
        .code(400)
        .type(TEXT_TYPE)
        .send(`not a ReadRequest: ${String(error)}\n`);
    }
    throw error;
  }
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
    const series = await storedSeries(
      queryable,
      ownMatchers(query, external),
      { minTime: query.start, maxTime: query.end },
      maxSamples,
    );
    out.message(1, (result) => {
      for (const one of series) result.message(1, (message) => writeTimeSeries(message, withExternal(one, external)));
    });
  }
  return out.finish();
}

/** What asks for this server's own labels is fulfilled already; stored series do not have them. */
function ownMatchers({ matchers }: ReadQuery, external: Labels): ReadQuery['matchers'] {
  return matchers.filter(({ name, op, value }) => op !== '=' || value === '' || labelValue(external, name) !== value);
}

function withExternal(series: SeriesSamples, external: Labels): SeriesSamples {
  return external.length === 0 ? series : { ...series, labels: labelsFrom([...external, ...series.labels]) };
}
