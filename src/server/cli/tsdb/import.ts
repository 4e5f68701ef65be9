/** `isotherm tsdb import`: samples that another program stored, put into blocks of ours. */
import fs from 'node:fs';
import { StorageError } from '../../storage/appender.ts';
import type { Tsdb } from '../../tsdb/db.ts';
import { assertNotInUse } from '../../tsdb/prometheus/inUse.ts';
import { isPrometheusFolder, loadPrometheusFolder } from '../../tsdb/prometheus/loadFolder.ts';
import { withStore } from './openStore.ts';
import { ProgressBar } from './progressBar.ts';

/** The exit code is 1 if anything could not be read; the rest is in the store then. */
export async function importInto(folder: string, source: string): Promise<number> {
  if (!fs.existsSync(source)) throw new StorageError('io', `${source} is not there; name a folder or a file`);
  if (!isPrometheusFolder(source)) {
    const what = 'no data folder of Prometheus: it has no blocks, wal/ or chunks_head/';
    throw new StorageError('io', `${source} is ${what}; name the folder that its --storage.tsdb.path names`);
  }
  assertNotInUse(source);
  return withStore(folder, (store) => importPrometheus(folder, source, store));
}

async function importPrometheus(folder: string, source: string, store: Tsdb): Promise<number> {
  const bar = new ProgressBar();
  const damaged = ({ file, offset, what }: { file: string; offset: number; what: string }) => {
    bar.end();
    process.stderr.write(`${file} at ${offset}: ${what}\n`);
  };
  const loaded = await loadPrometheusFolder(source, store, damaged, ({ part, share, samples }) =>
    bar.tell(share, `${part}, ${samples} samples`),
  );
  bar.end();
  const { samples, damages, unknownSeries, wasComplete } = loaded;
  if (wasComplete) process.stderr.write(`all of ${source} is in ${folder} already\n`);
  else process.stderr.write(`${samples} samples of ${source} are in ${folder}\n`);
  if (unknownSeries > 0)
    process.stderr.write(`${unknownSeries} samples are left out: the log does not name their series\n`);
  if (damages > 0) process.stderr.write(`${damages} places could not be read; what they held is left out\n`);
  return damages > 0 ? 1 : 0;
}
