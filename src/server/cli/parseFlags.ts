/** Arguments → flag values, by the flag table. */
import { parseDuration } from '../../shared/model/durations.ts';
import { readSize } from '../config/scalars.ts';
import { nearest } from '../config/nearest.ts';
import { FLAGS, type FlagName, type Flags, type FlagSpec } from './flagTable.ts';

/** The command line cannot be understood. Printed as it is; exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export interface ParsedFlags {
  readonly flags: Flags;
  /** Every flag as text, defaults included, for /api/v1/status/flags. */
  readonly texts: Readonly<Record<string, string>>;
  /** What was set without effect, one sentence each, for the log. */
  readonly notices: readonly string[];
  /** Arguments that are no flags, in order. */
  readonly words: readonly string[];
}

/**
 * Reads `--flag=value`, `--flag value`, `--flag` and `--no-flag` (the last two for flags that are on or off). `--` ends the flags.
 *
 * @throws UsageError for an unknown flag (with the nearest known one), a missing or unreadable value, a flag given twice, a refused flag.
 */
export function parseFlags(args: readonly string[]): ParsedFlags {
  const given = new Map<FlagName, string>();
  const words: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === '--') {
      words.push(...args.slice(i + 1));
      break;
    }
    if (!arg.startsWith('-') || arg === '-') {
      words.push(arg);
      continue;
    }
    const { name, inline, negated } = readName(arg);
    const spec: FlagSpec = FLAGS[name];
    if (given.has(name) && spec.type !== 'list') throw new UsageError(`flag --${name} is given twice; give it once`);
    let text: string;
    if (spec.type === 'bool') text = inline ?? (negated ? 'false' : 'true');
    else if (inline !== undefined) text = inline;
    else if (i + 1 < args.length) text = args[++i];
    else throw new UsageError(`flag --${name} needs a value: --${name}=…`);
    given.set(name, given.has(name) ? `${given.get(name)},${text}` : text);
  }
  return { ...evaluate(given), words };
}

function readName(arg: string): { name: FlagName; inline: string | undefined; negated: boolean } {
  const [, dashes, word, , inline] = /^(--?)([^=]*)(=(.*))?$/s.exec(arg)!;
  if (Object.hasOwn(FLAGS, word)) {
    if (dashes === '-') throw new UsageError(`flags start with two dashes: write --${word}`);
    return { name: word as FlagName, inline, negated: false };
  }
  const positive = word.startsWith('no-') ? word.slice(3) : '';
  if (Object.hasOwn(FLAGS, positive) && FLAGS[positive as FlagName].type === 'bool') {
    if (inline !== undefined)
      throw new UsageError(`flag --${word} takes no value; write --${word} or --${positive}=${inline}`);
    return { name: positive as FlagName, inline: undefined, negated: true };
  }
  const meant = nearestFlag(word);
  throw new UsageError(
    `unknown flag ${dashes}${word}; ${meant === undefined ? 'isotherm help lists all flags' : `did you mean --${meant}?`}`,
  );
}

function nearestFlag(word: string): string | undefined {
  const plain = (name: string) => name.toLowerCase().replaceAll('-', '_');
  const byPlainName = new Map(Object.keys(FLAGS).map((name) => [plain(name), name]));
  const near = nearest(word, byPlainName.keys());
  if (near !== undefined) return byPlainName.get(near);
  const tail = plain(word);
  const containing = Object.keys(FLAGS).filter((name) => tail.length > 3 && plain(name).includes(tail));
  return containing[0];
}

function evaluate(given: ReadonlyMap<FlagName, string>): Omit<ParsedFlags, 'words'> {
  const values: Record<string, unknown> = {};
  const texts: Record<string, string> = {};
  const notices: string[] = [];
  for (const [name, spec] of Object.entries(FLAGS) as [FlagName, FlagSpec][]) {
    const text = given.get(name) ?? spec.default;
    values[name] = readValue(name, spec, text);
    texts[name] = spec.type === 'bool' ? String(values[name]) : text;
    if (texts[name] === spec.default) continue;
    if (spec.refused !== undefined) throw new UsageError(`flag --${name} cannot be used: ${spec.refused}`);
    if (spec.accepted !== undefined) notices.push(`--${name} has no effect: ${spec.accepted}`);
  }
  return { flags: values as unknown as Flags, texts, notices };
}

const BOOLS: Readonly<Record<string, boolean>> = { true: true, false: false, '1': true, '0': false };

function readValue(name: string, spec: FlagSpec, text: string): unknown {
  const refuse = (why: string): never => {
    throw new UsageError(`flag --${name}=${text}: ${why}`);
  };
  switch (spec.type) {
    case 'bool':
      return BOOLS[text] ?? refuse('write true or false');
    case 'choice':
      return spec.choices!.includes(text) ? text : refuse(`write one of ${spec.choices!.join(', ')}`);
    case 'number':
      return text.trim() !== '' && Number(text) >= 0 && Number.isFinite(Number(text))
        ? Number(text)
        : refuse('write a number, 0 or more');
    case 'count': {
      const { min = 0 } = spec;
      return Number.isInteger(Number(text)) && text.trim() !== '' && Number(text) >= min
        ? Number(text)
        : refuse(`write a whole number, ${min} or more`);
    }
    case 'duration':
    case 'size':
      try {
        return spec.type === 'size' ? readSize(text) : parseDuration(text);
      } catch (error) {
        return refuse((error as Error).message);
      }
    case 'list':
      return text.split(',').filter((part) => part !== '');
    case 'text':
      return text;
  }
}
