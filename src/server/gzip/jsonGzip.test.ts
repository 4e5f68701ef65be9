import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { jsonGzip, TEXT_BYTES_MAX } from './jsonGzip.ts';

const RUNS = { numRuns: 1000 };
const comesBack = (text: Uint8Array) => expect(gunzipSync(jsonGzip(text)).equals(text)).toBe(true);

/** Pieces that come again, near and far, with marks and without. */
const pieces = fc.oneof(
  fc.constantFrom('"', '\0', '"}', '",', '"],[17672256', '{"metric":{"__name__":"', '122807017543859649', ' '),
  fc.string({ maxLength: 40 }),
  fc.tuple(fc.string({ maxLength: 3 }), fc.nat({ max: 400 })).map(([text, times]) => text.repeat(times)),
  fc.nat().map((n) => `,"${n / 57}"`),
);
const texts = fc
  .array(fc.tuple(pieces, fc.oneof(fc.constant(1), fc.nat({ max: 300 }))), { maxLength: 60 })
  .map((parts) => Buffer.from(parts.map(([text, times]) => text.repeat(times)).join('')));

test('any bytes come back', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 3000 }), comesBack), RUNS);
});

test('text that repeats itself comes back, whatever was compressed before', () => {
  fc.assert(
    fc.property(texts, (text) => comesBack(text.subarray(0, TEXT_BYTES_MAX))),
    RUNS,
  );
});

test('nothing is repeated from behind the text', () => {
  for (const ending of ['"', '"\0']) comesBack(Buffer.from(`"\0\0\0, and ${ending}`));
});

test('nothing is taken along from before the text', () => {
  const word = '"0123456789abcdefghij';
  // What lies there is zeros.
  for (const before of ['', 'x', 'xxxxxxx'])
    for (let zeros = 1; zeros < 10; zeros++)
      comesBack(Buffer.from(`${before}${word}, and ${'\0'.repeat(zeros)}${before}${word}`));
});

function matrix(series: number, steps: number, value: (i: number) => unknown): Buffer {
  const values = (s: number) =>
    Array.from({ length: steps }, (_, i) => `[${1767225907 + 60 * i},"${String(value(s * steps + i))}"]`).join(',');
  const one = (s: number) => `{"metric":{"instance":"10.0.0.${s}:8000"},"values":[${values(s)}]}`;
  const all = Array.from({ length: series }, (_, s) => one(s)).join(',');
  return Buffer.from(`{"status":"success","data":{"resultType":"matrix","result":[${all}]}}`);
}

test('answers come back', () => {
  const value = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.integer({ max: 30 }),
    fc.integer().map((n) => n / 285),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 500 }), fc.integer({ min: 1, max: 9 }), (values, series) =>
      comesBack(matrix(series, 100, (i) => values[i % values.length])),
    ),
    { numRuns: 100 },
  );
});

const noise = (size: number) =>
  Buffer.from(Array.from({ length: size }, (_, i) => (Math.imul(i, 0x9e3779b1) ^ (i * i)) >>> 13));

test.each([0, 1, 2, 3, 15, 16, 17, 32_768, 32_769, TEXT_BYTES_MAX - 1, TEXT_BYTES_MAX])(
  '%i bytes come back',
  (size) => {
    for (const fill of ['"', '\0', '0', '""0', '"0123456789abcdef']) comesBack(Buffer.alloc(size, fill));
    comesBack(noise(size));
    // From one end to the other: as far as text may be repeated, and one farther.
    const ends = Buffer.alloc(size, 'x');
    for (const at of [0, size - 16]) ends.write('"repeated": 1234', Math.max(0, at));
    comesBack(ends);
  },
);

test.each([
  ['digits of periodic fractions', matrix(5, 1441, (i) => ((i * 7919) % 1000) / 285)],
  ['counts', matrix(20, 300, (i) => (i * i) % 40)],
  ['what changes little', matrix(3, 1441, (i) => 361_607_168 + ((i * i) % 97) * 4096)],
])('is smaller than what zlib makes of it at its quickest: %s', (_, text) => {
  expect(jsonGzip(text).length).toBeLessThan(gzipSync(text, { level: 1 }).length);
});

test('what cannot be compressed hardly grows', () => {
  const text = noise(100_000);
  expect(jsonGzip(text).length).toBeLessThan(text.length * 1.01 + 400);
});

test('a far distance comes back that is so rare beside others that its code is long', () => {
  const far = '"from far away 0123456"';
  let seed = 1;
  const any = () => String.fromCharCode(40 + (((seed = Math.imul(seed, 1_103_515_245) + 12_345) >>> 16) % 80));
  let used = 0;
  /** Each of some words, and then again and again. */
  const words = (period: number, again: number) => {
    const from = used;
    used += period;
    return Array.from(
      { length: period + again },
      (_, i) => `"${(from + (i % period)).toString(36).padStart(2, '0')}${any()}`,
    );
  };
  // Half as many of each distance as of the one before.
  const near = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128].flatMap((period, k) => words(period, 2 ** (15 - k)));
  const nearest = words(1, 8192).join('');
  for (const distance of [100, 1_000, 10_000, 20_000, 28_673, 30_000, 32_700])
    comesBack(Buffer.from(`${near.join('')}${far}${nearest.slice(0, distance - far.length)}${far}`));
});

test('what was compressed before changes nothing', () => {
  const [a, b] = [matrix(3, 400, Math.sin), matrix(4, 300, Math.cos)];
  const alone = jsonGzip(a);
  jsonGzip(b);
  expect(jsonGzip(a).equals(alone)).toBe(true);
});
