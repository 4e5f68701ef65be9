/** Type-checks each room against the library it may know: shared has neither DOM nor Node, the server no DOM. What was checked is kept in `.cache`. */
import { spawnSync } from 'node:child_process';

const projects = process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['shared', 'server', 'browser', 'tests'];
let failed = 0;
for (const project of projects) {
  const known = ['--incremental', '--tsBuildInfoFile', `.cache/${project}.tsbuildinfo`];
  const args = ['node_modules/typescript/bin/tsc', '-p', `tsconfig/${project}.json`, ...known];
  const run = spawnSync(process.execPath, args, { stdio: 'inherit' });
  console.log(`${run.status === 0 ? 'ok    ' : 'FAILED'} tsconfig/${project}.json`);
  if (run.status !== 0) failed++;
}
process.exitCode = failed > 0 ? 1 : 0;
