/** What a store does beside taking samples: how often each was begun, how often it failed, and, told to an observer, how long it took. */
import { performance } from 'node:perf_hooks';

const TASKS = [
  /** All that follows from a full head: its block, what is past its retention, merges. */
  'compaction',
  /** One block is written, of the head or of other blocks. */
  'blockWrite',
  /** A block is opened, when the store is or after it was written. */
  'blockOpen',
  /** The head gives to a block what it holds. */
  'headTruncation',
  /** Groups and series that nothing holds any more are forgotten. */
  'headCollection',
  'checkpoint',
  'checkpointRemoval',
  /** Segments that a checkpoint stands for are removed. */
  'logTruncation',
  'logSync',
  /** Blocks are written anew without what was deleted. */
  'tombstoneCleanup',
] as const;
export type StoreTask = (typeof TASKS)[number];

export interface TaskCounts {
  /** Begun so far. */
  tried: number;
  failed: number;
  /** Under way now. */
  running: number;
}

/** Told of what a store does, for metrics. */
export interface StoreObserver {
  /** A task has ended, well or not. */
  ended(task: StoreTask, ms: number): void;
  /** A chunk of the head is in a block now. `seriesBytes` are those of each of its series, on average. */
  stored(chunk: { readonly rows: number; readonly seriesBytes: number; readonly spanMs: number }): void;
  /** A sample came that is older than its series' newest one, taken or not. */
  late(byMs: number): void;
}

const NOBODY: StoreObserver = { ended: () => undefined, stored: () => undefined, late: () => undefined };

export class Tasks {
  readonly observer: StoreObserver;
  readonly counts = Object.fromEntries(TASKS.map((task) => [task, { tried: 0, failed: 0, running: 0 }])) as Readonly<
    Record<StoreTask, TaskCounts>
  >;

  constructor(observer = NOBODY) {
    this.observer = observer;
  }

  async run<T>(task: StoreTask, work: () => Promise<T>): Promise<T> {
    const end = this.#begin(task);
    let isDone = false;
    try {
      const result = await work();
      isDone = true;
      return result;
    } finally {
      end(isDone);
    }
  }

  runNow<T>(task: StoreTask, work: () => T): T {
    const end = this.#begin(task);
    let isDone = false;
    try {
      const result = work();
      isDone = true;
      return result;
    } finally {
      end(isDone);
    }
  }

  #begin(task: StoreTask): (isDone: boolean) => void {
    const counts = this.counts[task];
    const began = performance.now();
    counts.tried++;
    counts.running++;
    return (isDone) => {
      counts.running--;
      if (!isDone) counts.failed++;
      this.observer.ended(task, performance.now() - began);
    };
  }
}
