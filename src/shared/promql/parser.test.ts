import fc from 'fast-check';
import type { Expr } from './ast.ts';
import { typeOf } from './check.ts';
import { constantDurationMs, durationMs } from './durationExpr.ts';
import { PromqlError } from './errors.ts';
import { formatExpr } from './format.ts';
import { parseExpr } from './parser.ts';

const faultOf = (text: string): PromqlError => {
  try {
    parseExpr(text);
  } catch (fault) {
    if (fault instanceof PromqlError) return fault;
    throw fault;
  }
  throw new Error(`${text} was accepted`);
};

/** A tree as nested lists: operator first. */
function outline(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return String(expr.value);
    case 'string':
      return JSON.stringify(expr.value);
    case 'binary':
      return `(${expr.op} ${outline(expr.lhs)} ${outline(expr.rhs)})`;
    case 'unary':
      return `(${expr.op} ${outline(expr.expr)})`;
    case 'paren':
      return outline(expr.expr);
    case 'call':
      return `(${[expr.func, ...expr.args.map(outline)].join(' ')})`;
    case 'aggregation':
      return `(${expr.op}${expr.param === undefined ? '' : ` ${outline(expr.param)}`} ${outline(expr.expr)})`;
    default:
      return formatExpr(expr);
  }
}

describe('operators group', () => {
  test.each([
    ['1 + 2 * 3', '(+ 1 (* 2 3))'],
    ['1 - 2 - 3', '(- (- 1 2) 3)'],
    ['2 ^ 3 ^ 2', '(^ 2 (^ 3 2))'],
    ['-2 ^ 2', '(- (^ 2 2))'],
    ['-a * b', '(* (- a) b)'],
    ['2 ^ -1 * 4', '(* (^ 2 -1) 4)'],
    ['--a', '(- (- a))'],
    ['1 - --2', '(- 1 2)'],
    ['-5 * a', '(* -5 a)'],
    ['2 ^ -1 ^ 2', '(^ 2 (- (^ 1 2)))'],
    ['a or b and c', '(or a (and b c))'],
    ['a and b unless c', '(unless (and a b) c)'],
    ['a == b + 1', '(== a (+ b 1))'],
    ['a > b < c', '(< (> a b) c)'],
    ['a atan2 b / c', '(/ (atan2 a b) c)'],
    ['(1 + 2) * 3', '(* (+ 1 2) 3)'],
    ['sum(a) / sum(b) * 100', '(* (/ (sum a) (sum b)) 100)'],
  ])('%s as %s', (text, expected) => expect(outline(parseExpr(text))).toBe(expected));
});

describe('numbers', () => {
  test.each([
    ['1', 1],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['5.', 5],
    ['1e3', 1000],
    ['1E-3', 0.001],
    ['0x1f', 31],
    ['0x_1F', 31],
    ['010', 8],
    ['08', 8],
    ['1_000', 1000],
    ['1_000.5', 1000.5],
    ['5m', 300],
    ['1h30m', 5400],
    ['100ms', 0.1],
    ['Inf', Infinity],
    ['nan', NaN],
  ])('%s is %d', (text, value) => expect(parseExpr(text)).toMatchObject({ kind: 'number', value }));
  test.each(['1_', '0x', '0b11', '0o17', '5mm', '5m0.5s', '1.5h', '30m1h', '0x1p3'])('%s is refused', (text) =>
    expect(faultOf(text).reason).toMatch(/bad number|not a duration/),
  );
});

describe('strings', () => {
  test.each([
    [String.raw`"a\n\t\\\""`, 'a\n\t\\"'],
    [String.raw`'it\'s'`, "it's"],
    ['`a\\n`', 'a\\n'],
    [String.raw`"\x41\102\u00e9\U0001F600"`, 'ABé😀'],
    [String.raw`"\xe2\x82\xac"`, '€'],
  ])('%s', (text, value) => expect(parseExpr(text)).toMatchObject({ kind: 'string', value }));
});

