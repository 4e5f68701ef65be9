// eslint-disable-next-line @typescript-eslint/triple-slash-reference
/// <reference path="../../../shared/bytes/snappyjs.d.ts" />
/** Requests in all forms that protocol buffers allow, beside what was put into them. */
import fc from 'fast-check';
import { compress } from 'snappyjs';
import { FakeRooms } from '../../../../tests/support/fakeRooms.ts';
import { WireError, WireWriter } from '../../../shared/bytes/protobufWire.ts';
import { labelsFrom, METRIC_NAME, type Label } from '../../../shared/model/labels.ts';
import { WriteKernel } from './writeKernel.ts';
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
        else out.message(p.other, (message) => message.double(2, 1));
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
      const isNamed = labels.some(([name]) => name === METRIC_NAME);
      // A histogram is one of the other fields.
      if (!isNamed && ('t' in p || ('other' in p && p.other === 4))) nameless++;
      if (!isNamed || !('t' in p)) continue;
      if (p.t > MAX_TIME) late++;
      else written.push({ labels, t: p.t, v: p.v });
    }
  }
  return { written, late, nameless };
}

/** What of a request is written, read by the kernel where there is one. */
async function written(bytes: Uint8Array, kernel: WriteKernel | undefined, fake = new FakeRooms()) {
  const intake = fake.intake(MAX_TIME, true);
  const request = new WriteRequest(intake);
  if (kernel === undefined) request.append(bytes);
  else {
    kernel.unfold(compress(bytes));
    request.appendUnfolded(kernel);
  }
  await intake.appender.commit();
  const { refused, nameless } = request.outcome;
  return { written: fake.written, late: refused.get('outOfBounds') ?? 0, nameless };
}

test('what was put into a request is what is appended, by the general reader and by the kernel, the second time too', async () => {
  // So small that series are forgotten now and then.
  const kernel = new WriteKernel(600);
  await fc.assert(
    fc.asyncProperty(fc.array(series, { maxLength: 6 }), fc.boolean(), async (all, isMarked) => {
      const bytes = encode(all, isMarked);
      const put = expected(all);
      expect(await written(bytes, undefined)).toEqual(put);
      expect(await written(bytes, kernel)).toEqual(put);
      expect(await written(bytes, kernel)).toEqual(put);
    }),
  );
});

test('what the kernel reads of damaged requests is what the general reader reads, or both refuse', async () => {
  const kernel = new WriteKernel();
  const outcome = (bytes: Uint8Array, of: WriteKernel | undefined) =>
    written(bytes, of).catch((error: unknown) => {
      if (!(error instanceof WireError)) throw error;
      return 'refused';
    });
  await fc.assert(
    fc.asyncProperty(
      fc.array(series, { minLength: 1, maxLength: 4 }),
      fc.nat(),
      fc.integer({ min: 0, max: 255 }),
      async (all, place, byte) => {
        const bytes = encode(all, false);
        await written(bytes, kernel);
        if (bytes.length > 0) bytes[place % bytes.length] = byte;
        expect(await outcome(bytes, kernel)).toEqual(await outcome(bytes, undefined));
      },
    ),
    { numRuns: 200 },
  );
});

test('more samples than the kernel takes at once are all appended, in many series and in one', async () => {
  const kernel = new WriteKernel();
  const many = Array.from({ length: 9000 }, (_, i): Part[] => [
    { label: [METRIC_NAME, `m${i}`] },
    { t: 1000 + i, v: i },
  ]);
  const long: Part[] = [
    { label: [METRIC_NAME, 'long'] },
    ...Array.from({ length: 9000 }, (_, i) => ({ t: 1000 + i, v: i })),
  ];
  const bytes = encode([...many, long, ...many.slice(0, 3)], false);
  const all = await written(bytes, undefined);
  expect(all.written).toHaveLength(18_003);
  for (let round = 0; round < 2; round++)
    expect(JSON.stringify(await written(bytes, kernel)) === JSON.stringify(all)).toBe(true);
});

test('stale marks keep their bits', async () => {
  const request = new WireWriter();
  request.message(1, (out) => {
    out.message(1, (label) => label.string(1, METRIC_NAME).string(2, 'up'));
    out.message(2, (sample) => sample.fixed64(1, 2, 0x7ff00000).int(2, 1000));
  });
  const kernel = new WriteKernel();
  for (let round = 0; round < 2; round++)
    expect((await written(request.finish(), kernel)).written).toEqual([
      { labels: [[METRIC_NAME, 'up']], t: 1000, v: 'stale' },
    ]);
});

test('a request that is cut off inside a series is refused', async () => {
  const bytes = encode([[{ label: [METRIC_NAME, 'up'] }, { t: 1000, v: 1.5 }]], false);
  const kernel = new WriteKernel();
  await written(bytes, kernel);
  for (let length = 1; length < bytes.length; length++) {
    await expect(written(bytes.subarray(0, length), undefined)).rejects.toThrow(WireError);
    await expect(written(bytes.subarray(0, length), kernel)).rejects.toThrow(WireError);
  }
});

test('the place of a series whose group the store let go of is asked for again', async () => {
  const kernel = new WriteKernel();
  const bytes = encode([[{ label: [METRIC_NAME, 'up'] }, { t: 1000, v: 1.5 }]], false);
  const fake = new FakeRooms();
  await written(bytes, kernel, fake);
  await written(bytes, kernel, fake);
  expect(fake.groups).toHaveLength(1);
  fake.groups[0].isDropped = true;
  await written(bytes, kernel, fake);
  expect(fake.groups).toHaveLength(2);
});

test('type, help and unit are kept by family, wherever they stand in a request', async () => {
  const sample = (out: WireWriter, name: string) =>
    out.message(1, (series) => {
      series.message(1, (label) => void label.string(1, '__name__').string(2, name));
      series.message(2, (one) => void one.double(1, 1).int(2, 1000));
    });
  const family = (out: WireWriter, type: number, name: string, help: string, unit: string) =>
    out.message(3, (message) => void message.int(1, type).string(2, name).string(4, help).string(5, unit));
  const out = new WireWriter();
  sample(out, 'a');
  family(out, 1, 'a_total', 'Things.', '');
  sample(out, 'b');
  family(out, 99, 'b_seconds', '', 'seconds');
  family(out, 0, 'nothing_known', '', '');
  for (const kernel of [undefined, new WriteKernel()]) {
    const fake = new FakeRooms();
    expect((await written(out.finish().slice(), kernel, fake)).written).toHaveLength(2);
    expect([...fake.metadata]).toEqual([
      ['a_total', { type: 'counter', help: 'Things.', unit: '' }],
      ['b_seconds', { type: 'unknown', help: '', unit: 'seconds' }],
    ]);
  }
});
