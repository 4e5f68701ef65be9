/** The HTTP API of an engine: forms out, JSON in, faults in words. */
import type { ApiAnswer } from '../../shared/api/prometheus.ts';
import { OutboundClient, readAnswer } from '../outbound/client.ts';
import { fetchFault } from '../outbound/httpFault.ts';
import { QueryError } from '../storage/engine.ts';
import type { EngineAddress } from './engineFile.ts';

const ANSWER_BYTES_MAX = 256 * 1024 * 1024;
const EXCERPT_LENGTH = 200;

export interface EngineAnswer<T> {
  readonly data: T;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

export type EngineParameters = readonly (readonly [name: string, value: string | number])[];

export class EngineApi {
  readonly #address: EngineAddress;
  readonly #client: OutboundClient;

  constructor(address: EngineAddress) {
    this.#address = address;
    this.#client = new OutboundClient(address.http);
  }

  get url(): string {
    return this.#address.url;
  }

  /** @param path below `/api/v1`. @throws QueryError whose message names the engine. */
  async ask<T>(
    path: string,
    parameters: EngineParameters,
    options: { signal?: AbortSignal; timeoutMs?: number; method?: 'GET' | 'POST' } = {},
  ): Promise<EngineAnswer<T>> {
    const { url: base, timeoutMs: ownTimeoutMs } = this.#address;
    const timeoutMs = Math.min(options.timeoutMs ?? ownTimeoutMs, ownTimeoutMs);
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
    const form = new URLSearchParams(
      parameters.map(([name, value]) => [name, String(value)] as [string, string]),
    ).toString();
    const url = `${base}/api/v1${path}`;
    try {
      const answer =
        options.method === 'GET'
          ? await this.#client.get(`${url}?${form}`, { accept: 'application/json', 'accept-encoding': 'gzip' }, signal)
          : await this.#client.post(
              url,
              form,
              {
                'content-type': 'application/x-www-form-urlencoded',
                accept: 'application/json',
                'accept-encoding': 'gzip',
              },
              signal,
            );
      const body = Buffer.from(await readAnswer(answer, ANSWER_BYTES_MAX));
      return answerOf<T>(url, answer.statusCode, body);
    } catch (fault) {
      const error = this.#client.secrets.maskedError(fault);
      if (error instanceof QueryError) throw error;
      if (options.signal?.aborted) throw new QueryError('canceled', 'query was canceled', { cause: error });
      if (timeout.aborted)
        throw new QueryError('timeout', `${url} did not answer within ${timeoutMs / 1000} s`, { cause: error });
      throw new QueryError('execution', `the engine was not asked: ${fetchFault(error, url).message}`, {
        cause: error,
      });
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

const TYPES = new Set<string>([
  'bad_data',
  'execution',
  'timeout',
  'canceled',
  'internal',
] satisfies QueryError['errorType'][]);

function answerOf<T>(url: string, status: number, body: Buffer): EngineAnswer<T> {
  let parsed: ApiAnswer<T> | undefined;
  try {
    parsed = JSON.parse(body.toString('utf8')) as ApiAnswer<T>;
  } catch {
    parsed = undefined; // Told below, with what came in place of it.
  }
  if (parsed?.status === 'success' && status < 300)
    return { data: parsed.data, warnings: parsed.warnings ?? [], infos: parsed.infos ?? [] };
  if (parsed?.status === 'error') {
    // Engines have error types of their own: a status below 500 says that it is the query.
    const known = TYPES.has(parsed.errorType) ? (parsed.errorType as QueryError['errorType']) : undefined;
    throw new QueryError(known ?? (status < 500 ? 'bad_data' : 'execution'), parsed.error);
  }
  const excerpt = body.subarray(0, EXCERPT_LENGTH).toString('utf8').replace(/\s+/g, ' ').trim();
  throw new QueryError(
    'execution',
    `${url} answered ${status}, not as Prometheus' API does: ${JSON.stringify(excerpt)}; is the engine's URL right, and the login?`,
  );
}
