/** What a benchmark says: lines of ours against another, gathered by `bench/run.ts` or printed at once when the file is run alone. */
import os from 'node:os';
import { cellsOf, table } from './table.ts';

/** Ours beside another doing the same work in the same run. */
export interface Comparison {
  readonly what: string;
  readonly unit: string;
  readonly ours: number;
  /** The other's name. */
  readonly against: string;
  readonly theirs: number;
  readonly better: 'more' | 'less';
}

/** What has nothing to be compared with, and why. */
export interface Alone {
  readonly what: string;
  readonly unit?: string;
  readonly ours?: number;
  readonly skipped: string;
}

export type Line = Comparison | Alone;

/** Others on the machine go first. */
const NICENESS = 10;

/** How many times better ours is; below 1 the other one is better. */
export function ratioOf({ ours, theirs, better }: Comparison): number {
  return better === 'more' ? ours / theirs : theirs / ours;
}

/** Runs a benchmark file's work; `add` takes its lines. Each is told on stderr when it is there, as the table is there only when all of them are. */
export async function bench(name: string, work: (add: (line: Line) => void) => Promise<void>): Promise<void> {
  os.setPriority(NICENESS);
  const lines: Line[] = [];
  await work((line) => {
    lines.push(line);
    console.error(cellsOf(line).join('  ').trimEnd());
  });
  if (process.send !== undefined) process.send(lines);
  else console.log(table(lines.map((line) => [name, line])));
}
