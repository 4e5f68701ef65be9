/**
 * Compiled code outlives the process: Node writes its cache when a process ends, so one that is killed each time would be compiled anew at every
 * start, a tenth of a second of it.
 */
import { flushCompileCache } from 'node:module';

/** The first queries of those who waited for the start come before; V8's settings, which the cache is bound to, change after. */
const DELAY_MS = 3_000;

export function keepCompiledCode(): void {
  setTimeout(flushCompileCache, DELAY_MS).unref();
}
