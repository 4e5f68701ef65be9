import zlib from 'node:zlib';
import fc from 'fast-check';
import { gzippedRows, RowGzip } from './rowGzip.ts';

const whole = (text: Uint8Array) => new RowGzip().whole(text);
const rowsOf = (count: number, valueOf: (i: number) => string) =>
  Buffer.from(`[${Array.from({ length: count }, (_, i) => `[${1767225600 + 15 * i},"${valueOf(i)}"]`).join(',')}]`);

async function inPieces(pieces: readonly Uint8Array[]): Promise<Buffer> {
  const all: Uint8Array[] = [];
  const source = async function* () {
    yield* pieces;
  };
  for await (const packed of gzippedRows(source())) all.push(packed);
  return Buffer.concat(all);
}

test('any bytes come back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
      expect(zlib.gunzipSync(whole(bytes)).equals(bytes)).toBe(true);
    }),
  );
});

test('text of few letters, which repeats in every way, comes back', () => {
  const text = fc.array(fc.constantFrom('"', ']', '",', '"]', '.', 'a', '"aaaaaaaa', '"],[1'), { maxLength: 400 });
  fc.assert(
    fc.property(text, (parts) => {
      const bytes = Buffer.from(parts.join(''));
      expect(zlib.gunzipSync(whole(bytes)).equals(bytes)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('pieces, however they are cut, are one body', async () => {
  const rows = rowsOf(3_000, (i) => String(Math.sin(i)));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(rows.length), { maxLength: 5 }), async (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), rows.length];
      const packed = await inPieces(at.slice(1).map((to, i) => rows.subarray(at[i], to)));
      expect(zlib.gunzipSync(packed).equals(rows)).toBe(true);
    }),
    { numRuns: 30 },
  );
});

for (const gap of [0, 245, 246, 250, 259, 4_000, 32_749, 32_750, 32_751, 70_000]) {
  test(`what repeats after ${gap} other bytes comes back`, () => {
    const sample = '"],[1767225600,"0.125';
    const bytes = Buffer.from(sample + 'x'.repeat(gap) + sample.repeat(40));
    expect(zlib.gunzipSync(whole(bytes)).equals(bytes)).toBe(true);
  });
}

test('many megabytes of the longest codes come back', () => {
  const bytes = Buffer.alloc(3_000_000, Uint8Array.of(0, 255, 7));
  expect(zlib.gunzipSync(whole(bytes)).equals(bytes)).toBe(true);
});

test('rows of rates become less than half as large, constant ones a quarter', () => {
  const rates = rowsOf(5_000, (i) => String(((i * 7919) % 1000) / 285));
  expect(whole(rates).length).toBeLessThan(rates.length / 2);
  const zeros = rowsOf(5_000, () => '0');
  expect(whole(zeros).length).toBeLessThan(zeros.length / 4);
});
