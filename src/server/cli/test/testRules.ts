/** `isotherm test rules FILE…`: Prometheus' rule unit tests. */
import { RE2JS } from 're2js';
import { ConfigError } from '../../config/configError.ts';
import { loadRuleFiles } from '../../rules/ruleFile.ts';
import { runRuleTest } from './runTest.ts';
import { readTestFile } from './testFile.ts';

/**
 * Runs the tests of all files and says what is not as expected.
 *
 * @param run RE2 pattern of the names of tests to run; undefined for all.
 * @returns the exit code: 0 if all is as expected, else 1.
 */
export async function testRules(files: readonly string[], run: string | undefined): Promise<number> {
  const pattern = run === undefined ? undefined : RE2JS.compile(run);
  let worst = 0;
  for (const file of files) {
    process.stdout.write(`Unit Testing:  ${file}\n`);
    const wrong = await wrongOf(file, (name) => pattern?.matcher(name).find() ?? true);
    if (wrong.length > 0) worst = 1;
    process.stdout.write(wrong.length === 0 ? '  SUCCESS\n\n' : `  FAILED:\n${wrong.join('\n')}\n\n`);
  }
  return worst;
}

async function wrongOf(file: string, wants: (name: string) => boolean): Promise<string[]> {
  try {
    const { ruleFiles, unmatched, tests, ...settings } = readTestFile(file);
    for (const pattern of unmatched) process.stderr.write(`  WARNING: no file match pattern ${pattern}\n`);
    const groups = loadRuleFiles(ruleFiles, { promql: { experimental: true } });
    const wrong: string[] = [];
    for (const test of tests) {
      if (!wants(test.name)) continue;
      const faults = await runRuleTest(test, { ...settings, groups });
      if (faults.length > 0) wrong.push(`    name: ${test.name}`, ...faults);
    }
    return wrong;
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n').map((line) => `    ${line}`);
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [`    ${(error as Error).message}`];
    throw error;
  }
}
