/** `isotherm tsdb import --from=URL`: what a Prometheus holds, asked over its remote read. */
import { labelsKey } from '../../../shared/model/labels.ts';
import type { Matcher } from '../../../shared/model/matchers.ts';
import { StorageError } from '../../storage/appender.ts';
import type { TimeRange } from '../../storage/queryable.ts';
import type { PartLoad } from '../../tsdb/bulk/loadDoor.ts';
import type { SeriesBuffer } from '../../tsdb/bulk/seriesBuffer.ts';
import type { Tsdb } from '../../tsdb/db.ts';
import { decodeChunk } from '../../tsdb/prometheus/chunkEncoding.ts';
import type { Selection } from './arguments.ts';
import { chunkedRead } from './chunkedRead.ts';

/** What is asked for at once, and noted as done: as much as a block of Prometheus. */
const PART_MS = 7_200_000;
/** Remote read wants a matcher. */
const EVERYTHING: readonly Matcher[] = [{ name: '__name__', op: '=~', value: '.+' }];

/** @throws StorageError 'io' when the server refuses; what was asked before is in the store then, and is not asked again. */
export async function loadFrom(
  url: URL,
  { matcherSets, range }: Selection,
  store: Tsdb,
  progress: (share: number, samples: number) => void,
): Promise<number> {
  const sets = matcherSets.length > 0 ? matcherSets : [EVERYTHING];
  const source = `remote read ${url.host}${url.pathname} ${JSON.stringify(sets)}`;
  let samples = 0;
  const first = Math.floor(range.minTime / PART_MS) * PART_MS;
  for (let start = first; start <= range.maxTime; start += PART_MS) {
    const maxTime = Math.min(start + PART_MS - 1, range.maxTime);
    const part = { minTime: askedUpTo(store.loaded(source).done, Math.max(start, range.minTime)), maxTime };
    if (part.minTime > maxTime) continue;
    const load = await store.bulkLoad(source, `${part.minTime} ${part.maxTime}`);
    if (load === undefined) continue;
    for (const matchers of sets) await loadPart(url, matchers, part, load);
    await load.finish();
    samples += load.samples;
    progress((start + PART_MS - first) / (range.maxTime - first + PART_MS), samples);
  }
  return samples;
}

/** The first time from `minTime` on that no part covers. The last part of a run ends with its time, inside of one. */
function askedUpTo(done: readonly string[], minTime: number): number {
  let next = minTime;
  for (const part of done) {
    const [from, to] = part.split(' ').map(Number);
    if (from <= next && to >= next) next = to + 1;
  }
  return next;
}

async function loadPart(url: URL, matchers: readonly Matcher[], range: TimeRange, load: PartLoad): Promise<void> {
  let buffer: SeriesBuffer | undefined;
  for await (const { labels, chunks } of chunkedRead(url, matchers, range)) {
    if (buffer?.key !== labelsKey(labels)) buffer = load.series(labels);
    const into = buffer;
    const isAsked = (t: number) => t >= range.minTime && t <= range.maxTime;
    const sink: Pick<SeriesBuffer, 'float' | 'histogram'> = {
      float: (t, low, high) => void (isAsked(t) && into.float(t, low, high)),
      histogram: (t, h) => void (isAsked(t) && into.histogram(t, h)),
    };
    for (const { encoding, bytes } of chunks) {
      try {
        decodeChunk(encoding, bytes, sink);
      } catch (error) {
        throw new StorageError('io', `${url.host} sent a chunk that cannot be read: ${(error as Error).message}`);
      }
    }
    await load.admit(into);
  }
}
