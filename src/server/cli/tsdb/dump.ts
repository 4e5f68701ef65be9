/** `isotherm tsdb dump` and `export`: what a store holds, as OpenMetrics text. */
import fs from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { labelsKey, labelValue, METRIC_NAME, type Labels } from '../../../shared/model/labels.ts';
import { escapePattern, type Matcher } from '../../../shared/model/matchers.ts';
import { StorageError } from '../../storage/appender.ts';
import { SelectLimitError, type GroupColumns, type Queryable, type TimeRange } from '../../storage/queryable.ts';
import { assertDataFolder } from '../../tsdb/inspect/closedFolder.ts';
import type { DumpFormat, Selection } from './arguments.ts';
import { withStore } from './openStore.ts';
import { OPEN_METRICS, PROMTOOL, seriesTexts } from './openMetrics.ts';
import type { ProgressBar } from './progressBar.ts';

/** Cells held at a time: of a metric that has more, some series are read after the others. */
const CELLS_MAX = 8_000_000;

export interface Counts {
  metrics: number;
  samples: number;
  left: number;
}

/** To the standard output; a reader that stops early, such as `head`, is no error. */
export async function dump(
  folder: string,
  selection: Selection,
  format: DumpFormat,
  bar: ProgressBar,
): Promise<number> {
  assertDataFolder(folder);
  await withStore(folder, async (store) => {
    const counts = { metrics: 0, samples: 0, left: 0 };
    const style = format === 'promtool' ? PROMTOOL : OPEN_METRICS;
    try {
      // Where both are one terminal, the text itself says how far it is.
      const tell = process.stdout.isTTY ? () => undefined : told(bar, counts);
      await pipeline(Readable.from(texts(store, selection, counts, tell, style)), process.stdout, { end: false });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
    }
    bar.end();
    tellLeft(counts);
  });
  return 0;
}

/** To a file, which has its name once it is whole. */
export async function exportTo(folder: string, selection: Selection, file: string, bar: ProgressBar): Promise<number> {
  assertDataFolder(folder);
  await withStore(folder, async (store) => {
    const counts = { metrics: 0, samples: 0, left: 0 };
    const aside = `${file}.tmp`;
    try {
      const source = Readable.from(texts(store, selection, counts, told(bar, counts)));
      await pipeline(source, fs.createWriteStream(aside, { flush: true }));
      await fs.promises.rename(aside, file);
    } catch (error) {
      await fs.promises.rm(aside, { force: true });
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === undefined || error instanceof StorageError) throw error;
      throw new StorageError('io', `cannot write ${file}: ${message}; name another file`, { cause: error });
    }
    bar.end();
    process.stderr.write(`${counts.samples} samples of ${counts.metrics} metrics are in ${file}\n`);
    tellLeft(counts);
  });
  return 0;
}

/** For each metric name a line that begins it and a text for each of its series; then the last line. */
export async function* texts(
  store: Queryable,
  { matcherSets, range }: Selection,
  counts: Counts,
  progress: (done: number, all: number) => void,
  style = OPEN_METRICS,
  cellsMax = CELLS_MAX,
): AsyncGenerator<string> {
  const names = await store.labelValues(METRIC_NAME, matcherSets, range);
  for (const [done, name] of names.entries()) {
    progress(done, names.length);
    counts.metrics++;
    yield style.familyLine(name);
    const named: Matcher = { name: METRIC_NAME, op: '=', value: name };
    const sets = matcherSets.length > 0 ? matcherSets.map((set) => [...set, named]) : [[named]];
    const series = await store.series(sets, range);
    const matchers = sets.length === 1 ? sets[0] : [named];
    for await (const groups of selections(store, matchers, series, range, cellsMax)) {
      for (const { text, samples, left } of seriesTexts(groups, style)) {
        counts.samples += samples;
        counts.left += left;
        yield text;
      }
    }
  }
  progress(names.length, names.length);
  yield style.lastLine;
}

/** The samples of these series: at once if they are few, else those of one half of the values of a label, then of the other. */
async function* selections(
  store: Queryable,
  matchers: readonly Matcher[],
  series: readonly Labels[],
  range: TimeRange,
  cellsMax: number,
): AsyncGenerator<readonly GroupColumns[]> {
  try {
    const maxSamples = series.length > 1 ? cellsMax : undefined;
    yield only(series, await store.select({ matchers, ...range, maxSamples }));
    return;
  } catch (error) {
    if (!(error instanceof SelectLimitError)) throw error;
  }
  const { name, values } = mostVaried(series);
  const middle = Math.ceil(values.length / 2);
  for (const half of [values.slice(0, middle), values.slice(middle)]) {
    const isHalf: Matcher = { name, op: '=~', value: half.map(escapePattern).join('|') };
    const inHalf = new Set(half);
    const its = series.filter((labels) => inHalf.has(labelValue(labels, name)));
    yield* selections(store, [...matchers, isHalf], its, range, cellsMax);
  }
}

/** The label that has the most values, and these; series without it have ''. */
function mostVaried(series: readonly Labels[]): { name: string; values: readonly string[] } {
  const names = new Set(series.flatMap((labels) => labels.map(([name]) => name)));
  let most: { name: string; values: readonly string[] } = { name: '', values: [] };
  for (const name of names) {
    const values = new Set(series.map((labels) => labelValue(labels, name)));
    if (values.size > most.values.length) most = { name, values: [...values].sort() };
  }
  return most;
}

function only(series: readonly Labels[], groups: readonly GroupColumns[]): GroupColumns[] {
  const wanted = new Set(series.map(labelsKey));
  return groups.map(({ times, columns }) => ({
    times,
    columns: columns.filter(({ labels }) => wanted.has(labelsKey(labels))),
  }));
}

const told = (bar: ProgressBar, counts: Counts) => (done: number, all: number) =>
  bar.tell(all > 0 ? done / all : 1, `${done} of ${all} metrics, ${counts.samples} samples`);

function tellLeft({ left }: Counts): void {
  if (left > 0) process.stderr.write(`${left} native histogram samples are left out: the text has no form for them\n`);
}
