/** Samples of a series → chunks of Prometheus. */
import { cellKind, CELL_STALE } from '../../../shared/model/sampleBits.ts';
import type { SortedSamples } from '../bulk/seriesBuffer.ts';
import { ENCODING_FLOAT_HISTOGRAM, ENCODING_HISTOGRAM, ENCODING_XOR } from './chunkEncoding.ts';
import { writeXorChunk } from './floatChunk.ts';
import { continues, writeHistogramChunk, type HistogramSample } from './histogramChunkWriter.ts';

/** As upstream cuts them. */
const CHUNK_SAMPLES_MAX = 120;

export interface EncodedChunk {
  readonly encoding: number;
  readonly bytes: Uint8Array;
  readonly minTime: number;
  readonly maxTime: number;
  readonly samples: number;
}

export function* seriesChunks(samples: SortedSamples): Iterable<EncodedChunk> {
  const { times, bits, histograms } = samples;
  for (let from = 0; from < times.length;) {
    const isHistogram = histograms?.has(from) === true;
    const to = isHistogram ? histogramRunEnd(samples, from) : floatRunEnd(samples, from);
    const span = { minTime: times[from], maxTime: times[to - 1], samples: to - from };
    if (isHistogram) {
      const run: HistogramSample[] = [];
      for (let i = from; i < to; i++) run.push({ t: times[i], h: histograms.get(i) });
      const { bytes, counts } = writeHistogramChunk(run);
      yield { ...span, bytes, encoding: counts === 'integers' ? ENCODING_HISTOGRAM : ENCODING_FLOAT_HISTOGRAM };
    } else yield { ...span, encoding: ENCODING_XOR, bytes: writeXorChunk({ times, bits }, from, to) };
    from = to;
  }
}

function floatRunEnd({ times, histograms }: SortedSamples, from: number): number {
  let to = from + 1;
  while (to < times.length && to - from < CHUNK_SAMPLES_MAX && histograms?.has(to) !== true) to++;
  return to;
}

/** Histograms that continue each other, and the mark of the series' end where one follows them. */
function histogramRunEnd({ times, bits, histograms }: SortedSamples, from: number): number {
  let last = histograms!.get(from)!;
  let to = from + 1;
  for (; to < times.length && to - from < CHUNK_SAMPLES_MAX; to++) {
    const next = histograms!.get(to);
    if (next === undefined) return cellKind(bits, to) === CELL_STALE ? to + 1 : to;
    if (!continues(last, next)) return to;
    last = next;
  }
  return to;
}
