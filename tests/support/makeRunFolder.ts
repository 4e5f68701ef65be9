/** Before the tests of a run: its workers, and what they start, take the run's own folder for the system's temp folder. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RUN_FOLDER_PREFIX } from './runFolder.ts';

export default function makeRunFolder(): void {
  process.env.TMPDIR = mkdtempSync(join(tmpdir(), RUN_FOLDER_PREFIX));
}
