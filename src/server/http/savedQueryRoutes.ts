/** saved_queries: what people keep on the server, for all who use it. Ours. */
import { dataJson } from './answer.ts';
import { ApiError, invalidParameter } from './apiError.ts';
import type { ApiCall, ApiRoute } from './route.ts';

const NAME_CHARS_MAX = 100;
const QUERY_CHARS_MAX = 10_000;

function save({ params, deps, rooms }: ApiCall): Iterable<string> {
  const name = params.text('name').trim();
  const query = params.text('query').trim();
  if (name === '' || name.length > NAME_CHARS_MAX)
    throw invalidParameter('name', `write a name of at most ${NAME_CHARS_MAX} characters`);
  if (query === '' || query.length > QUERY_CHARS_MAX)
    throw invalidParameter('query', `write a query of at most ${QUERY_CHARS_MAX} characters`);
  rooms.savedQueries.save({ name, query, savedAt: new Date(deps.clock.now()).toISOString() });
  return dataJson({ name });
}

function remove({ params, rooms }: ApiCall): Iterable<string> {
  const name = params.text('name').trim();
  if (!rooms.savedQueries.remove(name)) throw new ApiError('not_found', `no query is saved as ${JSON.stringify(name)}`);
  return dataJson({ name });
}

export const SAVED_QUERY_ROUTES: readonly ApiRoute[] = [
  { path: '/saved_queries', methods: ['GET'], answer: ({ rooms }) => dataJson(rooms.savedQueries.list()) },
  { path: '/saved_queries/save', methods: ['POST'], changes: true, answer: save },
  { path: '/saved_queries/remove', methods: ['POST'], changes: true, answer: remove },
];
