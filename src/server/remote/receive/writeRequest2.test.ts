/** Version 2 of remote write: what our sender makes is what our receiver reads; what is wrong with a series is told, the rest kept. */
import fc from 'fast-check';
import { FakeRooms } from '../../../../tests/support/fakeRooms.ts';
import { WireError, WireWriter } from '../../../shared/bytes/protobufWire.ts';
import { labelsFrom, labelsOf, METRIC_NAME, type Label } from '../../../shared/model/labels.ts';
import { OutgoingNames, rowsOf } from '../outgoing.ts';
import { request2Of } from '../request2.ts';
import { requestsOf } from '../requestSamples.ts';
import { appendRequest2 } from './writeRequest2.ts';

const MAX_TIME = 2_000_000;

async function received(message: Uint8Array, startZeros = false) {
  const fake = new FakeRooms();
  const intake = fake.intake(MAX_TIME, startZeros);
  const outcome = appendRequest2(message, intake);
  await intake.appender.commit();
  return { written: fake.written, metadata: [...fake.metadata], outcome };
}

const label: fc.Arbitrary<Label> = fc.tuple(
  fc.constantFrom('a', 'b', 'ü'),
  fc.constantFrom('x', '', 'long'.repeat(40)),
);
const sample = fc.record({
  name: fc.constantFrom('m', 'n_total'),
  labels: fc.array(label, { maxLength: 3 }),
  t: fc.integer({ min: 1, max: MAX_TIME }),
  v: fc.double({ noNaN: true }),
});

test('what is sent is what is received', async () => {
  const names = new OutgoingNames([], [], 'io.prometheus.write.v2.Request');
  await fc.assert(
    fc.asyncProperty(fc.array(sample, { minLength: 1, maxLength: 8 }), async (all) => {
      const samples = all.map(({ name, labels, t, v }) => ({
        labels: labelsFrom([[METRIC_NAME, name], ...labels]),
        t,
        values: Float64Array.of(v),
      }));
      const rows = rowsOf({ rows: [], samples, exemplars: [] }, names, { histograms: false, exemplars: false });
      const [{ message }] = requestsOf(rows, 1, (all, series) => request2Of(all, series, () => undefined));
      const { written, outcome } = await received(message);
      expect(outcome.words()).toEqual([]);
      expect(outcome.samples).toBe(all.length);
      const key = (one: unknown) => JSON.stringify(one);
      const sent = samples.map(({ labels, t, values: [v] }) => ({ labels, t, v }));
      expect(written.map(key).sort()).toEqual(sent.map(key).sort());
    }),
  );
});

