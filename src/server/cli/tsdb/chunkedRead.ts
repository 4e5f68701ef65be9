/** Remote read of a Prometheus, as a client: chunks of series in a stream of frames. Source: its remote read specification. */
// The package has no types of its own; a declaration file cannot be imported, only referred to.
// eslint-disable-next-line @typescript-eslint/triple-slash-reference
/// <reference path="../../../shared/bytes/snappyjs.d.ts" />
import { compress } from 'snappyjs';
import type { Matcher } from '../../../shared/model/matchers.ts';
import { loginOfUrl } from '../../outbound/basicLogin.ts';
import { STREAMED_XOR_CHUNKS } from '../../remote/prompb.ts';
import { readRequestOf } from '../../remote/read/readRequest.ts';
import { streamedSeries, type ReadSeries } from '../../remote/read/streamedSeries.ts';
import { StorageError } from '../../storage/appender.ts';
import type { TimeRange } from '../../storage/queryable.ts';

const ERROR_TEXT_MAX = 300;

/**
 * The series that the matchers accept, with chunks that reach into the range (and beyond it).
 *
 * @throws StorageError 'io' for a server that cannot be reached or refuses, in its words.
 */
export async function* chunkedRead(
  url: URL,
  matchers: readonly Matcher[],
  range: TimeRange,
): AsyncGenerator<ReadSeries> {
  const response = await ask(url, matchers, range);
  yield* streamedSeries(response.body!);
}

async function ask(base: URL, matchers: readonly Matcher[], range: TimeRange): Promise<Response> {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/api/v1/read`;
  const login = loginOfUrl(url);
  url.username = url.password = '';
  const refuse = (why: string, cause?: unknown) => new StorageError('io', `${url.href}: ${why}`, { cause });
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'x-prometheus-remote-read-version': '0.1.0',
        ...login,
      },
      body: Buffer.from(compress(readRequestOf(matchers, range, [STREAMED_XOR_CHUNKS]))),
    });
  } catch (error) {
    const { cause } = error as { cause?: Error };
    throw refuse(`${cause?.message ?? String(error)}; is a Prometheus there?`, error);
  }
  if (!response.ok) {
    const text = (await response.text()).trim().slice(0, ERROR_TEXT_MAX);
    throw refuse(`the server answers ${response.status}: ${text}`);
  }
  const type = response.headers.get('content-type') ?? '';
  if (!type.startsWith('application/x-streamed-protobuf'))
    throw refuse(`the server streams no chunks (it sent ${type})`);
  return response;
}
