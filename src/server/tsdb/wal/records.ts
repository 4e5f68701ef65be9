/** The payloads of the log's records, written. Their layout is drawn in docs/wal.md; replay.ts reads them. */
import type { ByteReader } from '../../../shared/bytes/byteReader.ts';
import { ByteWriter } from '../../../shared/bytes/byteWriter.ts';
import type { NativeHistogram } from '../../../shared/histogram/native.ts';
import type { Labels } from '../../../shared/model/labels.ts';
import { bitsOf, fillGaps } from '../../../shared/model/sampleBits.ts';
import { writeNativeHistogram } from '../chunkenc/nativeHistogram.ts';
import type { TimedExemplar } from '../exemplars.ts';
import type { HeadGroup } from '../head/group.ts';
import type { LooseGroup } from '../head/looseGroup.ts';
import type { Packed } from '../head/packed.ts';
import { endOfRow, type Cells } from '../stagedCells.ts';
import { ChangeWriter } from './changeWriter.ts';
import type { LogState } from './logState.ts';
import { encodeCell, encodeRow } from './valueCodec.ts';

export const RECORD = {
  group: 1,
  series: 2,
  row: 3,
  cells: 4,
  histogram: 5,
  exemplar: 6,
  columnState: 7,
  chunk: 8,
  changes: 9,
} as const;

/** What takes records: a commit to the log, or a checkpoint. */
export interface RecordSink {
  readonly out: ByteWriter;
  readonly epoch: number;
  begin(type: number): void;
  end(): void;
}

/** Samples of one time are logged as a row with gaps when they are this share of it. */
const ROW_SHARE = 1 / 2;
/** Fewer are no row: a record has a header. */
const ROW_CELLS_MIN = 8;

/** Names what the log does not name yet: the group and its newer columns. */
export function logNames(sink: RecordSink, group: HeadGroup): void {
  if (group.columnsLogged < 0) {
    sink.begin(RECORD.group);
    sink.out.varint(group.ref);
    sink.out.u8(group.kind === 'rows' ? 0 : 1);
    sink.out.text(group.key);
    sink.end();
    group.columnsLogged = 0;
  }
  if (group.columnsLogged === group.columnCount) return;
  sink.begin(RECORD.series);
  sink.out.varint(group.ref);
  sink.out.varint(group.columnsLogged);
  group.writeLabels(sink.out, group.columnsLogged);
  sink.end();
  group.columnsLogged = group.columnCount;
}

const changeWriter = new ChangeWriter();

/** The first row of an epoch by what it is, those after it by their changes. */
export function logRow(sink: RecordSink, group: HeadGroup, t: number, row: RowView): void {
  const isFresh = group.logState.epoch !== sink.epoch;
  const state = beginChanges(sink, isFresh ? RECORD.row : RECORD.changes, group);
  const { out } = sink;
  if (isFresh) {
    out.zigzag(t);
    out.varint(row.length);
    encodeRow(out, state, row.values, row.bits, row.from, row.length);
  } else {
    out.zigzag(t - state.time - state.step);
    out.zigzag(row.length - state.columns);
    state.step = t - state.time;
    changeWriter.write(out, state, row.values, row.bits, row.from, row.length);
  }
  state.time = t;
  state.columns = row.length;
  sink.end();
}

export interface RowView {
  readonly values: Float64Array;
  readonly bits: Uint32Array;
  readonly from: number;
  readonly length: number;
}

/** Samples of a loose group: rows where many are of one time, else cells. */
export function logCells(sink: RecordSink, group: LooseGroup, cells: Cells): void {
  let single = 0;
  for (let from = 0, to = 0; from < cells.count; from = to) {
    to = endOfRow(cells, from);
    const width = cells.columns[to - 1] + 1;
    if (to - from < Math.max(ROW_CELLS_MIN, width * ROW_SHARE)) continue;
    logSingle(sink, group, cells, single, from);
    logRow(sink, group, cells.times[from], rowOf(cells, from, to, width));
    single = to;
  }
  logSingle(sink, group, cells, single, cells.count);
}

