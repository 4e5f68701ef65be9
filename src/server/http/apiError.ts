/** A request that cannot be answered, in the API's words. */
import type { ApiErrorType, ApiFailure } from '../../shared/api/prometheus.ts';

const STATUS: Readonly<Record<ApiErrorType, number>> = {
  bad_data: 400,
  not_found: 404,
  not_acceptable: 406,
  execution: 422,
  internal: 500,
  unavailable: 500,
  timeout: 503,
  canceled: 503,
};

export class ApiError extends Error {
  readonly errorType: ApiErrorType;
  constructor(errorType: ApiErrorType, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ApiError';
    this.errorType = errorType;
  }
}

/** A parameter that is missing or unreadable: 400, naming it as upstream does. */
export function invalidParameter(name: string, why: string): ApiError {
  return new ApiError('bad_data', `invalid parameter "${name}": ${why}`);
}

export function statusOf(errorType: ApiErrorType): number {
  return STATUS[errorType];
}

export function failureText(errorType: ApiErrorType, message: string): string {
  return JSON.stringify({ status: 'error', errorType, error: message } satisfies ApiFailure);
}
