/** The server's log: one line an event on stderr, logfmt or JSON, with upstream's keys (`time`, `level`, `msg`). */
import { pino } from 'pino';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['logfmt', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Says one thing. Fields follow the message; an `Error` among them is written as its message. */
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Where lines go; stderr (written at once, so that nothing is lost at exit) if absent. */
  readonly write?: (line: string) => void;
}

export function createLog(options: LogOptions): Log {
  const stderr = options.write === undefined ? pino.destination({ fd: 2, sync: true }) : undefined;
  const write = options.write ?? ((line: string) => void stderr!.write(line));
  const logger = pino(
    {
      base: null,
      level: options.level,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
    },
    { write: options.format === 'json' ? write : (line: string) => write(logfmtLine(JSON.parse(line))) },
  );
  return (level, message, fields) => logger[level](fields === undefined ? {} : plain(fields), message);
}

/** A log that says nothing, for tests and tools. */
export const silentLog: Log = () => undefined;

/** Reserved keys would be written twice by the logger; they get a trailing underscore. */
const RESERVED = new Set(['time', 'level', 'msg']);

function plain(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    out[RESERVED.has(key) ? `${key}_` : key] = value instanceof Error ? value.message : value;
  }
  return out;
}

/** `time=… level=INFO msg="…" key=value`, quoted where a reader of logfmt needs it. */
export function logfmtLine(record: Readonly<Record<string, unknown>>): string {
  const { time, level, msg, ...rest } = record;
  const pairs = Object.entries({ time, level, msg, ...rest }).map(([key, value]) => `${key}=${logfmtValue(value)}`);
  return pairs.join(' ') + '\n';
}

function logfmtValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[^\s"=\\\p{C}]+$/u.test(text) ? text : JSON.stringify(text);
}
