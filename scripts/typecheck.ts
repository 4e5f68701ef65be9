/** Type-checks each room against the library it may know: shared has neither DOM nor Node, the server no DOM. */
import { spawnSync } from 'node:child_process';

const projects = process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['shared', 'server', 'browser', 'tests'];
let failed = 0;
for (const project of projects) {
  const run = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', `tsconfig/${project}.json`], {
    stdio: 'inherit',
  });
  console.log(`${run.status === 0 ? 'ok    ' : 'FAILED'} tsconfig/${project}.json`);
  if (run.status !== 0) failed++;
}
process.exitCode = failed > 0 ? 1 : 0;
