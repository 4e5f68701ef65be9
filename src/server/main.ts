/** The `isotherm` command: reads the command line and runs what it asks for. What a command does not need is not loaded. */
import { helpText, parseCommand, type Command } from './cli/command.ts';
import { UsageError, type ParsedFlags } from './cli/parseFlags.ts';
import { readLogAhead } from './tsdb/wal/readAhead.ts';

const USAGE_ERROR = 2;

async function run(command: Command): Promise<number> {
  switch (command.kind) {
    case 'help':
      process.stdout.write(helpText(command.of));
      return 0;
    case 'version': {
      const { COMPATIBLE_WITH, readBuildInfo } = await import('./telemetry/build.ts');
      const { version, revision, nodeVersion } = readBuildInfo();
      const at = revision === '' ? '' : ` (${revision.slice(0, 12)})`;
      process.stdout.write(
        `isotherm ${version}${at}, compatible with Prometheus ${COMPATIBLE_WITH}, Node ${nodeVersion}\n`,
      );
      return 0;
    }
    case 'check':
      return (await import('./cli/check/check.ts')).runCheck(command.subject, command.files);
    case 'testRules':
      return (await import('./cli/test/testRules.ts')).testRules(command.files, command.run);
    case 'backtest':
      return (await import('./cli/backtest/backtest.ts')).runBacktest(command.args);
    case 'slo':
      return (await import('./cli/slo/slo.ts')).runSlo(command.made, command.files);
    case 'tsdb':
      return (await import('./cli/tsdb/tsdb.ts')).runTsdb(command.args);
    case 'serve':
      return serve(command.parsed);
  }
}

/** The log is read while the rest of the program is. */
async function serve(parsed: ParsedFlags): Promise<number> {
  const { flags } = parsed;
  const folder = flags[flags.agent ? 'storage.agent.path' : 'storage.tsdb.path'];
  const ahead = flags.workers > 0 ? readLogAhead(folder) : undefined;
  return (await import('./main/serve.ts')).serve(parsed, { ahead });
}

function tell(error: unknown): void {
  process.stderr.write(`isotherm: ${error instanceof Error ? error.message : String(error)}\n`);
}

/** What the user can mend is told without a stack; undefined for our own mistakes. */
async function exitCodeOf(error: unknown): Promise<number | undefined> {
  if (error instanceof UsageError) return USAGE_ERROR;
  const { StartError } = await import('./main/startError.ts');
  const { StorageError } = await import('./storage/appender.ts');
  return error instanceof StartError || error instanceof StorageError ? 1 : undefined;
}

try {
  process.exitCode = await run(parseCommand(process.argv.slice(2)));
} catch (error) {
  const code = await exitCodeOf(error);
  if (code === undefined) throw error;
  tell(error);
  process.exitCode = code;
}
