import fc from 'fast-check';
import { formatValue } from '../../../shared/api/prometheus.ts';
import { JsonBytes } from './jsonBytes.ts';
import { writeNumbers, writeRows, writeSamples } from './sampleTexts.ts';

/** Samples as they are to be, number by number. */
function plain(times: Float64Array, values: Float64Array, isWritten: (i: number) => boolean): string {
  const seconds = (t: number) => {
    const ms = Math.abs(t) % 1000;
    const sign = t < 0 ? '-' : '';
    return `${sign}${Math.floor(Math.abs(t) / 1000)}${ms === 0 ? '' : `.${String(ms).padStart(3, '0')}`}`;
  };
  const all = Array.from(times, (t, i) => `[${seconds(t)},"${formatValue(values[i])}"]`);
  return all.filter((_, i) => isWritten(i)).join(',');
}

function written(times: Float64Array, values: Float64Array, at = 0, bits?: Uint8Array): string {
  const out = new JsonBytes();
  for (const _ of writeSamples(out, { times, values, at, bits }, ''));
  return Buffer.from(out.take()).toString();
}

const whole = (v: number) => {
  const text = written(Float64Array.of(0), Float64Array.of(v));
  return text.slice('[0,"'.length, -'"]'.length);
};

/** Every pattern of bits is as likely as any other, so that all exponents come. */
const anyBits = fc
  .bigInt({ min: 0n, max: 2n ** 64n - 1n })
  .map((bits) => new Float64Array(BigUint64Array.of(bits).buffer)[0]);
const decimal = fc
  .tuple(fc.integer({ min: -(2 ** 50), max: 2 ** 50 }), fc.integer({ min: 0, max: 20 }))
  .map(([n, places]) => n / 10 ** places);
const integer = fc.integer({ min: -(2 ** 53), max: 2 ** 53 }).map((n) => n * 4);
const any = fc.oneof(fc.double(), anyBits, decimal, integer, fc.constantFrom(0, -0, NaN, Infinity, -Infinity));

describe('a number is written as the API writes it', () => {
  test('whatever it is', () => {
    fc.assert(
      fc.property(any, (v) => whole(v) === formatValue(v)),
      { numRuns: 20_000 },
    );
  });

  test('beside each power of two and of ten', () => {
    const near: number[] = [];
    for (let e = -1074; e <= 1023; e++) near.push(2 ** e);
    for (let e = -323; e <= 308; e++) near.push(Number(`1e${e}`));
    const bits = new BigInt64Array(Float64Array.from(near).buffer);
    for (const offset of [-2n, -1n, 0n, 1n, 2n]) {
      const values = new Float64Array(bits.map((b) => b + offset).buffer);
      const text = written(new Float64Array(values.length), values);
      expect(text).toBe(plain(new Float64Array(values.length), values, () => true));
    }
  });
});

describe('samples of a row', () => {
  const row = fc
    .array(fc.tuple(fc.integer({ min: -8.64e15, max: 8.64e15 }), any, fc.boolean()), { maxLength: 20 })
    .chain((samples) => fc.tuple(fc.constant(samples), fc.nat(3)));

  test('are those whose bits are set, with their times, wherever the row is', () => {
    fc.assert(
      fc.property(row, ([samples, at]) => {
        const times = Float64Array.from(samples, ([t]) => t);
        const values = Float64Array.from(samples, ([, v]) => v);
        const placed = Float64Array.from([...new Array<number>(at).fill(7), ...values]);
        const bits = new Uint8Array(4);
        samples.forEach(([, , is], i) => (bits[i >> 3] |= is ? 1 << (i & 7) : 0));
        expect(written(times, placed, at)).toBe(plain(times, values, () => true));
        expect(written(times, placed, at, bits)).toBe(plain(times, values, (i) => samples[i][2]));
      }),
    );
  });

  test.each([1023, 1024, 1025, 11_264, 11_265, 30_000])('%p of them', (count) => {
    const times = Float64Array.from({ length: count }, (_, i) => 1_767_225_600_000 + i * 250);
    const values = times.map((t) => Math.sin(t));
    const bits = Uint8Array.from({ length: (count + 7) >> 3 }, (_, i) => (i % 300 < 200 ? 0 : i));
    expect(written(times, values)).toBe(plain(times, values, () => true));
    const isSet = (i: number) => (bits[i >> 3] & (1 << (i & 7))) !== 0;
    expect(written(times, values, 0, bits)).toBe(plain(times, values, isSet));
    expect(written(times, values.map(Math.round))).toBe(plain(times, values.map(Math.round), () => true));
  });
});

describe('numbers as JSON', () => {
  const plainNumber = (v: number) => (Number.isFinite(v) ? formatValue(v + 0) : 'null');
  const plainRow = (values: readonly number[]) => `[${values.map(plainNumber).join()}]`;
  const textOf = (write: (out: JsonBytes) => void) => {
    const out = new JsonBytes();
    write(out);
    return Buffer.from(out.take()).toString();
  };
  const rowsText = (rows: readonly (readonly number[])[]) => {
    const sizes = rows.map(({ length }) => length);
    return textOf((out) => {
      for (const _ of writeRows(out, Float64Array.from(rows.flat()), sizes));
    });
  };

  test('are a list, null where they are not finite, and 0 without a sign', () => {
    fc.assert(
      fc.property(fc.array(any, { maxLength: 40 }), (values) => {
        const text = textOf((out) => writeNumbers(out, Float64Array.from(values)));
        expect(text).toBe(plainRow(values));
        expect(JSON.parse(text)).toEqual(values.map((v) => (Number.isFinite(v) ? v + 0 : null)));
      }),
      { numRuns: 1000 },
    );
  });

  test('in rows are a list for each', () => {
    const row = fc.array(any, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 12 }), (rows) => {
        expect(rowsText(rows)).toBe(rows.map(plainRow).join());
      }),
    );
  });

  test.each([1, 20, 1023, 1024, 1025, 3000])('in rows of %p, in several steps', (size) => {
    const rows = Array.from({ length: Math.ceil(4100 / size) }, (_, r) =>
      Array.from({ length: size }, (__, i) => Math.sin(r * size + i)),
    );
    expect(rowsText(rows)).toBe(rows.map(plainRow).join());
  });
});
