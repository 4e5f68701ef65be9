import fc from 'fast-check';
import { formatValue, type ApiSuccess, type ApiQueryData } from '../../../shared/api/prometheus.ts';
import { labelsOf } from '../../../shared/model/labels.ts';
import type { QueryResult, QueryValue } from '../../storage/engine.ts';
import { answerPieces } from './answerPieces.ts';
import { JsonBytes } from './jsonBytes.ts';

const text = (bytes: readonly Uint8Array[]) => Buffer.concat(bytes).toString('utf8');
const written = (v: number) => {
  const out = new JsonBytes();
  out.number(v);
  return text([out.take()]);
};

describe('a number as bytes is what the API writes', () => {
  const numbers = [0, -0, 1, -1, 0.1, 0.001, 1e-6, 1e-7, 0.000001234, 123456.789, -2.5, 9.999999, 4294967296, 1e9, 999999999, 1e15, 999999999999999, 1e15 - 0.5, 1e20, 1e21, 1.5e300, 5e-324, NaN, Infinity, -Infinity, 0.1 + 0.2, 1 / 3, 2 ** 53, 1000.5, 0.9999995, 1e6 + 0.000001]; // prettier-ignore
  test.each(numbers)('%p', (v) => expect(written(v)).toBe(formatValue(v)));

  test('whatever it is', () => {
    fc.assert(fc.property(fc.double(), (v) => written(v) === formatValue(v)));
    const decimals = fc.tuple(fc.integer({ min: -(2 ** 50), max: 2 ** 50 }), fc.integer({ min: 0, max: 12 }));
    fc.assert(fc.property(decimals, ([n, places]) => written(n / 10 ** places) === formatValue(n / 10 ** places)));
  });
});

function result(value: QueryValue, warnings: readonly string[] = []): QueryResult {
  return { value, warnings, infos: [], stats: { samplesRead: 7, parseMs: 1, selectMs: 2, evalMs: 3 } };
}

describe('an answer', () => {
  const grid = { start: 1_500, end: 3_500, stepMs: 1_000, count: 3 };
  const matrix = {
    labels: [labelsOf({ a: 'ü"\\' }), labelsOf({ a: 'empty' }), labelsOf({ a: 'z' })],
    values: Float64Array.of(1, 2, 3, 0, 0, 0, NaN, 0.5, 1e-9),
    present: Uint8Array.of(0b101, 0, 0b111),
    presentStride: 1,
  };

  test('leaves out steps without samples, and series without any', () => {
    const json = text([
      ...answerPieces(result({ kind: 'matrix', grid, matrix }), { limit: Infinity, stats: false }, 0),
    ]);
    expect(json).toBe(
      '{"status":"success","data":{"resultType":"matrix","result":[' +
        '{"metric":{"a":"ü\\"\\\\"},"values":[[1.500,"1"],[3.500,"3"]]},' +
        '{"metric":{"a":"z"},"values":[[1.500,"NaN"],[2.500,"0.5"],[3.500,"1e-09"]]}]}}',
    );
  });

  test.each([
    [1e21, '1000000000000000000000'],
    [1e-7, '0.0000001'],
    [-0, '-0'],
    [-Infinity, '-Inf'],
    [NaN, 'NaN'],
  ])('has the scalar %p in digits', (v, wanted) => {
    const one = { labels: [[]], values: Float64Array.of(v), present: Uint8Array.of(1), presentStride: 1 };
    const pieces = answerPieces(result({ kind: 'scalar', grid, matrix: one }), { limit: Infinity, stats: false }, 0);
    expect(text([...pieces])).toContain(`"result":[1.500,"${wanted}"]`);
  });

  test('is cut to a limit, and says so', () => {
    const pieces = answerPieces(result({ kind: 'matrix', grid, matrix }, ['w']), { limit: 1, stats: false }, 0);
    const answer = JSON.parse(text([...pieces])) as ApiSuccess<ApiQueryData>;
    expect(answer.data.result).toHaveLength(1);
    expect(answer.warnings).toEqual(['w', 'results truncated due to limit']);
  });

  test('that is large comes in pieces of bounded size which make up the whole', () => {
    const times = Float64Array.from({ length: 100_000 }, (_, i) => i * 1000);
    const values = times.map((t) => Math.sin(t));
    const series = [{ labels: labelsOf({ a: 'b' }), times, values }];
    const instant = { start: 0, end: 0, stepMs: 0, count: 1 };
    const pieces = [...answerPieces(result({ kind: 'raw', grid: instant, series }), { limit: 5, stats: false }, 0)];
    expect(pieces.length).toBeGreaterThan(5);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(640 * 1024);
    const { data } = JSON.parse(text(pieces)) as ApiSuccess<ApiQueryData>;
    const samples = (data.result as { values: [number, string][] }[])[0].values;
    expect(samples.map(([, v]) => Number(v))).toEqual([...values]);
    expect(samples.map(([t]) => t * 1000)).toEqual([...times]);
  });
});
