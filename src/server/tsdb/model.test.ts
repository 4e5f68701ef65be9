/** The store beside a map of maps: whatever is done to it, it holds what was taken, each sample once. */
import fc from 'fast-check';
import { command, OUT_OF_ORDER_WINDOW_MS } from '../../../tests/support/storeModel/commands.ts';
import { StoreRun } from '../../../tests/support/storeModel/storeRun.ts';

/** Both can be given, to run longer or to run again what failed: `ISOTHERM_MODEL_RUNS=50000 ISOTHERM_MODEL_SEED=… npx jest tsdb/model`. */
const RUNS = Number(process.env.ISOTHERM_MODEL_RUNS ?? 1_000);
const SEED = Number(process.env.ISOTHERM_MODEL_SEED ?? 20_261_123);
const RUN_MS_MAX = 3_000;
/** Rows are packed early, or as in a store of few series. */
const rowBytesKept = fc.constantFrom(0, undefined);

test.each([0, OUT_OF_ORDER_WINDOW_MS])(
  `random work with an out-of-order window of %i ms (${RUNS} runs, seed ${SEED})`,
  async (window) => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 12 }), rowBytesKept, async (commands, kept) => {
        const run = new StoreRun(window, kept);
        await run.open();
        try {
          for (const one of commands) await run.apply(one);
          await run.check();
          await run.apply({ do: 'reopen' });
          await run.check();
        } finally {
          await run.end();
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
  },
  RUNS * RUN_MS_MAX,
);
