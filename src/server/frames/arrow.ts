/**
 * Frames as Arrow IPC files, the bytes that Grafana decodes: one file a frame, one record batch, no dictionaries, times in nanoseconds. Labels and
 * config of a field, and name, refId and meta of the frame, travel as schema metadata.
 *
 * Source: Grafana's data frame encoding, data/arrow.go of its plugin SDK.
 */
import assert from 'node:assert/strict';
import type { Data } from 'apache-arrow';
import {
  Field,
  Float64,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  TimestampNanosecond,
  Utf8,
  type DataType,
} from 'apache-arrow';
import type { Frame, FrameField } from './frame.ts';

const NANOSECONDS_PER_MS = 1_000_000n;
const encoder = new TextEncoder();

/** One frame as an Arrow IPC file, ready for `DataResponse.frames`. Throws if its fields differ in length, which Grafana would refuse. */
export function encodeFrame(frame: Frame): Uint8Array {
  const length = frame.fields.length > 0 ? frame.fields[0].values.length : 0;
  const fields: Field[] = [];
  const columns: Data[] = [];
  for (const field of frame.fields) {
    assert(
      field.values.length === length,
      `frame ${frame.name}: field ${field.name} has another length than the first`,
    );
    const column = encodeColumn(field, length);
    columns.push(column);
    fields.push(new Field(field.name, column.type, column.nullCount > 0, fieldMetadata(field)));
  }
  const schema = new Schema(
    fields,
    new Map([
      ['name', frame.name],
      ['refId', frame.refId],
      ['meta', JSON.stringify({ typeVersion: frame.meta.type === undefined ? undefined : [0, 1], ...frame.meta })],
    ]),
  );
  const batch = new RecordBatch(
    schema,
    makeData({ type: new Struct(fields), length, nullCount: 0, children: columns }),
  );
  const writer = new RecordBatchFileWriter();
  writer.write(batch);
  writer.finish();
  return writer.toUint8Array(true);
}

function fieldMetadata(field: FrameField): Map<string, string> {
  const metadata = new Map<string, string>([['tstype', field.kind]]);
  if (field.labels !== undefined) metadata.set('labels', JSON.stringify(field.labels));
  if (field.config !== undefined) metadata.set('config', JSON.stringify(field.config));
  return metadata;
}

function encodeColumn(field: FrameField, length: number): Data {
  if (field.kind === 'time') return timeColumn(field.values, length);
  if (field.kind === 'string') return textColumn(field.values, length);
  if (field.nulls === undefined) return makeData({ type: new Float64(), length, nullCount: 0, data: field.values });
  return withNulls(new Float64(), field.values, field.nulls, length);
}

/** Series of one answer share their times, which are worked out once. */
const timeColumns = new WeakMap<Float64Array, Data>();

function timeColumn(ms: Float64Array, length: number): Data {
  let column = timeColumns.get(ms);
  if (column === undefined) timeColumns.set(ms, (column = madeTimeColumn(ms, length)));
  return column;
}

function madeTimeColumn(ms: Float64Array, length: number): Data {
  const nanoseconds = new BigInt64Array(length);
  const words = new Uint32Array(nanoseconds.buffer);
  let nulls: Uint8Array | undefined;
  for (let i = 0; i < length; i++) {
    if (Number.isNaN(ms[i])) (nulls ??= new Uint8Array((length + 7) >> 3))[i >> 3] |= 1 << (i & 7);
    else if (ms[i] >= 0 && IS_LITTLE_ENDIAN) writeNanoseconds(words, 2 * i, Math.round(ms[i]));
    else nanoseconds[i] = BigInt(Math.round(ms[i])) * NANOSECONDS_PER_MS;
  }
  const type = new TimestampNanosecond();
  return nulls === undefined
    ? makeData({ type, length, nullCount: 0, data: nanoseconds })
    : withNulls(type, nanoseconds, nulls, length);
}

const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
const WORD = 2 ** 32;

/** The product as two words: each part of it is below 2^53, so nothing is rounded, and no BigInt is made for each of a million times. */
function writeNanoseconds(words: Uint32Array, at: number, ms: number): void {
  const low = (ms % WORD) * 1e6;
  words[at] = low % WORD;
  words[at + 1] = Math.floor(ms / WORD) * 1e6 + Math.floor(low / WORD);
}

/** Arrow's bitmap marks what is there, a frame's what is not. */
function withNulls(type: DataType, data: Float64Array | BigInt64Array, nulls: Uint8Array, length: number): Data {
  const nullBitmap = nulls.map((byte) => ~byte & 0xff);
  let nullCount = 0;
  for (let i = 0; i < length; i++) if ((nulls[i >> 3] & (1 << (i & 7))) !== 0) nullCount++;
  return makeData({ type: type as Float64, length, nullCount, nullBitmap, data: data as Float64Array });
}

function textColumn(texts: readonly string[], length: number): Data {
  const encoded = texts.map((text) => encoder.encode(text));
  const valueOffsets = new Int32Array(length + 1);
  for (let i = 0; i < length; i++) valueOffsets[i + 1] = valueOffsets[i] + encoded[i].length;
  const data = new Uint8Array(valueOffsets[length]);
  encoded.forEach((bytes, i) => data.set(bytes, valueOffsets[i]));
  return makeData({ type: new Utf8(), length, nullCount: 0, valueOffsets, data });
}