describe('what is written is printed in one form', () => {
  test.each([
    ['up', 'up'],
    ['up{job="a",}', 'up{job="a"}'],
    ['{__name__="up"}', '{__name__="up"}'],
    ['{"http.requests", "a.b"!~"c|d"}', '{"a.b"!~"c|d",__name__="http.requests"}'],
    ["up{job=~'a.*',env!='b'}", 'up{env!="b",job=~"a.*"}'],
    ['sum{by="x"}', 'sum{by="x"}'],
    ['up[300]', 'up[5m]'],
    ['up [5m] offset -1h @ 10', 'up[5m] @ 10.000 offset -1h'],
    ['up @ start() offset 1d', 'up @ start() offset 1d'],
    ['rate(x[5m])[1h:]', 'rate(x[5m])[1h:]'],
    ['max_over_time(rate(x[5m])[1h:1m] offset 1d)', 'max_over_time(rate(x[5m])[1h:1m] offset 1d)'],
    ['x[step() * 2 + 1m]', 'x[step() * 2 + 1m]'],
    ['x[max_of(step(), 1m)]', 'x[max_of(step(), 1m)]'],
    ['x offset (5m + step())', 'x offset (5m + step())'],
    ['x offset --5m', 'x offset 5m'],
    ['x offset --5m ^ 2 * 3', 'x offset --5m ^ 2 * 3'],
    ['x offset -5m ^ 2', 'x offset -5m ^ 2'],
    ['x offset 0', 'x'],
    ['x offset ((5m + step()))', 'x offset (5m + step())'],
    ['x offset +-step()', 'x offset -step()'],
    ['x[+step() + +(1m + 2m):+step()]', 'x[step() + (1m + 2m):step()]'],
    ['x[1m * + 3]', 'x[1m * 3]'],
    ['x[-3 * -1m]', 'x[-3 * -1m]'],
    ['sum(x) BY (a,b,)', 'sum by (a, b) (x)'],
    ['SUM WITHOUT (a) (x)', 'sum without (a) (x)'],
    ['sum by () (x)', 'sum(x)'],
    ['topk by (a) (5, x)', 'topk by (a) (5, x)'],
    ['count_values("v", x)', 'count_values("v", x)'],
    ['a == bool on(x) group_left(y) b', 'a == bool on (x) group_left (y) b'],
    ['a * ignoring("x.y") group_right b', 'a * ignoring ("x.y") group_right () b'],
    ['a and on() b', 'a and on () b'],
    ['a # the rest\n+ b', 'a + b'],
    ['1 + 5m', '1 + 5m'],
    ['a > -Inf', 'a > -Inf'],
    ['+inf - -nan', '+Inf - NaN'],
    ['--5m', '5m'],
    ['-0', '-0'],
    ['sum by (a:b, fill, By) (x)', 'sum by ("a:b", fill, By) (x)'],
    ['sum by ("inf", "without") (x)', 'sum by ("inf", "without") (x)'],
    ['label_replace(x, "a", "$1", "b", "(.*)\\\\d")', 'label_replace(x, "a", "$1", "b", "(.*)\\\\d")'],
  ])('%s', (text, expected) => {
    const expr = parseExpr(text);
    expect(formatExpr(expr)).toBe(expected);
    expect(formatExpr(parseExpr(expected))).toBe(expected);
  });
  test('whatever is put together from valid pieces', () => {
    const { expr } = fc.letrec<{ expr: string }>((tie) => ({
      expr: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom('up', 'up{a="b"}', 'x offset 5m', 'x @ 3', '{"a.b"}', 'rate(x[5m])', 'x == 3'),
        fc
          .tuple(
            tie('expr'),
            fc.constantFrom('+', '-', '*', '^', 'and', 'or', '== bool', '> on (a) group_left ()'),
            tie('expr'),
          )
          .map((p) => `(${p[0]}) ${p[1]} (${p[2]})`),
        tie('expr').map((e) => `sum by (a) (${e})`),
        tie('expr').map((e) => `-(${e})`),
        tie('expr').map((e) => `avg_over_time((${e})[1h:5m])`),
      ),
    }));
    fc.assert(
      fc.property(expr, (text) => {
        const once = formatExpr(parseExpr(text));
        expect(formatExpr(parseExpr(once))).toBe(once);
      }),
    );
  });
});

describe('types', () => {
  test.each([
    ['1 + 1', 'scalar'],
    ['up > 1', 'vector'],
    ['time()', 'scalar'],
    ['-up', 'vector'],
    ['up[5m]', 'matrix'],
    ['up[5m:1m]', 'matrix'],
    ['"a"', 'string'],
    ['(sum(up))', 'vector'],
    ['1 < bool 2', 'scalar'],
  ])('%s is a %s', (text, type) => expect(typeOf(parseExpr(text))).toBe(type));
});

describe('durations are computed', () => {
  const rangeOf = (text: string) => {
    const expr = parseExpr(text);
    if (expr.kind !== 'range') throw new Error(`${text} is no range`);
    return expr.range;
  };
  test.each([
    ['x[5m * 2]', 600_000],
    ['x[1h - 30m]', 1_800_000],
    ['x[2 ^ 3]', 8_000],
    ['x[1.5]', 1_500],
    ['x[-(1m - 2m)]', 60_000],
    ['x[7 % 4]', 3_000],
    ['x[1h / 4]', 900_000],
  ])('%s', (text, ms) => expect(constantDurationMs(rangeOf(text))).toBe(ms));
  test('from the step and range of the query', () => {
    const range = rangeOf('x[min_of(step() * 4, range())]');
    expect(constantDurationMs(range)).toBeUndefined();
    expect(durationMs(range, { stepMs: 15_000, rangeMs: 3_600_000 })).toBe(60_000);
  });
});

