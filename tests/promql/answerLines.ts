/** Answers in the words of the script: `{a="b"} = 1 2 _`. */
import type { ApiHistogram, ApiQueryData, ApiSample } from '../../src/shared/api/prometheus.ts';
import type { NativeHistogram } from '../../src/shared/histogram/native.ts';
import { formatLabels, labelsOf } from '../../src/shared/model/labels.ts';
import type { QueryResult } from '../../src/server/storage/engine.ts';
import type { Question } from './script.ts';

/** Eleven digits: hand-computed answers need not end in the same bits. */
const rounded = (v: number) => String(Number(v.toPrecision(11)) || v);

const histogramText = ({ count, sum }: Pick<NativeHistogram, 'count' | 'sum'>) => `<${rounded(count)};${rounded(sum)}>`;

export function answerLines(result: QueryResult): string[] {
  const { value } = result;
  switch (value.kind) {
    case 'string':
      return [`text = ${JSON.stringify(value.text)}`];
    case 'raw':
      return value.series.map((s) => {
        const cells = [...s.values].map((v, i) => cellText(v, s.histograms?.get(i)));
        return `${formatLabels(s.labels)} = ${cells.join(' ')}`;
      });
    case 'scalar':
      return [`scalar = ${rounded(value.matrix.values[0])}`];
    default: {
      const { matrix, grid } = value;
      return matrix.labels.map((labels, s) => {
        const values = Array.from({ length: grid.count }, (_, i) => {
          const isPresent = (matrix.present[s * matrix.presentStride + (i >> 3)] & (1 << (i & 7))) !== 0;
          const at = s * grid.count + i;
          return isPresent ? cellText(matrix.values[at], matrix.histograms?.get(at)) : '_';
        });
        return `${formatLabels(labels)} = ${values.join(' ')}`;
      });
    }
  }
}

const cellText = (v: number, h: NativeHistogram | undefined) => (h === undefined ? rounded(v) : histogramText(h));

/** The same of an answer over HTTP. */
export function apiAnswerLines({ resultType, result }: ApiQueryData, { start, end, stepMs }: Question): string[] {
  if (resultType === 'string') return [`text = ${JSON.stringify(result[1])}`];
  if (resultType === 'scalar') return [`scalar = ${rounded(apiNumber(result[1]))}`];
  return result.map(({ metric, value, values = [], histogram, histograms = [] }) => {
    const cells = new Map<number, string>();
    for (const [t, v] of [...values, ...(value ? [value] : [])] as ApiSample[]) cells.set(t, rounded(apiNumber(v)));
    for (const [t, h] of [...histograms, ...(histogram ? [histogram] : [])] as [number, ApiHistogram][])
      cells.set(t, histogramText({ count: apiNumber(h.count), sum: apiNumber(h.sum) }));
    const times = [...cells.keys()].sort((a, b) => a - b);
    const steps = stepMs === 0 ? times : stepsOf(start, end, stepMs);
    return `${formatLabels(labelsOf(metric))} = ${steps.map((t) => cells.get(t) ?? '_').join(' ')}`;
  });
}

const apiNumber = (text: string) => Number(text.replace('Inf', 'Infinity'));

const stepsOf = (start: number, end: number, stepMs: number) =>
  Array.from({ length: Math.floor((end - start) / stepMs) + 1 }, (_, i) => (start + i * stepMs) / 1000);

export function expectedLines({ expected }: Question): string[] {
  if (expected.text !== undefined) return [`text = ${JSON.stringify(expected.text)}`];
  if (expected.scalar !== undefined) return [`scalar = ${expected.scalar.map(rounded).join(' ')}`];
  const text = (v: number | string | undefined) => (v === undefined ? '_' : typeof v === 'string' ? v : rounded(v));
  return expected.series.map(({ labels, values }) => `${formatLabels(labels)} = ${values.map(text).join(' ')}`);
}
