/** `isotherm tsdb export --format=prometheus`: blocks that Prometheus and its tools read. */
import { assertDataFolder } from '../../tsdb/inspect/closedFolder.ts';
import { exportBlocks } from '../../tsdb/prometheus/exportBlocks.ts';
import type { Selection } from './arguments.ts';
import { withStore } from './openStore.ts';
import type { ProgressBar } from './progressBar.ts';

export async function exportPrometheus(
  folder: string,
  { matcherSets, range }: Selection,
  out: string,
  bar: ProgressBar,
): Promise<number> {
  assertDataFolder(folder);
  return withStore(folder, async (store) => {
    const { minTime = 0, maxTime = -1 } = store.stats();
    const stored = { minTime: Math.max(minTime, range.minTime), maxTime: Math.min(maxTime, range.maxTime) };
    const exported =
      stored.minTime > stored.maxTime
        ? { blocks: 0, samples: 0 }
        : await exportBlocks(store, out, matcherSets, stored, (share, { samples }) =>
            bar.tell(share, `${samples} samples`),
          );
    bar.end();
    process.stderr.write(`${exported.samples} samples are in ${exported.blocks} blocks in ${out}\n`);
    return 0;
  });
}
