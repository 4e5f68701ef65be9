/** The arguments of `isotherm tsdb …`. */
import { parseArgs } from 'node:util';
import type { Matcher } from '../../../shared/model/matchers.ts';
import { PromqlError } from '../../../shared/promql/errors.ts';
import { parseExpr } from '../../../shared/promql/parser.ts';
import type { TimeRange } from '../../storage/queryable.ts';
import { FLAGS } from '../flagTable.ts';
import { UsageError } from '../parseFlags.ts';

export type TsdbCommand =
  | { readonly kind: 'stats' | 'verify'; readonly folder: string }
  | { readonly kind: 'dump'; readonly folder: string; readonly selection: Selection }
  | { readonly kind: 'export'; readonly folder: string; readonly selection: Selection; readonly file: string };

export interface Selection {
  /** Series that any of them accepts; all if there is none. */
  readonly matcherSets: readonly (readonly Matcher[])[];
  readonly range: TimeRange;
}

const USAGE = {
  stats: 'isotherm tsdb stats [FOLDER]',
  verify: 'isotherm tsdb verify [FOLDER]',
  dump: 'isotherm tsdb dump [--match=SELECTOR] [--start=TIME] [--end=TIME] [FOLDER]',
  export: 'isotherm tsdb export [--match=SELECTOR] [--start=TIME] [--end=TIME] FOLDER FILE',
} as const;

/** @throws UsageError that shows how to write it. */
export function parseTsdbCommand([verb, ...args]: readonly string[]): TsdbCommand {
  if (verb === undefined || !Object.hasOwn(USAGE, verb)) {
    throw new UsageError(`write one of:\n  ${Object.values(USAGE).join('\n  ')}`);
  }
  const kind = verb as keyof typeof USAGE;
  const usage = (why: string): never => {
    throw new UsageError(`${why}; write: ${USAGE[kind]}`);
  };
  const { words, match, start, end } = readWords(args, kind === 'dump' || kind === 'export', usage);
  if (words.length > (kind === 'export' ? 2 : 1)) usage(`unexpected argument ${words.at(-1)}`);
  const folder = words[0] ?? FLAGS['storage.tsdb.path'].default;
  if (kind === 'stats' || kind === 'verify') return { kind, folder };
  const range = { minTime: timeOf('start', start, -Infinity), maxTime: timeOf('end', end, Infinity) };
  if (range.maxTime < range.minTime) usage('--end is before --start');
  const selection = { matcherSets: match.map(matchersOf), range };
  if (kind === 'dump') return { kind, folder, selection };
  return { kind, folder, selection, file: words[1] ?? usage('a file is missing') };
}

interface Words {
  readonly words: readonly string[];
  readonly match: readonly string[];
  readonly start?: string;
  readonly end?: string;
}

function readWords(args: readonly string[], selects: boolean, usage: (why: string) => never): Words {
  const options = {
    match: { type: 'string', multiple: true },
    start: { type: 'string' },
    end: { type: 'string' },
  } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: selects ? options : {},
      allowPositionals: true,
    });
    return { match: [], ...values, words: positionals };
  } catch (error) {
    return usage((error as Error).message.split('. ', 1)[0]);
  }
}

/** Milliseconds of seconds since 1970 or of an RFC 3339 time. */
function timeOf(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const t = /^[+-]?\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * 1000) : Date.parse(text);
  if (Number.isFinite(t)) return t;
  throw new UsageError(`--${name}=${text}: write seconds since 1970, or a time such as 2026-01-31T12:00:00Z`);
}

function matchersOf(text: string): readonly Matcher[] {
  const refuse = (why: string): never => {
    throw new UsageError(`--match=${text}: ${why}`);
  };
  try {
    const expr = parseExpr(text);
    if (expr.kind === 'selector' && expr.offset === undefined && expr.at === undefined) return expr.matchers;
  } catch (error) {
    if (error instanceof PromqlError) refuse(error.message);
    throw error;
  }
  return refuse('not a series selector; write name{label="value"}');
}
