/** Exemplars of OpenTelemetry: trace and span become labels beside the attributes. */
import { labelsFrom, type Label } from '../../../shared/model/labels.ts';
import type { Exemplar } from '../../../shared/model/metadata.ts';
import type { OtlpExemplar } from './metrics.ts';

/** Characters of names and values together, as OpenMetrics has it. An exemplar with more keeps its trace and span. */
const CHARS_MAX = 128;

export function exemplarOf({ attributes, t, v, traceId, spanId }: OtlpExemplar): Exemplar {
  const ids: Label[] = [
    ['trace_id', traceId],
    ['span_id', spanId],
  ];
  const there = ids.filter(([, id]) => id !== '');
  const chars = [...there, ...attributes].reduce((sum, [name, value]) => sum + lengthOf(name) + lengthOf(value), 0);
  const labels = labelsFrom(chars > CHARS_MAX ? there : [...there, ...attributes]);
  return t === 0 ? { labels, v } : { labels, v, t };
}

/** In code points. */
const lengthOf = (text: string) => [...text].length;
