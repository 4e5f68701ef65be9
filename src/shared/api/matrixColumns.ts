/**
 * The compact form of a large answer of /api/v1/query_range (docs/api.md, "As columns"): the version (1 byte), three bytes of zero, the size of the head
 * (4 bytes, little endian), the head in JSON with blanks at its end up to a multiple of eight, a bitmap for each row with gaps, and the values of all rows,
 * each of them complete, as doubles (little endian). Numbers are neither written nor read, and a reader needs no copy of them.
 */
export const MATRIX_TYPE = 'application/vnd.isotherm.matrix';

const VERSION = 1;
const HEAD_AT = 8;
const DOUBLE = 8;

export interface MatrixHead {
  /** Milliseconds. Step i is at start + i * step; there are `steps`. */
  readonly start: number;
  readonly step: number;
  readonly steps: number;
  readonly rows: readonly MatrixRowHead[];
  /** Left out if there are none. */
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

export interface MatrixRowHead {
  readonly metric: Readonly<Record<string, string>>;
  /** Some steps have no sample: a bitmap tells which. Left out where all have one. */
  readonly hasGaps?: boolean;
}

/** Values of rows one after the other, and for those with gaps which of them are there: bit i at byte i >> 3, mask 1 << (i & 7). */
export interface MatrixColumns {
  readonly head: MatrixHead;
  /** By row; undefined where all steps are there. */
  readonly present: readonly (Uint8Array | undefined)[];
  /** `steps` a row; what stands at a step that is not there means nothing. */
  readonly values: Float64Array;
}

/** Its columns are the machine's own doubles: others write and read JSON. */
export const hasMatrixForm = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Bytes of a row's bitmap: what follows it begins at a multiple of eight. */
const bitmapBytes = (steps: number) => Math.ceil(steps / 64) * 8;

/** Head and bitmaps; the bytes of `values` follow them as they are. @param encode to UTF-8. */
export function matrixOpening(
  { head, present }: Omit<MatrixColumns, 'values'>,
  encode: (text: string) => Uint8Array,
): Uint8Array<ArrayBuffer> {
  const text = encode(JSON.stringify(head));
  const headSize = Math.ceil(text.length / DOUBLE) * DOUBLE;
  const bitmaps = present.filter((bits) => bits !== undefined);
  const size = bitmapBytes(head.steps);
  const bytes = new Uint8Array(HEAD_AT + headSize + bitmaps.length * size);
  bytes[0] = VERSION;
  new DataView(bytes.buffer).setUint32(4, headSize, true);
  bytes.fill(0x20, HEAD_AT + text.length, HEAD_AT + headSize);
  bytes.set(text, HEAD_AT);
  bitmaps.forEach((bits, k) => bytes.set(bits.subarray(0, size), HEAD_AT + headSize + k * size));
  return bytes;
}

/**
 * Reads an answer; its columns are views on the bytes.
 *
 * @param decode of UTF-8.
 * @throws RangeError for bytes that end early or are of another version.
 */
export function readMatrix(bytes: Uint8Array, decode: (bytes: Uint8Array) => string): MatrixColumns {
  if (bytes[0] !== VERSION) {
    throw new RangeError(`columns of version ${bytes[0]}, where ${VERSION} is read; ask a server of the same release`);
  }
  const headSize = bytes.length < HEAD_AT ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  const bitmapsAt = HEAD_AT + headSize;
  if (bytes.length <= HEAD_AT || bytes.length < bitmapsAt) throw endsEarly();
  const head = JSON.parse(decode(bytes.subarray(HEAD_AT, bitmapsAt))) as MatrixHead;
  const size = bitmapBytes(head.steps);
  let at = bitmapsAt;
  const present = head.rows.map(({ hasGaps }) => (hasGaps === true ? bytes.subarray(at, (at += size)) : undefined));
  const count = head.rows.length * head.steps;
  if (bytes.length !== at + count * DOUBLE) throw endsEarly();
  const isAligned = (bytes.byteOffset + at) % DOUBLE === 0;
  const source = isAligned ? bytes : bytes.slice(at);
  return { head, present, values: new Float64Array(source.buffer, source.byteOffset + (isAligned ? at : 0), count) };
}

const endsEarly = () => new RangeError('the columns end early: the answer was cut off on its way');