describe('of a request', () => {
  const symbols = ['', METRIC_NAME, 'up', 'job', 'a', 'h_seconds_bucket', 'Times.', 'seconds'];
  interface Part {
    readonly refs: readonly number[];
    readonly samples?: readonly (readonly [t: number, v: number])[];
    readonly histogram?: (out: WireWriter) => void;
    readonly exemplar?: readonly number[];
    readonly metadata?: readonly [type: number, help: number, unit: number];
  }
  const request = (...parts: readonly Part[]) => {
    const out = new WireWriter();
    for (const symbol of symbols) out.stringAlways(4, symbol);
    for (const { refs, samples = [], histogram, exemplar, metadata } of parts)
      out.message(5, (series) => {
        series.packedInts(1, refs);
        for (const [t, v] of samples) series.message(2, (one) => one.double(1, v).int(2, t).int(3, 5));
        if (histogram !== undefined) series.message(3, histogram);
        if (exemplar !== undefined) series.message(4, (one) => one.packedInts(1, exemplar).double(2, 1).int(3, 1000));
        if (metadata !== undefined)
          series.message(5, (one) => void one.int(1, metadata[0]).int(3, metadata[1]).int(4, metadata[2]));
      });
    return out.finish().slice();
  };
  const good: Part = { refs: [1, 2, 3, 4], samples: [[1000, 1.5]] };
  const labels = labelsOf({ __name__: 'up', job: 'a' });

  test.each<[string, Part, RegExp]>([
    ['label references that are no pairs', { ...good, refs: [1, 2, 3] }, /3 label references are no pairs/],
    ['a reference beyond the symbols', { ...good, refs: [1, 9] }, /reference 9 is beyond the 8 symbols/],
    ['a label twice', { ...good, refs: [1, 2, 3, 4, 3, 2] }, /"job" is there twice/],
    ['a label without a name', { ...good, refs: [1, 2, 0, 4] }, /a label has no name/],
    ['a series without a name', { ...good, refs: [3, 4] }, /1 samples refused: their series has no __name__/],
    ['a series without samples', { refs: [1, 2] }, /neither a sample nor a histogram nor an exemplar/],
    ['a sample of the far future', { ...good, samples: [[MAX_TIME + 1, 1]] }, /too far from now/],
    [
      'a histogram that contradicts itself',
      { refs: [1, 2], histogram: (h) => void h.intAlways(1, 7).double(3, 1).int(15, 1000) },
      /hold 0 observations and its count is 7/,
    ],
    ['help that is not there', { ...good, metadata: [1, 8, 0] }, /metadata reference 8 is beyond the 8 symbols/],
    ['an exemplar whose labels are not there', { ...good, exemplar: [8, 9] }, /an exemplar: label reference 8/],
  ])('%s is told and the rest is kept', async (_, bad, why) => {
    const { written, outcome } = await received(request(good, bad, { ...good, samples: [[2000, 2]] }));
    expect(outcome.words().join('; ')).toMatch(why);
    expect(written.filter(({ t }) => t === 1000 || t === 2000)).toEqual(
      expect.arrayContaining([
        { labels, t: 1000, v: 1.5 },
        { labels, t: 2000, v: 2 },
      ]),
    );
  });

  test('where it is wanted, a series gets a zero before each sample that tells its start', async () => {
    const part = { ...good, samples: [[1000, 1.5] as const, [2000, 2] as const, [MAX_TIME + 1, 3] as const] };
    const own = [
      [1000, 1.5],
      [2000, 2],
    ];
    const { written, outcome } = await received(request(part), true);
    expect(written.map(({ t, v }) => [t, v])).toEqual([[5, 0], own[0], [5, 0], own[1]]);
    expect(outcome.samples).toBe(2);
    expect((await received(request(part))).written.map(({ t, v }) => [t, v])).toEqual(own);
  });

  test('metadata is kept by family, of series of which something was taken', async () => {
    const bucket: Part = { ...good, refs: [1, 5], metadata: [3, 6, 7] };
    const { metadata } = await received(
      request(
        bucket,
        { ...good, metadata: [2, 0, 0] },
        { refs: [1, 6], samples: [[MAX_TIME + 1, 1]], metadata: [1, 6, 0] },
      ),
    );
    expect(metadata).toEqual([
      ['h_seconds', { type: 'histogram', help: 'Times.', unit: 'seconds' }],
      ['up', { type: 'gauge', help: '', unit: '' }],
    ]);
  });

  test('samples, histograms and exemplars that were written are counted', async () => {
    const histogram = (h: WireWriter) => void h.intAlways(1, 0).int(15, 3000);
    const { outcome } = await received(request(good, { refs: [1, 2], histogram, exemplar: [3, 4] }));
    expect([outcome.samples, outcome.histograms, outcome.exemplars]).toEqual([1, 1, 1]);
  });

  test('what is cut off inside a series is refused as a whole', async () => {
    const bytes = request(good);
    await expect(received(bytes.subarray(0, bytes.length - 1))).rejects.toThrow(WireError);
  });
});

test('type, help and unit of a family go with its series', () => {
  const names = new OutgoingNames([], [], 'io.prometheus.write.v2.Request');
  const values = Float64Array.of(1);
  const samples = ['c_total', 'h_bucket', 'other'].map((name) => ({
    labels: labelsOf({ __name__: name }),
    t: 1,
    values,
  }));
  const rows = rowsOf({ rows: [], samples, exemplars: [] }, names, { histograms: false, exemplars: false });
  const asked: string[] = [];
  const [{ message }] = requestsOf(rows, 1, (all, series) =>
    request2Of(all, series, (family) => {
      asked.push(family);
      if (family === 'c_total') return { type: 'counter', help: 'Things.', unit: '' };
      return family === 'h' ? { type: 'histogram', help: 'Times.', unit: 'seconds' } : undefined;
    }),
  );
  const text = Buffer.from(message).toString('latin1');
  for (const word of ['Things.', 'Times.', 'seconds']) expect(text).toContain(word);
  expect(asked).toEqual(['c_total', 'h_bucket', 'h', 'other']);
});
