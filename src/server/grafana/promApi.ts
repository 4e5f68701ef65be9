/** The Prometheus HTTP API over an upstream: JSON answers, and refusals in words that say whose fault it is. */
import type { ApiAnswer } from '../../shared/api/prometheus.ts';
import { readBody, UpstreamError, type Upstream } from './upstream.ts';

/** Of JSON read into memory for one query. */
const ANSWER_BYTES_MAX = 256 * 2 ** 20;
const EXCERPT_LENGTH = 200;
/** Of VictoriaMetrics clusters; Thanos and Mimir say it in a warning of their own. */
const PARTIAL = 'partial result: a part of the storage did not answer, so series or samples may be missing';

export interface ApiCall {
  readonly path: string;
  readonly parameters: URLSearchParams;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface ApiResult<T> {
  readonly data: T;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** Milliseconds of the server's clock as its Date header gives it (whole seconds); undefined where there is none. */
  readonly serverTime?: number;
}

/** Asks one route. @throws UpstreamError: kind `query` for a refusal by the API itself, whose words are passed on. */
export async function askApi<T>(
  upstream: Upstream,
  call: ApiCall,
  read: (body: Buffer, contentType: string) => ApiAnswer<T> | undefined = parseAnswer<T>,
): Promise<ApiResult<T>> {
  const url = `${upstream.connection.baseUrl.origin}${upstream.connection.baseUrl.pathname.replace(/\/$/, '')}${call.path}`;
  const answer = await upstream.ask({
    method: call.method ?? 'GET',
    path: call.path,
    parameters: call.parameters,
    headers: { accept: 'application/json', ...call.headers },
    signal: call.signal,
    timeoutMs: call.timeoutMs,
  });
  const body = await readBody(answer.body, ANSWER_BYTES_MAX, url, call.signal);
  const parsed = read(body, answer.headers['content-type'] ?? '');
  if (parsed?.status === 'success' && answer.status < 300) {
    const date = Date.parse(answer.headers.date ?? '');
    return {
      data: parsed.data,
      warnings: [...(parsed.warnings ?? []), ...(parsed.isPartial === true ? [PARTIAL] : [])],
      infos: parsed.infos ?? [],
      serverTime: Number.isNaN(date) ? undefined : date,
    };
  }
  const login = answer.status === 401 || answer.status === 403;
  if (parsed?.status === 'error' && !login) throw new UpstreamError('query', queryStatus(answer.status), parsed.error);
  throw statusFault(answer.status, url, body, answer.headers['content-type'] ?? '');
}

/** undefined for what is no answer of the API. */
export function parseAnswer<T>(body: Buffer): ApiAnswer<T> | undefined {
  // Only what looks like an API answer is parsed: an error page of a proxy is not.
  if (body[0] !== 0x7b) return undefined;
  try {
    const value = JSON.parse(body.toString('utf8')) as ApiAnswer<T>;
    return value.status === 'success' || value.status === 'error' ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** 4xx of the API are the user's; what else it says is passed on as it is. */
function queryStatus(status: number): number {
  return status >= 400 ? status : 422;
}

function statusFault(status: number, url: string, body: Buffer, contentType: string): UpstreamError {
  if (status === 401) {
    return new UpstreamError(
      'unauthorized',
      401,
      `${url} asks for a login (401): check user, password or token in the data source's settings`,
    );
  }
  if (status === 403) {
    return new UpstreamError(
      'forbidden',
      403,
      `${url} refuses these credentials (403): they are known but may not query, or a proxy in between refuses`,
    );
  }
  if (status === 404 || status === 405) {
    return new UpstreamError(
      'not_found',
      404,
      `${url} does not exist (${status}): the server answers, but its API is elsewhere; check the path of the URL (Mimir: …/prometheus, VictoriaMetrics cluster: …/select/0/prometheus)`,
    );
  }
  const excerpt = body.subarray(0, EXCERPT_LENGTH).toString('utf8').replace(/\s+/g, ' ').trim();
  if (status >= 200 && status < 400) {
    const html = contentType.includes('html') || excerpt.startsWith('<');
    return new UpstreamError(
      'not_prometheus',
      502,
      html
        ? `${url} answers with a web page, not with Prometheus' API: the URL may be that of a user interface or of a login page before it`
        : `${url} answers, but not as Prometheus' API does: ${JSON.stringify(excerpt)}`,
    );
  }
  return new UpstreamError('status', status >= 500 ? 502 : status, `${url} answered ${status}: ${excerpt}`);
}
