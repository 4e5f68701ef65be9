import fc from 'fast-check';
import { formatDuration, parseDuration } from './durations.ts';
import { compareText, formatLabels, labelsFrom, labelsKey, labelsOf, labelValue } from './labels.ts';
import { compileMatcher, compilePattern } from './matchers.ts';
import { bitsOf, CELL_GAP, CELL_SAMPLE, CELL_STALE, cellKind, fillGaps, setStale } from './sampleBits.ts';

describe('durations', () => {
  const ok = (text: string, ms: number) => test(`${text} is ${ms} ms`, () => expect(parseDuration(text)).toBe(ms));
  const bad = (text: string, why: RegExp) =>
    test(`${JSON.stringify(text)} is refused`, () => expect(() => parseDuration(text)).toThrow(why));
  ok('15s', 15_000);
  ok('1h30m', 5_400_000);
  ok('1d', 86_400_000);
  ok('0', 0);
  ok('500ms', 500);
  bad('', /write a number and a unit/);
  bad('15', /write 15s/);
  bad('30m1h', /large to small/);
  bad('1.5h', /write 1h30m/);
  bad('-5m', /not a duration/);
  test('what is formatted parses back', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 1e12 }), (ms) => parseDuration(formatDuration(ms)) === ms));
  });
});

describe('labels', () => {
  test('are sorted, without empty values, the last of a repeated name standing', () => {
    const labels = labelsFrom([
      ['b', '2'],
      ['a', '0'],
      ['c', ''],
      ['a', '1'],
    ]);
    expect(labels).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
    expect(labelValue(labels, 'a')).toBe('1');
    expect(labelValue(labels, 'z')).toBe('');
  });
  test('order is that of UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        fc.pre(a.isWellFormed() && b.isWellFormed());
        return Math.sign(compareText(a, b)) === Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });
  test('are printed as people write them', () => {
    expect(formatLabels(labelsOf({ __name__: 'up' }))).toBe('up');
    expect(formatLabels(labelsOf({ __name__: 'up', job: 'a"b' }))).toBe('up{job="a\\"b"}');
    expect(formatLabels(labelsOf({ __name__: 'my.metric', 'a.b': 'c' }))).toBe('{"my.metric", "a.b"="c"}');
    expect(formatLabels([])).toBe('{}');
  });
  test('keys differ for different sets', () => {
    expect(labelsKey(labelsOf({ a: 'bc' }))).not.toBe(labelsKey(labelsOf({ ab: 'c' })));
    expect(labelsKey(labelsOf({ a: 'x\xffb\xffy' }))).not.toBe(labelsKey(labelsOf({ a: 'x', b: 'y' })));
    expect(labelsKey(labelsOf({ a: 'x\xfe1b' }))).not.toBe(labelsKey(labelsOf({ a: 'x\xffb' })));
  });
});

describe('patterns', () => {
  test.each([
    ['GET|POST', 'POST', true],
    ['GET|POST', 'POSTS', false],
    ['model_.+', 'model_', false],
    ['model_.*', 'model_', true],
    ['.*', 'a\nb', true],
    ['a.c', 'abc', true],
    ['a.c', 'xabc', false],
    ['(?i)ok', 'OK', true],
  ])('%s on %j is %s', (pattern, text, matches) => expect(compilePattern(pattern)(text)).toBe(matches));
  test('shortcuts agree with RE2', () => {
    const piece = fc.constantFrom('a', 'b', '.*', '.+', '|', '.');
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 5 }),
        fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 4 }),
        (parts, text) => {
          const pattern = parts.join('');
          fc.pre(!/[.][*+][*+]|^[*+]|[|][*+]/.test(pattern));
          return compilePattern(pattern)(text) === new RegExp(`^(?:${pattern})$`, 's').test(text);
        },
      ),
    );
  });
  test('a negative matcher accepts what its pattern refuses', () => {
    expect(compileMatcher({ name: 'a', op: '!~', value: 'x.*' })('y')).toBe(true);
    expect(compileMatcher({ name: 'a', op: '!=', value: '' })('')).toBe(false);
  });
});

test('gap, stale and ordinary NaN are told apart by their bits', () => {
  const values = new Float64Array(3);
  fillGaps(values);
  const bits = bitsOf(values);
  values[0] = NaN;
  setStale(bits, 1);
  expect([0, 1, 2].map((i) => cellKind(bits, i))).toEqual([CELL_SAMPLE, CELL_STALE, CELL_GAP]);
});
