import fc from 'fast-check';
import { WireError, WireReader, WireWriter } from './protobufWire.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const write = (fill: (out: WireWriter) => void) => {
  const out = new WireWriter();
  fill(out);
  return out.finish().slice();
};
const first = <T>(bytes: Uint8Array, read: (r: WireReader) => T): T => {
  const r = new WireReader(bytes);
  if (!r.next()) throw new Error('no field');
  return read(r);
};

describe('bytes of single fields', () => {
  const row = (name: string, fill: (out: WireWriter) => void, expected: string) =>
    test(`${name} is ${expected || 'nothing'}`, () => expect(hex(write(fill))).toBe(expected));
  row('int 150 in field 1', (o) => o.int(1, 150), '089601');
  row('int 0', (o) => o.int(1, 0), '');
  row('int -1', (o) => o.int(1, -1), '08ffffffffffffffffff01');
  row('string "testing" in field 2', (o) => o.string(2, 'testing'), '120774657374696e67');
  row('an empty repeated string', (o) => o.stringAlways(2, ''), '1200');
  row('a nested message', (o) => o.message(3, (m) => m.int(1, 150)), '1a03089601');
  row('an empty nested message', (o) => o.message(3, () => undefined), '1a00');
  row('double 1', (o) => o.double(1, 1), '09000000000000f03f');
  row('double -0, which is not the default', (o) => o.double(1, -0), '090000000000000080');
  row('field 16, whose tag takes two bytes', (o) => o.bool(16, true), '800101');
});

test.each([0, 1, 127, 128, 129, 16_383, 16_384, 300_000])('a nested message of %i bytes keeps its body', (size) => {
  const body = new Uint8Array(size).map((_, i) => i);
  const bytes = write((o) => o.message(1, (m) => m.bytesAlways(2, body)).int(3, 7));
  const r = new WireReader(bytes);
  r.next();
  const inner = r.message();
  inner.next();
  expect(inner.bytes()).toEqual(body);
  expect(r.next() && r.field === 3 && r.int()).toBe(7);
  expect(r.next()).toBe(false);
});

test('whole numbers come back, whatever their size or sign', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (n) => {
      if (n !== 0)
        expect(
          first(
            write((o) => o.int(1, n)),
            (r) => r.int(),
          ),
        ).toBe(n);
    }),
  );
});

test('64-bit numbers and doubles come back bit by bit', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.double(), (n, d) => {
      if (n !== 0n)
        expect(
          first(
            write((o) => o.int64(1, n)),
            (r) => r.int64(),
          ),
        ).toBe(n);
      if (!Object.is(d, 0))
        expect(
          first(
            write((o) => o.double(1, d)),
            (r) => r.double(),
          ),
        ).toBe(d);
    }),
  );
});

test('sint reads zigzag numbers', () => {
  expect(first(bytesOf('0801'), (r) => r.sint())).toBe(-1);
  expect(first(bytesOf('0802'), (r) => r.sint())).toBe(1);
  expect(first(bytesOf('08ffffffff0f'), (r) => r.sint())).toBe(-2147483648);
});

test('maps of texts come back, hostile keys included', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }))), (pairs) => {
      const map: Record<string, string> = Object.assign(Object.create(null), Object.fromEntries(pairs));
      const back: Record<string, string> = Object.create(null);
      for (const r = new WireReader(write((o) => o.stringMap(4, map))); r.next();) r.stringEntry(back);
      expect({ ...back }).toEqual({ ...map });
    }),
  );
});

test('unknown fields of every wire type are stepped over', () => {
  const bytes = write((o) => o.int(1, 5).double(2, 1.5).string(3, 'x'));
  const fixed32 = bytesOf('2501000000');
  const r = new WireReader(new Uint8Array([...bytes, ...fixed32, ...write((o) => o.int(9, 42))]));
  const seen: number[] = [];
  while (r.next()) {
    seen.push(r.field);
    if (r.field === 9) expect(r.int()).toBe(42);
    else r.skip();
  }
  expect(seen).toEqual([1, 2, 3, 4, 9]);
});

describe('refused', () => {
  const bad = (name: string, text: string, why: RegExp) =>
    test(name, () => {
      const read = () => {
        for (const r = new WireReader(bytesOf(text)); r.next();) r.skip();
      };
      expect(read).toThrow(WireError);
      expect(read).toThrow(why);
    });
  bad('a number cut short', '0896', /inside a number/);
  bad('an overlong number', '08ffffffffffffffffffff01', /ten bytes/);
  bad('a text cut short', '120774', /cut short/);
  bad('a length beyond all memory', '12ffffffffffffff7f', /cut short/);
  bad('a group', '0b', /wire type 3/);
  bad('field number 0', '00', /field number 0/);
  test('a field of another type than asked for', () =>
    expect(() => first(bytesOf('089601'), (r) => r.string())).toThrow(/wire type 0, not 2/));
});
