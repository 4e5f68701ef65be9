/** Runs `isotherm tsdb …`: tools for a data folder that no server has open. */
import { parseTsdbCommand, type TsdbWork } from './arguments.ts';
import { dump, exportTo } from './dump.ts';
import { exportPrometheus } from './exportPrometheus.ts';
import { importInto } from './import.ts';
import { ProgressBar } from './progressBar.ts';
import { stats, verify } from './reports.ts';

/** Gives the exit code. Rejects with UsageError, or with StorageError for a folder that cannot be read. */
export async function runTsdb(args: readonly string[]): Promise<number> {
  const command = parseTsdbCommand(args);
  const bar = new ProgressBar(command.progress);
  try {
    return await run(command, bar);
  } finally {
    bar.end();
  }
}

function run(command: TsdbWork, bar: ProgressBar): Promise<number> {
  switch (command.kind) {
    case 'stats':
      return stats(command.folder, bar);
    case 'verify':
      return verify(command.folder, bar);
    case 'dump':
      return dump(command.folder, command.selection, command.format, bar);
    case 'export':
      return command.format === 'prometheus'
        ? exportPrometheus(command.folder, command.selection, command.out, bar)
        : exportTo(command.folder, command.selection, command.out, bar);
    case 'bench':
      return import('./bench.ts').then(({ benchStore }) => benchStore(command.series, command.hours, bar));
    case 'import':
      return importInto(command.folder, command.source, bar);
  }
}
