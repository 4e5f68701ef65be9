/**
 * Reading packed columns: histogram buckets from long chunks as blocks have them and from young ones as the head has them, the codes alone
 * against a plain bit reader, and summaries against the samples they stand for. A day of a model service, 40 histograms at 15 s.
 */
import { BitReader, BitWriter } from '../src/shared/bytes/bits.ts';
import type { Chunk } from '../src/server/tsdb/chunkenc/chunk.ts';
import { packRows } from '../src/server/tsdb/chunkenc/chunk.ts';
import { encodeRun, planRun, readRun } from '../src/server/tsdb/chunkenc/integerRun.ts';
import { isNextBucket } from '../src/server/tsdb/index/nextBucket.ts';
import { makeHistory, timeOf, type History } from './data/history.ts';
import { HISTOGRAM_SERIES } from './data/mlServing.ts';
import { medianCpuMs } from './harness/measure.ts';
import { bench, type Line } from './harness/report.ts';

const SHAPE = { services: 1, histograms: 40, plain: 24, rows: 5760, intervalMs: 15_000 };
const BUCKETS = HISTOGRAM_SERIES - 2;
/** Rows of a long chunk, and of one of the head. */
const LONG_ROWS = 1920;
const YOUNG_ROWS = 48;
const ROUNDS = 5;
/** Reads of the same in a round, so that it takes long enough to be measured. */
const REPEATS = 4;

type Add = (line: Line) => void;

function packed({ shape, targets: [{ labels, values }] }: History, rows: number): Chunk[] {
  const width = labels.length;
  const column = new Float64Array(rows);
  return Array.from({ length: shape.rows / rows }, (_, chunk) =>
    packRows({
      times: Float64Array.from({ length: rows }, (_row, i) => timeOf(shape, chunk * rows + i)),
      columnCount: width,
      cells(c) {
        for (let i = 0; i < rows; i++) column[i] = values[(chunk * rows + i) * width + c];
        return column;
      },
      histograms: () => undefined,
      joinsBelow: (c) => c > 0 && isNextBucket(labels[c - 1], labels[c]),
    }),
  );
}

/** Columns of the buckets, or of one of each histogram. */
function bucketColumns(only?: number): number[] {
  const columns: number[] = [];
  for (let h = 0; h < SHAPE.histograms; h++) {
    for (let b = 0; b < BUCKETS; b++) if (only === undefined || b === only) columns.push(h * HISTOGRAM_SERIES + b);
  }
  return columns;
}

function readColumns(chunks: readonly Chunk[], columns: readonly number[], out: Float64Array): void {
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    for (const chunk of chunks)
      for (const c of chunk.readingOrder(Int32Array.from(columns))) chunk.read(c, 0, chunk.rowCount, out, 0);
  }
}

async function longAgainstYoung(history: History, add: Add): Promise<void> {
  const [long, young] = [packed(history, LONG_ROWS), packed(history, YOUNG_ROWS)];
  const out = new Float64Array(LONG_ROWS);
  for (const [what, columns] of [
    ['all buckets', bucketColumns()],
    ['the bucket in the middle', bucketColumns(BUCKETS >> 1)],
    ['the last bucket', bucketColumns(BUCKETS - 1)],
  ] as const) {
    const { ours, theirs } = await medianCpuMs(
      { ours: () => readColumns(long, columns, out), theirs: () => readColumns(young, columns, out) },
      ROUNDS,
    );
    const samples = (REPEATS * columns.length * SHAPE.rows) / 1e3;
    add({
      ...{ what: `decode ${what}, chunks of ${LONG_ROWS} rows`, unit: 'M samples/s', better: 'more' },
      ...{ ours: samples / ours, against: `of ${YOUNG_ROWS} rows`, theirs: samples / theirs },
    });
  }
}

/** One bucket's run of 240 steps, by us and bit by bit. */
async function codesAlone({ targets: [{ labels, values }] }: History, add: Add): Promise<void> {
  const rows = 240;
  const run = Float64Array.from({ length: rows }, (_, i) => values[i * labels.length + BUCKETS - 1]);
  const plan = planRun(run, 0, rows);
  const bits = new BitWriter();
  for (let i = 1; i < rows; i++) bits.rice(run[i] - run[i - 1], plan.k);
  const plain = bits.copy();
  const codes = encodeRun(run, 0, rows, plan).copy();
  const padded = new Uint8Array((codes.length + 15) & ~3);
  padded.set(codes);
  const words = new Int32Array(padded.buffer);
  const head = { ...plan, first: run[0], last: run[rows - 1] };
  const out = new Float64Array(rows);
  const times = 20_000;
  const reader = new BitReader();
  const { ours, theirs } = await medianCpuMs(
    {
      ours() {
        for (let n = 0; n < times; n++) readRun(words, 0, head, out, 0, rows);
      },
      theirs() {
        for (let n = 0; n < times; n++) {
          reader.reset(plain, 0, plain.length);
          let v = (out[0] = run[0]);
          for (let i = 1; i < rows; i++) out[i] = v += reader.rice(plan.k);
        }
      },
    },
    ROUNDS,
  );
  const samples = (times * rows) / 1e3;
  add({
    ...{ what: 'decode a run of steps', unit: 'M samples/s', better: 'more' },
    ...{ ours: samples / ours, against: 'a plain bit reader', theirs: samples / theirs },
  });
}

async function summaries(history: History, add: Add): Promise<void> {
  const chunks = packed(history, LONG_ROWS);
  const columns = bucketColumns();
  const out = new Float64Array(LONG_ROWS);
  const { ours, theirs } = await medianCpuMs(
    {
      ours() {
        for (let n = 0; n < REPEATS; n++) for (const chunk of chunks) for (const c of columns) chunk.summaries(c);
      },
      theirs: () => readColumns(chunks, columns, out),
    },
    ROUNDS,
  );
  const strides = chunks.reduce((sum, { strideEnds }) => sum + strideEnds.length, 0);
  const hours = (REPEATS * strides * columns.length) / 1e3;
  add({
    ...{ what: 'hours of a bucket by their summaries', unit: 'M hours/s', better: 'more' },
    ...{ ours: hours / ours, against: 'decoding their samples', theirs: hours / theirs },
  });
}

await bench('decode', async (add) => {
  const history = makeHistory(SHAPE);
  await longAgainstYoung(history, add);
  await codesAlone(history, add);
  await summaries(history, add);
});
