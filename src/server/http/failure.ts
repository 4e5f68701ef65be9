/** What a request is answered whose handler threw. */
import type { ApiErrorType } from '../../shared/api/prometheus.ts';
import { QueryError } from '../storage/engine.ts';
import { SelectLimitError } from '../storage/queryable.ts';
import { StorageError } from '../storage/appender.ts';
import { ApiError, failureText, statusOf } from './apiError.ts';
import type { HttpDeps } from './deps.ts';

export interface Failure {
  readonly status: number;
  readonly json: string;
}

/** What is nobody's request's fault is logged. @param url of the request. */
export function failureOf({ log }: Pick<HttpDeps, 'log'>, url: string, error: unknown): Failure {
  const known = apiErrorOf(error);
  if (known !== undefined) {
    // A store that cannot take or give now may later: senders and load balancers know 503 as that.
    const status = error instanceof StorageError ? 503 : statusOf(known.errorType);
    return { status, json: failureText(known.errorType, known.message) };
  }
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  const message = error instanceof Error ? error.message : String(error);
  if (status < 500) return { status, json: failureText('bad_data', message) };
  const stack = error instanceof Error ? error.stack : undefined;
  log('error', 'Request failed', { path: url.split('?', 1)[0], err: message, stack });
  return { status, json: failureText('internal', message) };
}

function apiErrorOf(error: unknown): { errorType: ApiErrorType; message: string } | undefined {
  if (error instanceof ApiError || error instanceof QueryError) return error;
  if (error instanceof SelectLimitError) return { errorType: 'execution', message: error.message };
  if (error instanceof StorageError) return { errorType: 'unavailable', message: error.message };
  return undefined;
}
