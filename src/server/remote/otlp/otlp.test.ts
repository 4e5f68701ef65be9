/** Both ways of writing a request read alike; deltas add up; what becomes of requests is compared with Prometheus in tests/compat/otlp.test.ts. */
import fc from 'fast-check';
import { FakeRooms } from '../../../../tests/support/fakeRooms.ts';
import {
  attributes,
  deltaRequests,
  kindRequest,
  labelRequest,
  nameRequest,
  resourceRequest,
} from '../../../../tests/support/otlpRequests.ts';
import { protobufOf } from '../../../../tests/support/otlpProtobuf.ts';
import { resolveOtlp } from '../../config/resolveOtlp.ts';
import { labelsOf } from '../../../shared/model/labels.ts';
import { DeltaSums } from './deltaSums.ts';
import { readJsonRequest } from './json.ts';
import type { ExponentialPoint, MetricData } from './metrics.ts';
import { readProtobufRequest } from './protobuf.ts';
import { appendMetrics } from './translate.ts';

const T = 1_700_000_000_123;

test.each([nameRequest(T), labelRequest(T), kindRequest(T), resourceRequest(T), ...deltaRequests(T)].map((r) => [r]))(
  'a request in JSON and the same in protobuf',
  (request) => {
    const read = readJsonRequest(JSON.stringify(request));
    expect(read.length).toBeGreaterThan(0);
    expect(readProtobufRequest(protobufOf(request))).toEqual(read);
  },
);

test('times keep their milliseconds, in both', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (nanos) => {
      const request = {
        resourceMetrics: [
          { scopeMetrics: [{ metrics: [{ gauge: { dataPoints: [{ timeUnixNano: String(nanos) }] } }] }] },
        ],
      };
      for (const read of [readJsonRequest(JSON.stringify(request)), readProtobufRequest(protobufOf(request))]) {
        const [{ t, nanos: rest }] = read[0].scopes[0].metrics[0].data!.points;
        expect([t, rest]).toEqual([Number(nanos / 1_000_000n), Number(nanos % 1_000_000n)]);
      }
    }),
  );
});

test('numbers that stand as such in JSON lose nothing', () => {
  const text = `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{"timeUnixNano":1700000000123999999}]}}]}]}]}`;
  expect(readJsonRequest(text)[0].scopes[0].metrics[0].data!.points[0]).toMatchObject({ t: T, nanos: 999_999 });
});

test('target_info of points far apart is bounded', async () => {
  const fake = new FakeRooms();
  const point = (t: number) => ({ timeUnixNano: `${t}000000`, asInt: 1 });
  const resource = { attributes: attributes({ 'service.name': 's', zone: 'z' }) };
  const metrics = [{ name: 'm', gauge: { dataPoints: [point(1), point(T)] } }];
  const request = readJsonRequest(JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] }));
  const settings = {
    config: resolveOtlp(),
    lookbackDeltaMs: 300_000,
    typeAndUnitLabels: false,
    deltas: 'refused',
  } as const;
  const intake = fake.intake(T);
  const outcome = appendMetrics(request, settings, intake);
  await intake.appender.commit();
  expect([outcome.points, outcome.refusedPoints]).toEqual([2, 0]);
  expect(fake.written.length).toBeLessThan(1_100);
  expect(fake.written.at(-1)).toMatchObject({ t: T, v: 1 });
});

const SERIES = labelsOf({ __name__: 'm' });
const point = (t: number) => ({ attributes: [], start: 0, t, nanos: 0, isMissing: false, exemplars: [] });

function summed(deltas: readonly MetricData[]): { last: MetricData | undefined; refusals: string[] } {
  const sums = new DeltaSums(() => T);
  const refusals: string[] = [];
  const all = deltas.map((data) =>
    sums.add(
      data,
      () => SERIES,
      (why) => void refusals.push(why),
    ),
  );
  return { last: all.at(-1), refusals };
}

test('deltas of a number add up, and one that is late is refused', () => {
  const data = (t: number, v: number): MetricData => ({
    ...{ kind: 'sum', temporality: 'delta', isMonotonic: true, points: [{ ...point(t), v }] },
  });
  const { last, refusals } = summed([data(1, 5), data(2, 7), data(2, 100), data(4, 1)]);
  expect(last).toMatchObject({ temporality: 'cumulative', points: [{ t: 4, v: 13 }] });
  expect(refusals).toEqual(['a point is older than the newest of its series']);
});

/** Counts by the bounds of a scale that all can be told in. */
function countsAt({ positive, scale }: ExponentialPoint, coarse: number): Record<number, number> {
  const counts: Record<number, number> = {};
  positive.counts.forEach((count, i) => {
    const bucket = Math.floor((positive.offset + i) / 2 ** (scale - coarse));
    if (count > 0) counts[bucket] = (counts[bucket] ?? 0) + count;
  });
  return counts;
}

test('exponential histograms add up bucket by bucket, and stay small', () => {
  const one = fc.record({
    scale: fc.integer({ min: -4, max: 12 }),
    offset: fc.integer({ min: -3_000, max: 3_000 }),
    counts: fc.array(fc.nat(5), { maxLength: 20 }),
  });
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 6 }), (all) => {
      const points = all.map(({ scale, offset, counts }, i): ExponentialPoint => {
        const count = counts.reduce((sum, n) => sum + n, 0);
        const none = { offset: 0, counts: [] };
        return {
          ...point(i + 1),
          scale,
          count,
          sum: count,
          zeroCount: 0,
          zeroThreshold: 0,
          positive: { offset, counts },
          negative: none,
        };
      });
      const { last } = summed(points.map((p) => ({ kind: 'exponential', temporality: 'delta', points: [p] })));
      const sum = last!.points[0] as ExponentialPoint;
      const expected: Record<number, number> = {};
      for (const p of points)
        for (const [bucket, count] of Object.entries(countsAt(p, sum.scale)))
          expected[Number(bucket)] = (expected[Number(bucket)] ?? 0) + count;
      expect(countsAt(sum, sum.scale)).toEqual(expected);
      expect(sum.count).toBe(points.reduce((total, { count }) => total + count, 0));
      if (points.length > 1) expect(sum.positive.counts.length).toBeLessThanOrEqual(161);
    }),
  );
});
