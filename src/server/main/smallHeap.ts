/**
 * A small heap of old objects, from some seconds after the start on: V8 lets it grow by three times what lives in it and keeps free pages, and what a
 * start leaves as garbage would stay for as long as the process runs. From the first moment on the same settings make a start over 100,000 series half as
 * long again, as the heap is collected over and over while it grows.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Settings of V8 that the launcher has tried, as another Node may have another V8. */
const SETTINGS = 'ISOTHERM_HEAP_SETTINGS';
/** The first queries of those who waited for the start come before. */
const DELAY_MS = 5_000;

export function keepHeapSmall(): void {
  const settings = process.env[SETTINGS];
  if (settings === undefined || settings === '') return;
  setTimeout(() => {
    for (const setting of settings.split(' ')) setFlagsFromString(setting);
    // Limits are set by a collection.
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
  }, DELAY_MS).unref();
}
