/** Reading bytes is reading JSON. */
import fc from 'fast-check';
import { formatValue, type ApiQueryData } from '../../shared/api/prometheus.ts';
import { matrixFromBytes } from './matrixBytes.ts';
import { answerFromApi } from './series.ts';

const written = (result: unknown[], more: object = {}): Buffer =>
  Buffer.from(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result }, ...more }));

const value = fc.oneof(
  fc.double().map(formatValue),
  fc.integer().map(String),
  fc.constantFrom(
    'NaN',
    '+Inf',
    '-Inf',
    '-0',
    '0.1',
    '1e-7',
    '1.7976931348623157e+308',
    '5e-324',
    '9007199254740993',
    '123456789012345678901',
    '1E3',
    '-1.5e-10',
  ),
  fc.tuple(fc.nat(999), fc.integer({ min: 0, max: 10 ** 9 })).map(([a, b]) => `${a}.${b}`),
);
const time = fc.tuple(fc.nat(2_000_000_000), fc.nat(999)).map(([s, ms]) => s + ms / 1000);
const series = fc.record({
  metric: fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 }),
  values: fc.array(fc.tuple(time, value), { minLength: 1, maxLength: 8 }),
});

test('law: series, times and values are those of JSON.parse, and so is what stands beside them', () => {
  fc.assert(
    fc.property(fc.array(series, { maxLength: 5 }), fc.array(fc.string()), (result, warnings) => {
      const read = matrixFromBytes(written(result, { warnings }))!;
      const oracle = answerFromApi({ resultType: 'matrix', result } as unknown as ApiQueryData);
      expect({ kind: 'matrix', series: read.series.map((one) => ({ ...one, labels: { ...one.labels } })) }).toEqual({
        ...oracle,
        series: (oracle as unknown as { series: { labels: object }[] }).series.map((one) => ({
          ...one,
          labels: { ...one.labels },
        })),
      });
      expect(JSON.parse(read.envelope)).toEqual({
        status: 'success',
        data: { resultType: 'matrix', result: [] },
        warnings,
      });
    }),
    { numRuns: 500 },
  );
});

test('series with the same times share one column', () => {
  const values = [
    [1, '2'],
    [2, '3'],
  ];
  const { series: read } = matrixFromBytes(
    written([
      { metric: { a: '1' }, values },
      { metric: { a: '2' }, values },
    ]),
  )!;
  expect(read[1].times).toBe(read[0].times);
});

const left = (name: string, bytes: Buffer) =>
  test(`${name} is left to JSON.parse`, () => expect(matrixFromBytes(bytes)).toBeUndefined());
left('a vector', Buffer.from('{"status":"success","data":{"resultType":"vector","result":[]}}'));
left('an error', Buffer.from('{"status":"error","errorType":"bad_data","error":"x"}'));
left(
  'an answer with blanks',
  Buffer.from(
    JSON.stringify(
      { status: 'success', data: { resultType: 'matrix', result: [{ metric: {}, values: [[1, '2']] }] } },
      null,
      1,
    ),
  ),
);
left('a native histogram', written([{ metric: {}, histograms: [[1, { count: '1', sum: '1' }]] }]));
left('floats and histograms of one series', written([{ metric: {}, values: [[1, '2']], histograms: [] }]));
left('a value that is none', written([{ metric: {}, values: [[1, 'soon']] }]));
test('law: an answer that breaks off anywhere is left, or read no further than it goes', () => {
  const whole = written([
    {
      metric: { a: 'b"}' },
      values: [
        [1, '2.5'],
        [2, 'NaN'],
      ],
    },
    { metric: {}, values: [[1, '2']] },
  ]);
  for (let end = 0; end < whole.length; end++) {
    const read = matrixFromBytes(whole.subarray(0, end));
    if (read !== undefined) expect(() => JSON.parse(read.envelope) as unknown).toThrow(SyntaxError);
  }
});
