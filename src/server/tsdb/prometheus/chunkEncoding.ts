/** The chunk encodings of Prometheus by their number. */
import { readXor2Chunk, readXorChunk } from './floatChunk.ts';
import { readHistogramChunk } from './histogramChunk.ts';
import type { SampleSink } from './sampleSink.ts';

export const ENCODING_XOR = 1;
export const ENCODING_HISTOGRAM = 2;
export const ENCODING_FLOAT_HISTOGRAM = 3;

type Decode = (bytes: Uint8Array, sink: SampleSink) => void;

const DECODERS: readonly (Decode | undefined)[] = [
  undefined,
  readXorChunk,
  (bytes, sink) => readHistogramChunk(bytes, 'integers', false, sink),
  (bytes, sink) => readHistogramChunk(bytes, 'floats', false, sink),
  readXor2Chunk,
  (bytes, sink) => readHistogramChunk(bytes, 'integers', true, sink),
  (bytes, sink) => readHistogramChunk(bytes, 'floats', true, sink),
];

/** @throws Error for an encoding of a later version, TruncatedError for bytes that end early. */
export function decodeChunk(encoding: number, bytes: Uint8Array, sink: SampleSink): void {
  const decode = DECODERS[encoding];
  if (decode === undefined) throw new Error(`a chunk of encoding ${encoding}, which this program does not know`);
  decode(bytes, sink);
}
