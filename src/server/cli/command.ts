/** The command line's grammar: which command, with which flags. */
import type { CheckSubject } from './check/subject.ts';
import { FLAGS, type FlagSpec } from './flagTable.ts';
import { parseFlags, UsageError, type ParsedFlags } from './parseFlags.ts';
import type { SloProduct } from './slo/product.ts';
import { USAGES, usageOf, usagesUnder } from './usages.ts';

export type Command =
  | { readonly kind: 'serve'; readonly parsed: ParsedFlags }
  | { readonly kind: 'check'; readonly subject: CheckSubject; readonly files: readonly string[] }
  | { readonly kind: 'testRules'; readonly files: readonly string[]; readonly run: string | undefined }
  | { readonly kind: 'backtest'; readonly args: readonly string[] }
  | { readonly kind: 'slo'; readonly made: SloProduct; readonly files: readonly string[] }
  | { readonly kind: 'tsdb'; readonly args: readonly string[] }
  | { readonly kind: 'version' }
  | { readonly kind: 'help'; readonly of: readonly string[] };

/** @throws UsageError if the arguments make no command. */
export function parseCommand(args: readonly string[]): Command {
  if (args.some((arg) => arg === '--help' || arg === '-h')) return helpOf(args);
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
      return { kind: verb };
    case 'help':
      return helpOf(rest);
  }
  throw new UsageError(`unknown command ${verb}; isotherm help lists the commands`);
}

/** Flags of no command are those of `serve`. */
function helpOf(args: readonly string[]): Command {
  const words = args.filter((arg) => !arg.startsWith('-'));
  return { kind: 'help', of: args[0]?.startsWith('-') === false ? words : [] };
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
    throw new UsageError(`write: ${usageOf('test rules')}`);
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

/** Of a command, by its words; of all, with the flags of the server, if there are none or they name none. */
export function helpText(words: readonly string[] = []): string {
  const usages = usagesUnder(words);
  const hasFlags = usages.some(({ usage }) => usage === USAGES.serve.usage);
  return [
    'isotherm: a Prometheus-compatible monitoring sidecar',
    '',
    usages.length === 1 ? 'Command:' : 'Commands:',
    ...usages.flatMap(({ usage, what }) => [`  isotherm ${usage}`, `        ${what}`]),
    ...(hasFlags ? flagSections() : []),
    '',
  ].join('\n');
}

function flagSections(): string[] {
  const rows = (Object.entries(FLAGS) as [string, FlagSpec][]).map(([name, spec]) => ({ name, spec }));
  const section = (
    title: string,
    line: (name: string, spec: FlagSpec) => string[],
    keep: (spec: FlagSpec) => boolean,
  ) => ['', title, ...rows.filter(({ spec }) => keep(spec)).flatMap(({ name, spec }) => line(name, spec))];
  return [
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
  ];
}

function usage(name: string, spec: FlagSpec): string {
  if (spec.type === 'bool') return `[no-]${name} (${spec.default})`;
  return `${name}=${spec.choices?.join('|') ?? spec.type}${spec.default === '' ? '' : ` (${spec.default})`}`;
}
