/** After the tests of a run; the next one of a Jest that watches begins where this one began. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname } from 'node:path';
import { memoryFolderOf, RUN_FOLDER_PREFIX } from './runFolder.ts';

export default function removeRunFolder(): void {
  const folder = tmpdir();
  assert(basename(folder).startsWith(RUN_FOLDER_PREFIX));
  process.env.TMPDIR = dirname(folder);
  // A process that is still ending may write yet.
  for (const made of [memoryFolderOf(folder), folder])
    rmSync(made, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
