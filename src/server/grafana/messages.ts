/**
 * The messages of Grafana's plugin protocol (pluginv2) and of go-plugin, as far as a data source needs them, read and written field by field.
 * Unknown fields are stepped over, so newer hosts are understood. Source: backend.proto of Grafana's plugin SDK, proto3.
 */
import { WireReader, WireWriter } from '../../shared/bytes/protobufWire.ts';

export interface DataSourceSettings {
  readonly id: number;
  readonly name: string;
  readonly url: string;
  readonly user: string;
  readonly database: string;
  readonly basicAuthEnabled: boolean;
  readonly basicAuthUser: string;
  readonly jsonData: Uint8Array;
  readonly secureJsonData: Readonly<Record<string, string>>;
  readonly lastUpdatedMs: number;
  readonly uid: string;
}

export interface PluginContext {
  readonly orgId: number;
  readonly pluginId: string;
  /** In the organisation: Viewer, Editor, Admin; absent where no user asks. */
  readonly userRole?: string;
  readonly dataSource?: DataSourceSettings;
}

export interface DataQuery {
  readonly refId: string;
  readonly maxDataPoints: number;
  readonly intervalMs: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly json: Uint8Array;
  readonly queryType: string;
}

export interface QueryDataRequest {
  readonly context: PluginContext;
  readonly headers: Readonly<Record<string, string>>;
  readonly queries: readonly DataQuery[];
}

export interface DataResponse {
  readonly frames: readonly Uint8Array[];
  /** '' if all went well. */
  readonly error: string;
  /** HTTP code; 200 must be said too, unset reads as 500. */
  readonly status: number;
  readonly errorSource: '' | 'downstream' | 'plugin';
}

export type QueryDataResponse = ReadonlyMap<string, DataResponse>;

export interface CheckHealthRequest {
  readonly context: PluginContext;
  readonly headers: Readonly<Record<string, string>>;
}

export const HEALTH_OK = 1;
export const HEALTH_ERROR = 2;

export interface CheckHealthResponse {
  readonly status: typeof HEALTH_OK | typeof HEALTH_ERROR;
  readonly message: string;
  /** Shown below the message; `verboseMessage` is the key that Grafana draws. */
  readonly details: Readonly<Record<string, unknown>>;
}

export type HeaderLists = Readonly<Record<string, readonly string[]>>;

export interface CallResourceRequest {
  readonly context: PluginContext;
  /** As the user typed it, without the query string. */
  readonly path: string;
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderLists;
  readonly body: Uint8Array;
}

/** The first of a stream sets code and headers; later ones only add body. */
export interface CallResourceResponse {
  readonly code: number;
  readonly headers: HeaderLists;
  readonly body: Uint8Array;
}

export interface MetricsResponse {
  readonly prometheus: Uint8Array;
}

