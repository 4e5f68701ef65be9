/** The command line's grammar: which command, with which flags. */
import type { CheckSubject } from './check/subject.ts';
import { FLAGS, type FlagSpec } from './flagTable.ts';
import { parseFlags, UsageError, type ParsedFlags } from './parseFlags.ts';
import type { SloProduct } from './slo/product.ts';

export type Command =
  | { readonly kind: 'serve'; readonly parsed: ParsedFlags }
  | { readonly kind: 'check'; readonly subject: CheckSubject; readonly files: readonly string[] }
  | { readonly kind: 'testRules'; readonly files: readonly string[]; readonly run: string | undefined }
  | { readonly kind: 'backtest'; readonly args: readonly string[] }
  | { readonly kind: 'slo'; readonly made: SloProduct; readonly files: readonly string[] }
  | { readonly kind: 'tsdb'; readonly args: readonly string[] }
  | { readonly kind: 'version' }
  | { readonly kind: 'help' };

const COMMANDS = [
  ['serve [flags]', 'Scrape, store and answer until stopped. Also what happens when only flags are given.'],
  ['check config FILE…', 'Say whether configuration files and what they name are right, and what is wrong with them.'],
  ['check rules FILE…', 'The same of rule files.'],
  [
    'check metrics < PAGE',
    'Say whether a page can be read and its metrics are named and typed well; exit code 3 if not.',
  ],
  ['test rules FILE…', "Run Prometheus' unit tests of rules; --run=PATTERN chooses tests by name."],
  [
    'backtest FILE…',
    'When the rules of files would have fired on stored history; --from=URL asks a server, else --storage.tsdb.path=FOLDER is read.',
  ],
  ['slo rules FILE…', 'Print the rule file that objectives ask for: error ratios, error budgets, burn-rate alerts.'],
  ['slo dashboard FILE…', 'Print a Grafana dashboard of them.'],
  [
    'tsdb stats [FOLDER]',
    'What a data folder holds: series, samples, bytes by encoding and block. No server may have it open.',
  ],
  ['tsdb verify [FOLDER]', 'Read every byte of it and say what is damaged and lost; exit code 1 if anything is.'],
  [
    'tsdb dump [FOLDER]',
    'Print its samples as OpenMetrics text; --match=SELECTOR, --start=TIME and --end=TIME choose.',
  ],
  ['tsdb export FOLDER OUT', 'The same into a file; --format=prometheus writes blocks that Prometheus reads.'],
  [
    'tsdb import SOURCE',
    'Put a folder of Prometheus, OpenMetrics text, or what --from=URL answers into the store of --storage.tsdb.path.',
  ],
  ['tsdb bench', 'Measure how fast and how small the store is on this machine; --series=COUNT, --hours=COUNT.'],
  ['version', 'Print the version.'],
  ['help', 'Print this.'],
] as const;

/** @throws UsageError if the arguments make no command. */
export function parseCommand(args: readonly string[]): Command {
  if (args.some((arg) => arg === '--help' || arg === '-h')) return { kind: 'help' };
  if (args.some((arg) => arg === '--version')) return { kind: 'version' };
  const [verb, ...rest] = args;
  if (verb === undefined || verb.startsWith('-')) return serve(args);
  switch (verb) {
    case 'serve':
      return serve(rest);
    case 'check':
      return check(rest);
    case 'test':
      return test(rest);
    case 'backtest':
      return { kind: 'backtest', args: rest };
    case 'slo':
      return slo(rest);
    case 'tsdb':
      return { kind: 'tsdb', args: rest };
    case 'version':
    case 'help':
      return { kind: verb };
  }
  throw new UsageError(`unknown command ${verb}; isotherm help lists the commands`);
}

const CHECK_SUBJECTS: readonly CheckSubject[] = ['config', 'rules', 'metrics'];

function check([subject, ...files]: readonly string[]): Command {
  const found = CHECK_SUBJECTS.find((known) => known === subject);
  if (found === undefined || (files.length === 0) !== (found === 'metrics'))
    throw new UsageError('write: isotherm check config FILE…, check rules FILE…, or check metrics < PAGE');
  return { kind: 'check', subject: found, files };
}

/** `test rules [--run=PATTERN] FILE…` */
function test([subject, ...rest]: readonly string[]): Command {
  const isRun = (arg: string) => arg.startsWith('--run=');
  const files = rest.filter((arg) => !isRun(arg));
  if (subject !== 'rules' || files.length === 0 || files.some((file) => file.startsWith('-')))
    throw new UsageError('write: isotherm test rules [--run=PATTERN] FILE…');
  return { kind: 'testRules', files, run: rest.find(isRun)?.slice('--run='.length) };
}

function slo([made, ...files]: readonly string[]): Command {
  if ((made !== 'rules' && made !== 'dashboard') || files.length === 0 || files.some((file) => file.startsWith('-')))
    throw new UsageError('write: isotherm slo rules FILE…, or slo dashboard FILE…');
  return { kind: 'slo', made, files };
}

function serve(args: readonly string[]): Command {
  const parsed = parseFlags(args);
  if (parsed.words.length > 0) {
    throw new UsageError(
      `unexpected argument ${parsed.words[0]}; flags start with two dashes, and isotherm help lists them`,
    );
  }
  return { kind: 'serve', parsed };
}

export function helpText(): string {
  const rows = (Object.entries(FLAGS) as [string, FlagSpec][]).map(([name, spec]) => ({ name, spec }));
  const section = (
    title: string,
    line: (name: string, spec: FlagSpec) => string[],
    keep: (spec: FlagSpec) => boolean,
  ) => ['', title, ...rows.filter(({ spec }) => keep(spec)).flatMap(({ name, spec }) => line(name, spec))];
  return [
    'isotherm: a Prometheus-compatible monitoring sidecar',
    '',
    'Commands:',
    ...COMMANDS.map(([usage, what]) => `  isotherm ${usage.padEnd(24)} ${what}`),
    ...section(
      'Flags of serve (default):',
      (name, spec) => [`  --${usage(name, spec)}`, `        ${spec.help}`],
      (spec) => spec.accepted === undefined && spec.refused === undefined,
    ),
    ...section(
      'Accepted for compatibility, without effect:',
      (name, spec) => [`  --${name}: ${spec.accepted}`],
      (spec) => spec.accepted !== undefined,
    ),
    ...section(
      'Refused:',
      (name, spec) => [`  --${name}: ${spec.refused}`],
      (spec) => spec.refused !== undefined,
    ),
    '',
  ].join('\n');
}

function usage(name: string, spec: FlagSpec): string {
  if (spec.type === 'bool') return `[no-]${name} (${spec.default})`;
  return `${name}=${spec.choices?.join('|') ?? spec.type}${spec.default === '' ? '' : ` (${spec.default})`}`;
}
