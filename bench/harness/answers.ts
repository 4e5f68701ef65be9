/** Whether two servers gave the same answer to a range query. */
import type { ApiQueryData, ApiSample, ApiSuccess } from '../../src/shared/api/prometheus.ts';

/** Sums over many series may be taken in another order. */
const RELATIVE_ERROR_MAX = 1e-9;

/**
 * @param byTime compare the values of each time, whichever series they stand in: of equal values, `topk` may take one or the other.
 * @returns where they differ; undefined if they do not.
 */
export function difference(ours: string, theirs: string, byTime: boolean): string | undefined {
  const [a, b] = [rowsOf(ours, byTime), rowsOf(theirs, byTime)];
  if (a.size === 0) return 'there is nothing in ours';
  if (a.size !== b.size) return `${a.size} rows, theirs ${b.size}`;
  for (const [key, row] of a) {
    const other = b.get(key);
    if (other?.length !== row.length) return `${key} has ${row.length} values, theirs ${other?.length ?? 0}`;
    const at = row.findIndex(([t, v], i) => t !== other[i][0] || !isClose(Number(v), Number(other[i][1])));
    if (at >= 0) return `${key} at ${row[at].join(': ')}, theirs ${other[at].join(': ')}`;
  }
  return undefined;
}

/** Samples by series, or by time with ascending values. */
function rowsOf(answer: string, byTime: boolean): Map<string, readonly ApiSample[]> {
  const { data } = JSON.parse(answer) as ApiSuccess<ApiQueryData>;
  if (data.resultType !== 'matrix') throw new Error(`a range query answered with a ${data.resultType}`);
  const series = data.result.map(
    ({ metric, values }) => [JSON.stringify(Object.entries(metric).sort()), values ?? []] as const,
  );
  if (!byTime) return new Map(series);
  const samples = series.flatMap(([, values]) => values).sort((x, y) => Number(x[1]) - Number(y[1]));
  const times = new Map<string, ApiSample[]>();
  for (const sample of samples) {
    const row = times.get(String(sample[0]));
    if (row === undefined) times.set(String(sample[0]), [sample]);
    else row.push(sample);
  }
  return times;
}

function isClose(a: number, b: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= RELATIVE_ERROR_MAX * Math.max(Math.abs(a), Math.abs(b));
}
