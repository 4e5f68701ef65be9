/** /api/v1/openapi.yaml: the API for programs that read descriptions, in OpenAPI 3.1 or 3.2. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { stringify } from 'yaml';
import { ENDPOINTS, PARAMS, type AnswerShape, type Endpoint, type ParamSpec } from '../../shared/api/reference.ts';
import { sendTexts } from './answer.ts';
import type { HttpDeps } from './deps.ts';
import type { RawRoute } from './lifecycle.ts';
import { paramsOf } from './params.ts';

const VERSIONS = { '3.1': '3.1.0', '3.2': '3.2.0' } as const;
type Version = keyof typeof VERSIONS;

type Json = Readonly<Record<string, unknown>>;

/** Below /api/v1. */
export function openApiRoute(deps: HttpDeps): RawRoute {
  return { path: '/openapi.yaml', methods: ['GET'], handle: (request, reply) => answer(deps, request, reply) };
}

function answer(deps: HttpDeps, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const version: Version = paramsOf(request).text('openapi_version').startsWith('3.2') ? '3.2' : '3.1';
  const { build, options } = deps;
  const text = stringify(openApi(version, build.version, `${options.externalUrl.replace(/\/$/, '')}`), {
    aliasDuplicateObjects: false,
  });
  reply.header('cache-control', 'no-cache, no-store, must-revalidate');
  return sendTexts(request, reply, [text], 'application/yaml; charset=utf-8');
}

export function openApi(version: Version, apiVersion: string, url: string): Json {
  return {
    openapi: VERSIONS[version],
    info: {
      title: 'Isotherm API',
      version: apiVersion,
      summary: 'The HTTP API of Prometheus, and what Isotherm has beside it.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url }],
    tags: [...new Set(ENDPOINTS.map(({ group }) => group))].map((name) => ({ name })),
    paths: Object.fromEntries(ENDPOINTS.map((endpoint) => [endpoint.path, pathItem(endpoint, version)])),
    components: { schemas: SCHEMAS, responses: { Refused: REFUSED } },
  };
}

function pathItem(endpoint: Endpoint, version: Version): Json {
  return Object.fromEntries(
    endpoint.methods.map((method) => [method.toLowerCase(), operation(endpoint, method, version)]),
  );
}

function operation(endpoint: Endpoint, method: string, version: Version): Json {
  const { path, group, summary, params, answer: shape } = endpoint;
  const isForm = method !== 'GET' && params.length > 0;
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[^A-Za-z0-9]+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    tags: [group],
    parameters: [...pathParams(path), ...(isForm ? [] : params.map(queryParam))],
    ...(isForm && { requestBody: form(params) }),
    responses: { ...success(shape, version), default: { $ref: '#/components/responses/Refused' } },
  };
}

const pathParams = (path: string): Json[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));

const nameOf = (param: string) => param.replace(/!$/, '');

function queryParam(param: string): Json {
  const name = nameOf(param);
  const { help, example } = PARAMS[name];
  return {
    name,
    in: 'query',
    description: help,
    required: param.endsWith('!'),
    schema: schemaOf(name, PARAMS[name]),
    ...(example !== undefined && { example: name.endsWith('[]') ? [example] : example }),
  };
}

function form(params: readonly string[]): Json {
  const required = params.filter((param) => param.endsWith('!')).map(nameOf);
  const properties = params
    .map(nameOf)
    .map((name) => [name, { ...schemaOf(name, PARAMS[name]), description: PARAMS[name].help }]);
  const schema = {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
  };
  return { content: { 'application/x-www-form-urlencoded': { schema } } };
}

/** A name with brackets is given several times. */
function schemaOf(name: string, { type }: ParamSpec): Json {
  const one =
    type === 'integer' || type === 'number' || type === 'boolean'
      ? { type }
      : type === 'time' || type === 'duration'
        ? { $ref: `#/components/schemas/${type === 'time' ? 'Time' : 'Duration'}` }
        : { type: 'string' };
  return name.endsWith('[]') ? { type: 'array', items: one } : one;
}

const TYPES: Partial<Record<AnswerShape, string>> = {
  lines: 'application/x-ndjson',
  events: 'text/event-stream',
  page: 'text/plain',
  protobuf: 'application/x-protobuf',
};

function success(shape: AnswerShape, version: Version): Json {
  if (shape === 'nothing') return { '2XX': { description: 'Done.' } };
  const type = TYPES[shape] ?? 'application/json';
  return { 200: { description: 'The answer.', content: { [type]: media(shape, version) } } };
}

function media(shape: Exclude<AnswerShape, 'nothing'>, version: Version): Json {
  // Only 3.2 can describe what comes piece by piece.
  if (shape === 'lines' || shape === 'events')
    return version === '3.2' ? { itemSchema: { type: 'object' } } : { schema: { type: 'string' } };
  if (shape === 'page') return { schema: { type: 'string' } };
  if (shape === 'protobuf') return { schema: { type: 'string', format: 'binary' } };
  const data = DATA[shape];
  return {
    schema: {
      allOf: [{ $ref: '#/components/schemas/Success' }, { type: 'object', required: ['data'], properties: { data } }],
    },
  };
}

const LABELS = { $ref: '#/components/schemas/Labels' };

const DATA: Readonly<Record<'query' | 'names' | 'series' | 'object' | 'list' | 'text', Json>> = {
  query: { $ref: '#/components/schemas/QueryData' },
  names: { type: 'array', items: { type: 'string' } },
  series: { type: 'array', items: LABELS },
  object: { type: 'object' },
  list: { type: 'array', items: { type: 'object' } },
  text: { type: 'string' },
};

const SAMPLE = { type: 'array', prefixItems: [{ type: 'number' }, { type: 'string' }], minItems: 2, maxItems: 2 };
const HISTOGRAM_SAMPLE = {
  type: 'array',
  prefixItems: [{ type: 'number' }, { type: 'object' }],
  minItems: 2,
  maxItems: 2,
};
const many = (items: Json): Json => ({ type: 'array', items });

const SCHEMAS: Json = {
  Time: { description: 'Seconds since 1970, or RFC 3339.', oneOf: [{ type: 'number' }, { type: 'string' }] },
  Duration: {
    description: 'Seconds, or numbers with units such as 1h30m.',
    oneOf: [{ type: 'number' }, { type: 'string' }],
  },
  Labels: { type: 'object', additionalProperties: { type: 'string' } },
  Success: {
    type: 'object',
    required: ['status'],
    properties: { status: { const: 'success' }, warnings: many({ type: 'string' }), infos: many({ type: 'string' }) },
  },
  Failure: {
    type: 'object',
    required: ['status', 'errorType', 'error'],
    properties: {
      status: { const: 'error' },
      errorType: {
        enum: [
          'bad_data',
          'not_found',
          'not_acceptable',
          'execution',
          'internal',
          'unavailable',
          'timeout',
          'canceled',
        ],
      },
      error: { type: 'string' },
    },
  },
  QueryData: {
    type: 'object',
    required: ['resultType', 'result'],
    properties: {
      resultType: { enum: ['matrix', 'vector', 'scalar', 'string'] },
      result: { anyOf: [many({ $ref: '#/components/schemas/Series' }), SAMPLE] },
      stats: { type: 'object' },
    },
  },
  Series: {
    type: 'object',
    required: ['metric'],
    properties: {
      metric: LABELS,
      value: SAMPLE,
      values: many(SAMPLE),
      histogram: HISTOGRAM_SAMPLE,
      histograms: many(HISTOGRAM_SAMPLE),
    },
  },
};

const REFUSED: Json = {
  description: 'What is wrong, and what to do.',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } },
};
