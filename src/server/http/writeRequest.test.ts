/** Requests in all forms that protocol buffers allow, beside what was put into them. */
import fc from 'fast-check';
import { FakeRooms } from '../../../tests/support/fakeRooms.ts';
import { WireError, WireWriter } from '../../shared/bytes/protobufWire.ts';
import { labelsFrom, METRIC_NAME, type Label } from '../../shared/model/labels.ts';
import { KnownSeries } from './knownSeries.ts';
import { WriteRequest } from './writeRequest.ts';

const MAX_TIME = 2_000_000;
type Part = { label: Label } | { t: number; v: number } | { other: number };
const part: fc.Arbitrary<Part> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      label: fc.tuple(fc.constantFrom(METRIC_NAME, 'a', 'b'), fc.constantFrom('', 'x', 'ü'.repeat(70))),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      t: fc.constantFrom(0, 1, -5, 1000, MAX_TIME, MAX_TIME + 1, 2 ** 50),
      v: fc.double({ noNaN: true }),
    }),
  },
  fc.record({ other: fc.constantFrom(3, 4, 9) }),
);
/** Mostly labels before samples. */
const series = fc.tuple(fc.array(part, { maxLength: 6 }), fc.boolean()).map(([parts, isUsual]) => {
  const order = (p: Part) => ('label' in p ? 0 : 't' in p ? 1 : 2);
  return isUsual ? [...parts].sort((a, b) => order(a) - order(b)).filter((p) => !('other' in p)) : parts;
});

function encode(all: readonly (readonly Part[])[], isMarked: boolean): Uint8Array {
  const request = new WireWriter();
  if (isMarked) request.message(3, (metadata) => metadata.string(2, 'x'));
  for (const parts of all) {
    request.message(1, (out) => {
      for (const p of parts) {
        if ('label' in p) out.message(1, (label) => label.string(1, p.label[0]).string(2, p.label[1]));
        else if ('t' in p) out.message(2, (sample) => sample.double(1, p.v).int(2, p.t));
        else out.message(p.other, (message) => message.string(1, 'x'));
      }
    });
  }
  return request.finish().slice();
}

function expected(all: readonly (readonly Part[])[]): { written: unknown[]; late: number; nameless: number } {
  const written: unknown[] = [];
  let late = 0;
  let nameless = 0;
  for (const parts of all) {
    const labels = labelsFrom(parts.flatMap((p) => ('label' in p ? [p.label] : [])));
    for (const p of parts) {
      if (!('t' in p)) continue;
      if (!labels.some(([name]) => name === METRIC_NAME)) nameless++;
      else if (p.t > MAX_TIME) late++;
      else written.push({ labels, t: p.t, v: p.v });
    }
  }
  return { written, late, nameless };
}

test('what was put into a request is what is appended, the second time too', async () => {
  const known = new KnownSeries(400);
  await fc.assert(
    fc.asyncProperty(fc.array(series, { maxLength: 6 }), fc.boolean(), async (all, isMarked) => {
      const bytes = encode(all, isMarked);
      const { written, late, nameless } = expected(all);
      for (let round = 0; round < 2; round++) {
        const fake = new FakeRooms();
        const appender = fake.storage.appender();
        const refusals = new WriteRequest(bytes, known, appender, MAX_TIME).append();
        await appender.commit();
        expect(fake.written).toEqual(written);
        expect([refusals.refused.get('outOfBounds') ?? 0, refusals.nameless]).toEqual([late, nameless]);
      }
    }),
  );
});

test('a request that is cut off inside a series is refused', () => {
  const bytes = encode([[{ label: [METRIC_NAME, 'up'] }, { t: 1000, v: 1.5 }]], false);
  for (let length = 1; length < bytes.length; length++) {
    const appender = new FakeRooms().storage.appender();
    const request = new WriteRequest(bytes.subarray(0, length), new KnownSeries(), appender, MAX_TIME);
    expect(() => request.append()).toThrow(WireError);
  }
});

test('a place that the store let go of is asked for again', () => {
  const known = new KnownSeries();
  const bytes = Uint8Array.of(1, 2, 3);
  known.set(bytes, 0, 3, { labels: [], isGone: true });
  expect(known.find(bytes, 0, 3)).toBeUndefined();
  const place = { labels: [], isGone: false };
  known.set(bytes, 0, 3, place);
  expect(known.find(bytes, 0, 3)).toBe(place);
  expect([known.find(bytes, 0, 2), known.size]).toEqual([undefined, 1]);
});
