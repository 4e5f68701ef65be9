/** `isotherm tsdb import`: samples that another program stored, put into blocks of ours. */
import fs from 'node:fs';
import { StorageError } from '../../storage/appender.ts';
import type { Tsdb } from '../../tsdb/db.ts';
import type { OnDamage } from '../../tsdb/prometheus/damage.ts';
import { assertNotInUse } from '../../tsdb/prometheus/inUse.ts';
import { isPrometheusFolder, loadPrometheusFolder } from '../../tsdb/prometheus/loadFolder.ts';
import type { ImportSource } from './arguments.ts';
import { loadFrom } from './importFrom.ts';
import { loadText } from './importText.ts';
import { withStore } from './openStore.ts';
import type { ProgressBar } from './progressBar.ts';

const STANDARD_INPUT = '-';

/** The exit code is 1 if anything could not be read; the rest is in the store then. */
export async function importInto(folder: string, source: ImportSource, bar: ProgressBar): Promise<number> {
  if (source.kind === 'server') return withStore(folder, (store) => importServer(source, store, folder, bar));
  const { path } = source;
  if (path === STANDARD_INPUT) return withStore(folder, (store) => importText(path, store, folder, bar));
  if (!fs.existsSync(path)) throw new StorageError('io', `${path} is not there; name a folder or a file`);
  if (!fs.statSync(path).isDirectory()) return withStore(folder, (store) => importText(path, store, folder, bar));
  if (!isPrometheusFolder(path)) {
    const what = 'no data folder of Prometheus: it has no blocks, wal/ or chunks_head/';
    throw new StorageError('io', `${path} is ${what}; name the folder that its --storage.tsdb.path names`);
  }
  assertNotInUse(path);
  return withStore(folder, (store) => importPrometheus(path, store, folder, bar));
}

async function importPrometheus(source: string, store: Tsdb, folder: string, bar: ProgressBar): Promise<number> {
  const damaged: OnDamage = ({ file, offset, what }) => {
    bar.end();
    tell(`${file} at ${offset}: ${what}`);
  };
  const loaded = await loadPrometheusFolder(source, store, damaged, ({ part, share, samples }) =>
    bar.tell(share, `${part}, ${samples} samples`),
  );
  bar.end();
  const { samples, damages, unknownSeries, wasComplete } = loaded;
  tell(wasComplete ? `all of ${source} is in ${folder} already` : `${samples} samples of ${source} are in ${folder}`);
  if (unknownSeries > 0) tell(`${unknownSeries} samples are left out: the log does not name their series`);
  if (damages > 0) tell(`${damages} places could not be read; what they held is left out`);
  return damages > 0 ? 1 : 0;
}

/** All of a text, or nothing. */
async function importText(file: string, store: Tsdb, folder: string, bar: ProgressBar): Promise<number> {
  const isInput = file === STANDARD_INPUT;
  const name = isInput ? 'the standard input' : file;
  const { size, mtimeMs } = isInput ? { size: Infinity, mtimeMs: Date.now() } : fs.statSync(file);
  const source = isInput ? 'standard input' : `text ${fs.realpathSync(file)}`;
  const load = await store.bulkLoad(source, `${size} ${mtimeMs}`);
  if (load === undefined) {
    tell(`all of ${file} is in ${folder} already`);
    return 0;
  }
  try {
    const bytes = isInput ? process.stdin : fs.createReadStream(file);
    const { samples, exemplars } = await loadText(bytes, name, load, (done, so) =>
      bar.tell(isInput ? 0 : done / size, `${so.samples} samples`),
    );
    await load.finish();
    bar.end();
    const appender = store.appender();
    for (const { labels, exemplar } of exemplars) appender.appendExemplar(labels, exemplar);
    await appender.commit({ sync: true });
    tell(`${samples} samples of ${name} are in ${folder}`);
    return 0;
  } catch (error) {
    bar.end();
    await load.discard();
    throw error;
  }
}

async function importServer(
  { url, selection }: ImportSource & { kind: 'server' },
  store: Tsdb,
  folder: string,
  bar: ProgressBar,
): Promise<number> {
  try {
    const samples = await loadFrom(url, selection, store, (share, so) => bar.tell(share, `${so} samples`));
    bar.end();
    tell(`${samples} samples of ${url.host} are in ${folder}`);
    return 0;
  } finally {
    bar.end();
  }
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
