import { shortened, visible, visibleLines, visiblyQuoted } from './visible.ts';

const shows = (text: string, shown: string) =>
  test(`${JSON.stringify(text)} is ${shown}`, () => expect(visible(text)).toBe(shown));

shows('plain ü 漢字 שלום 🙂', 'plain ü 漢字 שלום 🙂');
shows('a\0b\x07\x1b[31m', 'a\\u0000b\\u0007\\u001b[31m');
shows('del \x7f, nel \x85', 'del \\u007f, nel \\u0085');
shows('lines\r\n\tand\u2028on', 'lines\\r\\n\\tand\\u2028on');
shows('\u202egnp.exe\u2069', '\\u202egnp.exe\\u2069');
shows('v\u200b1\ufeff', 'v\\u200b1\\ufeff');
shows('tag \u{e0041}', 'tag \\U000e0041');
shows('half \ud800', 'half \\ud800');

test('lines stay lines where there may be several', () => expect(visibleLines('a\n\tb\r\0')).toBe('a\n\tb\\r\\u0000'));

test('a quoted text is read back by PromQL as it was', () => {
  expect(visiblyQuoted('a"b\\c\nd\u202e')).toBe('"a\\"b\\\\c\\nd\\u202e"');
});

test('a long text is cut and says how long it is; one at the limit is whole', () => {
  expect(shortened('x'.repeat(160))).toBe('x'.repeat(160));
  expect(shortened('x'.repeat(10_240), 5)).toBe('xxxxx… (10,240 characters)');
});

test('a pair of surrogates is not halved', () => expect(shortened('ab🙂c', 3)).toBe('ab… (5 characters)'));
