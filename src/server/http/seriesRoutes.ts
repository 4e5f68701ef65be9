/** series, labels, label values, metadata: what there is, by labels. */
import { TRUNCATED } from '../../shared/api/prometheus.ts';
import { labelsJson } from '../../shared/api/labelsJson.ts';
import type { TimeRange } from '../storage/queryable.ts';
import { dataJson, listJson } from './answer.ts';
import { ApiError } from './apiError.ts';
import { unescapeLabelName } from './labelNameEscaping.ts';
import { TIME_MAX, TIME_MIN, wholeNumberOf, type Params } from './params.ts';
import type { ApiCall, ApiRoute } from './route.ts';
import { matcherSets } from './selectors.ts';

/** An end before the start holds nothing, and is no fault: upstream's answer. */
function rangeOf(params: Params): TimeRange {
  const minTime = params.timeOr('start', TIME_MIN);
  const maxTime = params.timeOr('end', TIME_MAX);
  return { minTime, maxTime };
}

function limited<T>(found: readonly T[], limit: number, json: (item: T) => string): Iterable<string> {
  if (found.length <= limit) return listJson(found.map(json));
  return listJson(found.slice(0, limit).map(json), [TRUNCATED]);
}

async function series({ params, rooms }: ApiCall): Promise<Iterable<string>> {
  if (params.texts('match[]').length === 0) throw new ApiError('bad_data', 'no match[] parameter provided');
  const range = rangeOf(params);
  const limit = params.limit();
  return limited(await rooms.queryable.series(matcherSets(params), range), limit, labelsJson);
}

async function labels({ params, rooms }: ApiCall): Promise<Iterable<string>> {
  const range = rangeOf(params);
  const limit = params.limit();
  return limited(await rooms.queryable.labelNames(matcherSets(params), range), limit, (name) => JSON.stringify(name));
}

async function labelValues({ params, rooms, path }: ApiCall): Promise<Iterable<string>> {
  const name = unescapeLabelName(path.name);
  if (name === '') throw new ApiError('bad_data', `invalid label name: ${JSON.stringify(name)}`);
  const range = rangeOf(params);
  const limit = params.limit();
  return limited(await rooms.queryable.labelValues(name, matcherSets(params), range), limit, (v) => JSON.stringify(v));
}

function metadata({ params, rooms }: ApiCall): Iterable<string> {
  const limit = wholeNumber(params, 'limit');
  const perMetric = wholeNumber(params, 'limit_per_metric');
  const metric = params.text('metric');
  const data: Record<string, unknown> = {};
  let count = 0;
  for (const [name, entries] of rooms.queryable.metadata(metric === '' ? undefined : metric)) {
    if (count++ >= limit) break;
    data[name] = entries.slice(0, perMetric).map(({ type, help, unit }) => ({ type, help, unit }));
  }
  return dataJson(data);
}

/** Below one is no limit. Upstream reads `limit` so everywhere but here, where 0 gives it an empty answer. */
function wholeNumber(params: Params, name: string): number {
  const text = params.text(name);
  if (text === '') return Infinity;
  const limit = wholeNumberOf(text);
  if (limit === undefined) throw new ApiError('bad_data', `${name} must be a number`);
  return limit > 0 ? limit : Infinity;
}

export const SERIES_ROUTES: readonly ApiRoute[] = [
  { path: '/series', methods: ['GET', 'POST'], answer: series },
  { path: '/labels', methods: ['GET', 'POST'], answer: labels },
  { path: '/label/:name/values', methods: ['GET'], answer: labelValues },
  { path: '/metadata', methods: ['GET'], answer: metadata },
];
