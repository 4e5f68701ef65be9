/** Processor time, memory, bytes on disk, and medians of several rounds. Linux only where a process is looked at from outside. */
import fs from 'node:fs';
import path from 'node:path';

/** Linux counts processor time for others in ticks of this length, on every architecture. */
const TICK_MS = 10;

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Processor time of this process since it started, all threads, milliseconds. */
export function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Processor time of a process since it started, all threads, milliseconds. */
export function cpuMsOf(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in parentheses and may hold blanks; utime and stime are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Resident memory of a process, bytes. */
export function residentBytesOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error(`process ${pid} has no resident memory; has it ended?`);
  return Number(kilobytes) * 1024;
}

/** Bytes of all files below a folder; 0 if there is no such folder. */
export function folderBytes(folder: string): number {
  if (!fs.existsSync(folder)) return 0;
  const files = fs.readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + fs.statSync(path.join(parentPath, name)).size, 0);
}

/**
 * Median processor time of each work, milliseconds: they take turns, so that a change of the machine's speed meets all of them.
 * `warmUps` rounds before the first that counts warm them up.
 */
export async function medianCpuMs<K extends string>(
  works: Readonly<Record<K, () => unknown>>,
  rounds: number,
  cpuMs?: Readonly<Record<K, () => number>>,
  warmUps = 1,
): Promise<Record<K, number>> {
  const names = Object.keys(works) as K[];
  const times = new Map<K, number[]>(names.map((name) => [name, []]));
  for (let round = -warmUps; round < rounds; round++) {
    for (const name of names) {
      const clock = cpuMs?.[name] ?? ownCpuMs;
      const started = clock();
      await works[name]();
      if (round >= 0) times.get(name)?.push(clock() - started);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times.get(name) ?? [])])) as Record<K, number>;
}
