/** Runs `isotherm tsdb …`: tools for a data folder that no server has open. */
import { parseTsdbCommand } from './arguments.ts';
import { dump, exportTo } from './dump.ts';
import { exportPrometheus } from './exportPrometheus.ts';
import { importInto } from './import.ts';
import { stats, verify } from './reports.ts';

/** Gives the exit code. Rejects with UsageError, or with StorageError for a folder that cannot be read. */
export async function runTsdb(args: readonly string[]): Promise<number> {
  const command = parseTsdbCommand(args);
  switch (command.kind) {
    case 'stats':
      return stats(command.folder);
    case 'verify':
      return verify(command.folder);
    case 'dump':
      return dump(command.folder, command.selection, command.format);
    case 'export':
      return command.format === 'prometheus'
        ? exportPrometheus(command.folder, command.selection, command.out)
        : exportTo(command.folder, command.selection, command.out);
    case 'bench':
      return (await import('./bench.ts')).benchStore(command.series, command.hours);
    case 'import':
      return importInto(command.folder, command.source);
  }
}
