/**
 * A little of everything a store takes, the same in every run: what `tests/fixtures/store-N` were made of, each by the program that had version N
 * of a file as its newest.
 */
import type { Tsdb } from '../../src/server/tsdb/db.ts';
import type { NativeHistogram } from '../../src/shared/histogram/native.ts';
import { labelsOf } from '../../src/shared/model/labels.ts';
import { bitsOf, fillGaps, setGap, setStale } from '../../src/shared/model/sampleBits.ts';

const START = 1_700_000_000_000;
const STEP_MS = 15_000;
export const HISTORY_OPTIONS = { outOfOrderWindowMs: 600_000, blockRangeMs: Infinity, now: () => START };

/** Rows of two groups, single samples, late ones, stale marks, native histograms, exemplars; two flushes and a deletion between them. */
export async function writeStoreHistory(db: Tsdb): Promise<void> {
  await writeRows(db, { group: 'a', from: 0, to: 300, columns: 8 });
  const deleted = { minTime: START + 100 * STEP_MS, maxTime: START + 120 * STEP_MS };
  await db.deleteSeries([[{ name: '__name__', op: '=', value: 'm7' }]], deleted);
  await db.flush();
  await writeRows(db, { group: 'a', from: 300, to: 320, columns: 9 });
  await db.flush();
  await writeRows(db, { group: 'a', from: 320, to: 610, columns: 10 });
  await writeRows(db, { group: 'b', from: 610, to: 640, columns: 5 });
}

interface Stretch {
  readonly group: string;
  /** Rows [from, to). */
  readonly from: number;
  readonly to: number;
  readonly columns: number;
}

async function writeRows(db: Tsdb, { group, from, to, columns }: Stretch): Promise<void> {
  const writer = db.group(group);
  for (let c = 0; c < columns; c++) {
    writer.column(
      c < 4
        ? labelsOf({ __name__: 'lat_bucket', job: group, le: String(c + 1) })
        : labelsOf({ __name__: `m${c}`, job: group, inst: 'ä' }),
    );
  }
  for (let i = from; i < to; i++) {
    const t = START + i * STEP_MS;
    const row = new Float64Array(writer.columnCount);
    fillGaps(row);
    for (let c = 0; c < columns; c++) setCell(row, c, i);
    const appender = db.appender();
    if (appender.appendRow(writer, t, row) !== 'ok') throw new Error(`row ${i} was refused`);
    appender.append(labelsOf({ __name__: 'pushed', job: 'push', part: String(i % 3) }), t + 1, i * 0.5);
    if (i % 10 === 0) appender.append(labelsOf({ __name__: 'late', job: 'push' }), i % 20 === 0 ? t - 300_000 : t, i);
    if (i % 25 === 0) appender.appendHistogram(labelsOf({ __name__: 'native', job: 'push' }), t, histogram(i + 5));
    if (i % 40 === 0) {
      const labels = labelsOf({ __name__: 'lat_bucket', job: group, le: '2' });
      appender.appendExemplar(labels, { labels: [['trace_id', `t${i}`]], v: 1.5, t });
    }
    await appender.commit();
  }
}

/** Buckets, a gauge with gaps, one with stale marks, one of NaNs, and gauges with few values. */
function setCell(row: Float64Array, column: number, i: number): void {
  const bits = bitsOf(row);
  if (column < 4) row[column] = i * (column + 1);
  else if (column === 4 && i % 7 === 3) setGap(bits, column);
  else if (column === 4) row[column] = i / 8;
  else if (column === 5 && i % 50 === 49) setStale(bits, column);
  else if (column === 5) row[column] = Math.sin(i);
  else if (column === 6) row[column] = NaN;
  else row[column] = 17.25 + (i % 3) / 100;
}

function histogram(count: number): NativeHistogram {
  return {
    schema: 1,
    zeroThreshold: 0.001,
    zeroCount: 1,
    count,
    sum: count / 3,
    positiveSpans: [{ offset: -1, length: 2 }],
    negativeSpans: [],
    positiveBuckets: Float64Array.of(count - 2, 1),
    negativeBuckets: new Float64Array(0),
    counterReset: 'unknown',
  };
}
