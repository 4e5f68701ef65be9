import fc from 'fast-check';
import { formatLabels, labelsFrom, labelsOf } from '../../shared/model/labels.ts';
import { END, ParseError, SERIES, TYPE, type EntryCursor, type TextFormat } from './entryCursor.ts';
import { formatOpenMetricsFloat, parseFloatText } from './floats.ts';
import { createCursor } from './pageCursor.ts';
import { pageFormat } from './contentType.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** Each entry as a line: `series value[ @time][ # exemplar]` or `KIND family text`. */
function entries(page: string | Uint8Array, format: TextFormat): string[] {
  const cursor = createCursor(format);
  cursor.open(typeof page === 'string' ? bytes(page) : page);
  const lines: string[] = [];
  for (;;) {
    const kind = cursor.next();
    if (kind === END) return lines;
    if (kind !== SERIES) {
      lines.push(
        `${['', '', 'TYPE', 'HELP', 'UNIT'][kind]} ${cursor.metric} ${kind === TYPE ? cursor.type : cursor.text}`,
      );
      continue;
    }
    const time = Number.isNaN(cursor.t) ? '' : ` @${cursor.t}`;
    const { exemplar } = cursor;
    const tail = exemplar
      ? ` # ${formatLabels(labelsOf(Object.fromEntries(exemplar.labels)))} ${exemplar.v}${exemplar.t === undefined ? '' : ` @${exemplar.t}`}`
      : '';
    lines.push(
      `${formatLabels(labelsFrom(cursor.labels()))} ${Object.is(cursor.v, -0) ? '-0' : cursor.v}${time}${tail}`,
    );
  }
}

const reads =
  (format: TextFormat) =>
  (page: string, ...expected: string[]) =>
    test(`${format} reads ${JSON.stringify(page)}`, () => expect(entries(page, format)).toEqual(expected));
const refuses = (format: TextFormat) => (page: string, why: RegExp) =>
  test(`${format} refuses ${JSON.stringify(page)}`, () => {
    expect(() => entries(page, format)).toThrow(ParseError);
    expect(() => entries(page, format)).toThrow(why);
  });

describe('text 0.0.4', () => {
  const ok = reads('text');
  const bad = refuses('text');
  ok('');
  ok('\n\n');
  ok('a 1', 'a 1');
  ok('a 1\n', 'a 1');
  ok(' \ta\t 1 \n', 'a 1');
  ok('a{} 1\n', 'a 1');
  ok('a{b="c"} 1\n', 'a{b="c"} 1');
  ok('a { b = "c" , } 1\n', 'a{b="c"} 1');
  ok('a{b="c",} 1\n', 'a{b="c"} 1');
  ok('a{b="c" d="e"} 1\n', 'a{b="c", d="e"} 1');
  ok('a{z="1",b="2"} 1\n', 'a{b="2", z="1"} 1');
  ok('a{b=""} 1\n', 'a 1');
  ok('a{b="\\\\ \\" \\n \\x"} 1\n', 'a{b="\\\\ \\" \\n \\\\x"} 1');
  ok('a{b="two\nlines"} 1\n', 'a{b="two\\nlines"} 1');
  ok('a:b_c 1\n', 'a:b_c 1');
  ok('{"my.metric",a="b"} 1\n', '{"my.metric", a="b"} 1');
  ok('{a="b","my.metric"} 1\n', '{"my.metric", a="b"} 1');
  ok('{"my.metric"} 1\n', '{"my.metric"} 1');
  ok('a{"b.c"="d"} 1\n', 'a{"b.c"="d"} 1');
  ok('a{b="ü→🙂"} 1\n', 'a{b="ü→🙂"} 1');
  ok('a 1 1700000000000\n', 'a 1 @1700000000000');
  ok('a NaN\na +Inf\na -Inf\na inf\n', 'a NaN', 'a Infinity', 'a -Infinity', 'a Infinity');
  ok('a -0\na 1e3\na 1.5e-7\na .5\na 5.\na +7\n', 'a -0', 'a 1000', 'a 1.5e-7', 'a 0.5', 'a 5', 'a 7');
  ok('a 0.1234567890123456789\n', 'a 0.12345678901234568');
  ok('a 9007199254740993\n', 'a 9007199254740992');
  ok('# anything\n#\n#HELP a b\n# HELP\na 1\n', 'a 1');
  ok('# HELP a some \\\\ \\n \\" text \n', 'HELP a some \\ \n \\" text ');
  ok('# HELP a\n', 'HELP a ');
  ok('#\tTYPE\ta counter\n', 'TYPE a counter');
  ok('# TYPE a untyped\n', 'TYPE a unknown');
  ok('# TYPE "my.metric" gauge\n', 'TYPE my.metric gauge');
  ok('# TYPE h histogram\nh_bucket{le="1"} 1\n', 'TYPE h histogram', 'h_bucket{le="1.0"} 1');
  ok('# TYPE s summary\ns{quantile="1"} 1\ns{le="1"} 1\n', 'TYPE s summary', 's{quantile="1.0"} 1', 's{le="1"} 1');
  ok('g{le="1"} 1\n# TYPE h histogram\nh{le="1"} 1\n', 'g{le="1"} 1', 'TYPE h histogram', 'h{le="1.0"} 1');
  ok('# TYPE g gauge\ng{le="1"} 1\n', 'TYPE g gauge', 'g{le="1"} 1');
  bad('a\n', /expected a number as value/);
  bad('a x\n', /line 1, byte 2: expected a number as value: "a x"/);
  bad('a 1 2 3\n', /expected the line’s end after the time/);
  bad('a 1 -5\n', /expected a time/);
  bad('a{""="1"} 1\n', /label name is empty/);
  bad('{""} 1\n', /metric name is empty/);
  bad('a 1 1.5\n', /expected the line’s end/);
  bad('a 0x10\n', /number/);
  bad('a 1_000\n', /number/);
  bad('a 1e400\n', /number/);
  bad('a 1\r\n', /number/);
  bad('a 1{\n', /time in milliseconds/);
  bad('1a 1\n', /expected a metric name/);
  bad('a-b 1\n', /number/);
  bad('a{b=c} 1\n', /in double quotes/);
  bad('a{b="c} 1\n', /closing double quote/);
  bad('a{b="c"\n', /label name or }/);
  bad('a{,} 1\n', /label name or }/);
  bad('a{b} 1\n', /expected =/);
  bad('a{1b="c"} 1\n', /label name or }/);
  bad('a{b="1",b="2"} 1\n', /"b" stands twice/);
  bad('{b="c"} 1\n', /no metric name/);
  bad('a{"b"} 1\n', /metric name here, though there is one/);
  bad('# TYPE a foo\n', /"foo" is not a metric type/);
  bad('# TYPE a\n', /"" is not a metric type/);
  bad('# TYPE 1 counter\n', /expected a metric name/);
  bad('a 1\nb 2\n<html>\n', /line 3, byte 8: .*"<html>"/);
  test('refuses text that is not UTF-8, and shows only the beginning of a long line', () => {
    expect(() => entries(Uint8Array.from([...bytes('a{b="'), 0xff, ...bytes('"} 1\n')]), 'text')).toThrow(
      /not valid UTF-8/,
    );
    expect(() => entries(`a ${'x'.repeat(1e6)}\n`, 'text')).toThrow(/^.{100,200}…$/);
  });
});

