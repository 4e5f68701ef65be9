/** Makes blocks on a thread of its own, which is started when needed and ended when idle: packing many series would hold the event loop. */
import { Worker } from 'node:worker_threads';
import { StorageError } from '../../storage/appender.ts';
import { BlockDamage } from './chunkBytes.ts';
import type { BlockMaker, BlockRecipe } from './recipe.ts';

/** A thread without work this long is ended; the next block starts a new one (tens of milliseconds). */
const IDLE_MS = 10_000;
/** Bounds the thread's JavaScript heap; chunks are outside it, a batch at a time. */
const HEAP_MB_MAX = 512;

/** Sources are run as they are; bundles stand beside each other. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './compactionWorker.ts' : './compactionWorker.mjs',
  import.meta.url,
);

export interface MakeAnswer {
  readonly file?: string;
  readonly fault?: { readonly code: StorageError['code'] | undefined; readonly message: string };
  /** Instead, where a source is damaged: what a BlockDamage is made of. */
  readonly damage?: ConstructorParameters<typeof BlockDamage>;
}

/** One block at a time: its caller waits for each. */
export class CompactionThread implements BlockMaker {
  #worker: Worker | undefined;
  #idleTimer: NodeJS.Timeout | undefined;

  async make(recipe: BlockRecipe): Promise<string | undefined> {
    clearTimeout(this.#idleTimer);
    const worker = (this.#worker ??= new Worker(ENTRY, { resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX } }));
    worker.ref();
    try {
      const { file, fault, damage } = await answerOf(worker, recipe);
      if (damage !== undefined) throw new BlockDamage(...damage);
      if (fault !== undefined) throw faultOf(fault);
      return file;
    } catch (error) {
      if (!(error instanceof StorageError)) this.#worker = undefined;
      throw error;
    } finally {
      worker.unref();
      this.#idleTimer = setTimeout(() => void this.close(), IDLE_MS);
      this.#idleTimer.unref();
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#idleTimer);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

function answerOf(worker: Worker, recipe: BlockRecipe): Promise<MakeAnswer> {
  return new Promise((resolve, reject) => {
    const ended = (code: number) => settle(() => reject(new Error(`the compaction thread ended (${code})`)));
    const failed = (error: Error) => settle(() => reject(error));
    const answered = (answer: MakeAnswer) => settle(() => resolve(answer));
    const settle = (then: () => void) => {
      worker.off('exit', ended).off('error', failed).off('message', answered);
      then();
    };
    worker.on('exit', ended).on('error', failed).on('message', answered);
    worker.postMessage(recipe);
  });
}

function faultOf({ code, message }: NonNullable<MakeAnswer['fault']>): Error {
  return code === undefined ? new Error(message) : new StorageError(code, message);
}
