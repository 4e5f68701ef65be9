/** Series → groups of rows → packed chunks: series that were sampled at the same times share a group, as scraped ones do. */
import { compareLabels, type Labels } from '../../../shared/model/labels.ts';
import { fillGaps } from '../../../shared/model/sampleBits.ts';
import { packRows, type Chunk } from '../chunkenc/chunk.ts';
import { isNextBucket } from '../index/nextBucket.ts';
import { CHUNK_ROWS } from '../head/packing.ts';
import type { SortedSamples } from './seriesBuffer.ts';

/** Series with fewer times join a group that has all of these; so many groups are tried. */
const HOMES_TRIED = 8;

export interface RowGroup {
  readonly times: Float64Array;
  /** Neighbouring buckets of a histogram stand next to each other. */
  readonly series: readonly SortedSamples[];
}

export function rowGroups(all: readonly SortedSamples[]): RowGroup[] {
  const groups: { times: Float64Array; series: SortedSamples[] }[] = [];
  const byTimes = new Map<string, { times: Float64Array; series: SortedSamples[] }[]>();
  for (const series of all) {
    const mark = `${series.times.length} ${series.times[0]} ${series.times.at(-1)}`;
    const alike = byTimes.get(mark) ?? [];
    byTimes.set(mark, alike);
    let group = alike.find(({ times }) => sameTimes(times, series.times));
    if (group === undefined) {
      group = { times: series.times, series: [] };
      alike.push(group);
      groups.push(group);
    }
    group.series.push(series);
  }
  groups.sort((a, b) => b.times.length - a.times.length || b.series.length - a.series.length);
  const homes: typeof groups = [];
  for (const group of groups) {
    const home = homes.slice(0, HOMES_TRIED).find(({ times }) => isSubset(group.times, times));
    if (home === undefined) homes.push(group);
    else home.series.push(...group.series);
  }
  return homes.map(({ times, series }) => ({ times, series: inColumnOrder(series) }));
}

export function packGroup({ times, series }: RowGroup): Chunk[] {
  const chunks: Chunk[] = [];
  const places = new Int32Array(series.length);
  const joins = series.map(({ labels }, i) => i > 0 && isNextBucket(series[i - 1].labels, labels));
  for (let from = 0; from < times.length; from += CHUNK_ROWS) {
    const rows = times.subarray(from, Math.min(from + CHUNK_ROWS, times.length));
    chunks.push(packPart(rows, series, places, joins));
  }
  return chunks;
}

/** @param places how far each series is packed; moved on. */
function packPart(
  times: Float64Array,
  series: readonly SortedSamples[],
  places: Int32Array,
  joins: readonly boolean[],
): Chunk {
  const cells = new Float64Array(times.length);
  const words = new Uint32Array(cells.buffer);
  const starts = places.slice();
  const end = times[times.length - 1];
  return packRows({
    times,
    columnCount: series.length,
    cells(column) {
      const { times: own, bits } = series[column];
      let i = places[column];
      fillGaps(cells);
      for (let row = 0; row < times.length && i < own.length; row++) {
        if (own[i] !== times[row]) continue;
        words[2 * row] = bits[2 * i];
        words[2 * row + 1] = bits[2 * i + 1];
        i++;
      }
      places[column] = i;
      return cells;
    },
    histograms(column) {
      const { times: own, histograms } = series[column];
      if (histograms === undefined) return undefined;
      const found = new Map();
      for (let row = 0, i = starts[column]; row < times.length && own[i] <= end; row++) {
        if (own[i] !== times[row]) continue;
        const h = histograms.get(i++);
        if (h !== undefined) found.set(row, h);
      }
      return found.size > 0 ? found : undefined;
    },
    joinsBelow: (column) => joins[column],
  });
}

/** By labels without `le`, then by `le` as a number. */
function inColumnOrder<T extends { readonly labels: Labels }>(series: readonly T[]): T[] {
  const keyed = series.map((one) => {
    const le = one.labels.find(([name]) => name === 'le')?.[1];
    return { one, rest: one.labels.filter(([name]) => name !== 'le'), bound: Number(le?.replace('+Inf', 'Infinity')) };
  });
  keyed.sort((a, b) => {
    return compareLabels(a.rest, b.rest) || a.bound - b.bound || compareLabels(a.one.labels, b.one.labels);
  });
  return keyed.map(({ one }) => one);
}

function sameTimes(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function isSubset(few: Float64Array, many: Float64Array): boolean {
  if (few.length > many.length || few[0] < many[0]) return false;
  let j = 0;
  for (let i = 0; i < few.length; i++) {
    while (j < many.length && many[j] < few[i]) j++;
    if (j === many.length || many[j] !== few[i]) return false;
  }
  return true;
}
