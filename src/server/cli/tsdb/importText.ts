/** OpenMetrics text with times → bulk load, in any order of time. Read piece by piece, so that a file may be larger than the memory. */
import type { Exemplar, MetricType } from '../../../shared/model/metadata.ts';
import { labelValue, METRIC_NAME, type Labels } from '../../../shared/model/labels.ts';
import { END, ParseError, SERIES, type EntryCursor } from '../../textparse/entryCursor.ts';
import { latin1 } from '../../textparse/floats.ts';
import { createCursor } from '../../textparse/pageCursor.ts';
import type { PartLoad } from '../../tsdb/bulk/loadDoor.ts';
import type { SeriesBuffer } from '../../tsdb/bulk/seriesBuffer.ts';
import { EXEMPLARS_MAX } from '../../tsdb/exemplars.ts';
import { StorageError } from '../../storage/appender.ts';

const PIECE_BYTES = 4 * 1024 * 1024;
/** Series by their text, whose labels are not read again. */
const SERIES_KNOWN_MAX = 1_000_000;
const NEWLINE = 0x0a;
const DOUBLE = new Float64Array(1);
const WORDS = new Uint32Array(DOUBLE.buffer);

export interface TextLoaded {
  samples: number;
  lines: number;
  /** The newest ones. */
  exemplars: { readonly labels: Labels; readonly exemplar: Exemplar }[];
}

/**
 * @param name of the file, for errors.
 * @throws StorageError 'io' with line and text for what cannot be read.
 */
export async function loadText(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  load: PartLoad,
  progress: (bytes: number, loaded: TextLoaded) => void,
): Promise<TextLoaded> {
  const reading = new TextReading(name, load);
  let done = 0;
  for await (const { piece, isLast } of pieces(bytes)) {
    await reading.read(piece, isLast);
    done += piece.length;
    progress(done, reading);
  }
  return reading;
}

class TextReading implements TextLoaded {
  samples = 0;
  lines = 0;
  exemplars: { labels: Labels; exemplar: Exemplar }[] = [];
  readonly #name: string;
  readonly #load: PartLoad;
  readonly #cursor: EntryCursor = createCursor('openMetrics');
  readonly #buffers = new Map<string, SeriesBuffer>();
  readonly #touched = new Set<SeriesBuffer>();
  #type: MetricType = 'unknown';
  #ended = false;

  constructor(name: string, load: PartLoad) {
    this.#name = name;
    this.#load = load;
  }

  /** @param piece whole lines. */
  async read(piece: Uint8Array, isLast: boolean): Promise<void> {
    try {
      if (this.#ended && piece.length > 0) throw new ParseError(piece, 0, 'nothing may follow # EOF');
      this.#walk(piece, isLast);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      const where = `${this.#name}: line ${this.lines + error.line}`;
      const why = error.message.replace(/^line \d+, byte \d+: /, '');
      throw new StorageError('io', `${where}: ${why}; nothing of it is imported`, { cause: error });
    }
    for (const buffer of this.#touched) await this.#load.admit(buffer);
    this.#touched.clear();
    for (const byte of piece) if (byte === NEWLINE) this.lines++;
    if (this.#buffers.size > SERIES_KNOWN_MAX) this.#buffers.clear();
  }

  #walk(piece: Uint8Array, isLast: boolean): void {
    const cursor = this.#cursor;
    cursor.open(piece);
    cursor.seek(0, this.#type);
    while (isLast || cursor.offset + 1 < piece.length) {
      const kind = cursor.next();
      if (kind === SERIES) this.#sample(piece);
      if (kind !== END) continue;
      this.#ended = true;
      break;
    }
    this.#type = cursor.type;
  }

  #sample(piece: Uint8Array): void {
    const cursor = this.#cursor;
    if (Number.isNaN(cursor.t)) {
      throw new ParseError(piece, cursor.seriesStart, 'the sample has no time, in seconds after its value');
    }
    const buffer = this.#buffer(piece);
    DOUBLE[0] = cursor.v;
    buffer.float(cursor.t, WORDS[0], WORDS[1]);
    this.#touched.add(buffer);
    this.samples++;
    if (cursor.exemplar === undefined) return;
    if (this.exemplars.length >= 2 * EXEMPLARS_MAX) this.exemplars.splice(0, EXEMPLARS_MAX);
    this.exemplars.push({ labels: buffer.labels, exemplar: { ...cursor.exemplar, t: cursor.exemplar.t ?? cursor.t } });
  }

  #buffer(piece: Uint8Array): SeriesBuffer {
    const { seriesStart, seriesEnd, type } = this.#cursor;
    const key = `${type}${latin1(piece, seriesStart, seriesEnd)}`;
    let buffer = this.#buffers.get(key);
    if (buffer !== undefined) return buffer;
    const labels = this.#cursor.labels().filter(([, value]) => value !== '');
    if (labelValue(labels, METRIC_NAME) === '')
      throw new ParseError(piece, seriesStart, 'the sample has no metric name');
    this.#buffers.set(key, (buffer = this.#load.series(labels)));
    return buffer;
  }
}

/** Whole lines at a time; the last piece is said to be that. */
async function* pieces(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<{ piece: Uint8Array; isLast: boolean }> {
  let held: Uint8Array[] = [];
  let size = 0;
  for await (const part of bytes) {
    held.push(part);
    size += part.length;
    if (size < PIECE_BYTES) continue;
    const all = Buffer.concat(held);
    // The end of the text is kept back: what follows it is a fault, and it may come in the next part.
    const end = all.lastIndexOf(NEWLINE, all.length - 2) + 1;
    if (end === 0) continue;
    yield { piece: all.subarray(0, end), isLast: false };
    held = [all.subarray(end)];
    size = all.length - end;
  }
  yield { piece: Buffer.concat(held), isLast: true };
}
