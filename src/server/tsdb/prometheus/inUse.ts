/** Whether a Prometheus runs on a folder: it holds a lock on the file `lock` there. */
import fs from 'node:fs';
import path from 'node:path';
import { StorageError } from '../../storage/appender.ts';

/** @throws StorageError 'locked' if it does. Where the system does not list locks (not Linux), nothing is known and nothing thrown. */
export function assertNotInUse(folder: string): void {
  const holder = lockHolder(path.join(folder, 'lock'));
  if (holder === undefined) return;
  const hint = 'stop it first, or take a snapshot of it (/api/v1/admin/tsdb/snapshot) and name that';
  throw new StorageError('locked', `process ${holder} runs on ${folder}; ${hint}`);
}

function lockHolder(file: string): number | undefined {
  if (!fs.existsSync(file) || !fs.existsSync('/proc/locks')) return undefined;
  const { ino } = fs.statSync(file);
  for (const line of fs.readFileSync('/proc/locks', 'utf8').split('\n')) {
    const match = /\s(\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line);
    if (match !== null && Number(match[2]) === ino) return Number(match[1]);
  }
  return undefined;
}
