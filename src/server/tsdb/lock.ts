/** One process at a time has a data folder open: the lock file names it, and a dead holder's lock is taken over. */
import fs from 'node:fs';
import path from 'node:path';
import { StorageError } from '../storage/appender.ts';

const NAME = 'lock';
/** Folders open in this process: after a restart in a container our own number may stand in a dead process' lock. */
const heldHere = new Set<string>();

export interface FolderLock {
  /** A process that is gone had left its lock. */
  readonly isTakenOver: boolean;
  release(): void;
}

/** @throws StorageError 'locked' that names the holder. */
export function lockFolder(folder: string): FolderLock {
  const real = fs.realpathSync(folder);
  const file = path.join(real, NAME);
  if (heldHere.has(real)) throw new StorageError('locked', `${folder} is already open in this process`);
  const mine = `${process.pid} ${startOf(process.pid) ?? ''}\n`;
  for (let attempt = 0; attempt < 3; attempt++) {
    if (tryCreate(file, mine)) {
      heldHere.add(real);
      const release = () => void (heldHere.delete(real) && fs.rmSync(file, { force: true }));
      return { isTakenOver: attempt > 0, release };
    }
    const holder = livingHolder(file);
    if (holder !== undefined) {
      throw new StorageError('locked', `${folder} is in use by process ${holder}; stop it, or choose another folder`);
    }
    fs.rmSync(file, { force: true });
  }
  throw new StorageError('locked', `the lock file ${file} comes and goes; another process is starting on ${folder}`);
}

function tryCreate(file: string, text: string): boolean {
  try {
    fs.writeFileSync(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new StorageError('io', `cannot write ${file}: ${String(error)}; check the folder's rights`, { cause: error });
  }
}

/** The process that the lock names, if it runs and is the one that wrote it. */
function livingHolder(file: string): number | undefined {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const [number, start] = text.trim().split(' ');
  const pid = Number(number);
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return undefined;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, as somebody else.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined;
  }
  if (hasEnded(pid)) return undefined;
  const startNow = startOf(pid);
  return start !== undefined && startNow !== undefined && start !== startNow ? undefined : pid;
}

/** When a process started, in the kernel's ticks; undefined where /proc does not tell. Tells a reused number from its first owner. */
function startOf(pid: number): string | undefined {
  try {
    return statFields(pid)[19];
  } catch {
    return undefined;
  }
}

/** A process that was killed and whose parent has not asked for its end yet still answers signals; its files are closed. */
function hasEnded(pid: number): boolean {
  try {
    return ['Z', 'X'].includes(statFields(pid)[0]);
  } catch {
    return false;
  }
}

/** The fields of /proc/<pid>/stat from the state on; the name before it may hold blanks. */
function statFields(pid: number): string[] {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
