/** What is told of the API is what there is. */
import { parse } from 'yaml';
import { BACKTEST_ROUTES } from '../../src/server/http/backtestRoutes.ts';
import { DISTRIBUTION_ROUTES } from '../../src/server/http/distributionRoutes.ts';
import { QUERY_ROUTES } from '../../src/server/http/queryRoutes.ts';
import { RELABEL_ROUTES } from '../../src/server/http/relabelRoutes.ts';
import { RULES_ROUTES } from '../../src/server/http/rulesRoutes.ts';
import { RUNNING_QUERY_ROUTES } from '../../src/server/http/runningQueryRoutes.ts';
import { SAVED_QUERY_ROUTES } from '../../src/server/http/savedQueryRoutes.ts';
import { SEARCH_ROUTES } from '../../src/server/http/search/searchRoutes.ts';
import { SERIES_ROUTES } from '../../src/server/http/seriesRoutes.ts';
import { STATUS_ROUTES } from '../../src/server/http/statusRoutes.ts';
import { TARGET_ROUTES } from '../../src/server/http/targetRoutes.ts';
import { PAGES, UPSTREAM_PAGES } from '../../src/shared/api/pages.ts';
import { ENDPOINTS, PARAMS } from '../../src/shared/api/reference.ts';
import { fakeServer } from '../support/fakeRooms.ts';

const ROUTES = [
  ...[...BACKTEST_ROUTES, ...DISTRIBUTION_ROUTES, ...QUERY_ROUTES, ...RELABEL_ROUTES, ...RULES_ROUTES],
  ...[...RUNNING_QUERY_ROUTES, ...SAVED_QUERY_ROUTES, ...SEARCH_ROUTES, ...SERIES_ROUTES, ...STATUS_ROUTES],
  ...TARGET_ROUTES,
];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;
const { server } = fakeServer({ enableRemoteWrite: true, enableLifecycle: true });
afterAll(() => server.close());

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly required: boolean }[];
  readonly responses: Readonly<Record<string, unknown>>;
}
interface Described {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

async function described(version = ''): Promise<Described> {
  const answer = await server.inject(`/api/v1/openapi.yaml?openapi_version=${version}`);
  expect(answer.headers['content-type']).toBe('application/yaml; charset=utf-8');
  return parse(answer.body) as Described;
}

test('every route of the API is told, with its methods', () => {
  const told = new Map(ENDPOINTS.map(({ path, methods }) => [path, [...methods].sort()]));
  for (const { path, methods } of ROUTES) {
    const name = `/api/v1${path.replace(/:(\w+)/g, '{$1}')}`;
    expect([name, told.get(name)]).toEqual([name, [...methods].sort()]);
  }
});

test('every route of the server is told, those too that are in no table', async () => {
  await server.inject('/-/healthy');
  const told = new Set(ENDPOINTS.map(({ path }) => path.replace(/\{\w+\}/g, '{}')));
  const pages = [...PAGES, ...Object.keys(UPSTREAM_PAGES), 'assets/*'].map((page) => `/${page}`);
  // OPTIONS is answered on any path of the API; what ends in a slash is sent on.
  const untold = new Set([...pages, '/api/v1/*', '/metrics/']);
  const there = [...server.paths]
    .filter((path) => !untold.has(path))
    .map((path) => path.replace(/:\w+/g, '{}').replace('/metrics/*', '/metrics/job/{}'));
  expect(there.sort()).toEqual([...told].sort());
});

// A stream has no end that could be waited for.
test.each(ENDPOINTS.filter(({ answer }) => answer !== 'events').map(({ path }) => path))(
  '%s is there, with the methods that are told and no others',
  async (path) => {
    const { methods } = ENDPOINTS.find((endpoint) => endpoint.path === path)!;
    const statuses = await Promise.all(
      METHODS.map(async (method) => {
        const { statusCode } = await server.inject({ method, url: path.replace(/\{\w+\}/g, 'x') });
        return [method, statusCode !== 405] as const;
      }),
    );
    expect(statuses.filter(([, isThere]) => isThere).map(([method]) => method)).toEqual(
      METHODS.filter((method) => methods.includes(method)),
    );
  },
);

test('parameters are all known, and none is known for nothing', () => {
  const used = new Set(ENDPOINTS.flatMap(({ params }) => params.map((name) => name.replace('!', ''))));
  expect([...used].filter((name) => !(name in PARAMS))).toEqual([]);
  expect(Object.keys(PARAMS).filter((name) => !used.has(name))).toEqual([]);
});

test.each(['3.1', '3.2'])(
  'the description is of OpenAPI %s, names each operation once, and refers to what it has',
  async (version) => {
    const { openapi, paths, components } = await described(version);
    expect(openapi).toBe(`${version}.0`);
    const operations = Object.values(paths).flatMap((item) => Object.values(item));
    expect(operations.length).toBe(ENDPOINTS.reduce((sum, { methods }) => sum + methods.length, 0));
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    const refs = [...JSON.stringify([paths, components]).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)];
    for (const [, kind, name] of refs) expect(components[kind]?.[name]).toBeDefined();
    for (const { responses } of operations) expect(Object.keys(responses)).toContain('default');
  },
);
