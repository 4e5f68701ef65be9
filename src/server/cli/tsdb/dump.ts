/** `isotherm tsdb dump` and `export`: what a store holds, as OpenMetrics text. */
import fs from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { METRIC_NAME, type Labels } from '../../../shared/model/labels.ts';
import type { Matcher } from '../../../shared/model/matchers.ts';
import { StorageError } from '../../storage/appender.ts';
import { SelectLimitError, type GroupColumns, type Queryable, type TimeRange } from '../../storage/queryable.ts';
import { openTsdb } from '../../tsdb/db.ts';
import { assertDataFolder } from '../../tsdb/inspect/closedFolder.ts';
import type { Selection } from './arguments.ts';
import { familyLine, LAST_LINE, metricText } from './openMetrics.ts';

/** Cells held at a time: a metric that has more is read series by series. */
const CELLS_MAX = 8_000_000;
/** Nothing is removed by a look at it. */
const KEEP_ALL = { ageMs: 0, bytes: 0, percentage: 0 };

interface Counts {
  metrics: number;
  samples: number;
  left: number;
}

/** To the standard output; a reader that stops early, such as `head`, is no error. */
export async function dump(folder: string, selection: Selection): Promise<number> {
  await withStore(folder, async (store) => {
    const counts = { metrics: 0, samples: 0, left: 0 };
    try {
      await pipeline(Readable.from(texts(store, selection, counts, () => undefined)), process.stdout, { end: false });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
    }
    tellLeft(counts);
  });
  return 0;
}

/** To a file, which has its name once it is whole. */
export async function exportTo(folder: string, selection: Selection, file: string): Promise<number> {
  await withStore(folder, async (store) => {
    const counts = { metrics: 0, samples: 0, left: 0 };
    const aside = `${file}.tmp`;
    try {
      const source = Readable.from(texts(store, selection, counts, tellProgress));
      await pipeline(source, fs.createWriteStream(aside, { flush: true }));
      await fs.promises.rename(aside, file);
    } catch (error) {
      await fs.promises.rm(aside, { force: true });
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === undefined || error instanceof StorageError) throw error;
      throw new StorageError('io', `cannot write ${file}: ${message}; name another file`, { cause: error });
    }
    process.stderr.write(`${counts.samples} samples of ${counts.metrics} metrics are in ${file}\n`);
    tellLeft(counts);
  });
  return 0;
}

async function withStore(folder: string, work: (store: Queryable) => Promise<void>): Promise<void> {
  assertDataFolder(folder);
  const store = await openTsdb({ path: folder, retention: KEEP_ALL, log: tellFault });
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

/** A text for each metric name, and the last line. */
async function* texts(
  store: Queryable,
  { matcherSets, range }: Selection,
  counts: Counts,
  progress: (done: number, all: number) => void,
): AsyncGenerator<string> {
  const names = await store.labelValues(METRIC_NAME, matcherSets, range);
  for (const [done, name] of names.entries()) {
    progress(done, names.length);
    const named: Matcher = { name: METRIC_NAME, op: '=', value: name };
    const sets = matcherSets.length > 0 ? matcherSets.map((set) => [...set, named]) : [[named]];
    counts.metrics++;
    let first = familyLine(name);
    for await (const groups of selections(store, sets, range)) {
      const { text, samples, left } = metricText(groups);
      counts.samples += samples;
      counts.left += left;
      yield first + text;
      first = '';
    }
  }
  progress(names.length, names.length);
  yield LAST_LINE;
}

/** A metric's samples: in one piece if they are few, else series by series. Several matcher sets may name a series twice. */
async function* selections(
  store: Queryable,
  sets: readonly (readonly Matcher[])[],
  range: TimeRange,
): AsyncGenerator<readonly GroupColumns[]> {
  if (sets.length === 1) {
    try {
      yield await store.select({ matchers: sets[0], ...range, maxSamples: CELLS_MAX });
      return;
    } catch (error) {
      if (!(error instanceof SelectLimitError)) throw error;
    }
  }
  for (const labels of await store.series(sets, range)) {
    yield only(labels, await store.select({ matchers: exactly(labels), ...range }));
  }
}

function exactly(labels: Labels): Matcher[] {
  return labels.map(([name, value]) => ({ name, op: '=', value }));
}

/** Without the series that have more labels. */
function only(labels: Labels, groups: readonly GroupColumns[]): GroupColumns[] {
  return groups.map(({ times, columns }) => ({
    times,
    columns: columns.filter((column) => column.labels.length === labels.length),
  }));
}

function tellProgress(done: number, all: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${all} metrics${done === all ? '\n' : ''}`);
}

function tellLeft({ left }: Counts): void {
  if (left > 0) process.stderr.write(`${left} native histogram samples are left out: the text has no form for them\n`);
}

/** What is damaged and left out must not look like all there was. */
function tellFault(level: string, message: string, fields: Record<string, unknown>): void {
  if (level === 'warn' || level === 'error') process.stderr.write(`${message}: ${JSON.stringify(fields)}\n`);
}