describe('OpenMetrics', () => {
  const ok = reads('openMetrics');
  const bad = refuses('openMetrics');
  ok('# EOF', ...[]);
  ok('# EOF\n', ...[]);
  ok('a 1\n# EOF\n', 'a 1');
  ok('a 1 1.5\n# EOF\n', 'a 1 @1500');
  ok('a{b="c"} 1 1700000000.123\n# EOF\n', 'a{b="c"} 1 @1700000000123');
  ok(
    '# TYPE a counter\na_total 1 # {trace_id="x"} 0.5 12.5\na_created 7\n# EOF\n',
    'TYPE a counter',
    'a_total 1 # {trace_id="x"} 0.5 @12500',
    'a_created 7',
  );
  ok('a_bucket{le="1.0"} 1 3 # {} 0.5\n# EOF\n', 'a_bucket{le="1.0"} 1 @3000 # {} 0.5');
  ok('# HELP a say \\"hi\\"\n# EOF\n', 'HELP a say "hi"');
  ok('# UNIT a_seconds seconds\n# EOF\n', 'UNIT a_seconds seconds');
  ok('# TYPE a stateset\na{a="x"} 1\n# EOF\n', 'TYPE a stateset', 'a{a="x"} 1');
  ok('{"my.metric",a="b"} 1\n# EOF\n', '{"my.metric", a="b"} 1');
  ok('', ...[]);
  bad('a 1\n', /does not end with # EOF/);
  bad('a 1\n# EOF\na 1\n', /nothing may follow/);
  bad('a 1\n# EOF \n', /nothing may follow/);
  bad('\na 1\n# EOF\n', /metric name or #/);
  bad('a  1\n# EOF\n', /number/);
  bad('a 1 \n# EOF\n', /time in seconds/);
  bad('# comment\n# EOF\n', /expected # HELP/);
  bad('# TYPE a untyped\n# EOF\n', /not a metric type/);
  bad('# UNIT a seconds\n# EOF\n', /not the end of the metric's name/);
  ok('a{b="c",} 1\n# EOF\n', 'a{b="c"} 1');
  bad('a{,} 1\n# EOF\n', /label name/);
  bad('a{b="c" d="e"} 1\n# EOF\n', /expected , or }/);
  bad('a{b="two\nlines"} 1\n# EOF\n', /closing double quote/);
  bad('a 1 NaN\n# EOF\n', /time in seconds/);
  bad('a 1 # {a="b"}\n# EOF\n', /exemplar’s value/);
  bad('a 1 # a="b" 1\n# EOF\n', /expected {/);
});

test.each([
  [1, '1.0'],
  [0, '0.0'],
  [-1, '-1.0'],
  [0.25, '0.25'],
  [100000, '100000.0'],
  [1e6, '1e+06'],
  [2.5e6, '2.5e+06'],
  [0.0001, '0.0001'],
  [0.00005, '5e-05'],
  [1e21, '1e+21'],
  [Infinity, '+Inf'],
  [NaN, 'NaN'],
])('%d is spelt %s in le', (v, text) => expect(formatOpenMetricsFloat(v)).toBe(text));

test.each([
  ['1', 1],
  ['0b1', undefined],
  ['Infinity', Infinity],
  ['+nan', undefined],
  ['', undefined],
  ['1e5', 1e5],
])('the number %j is %p', (text, v) => expect(parseFloatText(text)).toBe(v));

/** Values beside which another is like it as bytes, as text or as a number. */
const VALUES = ['1', '1.0', '\\\\n', '\\n', '\\x', '', 'é', '\xe9', '\xc3\xa9', 'long', 'lon'];
const NAMES = ['le', 'quantile', '"le"', 'a', 'b', '""', 'z'];

test.each<TextFormat>(['text', 'openMetrics'])(
  '%s: labels of a line do not depend on the lines before it, good or bad',
  (format) => {
    const pair = fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...VALUES)).map(([n, v]) => `${n}="${v}"`);
    const series = (name: string, labels: readonly string[]) => `${name}{${labels.join()}} 1\n`;
    const pairs = fc.array(pair, { maxLength: 3 });
    const line = fc.oneof(
      fc.tuple(fc.constantFrom('m', 'n'), pairs).map(([name, labels]) => series(name, labels)),
      fc.tuple(fc.constantFrom('"m"', '"n"', '""'), pairs).map(([name, labels]) => series('', [name, ...labels])),
    );
    const type = fc.constantFrom('gauge', 'histogram', 'summary').map((t) => `# TYPE m ${t}\n`);
    const end = format === 'text' ? '' : '# EOF\n';
    const readAll = (lines: readonly string[]) => {
      const cursor = createCursor(format);
      cursor.open(Buffer.from(lines.join('') + end, 'latin1'));
      const read: string[] = [];
      for (;;) {
        try {
          const kind = cursor.next();
          if (kind === END) return read;
          if (kind === SERIES) read.push(labelsOrFault(cursor));
        } catch {
          return read;
        }
      }
    };
    fc.assert(
      fc.property(fc.array(fc.oneof({ arbitrary: line, weight: 5 }, type), { maxLength: 12 }), (lines) => {
        const alone: string[] = [];
        let declared = '';
        for (const one of lines) {
          if (one.startsWith('#')) {
            declared = one;
            continue;
          }
          const [read] = readAll([declared, one]);
          if (read === undefined) break;
          alone.push(read);
        }
        expect(readAll(lines)).toEqual(alone);
      }),
      { numRuns: 2000 },
    );
  },
);

test('a page in the same memory as the one before is read for what it says now', () => {
  const memory = Buffer.from('m{a="1"} 1\nm{a="1"} 1\n');
  const cursor = createCursor('text');
  const read = () => {
    cursor.open(memory);
    return [cursor.next(), labelsOrFault(cursor), cursor.next(), labelsOrFault(cursor)];
  };
  expect(read()).toEqual([SERIES, 'm{a="1"}', SERIES, 'm{a="1"}']);
  memory.write('n{a="2"} 1\nn{a="2"} 1\n');
  expect(read()).toEqual([SERIES, 'n{a="2"}', SERIES, 'n{a="2"}']);
});

/** Empty values are shown. */
function labelsOrFault(cursor: EntryCursor): string {
  try {
    return formatLabels(cursor.labels());
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return error.message.replace(/^line \d+, byte \d+: /, '');
  }
}

describe('content types', () => {
  test.each([
    ['text/plain; version=0.0.4', 'text'],
    ['text/plain', 'text'],
    ['application/openmetrics-text; version=1.0.0; charset=utf-8', 'openMetrics'],
  ])('%s is %s', (type, format) => expect(pageFormat(type, undefined)).toBe(format));
  test.each([['text/html'], ['application/json'], [undefined], ['']])('%p is refused, but for a fallback', (type) => {
    expect(() => pageFormat(type, undefined)).toThrow(/fallback_scrape_protocol/);
    expect(pageFormat(type, 'PrometheusText0.0.4')).toBe('text');
    expect(pageFormat(type, 'OpenMetricsText1.0.0')).toBe('openMetrics');
  });
});
