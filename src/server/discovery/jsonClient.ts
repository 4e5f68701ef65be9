/** JSON answers for discovery: GET, a status check, a bounded body. */
import type { z } from 'zod';
import type { HttpConfig } from '../config/config.ts';
import { ACCEPTED_CODINGS } from '../outbound/body.ts';
import {
  discard,
  headerText,
  readAnswer,
  OutboundClient,
  type Answer,
  type Headers,
  type OutboundOptions,
} from '../outbound/client.ts';
import { FetchError, fetchFault } from '../outbound/httpFault.ts';

export interface JsonAnswer {
  readonly json: unknown;
  header(name: string): string | undefined;
}

export class JsonClient {
  private readonly client: OutboundClient;

  constructor(http: HttpConfig, options?: OutboundOptions) {
    this.client = new OutboundClient(http, options);
  }

  /** @throws FetchError for what is no 200, no JSON, or no answer at all. */
  async get(url: string, signal: AbortSignal, headers: Headers = {}): Promise<JsonAnswer> {
    try {
      const own = { accept: 'application/json', 'accept-encoding': ACCEPTED_CODINGS, ...headers };
      return await readJson(await this.client.get(url, own, signal));
    } catch (error) {
      if (signal.aborted && signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError')
        throw new FetchError(`${new URL(url).host} gave no complete answer in time`, { cause: error });
      throw this.client.secrets.maskedError(fetchFault(error, url));
    }
  }

  /** The answer as it comes in; its status is 200. @throws FetchError */
  async stream(url: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    try {
      const answer = await this.client.get(url, { accept: 'application/json' }, signal);
      if (answer.statusCode !== 200) throw statusFault(answer);
      return answer.body;
    } catch (error) {
      throw this.client.secrets.maskedError(fetchFault(error, url));
    }
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}

/** @throws Error naming the place where the answer is not what it should be. */
export function shaped<T extends z.ZodType>(shape: T, json: unknown): z.output<T> {
  const checked = shape.safeParse(json);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new Error(`the answer is not what it should be: ${issue.path.join('.') || 'the whole'}: ${issue.message}`);
}

async function readJson(answer: Answer): Promise<JsonAnswer> {
  if (answer.statusCode !== 200) throw statusFault(answer);
  const header = (name: string) => headerText(answer.headers[name]);
  const bytes = await readAnswer(answer, 0);
  try {
    return { json: JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')), header };
  } catch (error) {
    // What the parser quotes of the answer is the server's own.
    const [why] = (error as Error).message.split(', "');
    throw new FetchError(`the answer is not JSON: ${why}`);
  }
}

/** An answer with a status other than 200; the status for who can do something about it. */
export class StatusError extends FetchError {
  readonly status: number;
  constructor(status: number) {
    super(`server returned HTTP status ${status}${status === 401 || status === 403 ? '; check the login' : ''}`);
    this.status = status;
  }
}

function statusFault(answer: Answer): StatusError {
  discard(answer);
  return new StatusError(answer.statusCode);
}
