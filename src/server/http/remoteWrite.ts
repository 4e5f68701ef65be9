// The package has no types of its own; a declaration file cannot be imported, only referred to.
// eslint-disable-next-line @typescript-eslint/triple-slash-reference
/// <reference path="../../shared/bytes/snappyjs.d.ts" />
/**
 * POST /api/v1/write: remote write 1.0, behind --web.enable-remote-write-receiver. Answered once everything of the request is synced.
 * Source: the Prometheus remote write specification 1.0; message numbers from prompb.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { labelsFrom, METRIC_NAME, type Label, type Labels } from '../../shared/model/labels.ts';
import { WireError, WireReader } from '../../shared/bytes/protobufWire.ts';
import type { Appender, AppendOutcome } from '../storage/appender.ts';
import type { HttpDeps } from './deps.ts';
import { isCrossSite, notReady, refuseCrossSite } from './lifecycle.ts';
import { STALE_HIGH, STALE_LOW } from '../../shared/model/sampleBits.ts';

const COMPRESSED_BYTES_MAX = 16 * 1024 * 1024;
/** What a request may unfold to; the declared size is looked at before anything is unfolded. */
const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;
/** Samples further ahead of now are refused, as upstream has it: one from the far future would make the store refuse all that follow. */
const AHEAD_MS_MAX = 600_000;
const TEXT = 'text/plain; charset=utf-8';

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
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: COMPRESSED_BYTES_MAX },
      async (_: unknown, body: Buffer) => body,
    );
    scope.post(`${prefix}/write`, (request, reply) => receive(deps, request, reply));
  });
}

async function receive(deps: HttpDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const say = (status: number, text: string) => reply.code(status).type(TEXT).send(`${text}\n`);
  if (!deps.options.enableRemoteWrite) {
    return say(404, 'remote write receiver is not enabled; start with --web.enable-remote-write-receiver');
  }
  if (isCrossSite(request)) return refuseCrossSite(reply);
  const rooms = deps.rooms();
  if (rooms === undefined) return notReady(reply);
  const appender = rooms.storage.appender();
  try {
    const message = await unfold(request);
    const refusals = appendRequest(message, appender, deps.clock.now() + AHEAD_MS_MAX);
    await appender.commit({ sync: true });
    return refusals.length === 0 ? reply.code(204).send() : say(400, refusals.join('; '));
  } catch (error) {
    appender.rollback();
    if (error instanceof WriteRefused) return say(error.status, error.message);
    if (error instanceof WireError) return say(400, `not a WriteRequest: ${error.message}`);
    throw error;
  }
}

async function unfold(request: FastifyRequest): Promise<Uint8Array> {
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
  const { uncompress } = await import('snappyjs'); // Few servers receive; the others do without the code.
  try {
    return new Uint8Array(uncompress(body, MESSAGE_BYTES_MAX));
  } catch (error) {
    throw new WriteRefused(400, `snappy: ${(error as Error).message}`);
  }
}

/** Refused samples are counted and told, the rest is kept: a sender that resends them would be refused again. */
function appendRequest(message: Uint8Array, appender: Appender, maxTime: number): string[] {
  const refused = new Map<AppendOutcome, number>();
  let invalid = 0;
  for (const request = new WireReader(message); request.next();) {
    if (request.field !== 1) {
      request.skip();
      continue;
    }
    const { labels, samples } = readSeries(request.message());
    if (!labels.some(([name]) => name === METRIC_NAME)) {
      invalid += samples.length;
      continue;
    }
    for (const { t, v, stale } of samples) {
      const append = () => (stale ? appender.appendStale(labels, t) : appender.append(labels, t, v));
      const outcome = t > maxTime ? 'outOfBounds' : append();
      if (outcome !== 'ok') refused.set(outcome, (refused.get(outcome) ?? 0) + 1);
    }
  }
  const told = [...refused].map(([outcome, count]) => `${count} samples refused: ${OUTCOME_WORDS[outcome]}`);
  return invalid === 0 ? told : [...told, `${invalid} samples refused: their series has no ${METRIC_NAME}`];
}

const OUTCOME_WORDS: Readonly<Record<AppendOutcome, string>> = {
  ok: 'taken',
  duplicate: 'another value stands for the same time',
  outOfOrder: 'older than the newest of their series',
  tooOld: 'older than the out-of-order window',
  outOfBounds: 'too far from now',
};

interface WireSample {
  readonly t: number;
  readonly v: number;
  readonly stale: boolean;
}

function readSeries(series: WireReader): { labels: Labels; samples: WireSample[] } {
  const pairs: Label[] = [];
  const samples: WireSample[] = [];
  while (series.next()) {
    if (series.field === 1) pairs.push(readLabel(series.message()));
    else if (series.field === 2) samples.push(readSample(series.message()));
    else series.skip();
  }
  return { labels: labelsFrom(pairs), samples };
}

function readLabel(label: WireReader): Label {
  let name = '';
  let value = '';
  while (label.next()) {
    if (label.field === 1) name = label.string();
    else if (label.field === 2) value = label.string();
    else label.skip();
  }
  return [name, value];
}

function readSample(sample: WireReader): WireSample {
  let v = 0;
  let stale = false;
  let t = 0;
  while (sample.next()) {
    if (sample.field === 1) {
      const [low, high] = sample.fixed64();
      stale = low === STALE_LOW && high === STALE_HIGH;
      v = doubleOf(low, high);
    } else if (sample.field === 2) t = sample.int();
    else sample.skip();
  }
  return { t, v, stale };
}

const words = new Uint32Array(2);
const double = new Float64Array(words.buffer);

function doubleOf(low: number, high: number): number {
  words[0] = low;
  words[1] = high;
  return double[0];
}
