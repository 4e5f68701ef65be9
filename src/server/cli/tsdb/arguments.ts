/** The arguments of `isotherm tsdb …`. */
import { parseArgs } from 'node:util';
import type { Matcher } from '../../../shared/model/matchers.ts';
import { PromqlError } from '../../../shared/promql/errors.ts';
import { parseExpr } from '../../../shared/promql/parser.ts';
import type { TimeRange } from '../../storage/queryable.ts';
import { FLAGS } from '../flagTable.ts';
import { UsageError } from '../parseFlags.ts';
import { timeOf } from '../timeOf.ts';
import { usageOf } from '../usages.ts';

export type DumpFormat = 'openmetrics' | 'promtool';
export type ExportFormat = 'openmetrics' | 'prometheus';

export type TsdbCommand = TsdbWork & {
  /** A bar on the standard error output though that is no terminal. */
  readonly progress: boolean;
};

export type TsdbWork =
  | { readonly kind: 'stats' | 'verify'; readonly folder: string }
  | {
      readonly kind: 'dump';
      readonly folder: string;
      readonly selection: Selection;
      readonly format: DumpFormat;
    }
  | {
      readonly kind: 'export';
      readonly folder: string;
      readonly selection: Selection;
      readonly format: ExportFormat;
      readonly out: string;
    }
  | { readonly kind: 'bench'; readonly series: number; readonly hours: number }
  | { readonly kind: 'import'; readonly folder: string; readonly source: ImportSource };

export type ImportSource =
  | { readonly kind: 'path'; readonly path: string }
  /** With a finite range. */
  | { readonly kind: 'server'; readonly url: URL; readonly selection: Selection };

export interface Selection {
  /** Series that any of them accepts; all if there is none. */
  readonly matcherSets: readonly (readonly Matcher[])[];
  readonly range: TimeRange;
}

interface Verb {
  readonly options: readonly OptionName[];
  /** Words at most. */
  readonly words: number;
}

const STORE = 'storage.tsdb.path';
const OPTIONS = {
  match: { type: 'string', multiple: true },
  start: { type: 'string' },
  end: { type: 'string' },
  format: { type: 'string' },
  from: { type: 'string' },
  series: { type: 'string' },
  hours: { type: 'string' },
  [STORE]: { type: 'string' },
} as const;
type OptionName = keyof typeof OPTIONS;

const SELECTION = ['match', 'start', 'end'] as const;
const VERBS = {
  stats: { options: [], words: 1 },
  verify: { options: [], words: 1 },
  dump: { options: [...SELECTION, 'format'], words: 1 },
  export: { options: [...SELECTION, 'format'], words: 2 },
  import: { options: [...SELECTION, 'from', STORE], words: 1 },
  bench: { options: ['series', 'hours'], words: 0 },
} as const satisfies Record<string, Verb>;
type VerbName = keyof typeof VERBS;

/** @throws UsageError that shows how to write it. */
export function parseTsdbCommand(args: readonly string[]): TsdbCommand {
  const others = args.filter((arg) => arg !== '--progress');
  return { ...parseTsdbWork(others), progress: others.length < args.length };
}

function parseTsdbWork([verb, ...args]: readonly string[]): TsdbWork {
  if (verb === undefined || !Object.hasOwn(VERBS, verb)) {
    throw new UsageError(
      `write one of (each with --progress for a bar where there is no terminal):\n  ${Object.keys(VERBS)
        .map((name) => usageOf(`tsdb ${name as VerbName}`))
        .join('\n  ')}`,
    );
  }
  const kind = verb as VerbName;
  const usage = (why: string): never => {
    throw new UsageError(`${why}; write: ${usageOf(`tsdb ${kind}`)}`);
  };
  const { words, match = [], start, end, format, ...rest } = readWords(args, VERBS[kind], usage);
  const store = FLAGS[STORE].default;
  if (kind === 'bench')
    return { kind, series: countOf('series', rest.series, 10_000), hours: countOf('hours', rest.hours, 2) };
  const folder = words[0] ?? store;
  if (kind === 'stats' || kind === 'verify') return { kind, folder };
  const range = { minTime: timeOf('start', start, -Infinity), maxTime: timeOf('end', end, Infinity) };
  if (range.maxTime < range.minTime) usage('--end is before --start');
  const selection = { matcherSets: match.map(matchersOf), range };
  if (kind === 'import') {
    const { from, [STORE]: into = store } = rest;
    if (from !== undefined) return { kind, folder: into, source: serverOf(from, selection, usage) };
    if (match.length > 0 || start !== undefined || end !== undefined)
      usage('--match, --start and --end go with --from');
    return { kind, folder: into, source: { kind: 'path', path: words[0] ?? usage('what to import is missing') } };
  }
  if (kind === 'dump') return { kind, folder, selection, format: formatOf(format, DUMP_FORMATS) };
  const out = words[1] ?? usage('a file is missing');
  return { kind, folder, selection, out, format: formatOf(format, EXPORT_FORMATS) };
}

function serverOf(text: string, { matcherSets, range }: Selection, usage: (why: string) => never): ImportSource {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) usage(`--from=${text} is no URL such as http://host:9090`);
  if (!Number.isFinite(range.minTime)) usage('--start is missing: how far back to ask');
  const maxTime = Math.min(range.maxTime, Date.now());
  return { kind: 'server', url: url!, selection: { matcherSets, range: { minTime: range.minTime, maxTime } } };
}

type Words = { readonly words: readonly string[]; readonly match?: readonly string[] } & {
  readonly [name in Exclude<OptionName, 'match'>]?: string;
};

function readWords(args: readonly string[], { options, words }: Verb, usage: (why: string) => never): Words {
  const wanted = Object.fromEntries(options.map((name) => [name, OPTIONS[name]]));
  let parsed: { values: object; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...args], options: wanted, allowPositionals: true });
  } catch (error) {
    return usage((error as Error).message.split('. ', 1)[0]);
  }
  const { values, positionals } = parsed;
  if (positionals.length > words) usage(`unexpected argument ${positionals.at(-1)}`);
  return { ...values, words: positionals };
}

const DUMP_FORMATS = { openmetrics: 'a text', promtool: 'lines as its dump prints them' } as const;
const EXPORT_FORMATS = { openmetrics: 'a text', prometheus: 'blocks' } as const;

function formatOf<F extends string>(text: string | undefined, formats: Readonly<Record<F, string>>): F {
  const known = Object.keys(formats) as F[];
  if (text === undefined) return known[0];
  const format = known.find((name) => name === text);
  if (format !== undefined) return format;
  const choices = known.map((name) => `${name} (${formats[name]})`).join(' or ');
  throw new UsageError(`--format=${text}: write ${choices}`);
}

/** Above zero. */
function countOf(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const n = Number(text);
  if (Number.isFinite(n) && n > 0) return n;
  throw new UsageError(`--${name}=${text}: write a number above 0`);
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
