/** search/*: names and values by how well they answer what is typed, as lines of JSON. Source: Prometheus' search API. */
import { compareText, METRIC_NAME } from '../../../shared/model/labels.ts';
import type { Metadata } from '../../../shared/model/metadata.ts';
import { ApiError } from '../apiError.ts';
import type { ApiCall, ApiRoute, TypedAnswer } from '../route.ts';
import { boolParam, searchParams, type SearchParams } from './searchParams.ts';

const LINES_TYPE = 'application/x-ndjson; charset=utf-8';
/** As --enable-feature names it. */
export const SEARCH_FEATURE = 'search-api';

interface Found {
  readonly name: string;
  readonly score: number;
}

/** What is searched: the names, and what is told of each that is found. */
interface Source {
  names(call: ApiCall, range: SearchParams['range'], sets: SearchParams['sets']): Promise<readonly string[]>;
  /** @param scored what is said of how well it answers, if anything is. */
  teller(call: ApiCall): ({ name }: Found, scored: { score?: number }) => object;
}

async function search(call: ApiCall, source: Source): Promise<TypedAnswer> {
  const { params, deps } = call;
  const asked = searchParams(params, deps.clock.now(), deps.options.searchLimitMax);
  const tell = source.teller(call);
  const found = matching(await source.names(call, asked.range, asked.sets), asked);
  return { contentType: LINES_TYPE, pieces: lines(asked, sorted(found, asked.order), tell) };
}

/** One batch at least, then how it ended. */
function* lines(
  { limit, batchSize, includeScore }: SearchParams,
  found: readonly Found[],
  tell: ReturnType<Source['teller']>,
): Generator<string> {
  const told = found.slice(0, limit);
  for (let from = 0; from === 0 || from < told.length; from += batchSize) {
    const batch = told.slice(from, from + batchSize);
    const results = batch.map((one) => tell(one, includeScore ? { score: one.score } : {}));
    yield `${JSON.stringify({ results })}\n`;
  }
  yield `${JSON.stringify({ status: 'success', has_more: found.length > limit })}\n`;
}

function matching(names: readonly string[], { score }: SearchParams): Found[] {
  return names.flatMap((name) => {
    const found = score(name);
    return found === undefined ? [] : [{ name, score: found }];
  });
}

function sorted(found: Found[], order: SearchParams['order']): Found[] {
  const byName = (a: Found, b: Found) => compareText(a.name, b.name);
  if (order === 'score') return found.sort((a, b) => b.score - a.score || byName(a, b));
  return found.sort(order === 'ascending' ? byName : (a, b) => byName(b, a));
}

const METRIC_NAMES: Source = {
  names: ({ rooms }, range, sets) => rooms.queryable.labelValues(METRIC_NAME, sets, range),
  teller({ rooms, params }) {
    if (!boolParam(params, 'include_metadata', false)) return ({ name }, scored) => ({ name, ...scored });
    return ({ name }, scored) => ({ name, ...scored, ...metadataOf(rooms.queryable.metadata(name).get(name)?.[0]) });
  },
};

const LABEL_NAMES: Source = {
  names: ({ rooms }, range, sets) => rooms.queryable.labelNames(sets, range),
  teller:
    () =>
    ({ name }, scored) => ({ name, ...scored }),
};

const LABEL_VALUES: Source = {
  names({ rooms, params }, range, sets) {
    const label = params.text('label');
    if (label === '') throw new ApiError('bad_data', 'missing required parameter "label"');
    return rooms.queryable.labelValues(label, sets, range);
  },
  teller:
    () =>
    ({ name }, scored) => ({ value: name, ...scored }),
};

function metadataOf(metadata: Metadata | undefined): Readonly<Record<string, string>> {
  const { type = '', help = '', unit = '' } = metadata ?? {};
  return Object.fromEntries(Object.entries({ type, help, unit }).filter(([, text]) => text !== ''));
}

const SOURCES = { metric_names: METRIC_NAMES, label_names: LABEL_NAMES, label_values: LABEL_VALUES };

export const SEARCH_ROUTES: readonly ApiRoute[] = Object.entries(SOURCES).map(([name, source]) => ({
  path: `/search/${name}`,
  methods: ['GET', 'POST'],
  answer(call) {
    const { enabledFeatures } = call.deps.options;
    if (!enabledFeatures.includes(SEARCH_FEATURE)) throw new ApiError('unavailable', 'search API disabled');
    return search(call, source);
  },
}));