function logSingle(sink: RecordSink, group: LooseGroup, cells: Cells, from: number, to: number): void {
  if (from === to) return;
  const state = beginChanges(sink, RECORD.cells, group);
  const { out } = sink;
  out.varint(to - from);
  let column = 0;
  for (let i = from; i < to; i++) {
    const step = cells.columns[i] - column;
    const changed = cells.times[i] !== state.time;
    out.varint((step >= 0 ? 2 * step : -2 * step - 1) * 2 + (changed ? 1 : 0));
    if (changed) out.zigzag(cells.times[i] - state.time);
    column = cells.columns[i];
    state.time = cells.times[i];
    encodeCell(out, state, column, cells.bits[2 * i], cells.bits[2 * i + 1]);
  }
  sink.end();
}

let spread = new Float64Array(0);
let spreadBits = bitsOf(spread);

/** Cells of one time, each at its column and gaps between them. Valid until the next call. */
function rowOf({ columns, values, bits }: Cells, from: number, to: number, width: number): RowView {
  if (to - from === width) return { values, bits, from, length: width };
  if (spread.length < width) {
    spread = new Float64Array(2 * width);
    spreadBits = bitsOf(spread);
  }
  fillGaps(spread, 0, width);
  for (let i = from; i < to; i++) {
    spreadBits[2 * columns[i]] = bits[2 * i];
    spreadBits[2 * columns[i] + 1] = bits[2 * i + 1];
  }
  return { values: spread, bits: spreadBits, from: 0, length: width };
}

export function logHistogram(sink: RecordSink, group: LooseGroup, column: number, t: number, h: NativeHistogram): void {
  sink.begin(RECORD.histogram);
  sink.out.varint(group.ref);
  sink.out.varint(++group.logState.sequence * 2);
  sink.out.varint(column);
  sink.out.zigzag(t);
  writeNativeHistogram(sink.out, h);
  sink.end();
}

const REST_BYTES_KEPT = 1 << 16;
const restBytes = new ByteWriter();

/** Rows that were packed: their records need not be read any more. */
export function logChunk(sink: RecordSink, { group, chunk, from, to, rest }: Packed): void {
  sink.begin(RECORD.chunk);
  const { out } = sink;
  out.varint(group.ref);
  out.varint(from);
  out.varint(to);
  restBytes.clear(REST_BYTES_KEPT);
  rest?.writeTo(restBytes);
  out.varint(restBytes.length);
  out.raw(restBytes.written);
  out.raw(chunk.bytes);
  sink.end();
}

export function logExemplar(sink: RecordSink, group: HeadGroup, column: number, exemplar: TimedExemplar): void {
  sink.begin(RECORD.exemplar);
  sink.out.varint(group.ref);
  sink.out.varint(column);
  sink.out.zigzag(exemplar.t);
  sink.out.f64(exemplar.v);
  sink.out.varint(exemplar.labels.length);
  for (const [name, value] of exemplar.labels) {
    sink.out.text(name);
    sink.out.text(value);
  }
  sink.end();
}

/** Label sets with each text written once. */
export function writeLabelSets(out: ByteWriter, sets: readonly Labels[]): void {
  const known = new Map<string, number>();
  const text = (t: string) => {
    const index = known.get(t);
    if (index !== undefined) return out.varint(index + 1);
    known.set(t, known.size);
    out.varint(0);
    out.text(t);
  };
  out.varint(sets.length);
  for (const labels of sets) {
    out.varint(labels.length);
    for (const [name, value] of labels) {
      text(name);
      text(value);
    }
  }
}

export function readLabelSets(input: ByteReader): Labels[] {
  const known: string[] = [];
  const text = () => {
    const index = input.varint();
    if (index > 0) {
      if (index > known.length) throw new Error('a text that was not given');
      return known[index - 1];
    }
    const t = input.text();
    known.push(t);
    return t;
  };
  const sets: Labels[] = [];
  for (let left = input.varint(); left > 0; left--) {
    const labels: [string, string][] = [];
    for (let pairs = input.varint(); pairs > 0; pairs--) labels.push([text(), text()]);
    sets.push(labels);
  }
  return sets;
}

/** Group, sequence, and whether values start over: they do at a group's first record of an epoch. */
function beginChanges(sink: RecordSink, type: number, group: HeadGroup): LogState {
  const state = group.logState;
  const fresh = state.epoch !== sink.epoch;
  if (fresh) state.reset();
  state.epoch = sink.epoch;
  sink.begin(type);
  sink.out.varint(group.ref);
  sink.out.varint(++state.sequence * 2 + (fresh ? 1 : 0));
  return state;
}