export interface Codec<T> {
  encode(message: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function encoded(fill: (out: WireWriter) => void): Uint8Array {
  const out = new WireWriter();
  fill(out);
  return out.finish();
}

/** Bytes lie in the transport's buffer, which is reused: what outlives the call is copied. */
export const kept = (bytes: Uint8Array) => new Uint8Array(bytes); // `slice` of a Buffer would copy nothing.

export function writeContext(out: WireWriter, context: PluginContext): void {
  out.int(1, context.orgId).string(2, context.pluginId);
  const { userRole, dataSource: settings } = context;
  if (userRole !== undefined) out.message(3, (user) => user.string(4, userRole));
  if (settings === undefined) return;
  out.message(5, (m) =>
    m
      .int(1, settings.id)
      .string(2, settings.name)
      .string(3, settings.url)
      .string(4, settings.user)
      .string(5, settings.database)
      .bool(6, settings.basicAuthEnabled)
      .string(7, settings.basicAuthUser)
      .bytesField(8, settings.jsonData)
      .stringMap(9, settings.secureJsonData)
      .int(10, settings.lastUpdatedMs)
      .string(11, settings.uid),
  );
}

export function readContext(r: WireReader): PluginContext {
  const context: Mutable<PluginContext> = { orgId: 0, pluginId: '' };
  while (r.next()) {
    if (r.field === 1) context.orgId = r.int();
    else if (r.field === 2) context.pluginId = r.string();
    else if (r.field === 3) context.userRole = readRole(r.message());
    else if (r.field === 5) context.dataSource = readSettings(r.message());
    else r.skip();
  }
  return context;
}

function readRole(r: WireReader): string {
  let role = '';
  while (r.next()) {
    if (r.field === 4) role = r.string();
    else r.skip();
  }
  return role;
}

function readSettings(r: WireReader): DataSourceSettings {
  const secureJsonData: Record<string, string> = {};
  const settings: Mutable<DataSourceSettings> = {
    id: 0,
    name: '',
    url: '',
    user: '',
    database: '',
    basicAuthEnabled: false,
    basicAuthUser: '',
    jsonData: new Uint8Array(),
    secureJsonData,
    lastUpdatedMs: 0,
    uid: '',
  };
  while (r.next()) {
    if (r.field === 1) settings.id = r.int();
    else if (r.field === 2) settings.name = r.string();
    else if (r.field === 3) settings.url = r.string();
    else if (r.field === 4) settings.user = r.string();
    else if (r.field === 5) settings.database = r.string();
    else if (r.field === 6) settings.basicAuthEnabled = r.bool();
    else if (r.field === 7) settings.basicAuthUser = r.string();
    else if (r.field === 8) settings.jsonData = kept(r.bytes());
    else if (r.field === 9) r.stringEntry(secureJsonData);
    else if (r.field === 10) settings.lastUpdatedMs = r.int();
    else if (r.field === 11) settings.uid = r.string();
    else r.skip();
  }
  return settings;
}

export const NO_CONTEXT: PluginContext = { orgId: 0, pluginId: '' };

export const queryDataRequest: Codec<QueryDataRequest> = {
  encode: (request) =>
    encoded((out) => {
      out.message(1, (m) => writeContext(m, request.context)).stringMap(2, request.headers);
      for (const query of request.queries) {
        out.message(3, (m) =>
          m
            .string(1, query.refId)
            .int(2, query.maxDataPoints)
            .int(3, query.intervalMs)
            .message(4, (range) => range.int(1, query.fromMs).int(2, query.toMs))
            .bytesField(5, query.json)
            .string(6, query.queryType),
        );
      }
    }),
  decode: (bytes) => {
    const headers: Record<string, string> = {};
    const queries: DataQuery[] = [];
    let context = NO_CONTEXT;
    for (const r = new WireReader(bytes); r.next();) {
      if (r.field === 1) context = readContext(r.message());
      else if (r.field === 2) r.stringEntry(headers);
      else if (r.field === 3) queries.push(readQuery(r.message()));
      else r.skip();
    }
    return { context, headers, queries };
  },
};

function readQuery(r: WireReader): DataQuery {
  const query: Mutable<DataQuery> = {
    refId: '',
    maxDataPoints: 0,
    intervalMs: 0,
    fromMs: 0,
    toMs: 0,
    json: new Uint8Array(),
    queryType: '',
  };
  while (r.next()) {
    if (r.field === 1) query.refId = r.string();
    else if (r.field === 2) query.maxDataPoints = r.int();
    else if (r.field === 3) query.intervalMs = r.int();
    else if (r.field === 4) {
      for (const range = r.message(); range.next();) {
        if (range.field === 1) query.fromMs = range.int();
        else if (range.field === 2) query.toMs = range.int();
        else range.skip();
      }
    } else if (r.field === 5) query.json = kept(r.bytes());
    else if (r.field === 6) query.queryType = r.string();
    else r.skip();
  }
  return query;
}

export const queryDataResponse: Codec<QueryDataResponse> = {
  encode: (responses) =>
    encoded((out) => {
      for (const [refId, response] of responses) {
        out.message(1, (entry) =>
          entry.string(1, refId).message(2, (m) => {
            for (const frame of response.frames) m.bytesAlways(1, frame);
            m.string(2, response.error).int(4, response.status).string(5, response.errorSource);
          }),
        );
      }
    }),
  decode: (bytes) => {
    const responses = new Map<string, DataResponse>();
    for (const r = new WireReader(bytes); r.next();) {
      if (r.field !== 1) {
        r.skip();
        continue;
      }
      let refId = '';
      let response: DataResponse = { frames: [], error: '', status: 0, errorSource: '' };
      for (const entry = r.message(); entry.next();) {
        if (entry.field === 1) refId = entry.string();
        else if (entry.field === 2) response = readResponse(entry.message());
        else entry.skip();
      }
      responses.set(refId, response);
    }
    return responses;
  },
};

function readResponse(r: WireReader): DataResponse {
  const frames: Uint8Array[] = [];
  const response: Mutable<DataResponse> = { frames, error: '', status: 0, errorSource: '' };
  while (r.next()) {
    if (r.field === 1) frames.push(kept(r.bytes()));
    else if (r.field === 2) response.error = r.string();
    else if (r.field === 4) response.status = r.int();
    else if (r.field === 5) response.errorSource = r.string() as DataResponse['errorSource'];
    else r.skip();
  }
  return response;
}

export const checkHealthRequest: Codec<CheckHealthRequest> = {
  encode: (request) =>
    encoded((out) => out.message(1, (m) => writeContext(m, request.context)).stringMap(2, request.headers)),
  decode: (bytes) => {
    const headers: Record<string, string> = {};
    let context = NO_CONTEXT;
    for (const r = new WireReader(bytes); r.next();) {
      if (r.field === 1) context = readContext(r.message());
      else if (r.field === 2) r.stringEntry(headers);
      else r.skip();
    }
    return { context, headers };
  },
};

export const checkHealthResponse: Codec<CheckHealthResponse> = {
  encode: (response) =>
    encoded((out) =>
      out
        .int(1, response.status)
        .string(2, response.message)
        .bytesField(3, new TextEncoder().encode(JSON.stringify(response.details))),
    ),
  decode: (bytes) => {
    let status = 0;
    let message = '';
    let details = '{}';
    for (const r = new WireReader(bytes); r.next();) {
      if (r.field === 1) status = r.int();
      else if (r.field === 2) message = r.string();
      else if (r.field === 3) details = r.string();
      else r.skip();
    }
    return { status: status as CheckHealthResponse['status'], message, details: JSON.parse(details) };
  },
};

function writeHeaders(out: WireWriter, field: number, headers: HeaderLists): void {
  for (const [name, values] of Object.entries(headers)) {
    out.message(field, (entry) =>
      entry.string(1, name).message(2, (list) => {
        for (const value of values) list.stringAlways(1, value);
      }),
    );
  }
}

function readHeader(r: WireReader, into: Record<string, string[]>): void {
  let name = '';
  const values: string[] = [];
  while (r.next()) {
    if (r.field === 1) name = r.string();
    else if (r.field === 2) {
      for (const list = r.message(); list.next();) {
        if (list.field === 1) values.push(list.string());
        else list.skip();
      }
    } else r.skip();
  }
  into[name] = values;
}

export const callResourceRequest: Codec<CallResourceRequest> = {
  encode: (request) =>
    encoded((out) => {
      out
        .message(1, (m) => writeContext(m, request.context))
        .string(2, request.path)
        .string(3, request.method)
        .string(4, request.url);
      writeHeaders(out, 5, request.headers);
      out.bytesField(6, request.body);
    }),
  decode: (bytes) => {
    const headers: Record<string, string[]> = {};
    const request: Mutable<CallResourceRequest> = {
      context: NO_CONTEXT,
      path: '',
      method: '',
      url: '',
      headers,
      body: new Uint8Array(),
    };
    for (const r = new WireReader(bytes); r.next();) {
      if (r.field === 1) request.context = readContext(r.message());
      else if (r.field === 2) request.path = r.string();
      else if (r.field === 3) request.method = r.string();
      else if (r.field === 4) request.url = r.string();
      else if (r.field === 5) readHeader(r.message(), headers);
      else if (r.field === 6) request.body = kept(r.bytes());
      else r.skip();
    }
    return request;
  },
};

export const callResourceResponse: Codec<CallResourceResponse> = {
  encode: (response) =>
    encoded((out) => {
      out.int(1, response.code);
      writeHeaders(out, 2, response.headers);
      out.bytesField(3, response.body);
    }),
  decode: (bytes) => {
    const headers: Record<string, string[]> = {};
    const response: Mutable<CallResourceResponse> = { code: 0, headers, body: new Uint8Array() };
    for (const r = new WireReader(bytes); r.next();) {
      if (r.field === 1) response.code = r.int();
      else if (r.field === 2) readHeader(r.message(), headers);
      else if (r.field === 3) response.body = kept(r.bytes());
      else r.skip();
    }
    return response;
  },
};

export const metricsResponse: Codec<MetricsResponse> = {
  encode: (response) => encoded((out) => out.message(1, (m) => m.bytesField(1, response.prometheus))),
  decode: (bytes) => {
    let prometheus = new Uint8Array();
    for (const r = new WireReader(bytes); r.next();) {
      if (r.field !== 1) {
        r.skip();
        continue;
      }
      for (const m = r.message(); m.next();) {
        if (m.field === 1) prometheus = kept(m.bytes());
        else m.skip();
      }
    }
    return { prometheus };
  },
};

/** Messages that say nothing we use: go-plugin's Empty, the broker's and standard output's. */
export const emptyMessage: Codec<Record<string, never>> = {
  encode: () => new Uint8Array(),
  decode: () => ({}),
};

/** grpc.health.v1: the service asked for is ignored, SERVING is 1. */
export const healthStatus: Codec<{ readonly status: number }> = {
  encode: (response) => encoded((out) => out.int(1, response.status)),
  decode: (bytes) => {
    let status = 0;
    for (const r = new WireReader(bytes); r.next();) {
      if (r.field === 1) status = r.int();
      else r.skip();
    }
    return { status };
  },
};
