import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { basename } from 'node:path';
import { RUN_FOLDER_PREFIX } from '../support/runFolder.ts';

test('tests, and what they start, write into the temp folder of the run', () => {
  expect(basename(tmpdir())).toMatch(new RegExp(`^${RUN_FOLDER_PREFIX}`));
  expect(execFileSync(process.execPath, ['-p', 'os.tmpdir()'], { encoding: 'utf8' }).trim()).toBe(tmpdir());
});
