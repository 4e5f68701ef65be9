/** A line of JSON for every query that ended, in upstream's form, in the file that the configuration names. */
import fs from 'node:fs';
import { statsJson } from '../promql/answer/statsJson.ts';
import type { QueryRequest, QueryStats } from '../storage/engine.ts';

export interface LoggedQuery {
  readonly request: QueryRequest;
  /** undefined where it failed before it was evaluated. */
  readonly stats: QueryStats | undefined;
  readonly totalMs: number;
  readonly error?: string;
}

export interface QueryLog {
  readonly isOn: boolean;
  /** Lines that could not be written. */
  readonly failures: number;
  /** Writes to this file from now on, opened anew so that it may have been moved away; undefined to write none. @throws where it cannot be opened. */
  use(file: string | undefined): void;
  write(query: LoggedQuery): void;
  close(): void;
}

const NO_STATS: QueryStats = { samplesRead: 0, parseMs: 0, selectMs: 0, evalMs: 0 };
/** This program has no traces; upstream writes these where it has none. */
const NO_TRACE = { spanID: '0'.repeat(16), traceID: '0'.repeat(32) };

/** @param onFailure hears of the first line that could not be written to a file. */
export function createQueryLog(onFailure: (file: string, error: unknown) => void): QueryLog {
  let open: { readonly fd: number; readonly file: string; hasFailed: boolean } | undefined;
  let failures = 0;
  const close = () => {
    if (open !== undefined) fs.closeSync(open.fd);
    open = undefined;
  };
  return {
    get isOn() {
      return open !== undefined;
    },
    get failures() {
      return failures;
    },
    use(file) {
      // The one before stays where the new one cannot be opened.
      const next = file === undefined ? undefined : { fd: opened(file), file, hasFailed: false };
      close();
      open = next;
    },
    write(query) {
      if (open === undefined) return;
      try {
        fs.writeSync(open.fd, `${JSON.stringify(entryOf(query))}\n`);
      } catch (error) {
        failures++;
        if (!open.hasFailed) onFailure(open.file, error);
        open.hasFailed = true;
      }
    },
    close,
  };
}

function opened(file: string): number {
  try {
    return fs.openSync(file, 'a');
  } catch (error) {
    const hint = 'make its folder, give this user the right to write there, or name another file';
    throw new Error(`global.query_log_file: cannot open ${file} (${String(error)}); ${hint}`, { cause: error });
  }
}

function entryOf({ request, stats, totalMs, error }: LoggedQuery) {
  const { expr, start, end, stepMs, origin } = request;
  return {
    time: new Date().toISOString(),
    level: 'INFO',
    msg: 'promql query logged',
    params: { end: dateOf(end), query: expr, start: dateOf(start), step: Math.floor(stepMs / 1000) },
    ...(error === undefined ? {} : { error }),
    stats: statsJson(stats ?? NO_STATS, totalMs),
    ...NO_TRACE,
    ...origin,
  };
}

/** A time beyond any calendar is told as its number. */
function dateOf(t: number): string {
  const date = new Date(t);
  return Number.isNaN(date.getTime()) ? String(t) : date.toISOString();
}
