/** GET /federate: the newest sample of every series that matches, as a page that another server scrapes. */
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
import { sendPieces, sendTexts, TEXT_TYPE } from './answer.ts';
import { ApiError } from './apiError.ts';
import type { HttpDeps, ServerRooms } from './deps.ts';
import { negotiate } from './federationFormat.ts';
import { protobufPage, textPage, type FederatedSample } from './federationPage.ts';
import { notReady, type RawRoute } from './lifecycle.ts';
import { paramsOf, type Params } from './params.ts';
import { anyMatcherSets } from './selectors.ts';
import { storedSeries } from './storedSeries.ts';

export function federationRoute(deps: HttpDeps): RawRoute {
  const errors = deps.metrics.ownCounter(
    'prometheus_web_federation_errors_total',
    'Total number of errors that occurred while sending federation responses.',
  );
  const handle: RawRoute['handle'] = async (request, reply) => {
    try {
      return await federate(deps, request, reply);
    } catch (error) {
      errors.add();
      throw error;
    }
  };
  return { path: '/federate', methods: ['GET', 'POST'], handle };
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
  const { kind, escaping, contentType } = negotiate(request.headers.accept ?? '');
  if (kind === 'protobuf') return sendPieces(request, reply, protobufPage(samples, escaping), contentType);
  return sendTexts(request, reply, textPage(samples, escaping), contentType);
}

async function newestSamples(
  deps: HttpDeps,
  { ownQueryable }: ServerRooms,
  params: Params,
): Promise<FederatedSample[]> {
  const sets = anyMatcherSets(params);
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
