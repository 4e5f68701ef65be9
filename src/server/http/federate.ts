/** GET /federate: the newest sample of every series that matches, as a page that another server scrapes. */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  compareText,
  labelsFrom,
  labelValue,
  METRIC_NAME,
  type Label,
  type Labels,
} from '../../shared/model/labels.ts';
import { bitsOf, CELL_STALE, cellKind } from '../../shared/model/sampleBits.ts';
import type { SeriesSamples } from '../remote/prompb.ts';
import { sendTexts, TEXT_TYPE } from './answer.ts';
import { ApiError } from './apiError.ts';
import type { HttpDeps, ServerRooms } from './deps.ts';
import { protobufPage, textPage, type FederatedSample } from './federationPage.ts';
import { notReady, type RawRoute } from './lifecycle.ts';
import { paramsOf, type Params } from './params.ts';
import { matcherSets } from './selectors.ts';
import { storedSeries } from './storedSeries.ts';

const PROTOBUF = 'application/vnd.google.protobuf';
const PROTOBUF_TYPE = `${PROTOBUF}; proto=io.prometheus.client.MetricFamily; encoding=delimited`;

export function federationRoute(deps: HttpDeps): RawRoute {
  return { path: '/federate', methods: ['GET', 'POST'], handle: (request, reply) => federate(deps, request, reply) };
}

async function federate(deps: HttpDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const rooms = deps.rooms();
  if (rooms === undefined) return notReady(reply);
  const params = paramsOf(request);
  let samples: FederatedSample[];
  try {
    samples = await newestSamples(deps, rooms, params);
  } catch (error) {
    // Who scrapes this reads text.
    if (error instanceof ApiError) return reply.code(400).type(TEXT_TYPE).send(`${error.message}\n`);
    throw error;
  }
  const accept = request.headers.accept ?? '';
  if (wantsProtobuf(accept)) {
    return reply.type(PROTOBUF_TYPE).send(Readable.from(protobufPage(samples), { objectMode: false }));
  }
  const utf8 = /escaping=allow-utf-8/.test(accept);
  const type = `text/plain; version=${utf8 ? '1.0.0; escaping=allow-utf-8' : '0.0.4'}; charset=utf-8`;
  return sendTexts(request, reply, textPage(samples, utf8), type);
}

/** Whether the client likes protobuf at least as much as text. */
function wantsProtobuf(accept: string): boolean {
  let best = '';
  let bestQ = 0;
  for (const part of accept.split(',')) {
    const [type, ...params] = part.split(';').map((text) => text.trim().toLowerCase());
    const isDelimited = params.includes('encoding=delimited');
    if (type !== 'text/plain' && !(type === PROTOBUF && isDelimited)) continue;
    const q = Number(params.find((param) => param.startsWith('q='))?.slice(2) ?? 1) || 0;
    if (q > bestQ) [best, bestQ] = [type, q];
  }
  return best === PROTOBUF;
}

async function newestSamples(
  deps: HttpDeps,
  { ownQueryable }: ServerRooms,
  params: Params,
): Promise<FederatedSample[]> {
  const sets = matcherSets(params);
  const now = deps.clock.now();
  const range = { minTime: now - deps.options.lookbackDeltaMs, maxTime: now };
  const external = deps.externalLabels();
  const found = new Map<string, FederatedSample>();
  for (const set of sets) {
    for (const series of await storedSeries(ownQueryable, set, range, deps.options.maxSamples)) {
      const sample = newest(series, external);
      if (sample !== undefined) found.set(JSON.stringify(series.labels), sample);
    }
  }
  const nameOf = ({ labels }: FederatedSample) => labelValue(labels as Labels, METRIC_NAME);
  return [...found.values()].sort((a, b) => compareText(nameOf(a), nameOf(b)));
}

/** undefined for a series that has ended. */
function newest({ labels, times, values, histograms }: SeriesSamples, external: Labels): FederatedSample | undefined {
  const i = times.length - 1;
  if (i < 0) return undefined;
  const histogram = histograms?.get(i);
  if (histogram === undefined && cellKind(bitsOf(values), i) === CELL_STALE) return undefined;
  return { labels: attached(labels, external), t: times[i], value: values[i], ...(histogram && { histogram }) };
}

/** With the server's own labels where there is none of that name; and an empty `instance`, which keeps the scraper from adding its own. */
function attached(labels: Labels, external: Labels): Label[] {
  const own: Label[] = labelsFrom([['instance', '-'], ...external]).map(([name, value]) => [
    name,
    labelValue(external, name) === '' ? '' : value,
  ]);
  return [...labels, ...own.filter(([name]) => labelValue(labels, name) === '')];
}