describe('common mistakes are named, with their place and a way out', () => {
  test.each([
    ['sum(rate(x[5m])', 1, 16, /"\(" at column 4 is not closed; add "\)"/],
    ['sum(x))', 1, 7, /nothing is open here/],
    ['x[5m', 1, 5, /"\[" at column 2 is not closed; add "\]"/],
    ['rate(x)', 1, 6, /expected type range vector .* got instant vector; add a range to the selector: \[5m\]/],
    ['x[5m] + 1', 1, 1, /only scalar and instant vector types; take the range away/],
    ['sum(x[5m])', 1, 5, /expected type instant vector in aggregation expression/],
    ['rate(sum(x)[5m])', 1, 12, /ranges only allowed for vector selectors; over an expression write a subquery/],
    ['x{job=a}', 1, 7, /expected a string; write the value in quotes: job="a"/],
    ['x{job="a}', 1, 7, /unterminated quoted string; close it with "/],
    ['x{job=="a"}', 1, 6, /single =/],
    ['x{job~"a"}', 1, 6, /unexpected character "~"; a pattern is matched with =~/],
    ['x = 5', 1, 3, /compared with ==/],
    ['http.requests', 1, 5, /quoted inside braces/],
    ['sum by (Inf) (x)', 1, 9, /expected a label name; write it in quotes: "Inf"/],
    ['sum by job (x)', 1, 8, /label names stand in parentheses/],
    ['sum(rate(x[5m]) by (job))', 1, 17, /close the aggregation first/],
    ['ratee(x[5m])', 1, 1, /unknown function .* did you mean rate\?/],
    ['topk(x)', 1, 1, /expected 2, got 1; write topk\(5, vector\)/],
    ['histogram_quantile(x)', 1, 1, /histogram_quantile\(scalar, instant vector\)/],
    ['rate(x[5m]) offset 1h', 1, 1, /write it beside the selector/],
    ['x{a=~"(?!b).*"}', 1, 6, /no look-around/],
    ['x{a=~"a\\.b"}', 1, 8, /written twice/],
    ['1 == 2', 1, 3, /write == bool/],
    ['{}', 1, 1, /at least one non-empty matcher/],
    ['', 1, 1, /write a metric name/],
    ['x +', 1, 4, /unexpected end of input, expected an expression/],
    ['!x', 1, 1, /no negation/],
    ['x\n+ y z', 2, 5, /unexpected identifier "z"/],
    ['x[1.5h]', 1, 3, /write 1h30m/],
    ['x{a=“b”}', 1, 5, /plain quotes/],
    ['x group_left y', 1, 3, /unexpected identifier "group_left"/],
    ['a + group_left b', 1, 5, /expected on\(…\) or ignoring\(…\) before it/],
    ['a and 1', 1, 1, /vector\(…\)/],
    ['x[5m] offset 1h offset 1h', 1, 1, /multiple times/],
    ['mad_over_time(x[5m])', 1, 1, /--enable-feature=promql-experimental-functions/],
  ])('%s', (text, line, column, message) => {
    const fault = faultOf(text);
    expect(fault.message).toMatch(message);
    expect([fault.line, fault.column]).toEqual([line, column]);
  });
});

describe('limits', () => {
  test('250 expressions inside each other are enough', () => {
    expect(faultOf('('.repeat(300) + '1' + ')'.repeat(300)).reason).toMatch(/inside each other/);
    expect(parseExpr('('.repeat(200) + '1' + ')'.repeat(200)).kind).toBe('paren');
  });
  test('1000 operators are enough', () => {
    const chain = (operators: number) => Array.from({ length: operators + 1 }, () => 'up').join(' or ');
    expect(faultOf(chain(100_000)).reason).toMatch(/more than 1000 operators/);
    expect(parseExpr('('.repeat(200) + chain(1000) + ')'.repeat(200)).kind).toBe('paren');
  });
  test('any text is parsed or refused with a place inside it', () => {
    const piece = fc.constantFrom(
      'x',
      '(',
      ')',
      '{',
      '}',
      '[',
      ']',
      '5m',
      '"a"',
      ',',
      '=',
      '=~',
      'by',
      'sum',
      '+',
      'offset',
      '@',
      'on',
      '\n',
      '1',
      ':',
      '-',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join(' ');
        try {
          parseExpr(text);
        } catch (fault) {
          if (!(fault instanceof PromqlError)) throw fault;
          expect(fault.from).toBeLessThanOrEqual(text.length);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
