/** The entry of the compaction thread: makes the blocks it is asked for, one after the other. */
import os from 'node:os';
import { parentPort } from 'node:worker_threads';
import { StorageError } from '../../storage/appender.ts';
import { DISK } from './blockFiles.ts';
import { BlockDamage } from './chunkBytes.ts';
import type { MakeAnswer } from './compactionThread.ts';
import { makeBlock } from './makeBlock.ts';
import type { BlockRecipe } from './recipe.ts';

/** Scrapes and queries go first. On Linux this is the thread's own. */
const NICENESS = 10;

if (parentPort === null) throw new Error('this file is run as a worker thread by the store');
const port = parentPort;
if (process.platform === 'linux') os.setPriority(NICENESS);

async function run(recipe: BlockRecipe): Promise<MakeAnswer> {
  try {
    return { file: await makeBlock(recipe, DISK) };
  } catch (error) {
    if (error instanceof BlockDamage) return { damage: [error.file, error.what, error.place, error.size] };
    const code = error instanceof StorageError ? error.code : undefined;
    return { fault: { code, message: error instanceof Error ? error.message : String(error) } };
  }
}

port.on('message', (recipe: BlockRecipe) => void run(recipe).then((answer) => port.postMessage(answer)));
