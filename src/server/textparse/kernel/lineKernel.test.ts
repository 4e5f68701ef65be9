import fc from 'fast-check';
import { parseFloatText } from '../floats.ts';
import { createPageReader } from '../pageReader.ts';
import { assemble } from '../../wasm/assembler.ts';
import { LineKernel } from './lineKernel.ts';

const kernel = new LineKernel();
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** What the kernel reads of a page whose previous one had the same series and the value 0 everywhere. */
function read(names: readonly string[], values: readonly string[]): number[] {
  const valueStarts: number[] = [];
  const lineEnds: number[] = [];
  let previous = '';
  for (const name of names) {
    valueStarts.push(previous.length + name.length + 1);
    lineEnds.push(previous.length + name.length + 2);
    previous += `${name} 0\n`;
  }
  const places = {
    count: names.length,
    valueStarts: Int32Array.from(valueStarts),
    lineEnds: Int32Array.from(lineEnds),
  };
  const page = bytesOf(names.map((name, i) => `${name} ${values[i]}\n`).join(''));
  const seen: number[] = [];
  kernel.open();
  kernel.read(places, bytesOf(previous), 0, page, 0, { addLines: (_line, _starts, _ends, v) => void seen.push(...v) });
  return seen;
}

describe('a number is read as the plain reader reads it, or not at all:', () => {
  const check = (text: string) => {
    const [v] = read(['abcdefgh{le="1"}'], [text]);
    if (v !== undefined) expect([text, v]).toEqual([text, parseFloatText(text)]);
    return v !== undefined;
  };
  test.each([
    '0',
    '-0',
    '1',
    '1027',
    '12.5',
    '5.',
    '.5',
    '+3',
    'NaN',
    '1.5e+06',
    '2.4576e+07',
    '1e-07',
    '1e22',
    '-1E3',
  ])('%s is read', (text) => expect(check(text)).toBe(true));
  test.each([
    '',
    '-',
    '+',
    '.',
    'e5',
    '1e',
    '1e400',
    'Inf',
    '+Inf',
    '-NaN',
    'nan',
    '0x1',
    '1 5',
    '1_0',
    '1234567890123456789',
  ])('%j is left to others', (text) => expect(check(text)).toBe(false));
  test('what programs print', () => {
    let left = 0;
    const printed = fc.tuple(fc.double({ min: 1e-3, max: 1e15, noNaN: true }), fc.boolean(), fc.boolean());
    const text = printed.map(([v, isNegative, isScientific]) => {
      const digits = isScientific ? v.toExponential() : String(v);
      return isNegative ? `-${digits}` : digits;
    });
    fc.assert(
      fc.property(text, (digits) => {
        if (!check(digits)) left++;
      }),
      { numRuns: 3000 },
    );
    expect(left).toBeLessThan(300);
  });
  test('any digits, and those near the middle between two doubles', () => {
    const digits = fc
      .tuple(
        fc.stringMatching(/^\d{0,19}$/),
        fc.stringMatching(/^\d{0,19}$/),
        fc.option(fc.integer({ min: -30, max: 30 })),
      )
      .map(([a, b, e]) => `${a}.${b}${e === null ? '' : `e${e}`}`);
    const middle = fc
      .tuple(fc.integer({ min: 2 ** 30, max: 2 ** 31 }), fc.nat(2 ** 22), fc.nat(20), fc.integer({ min: -1, max: 1 }))
      .map(([high, low, point, off]) => {
        // 54 bits, the last one set: halfway, or a little off.
        const text = String((BigInt(high) << 23n) + BigInt(low) * 2n + 1n + BigInt(off)).padStart(21, '0');
        return `${text.slice(0, -point || undefined)}.${point === 0 ? '' : text.slice(-point)}`;
      });
    fc.assert(
      fc.property(fc.oneof(digits, middle), (text) => void check(text)),
      { numRuns: 5000 },
    );
  });
});

test('lines of any length are compared to their last byte', () => {
  for (let length = 1; length < 70; length++) {
    const name = 'm'.repeat(length);
    expect(read([name, 'z'], ['1', '2'])).toEqual([1, 2]);
    for (let at = 0; at < length; at++) {
      const other = `${name.slice(0, at)}n${name.slice(at + 1)}`;
      const reader = createPageReader();
      reader.read(bytesOf(`${name} 1\nz 1\n`), 'text');
      const row = reader.read(bytesOf(`${other} 2\nz 2\n`), 'text');
      expect([...row.slots.subarray(0, 2)]).toEqual([2, 1]);
    }
  }
});

test('pages larger than the kernel’s memory are read in windows, though their lines grow', () => {
  const names = Array.from(
    { length: 30_000 },
    (_, i) => `requests_total{handler="${'/'.repeat(i % 100)}",code="${i}"}`,
  );
  const page = (v: string) => bytesOf(names.map((name) => `${name} ${v}\n`).join(''));
  const reader = createPageReader();
  reader.read(page('0'), 'text');
  for (const v of ['1', '123456789.25', '2']) {
    const row = reader.read(page(v), 'text');
    expect([row.count, row.compared, row.isAlike]).toEqual([names.length, names.length, true]);
    expect(row.values.subarray(0, row.count).every((value) => value === Number(v))).toBe(true);
    expect(row.slots.subarray(0, row.count).every((slot, i) => slot === i)).toBe(true);
  }
});

test('a line longer than the kernel’s memory is left to others', () => {
  const reader = createPageReader();
  for (const v of [1, 2]) {
    const row = reader.read(bytesOf(`a 1\nb{x="${'y'.repeat(600_000)}"} ${v}\nc 3\n`), 'text');
    expect([...row.values.subarray(0, row.count)]).toEqual([1, v, 3]);
  }
});

test('what the assembler does not know is told', () => {
  expect(() => assemble('(memory $m 1) (func $f (i32.div_s))')).toThrow('no instruction i32.div_s');
  expect(() => assemble('(memory $m 1) (func $f (local.get $x))')).toThrow('no local $x');
  expect(() => assemble('(memory $m 1) (func $f (br $x))')).toThrow('no block $x');
  expect(() => assemble('(memory $m 1')).toThrow('a parenthesis is missing');
});
