/** The rules of objectives: right by promtool, and on made-up requests they tell what the SRE workbook says, here and there. */
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROMTOOL, promtoolVersion } from '../support/prometheusProcess.ts';
import { ISOTHERM, tempFolder, writeConfig } from '../support/sidecar.ts';

const FOLDER = join(__dirname, 'slo');
const run = (program: string, ...args: string[]) => spawnSync(program, args, { encoding: 'utf8' });
const besidePromtool = promtoolVersion === undefined ? test.skip : test;

function made(): { rules: string; tests: string } {
  const folder = tempFolder();
  const { status, stdout } = run(ISOTHERM, 'slo', 'rules', join(FOLDER, 'slo.yml'));
  expect(status).toBe(0);
  const tests = join(folder, 'burns.yml');
  copyFileSync(join(FOLDER, 'burns.yml'), tests);
  return { rules: writeConfig(folder, stdout, 'rules.yml'), tests };
}

test('the rules tell what the workbook says', () => {
  expect(run(ISOTHERM, 'test', 'rules', made().tests).stdout).toMatch(/SUCCESS/);
});

besidePromtool('so they do in Prometheus (needs promtool)', () => {
  const { rules, tests } = made();
  expect(run(PROMTOOL, 'check', 'rules', rules)).toMatchObject({ status: 0 });
  const { stdout, stderr } = run(PROMTOOL, 'test', 'rules', tests);
  expect(stdout + stderr).toMatch(/SUCCESS/);
});
