/** Times on the command line. */
import { UsageError } from './parseFlags.ts';

/**
 * Milliseconds of seconds since 1970 or of an RFC 3339 time; `otherwise` where nothing is given.
 *
 * @param name of the option. @throws UsageError
 */
export function timeOf(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const t = /^[+-]?\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * 1000) : Date.parse(text);
  if (Number.isFinite(t)) return t;
  throw new UsageError(`--${name}=${text}: write seconds since 1970, or a time such as 2026-01-31T12:00:00Z`);
}
