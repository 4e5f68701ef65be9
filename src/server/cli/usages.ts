/** How each command is written, and what it does: for `isotherm help`, `--help` after a command, and refusals. */

export interface CommandUsage {
  /** Without the program's name. */
  readonly usage: string;
  readonly what: string;
}

const SELECTION = '[--match=SELECTOR] [--start=TIME] [--end=TIME]';

/** By the words that choose the command, in the order of the help. */
export const USAGES = {
  serve: {
    usage: 'serve [flags]',
    what: 'Scrape, store and answer until stopped. Also what happens when only flags are given.',
  },
  'check config': {
    usage: 'check config FILE…',
    what: 'Say whether configuration files and what they name are right, and what is wrong with them.',
  },
  'check rules': { usage: 'check rules FILE…', what: 'The same of rule files.' },
  'check metrics': {
    usage: 'check metrics < PAGE',
    what: 'Say whether a page can be read and its metrics are named and typed well; exit code 3 if not.',
  },
  'test rules': {
    usage: 'test rules [--run=PATTERN] FILE…',
    what: "Run Prometheus' unit tests of rules; --run chooses tests by name.",
  },
  backtest: {
    usage:
      'backtest [--from=URL | --storage.tsdb.path=FOLDER] [--start=TIME] [--end=TIME] [--interval=DURATION] [--json] FILE…',
    what: 'When the rules of files would have fired on stored history, of the last day unless told; --from asks a server.',
  },
  'slo rules': {
    usage: 'slo rules FILE…',
    what: 'Print the rule file that objectives ask for: error ratios, error budgets, burn-rate alerts.',
  },
  'slo dashboard': { usage: 'slo dashboard FILE…', what: 'Print a Grafana dashboard of them.' },
  'tsdb stats': {
    usage: 'tsdb stats [FOLDER]',
    what: 'What a data folder holds: series, samples, bytes by encoding and block. No server may have it open.',
  },
  'tsdb verify': {
    usage: 'tsdb verify [FOLDER]',
    what: 'Read every byte of a data folder and say what is damaged and lost; exit code 1 if anything is.',
  },
  'tsdb dump': {
    usage: `tsdb dump [--format=openmetrics|promtool] ${SELECTION} [FOLDER]`,
    what: "Print the samples of a data folder as OpenMetrics text, or in lines as promtool's dump has them.",
  },
  'tsdb export': {
    usage: `tsdb export [--format=openmetrics|prometheus] ${SELECTION} FOLDER OUT`,
    what: 'Write the samples of a data folder into a file as OpenMetrics text, or into a folder as blocks that Prometheus reads.',
  },
  'tsdb import': {
    usage: `tsdb import [--storage.tsdb.path=FOLDER] SOURCE, or --from=URL --start=TIME [--end=TIME] [--match=SELECTOR]`,
    what: 'Put a folder of Prometheus, OpenMetrics text, or what a server answers into a data folder.',
  },
  'tsdb bench': {
    usage: 'tsdb bench [--series=COUNT] [--hours=COUNT]',
    what: 'Measure how fast and how small the store is on this machine.',
  },
  version: { usage: 'version', what: 'Print the version.' },
  help: { usage: 'help [COMMAND]', what: 'Print this, or how a command is written.' },
} as const satisfies Record<string, CommandUsage>;

export type CommandWords = keyof typeof USAGES;

/** The line to write for a command. */
export function usageOf(command: CommandWords): string {
  return `isotherm ${USAGES[command].usage}`;
}

/** Those that begin with the words, as far as the words lead: of `tsdb export data` one, of `tsdb` all that start so, of none all. */
export function usagesUnder(words: readonly string[]): readonly CommandUsage[] {
  const all = Object.entries<CommandUsage>(USAGES);
  const under = (prefix: string) =>
    all.filter(([command]) => `${command} `.startsWith(prefix)).map(([, usage]) => usage);
  for (let n = Math.min(2, words.length); n > 0; n--) {
    const found = under(`${words.slice(0, n).join(' ')} `);
    if (found.length > 0) return found;
  }
  return all.map(([, usage]) => usage);
}
