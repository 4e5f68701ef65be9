/** All that a run of the tests makes lies in one temp folder of its own, which goes when the run is over; one that is killed leaves it. */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

/** Short: the paths of Unix sockets that lie below it have about a hundred bytes. */
export const RUN_FOLDER_PREFIX = 'isotherm-run-';
const MEMORY = '/dev/shm';

/** Where the run's temp folder has its twin in memory, made by those who use it; the temp folder itself where the system has no such place. */
export function memoryFolderOf(folder = tmpdir()): string {
  return existsSync(MEMORY) ? join(MEMORY, basename(folder)) : folder;
}
