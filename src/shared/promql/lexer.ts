/** Text to tokens. */
import { parseDuration } from '../model/durations.ts';
import { readGoFloat } from '../model/numberText.ts';
import { PromqlError } from './errors.ts';

export type TokenKind = 'identifier' | 'number' | 'duration' | 'string' | 'punctuation' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** As written; for a string with its quotes. */
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** The number, or the duration's seconds. */
  readonly value?: number;
  /** The string without quotes and escapes. */
  readonly unquoted?: string;
}

const SPACE = /[ \t\r\n]/;
const LETTER = /[a-zA-Z_:]/;
const PUNCTUATION = [
  '==',
  '!=',
  '=~',
  '!~',
  '<=',
  '>=',
  '</',
  '>/',
  '(',
  ')',
  '{',
  '}',
  '[',
  ']',
  ',',
  '=',
  '<',
  '>',
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  '@',
  ':',
];
const DURATION = /(?:[0-9]+(?:ms|[smhdwy]))+/y;
const NUMBER = /0[xX][0-9a-fA-F_]+|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?/y;
const IDENTIFIER = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const IDENTIFIER_IN_BRACKETS = /[a-zA-Z_][a-zA-Z0-9_]*/y;

/** 2^63 nanoseconds. */
const DURATION_SECONDS_MAX = 2 ** 63 / 1e9;

/** Longest expression that is read, in characters. */
export const EXPRESSION_LENGTH_MAX = 1 << 20;

/** @throws PromqlError at the first character that begins no token. */
export function tokenize(text: string): Token[] {
  if (text.length > EXPRESSION_LENGTH_MAX) {
    throw new PromqlError(text, 0, 0, `the expression is longer than ${EXPRESSION_LENGTH_MAX} characters`);
  }
  const tokens: Token[] = [];
  let at = 0;
  let brackets = 0;
  while (at < text.length) {
    const c = text[at];
    if (SPACE.test(c)) at++;
    else if (c === '#') at = endOfLine(text, at);
    else {
      const token = readToken(text, at, brackets > 0);
      if (token.text === '[') brackets++;
      if (token.text === ']' && brackets > 0) brackets--;
      tokens.push(token);
      at = token.to;
    }
  }
  tokens.push({ kind: 'end', text: '', from: text.length, to: text.length });
  return tokens;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

function readToken(text: string, from: number, inBrackets: boolean): Token {
  const c = text[from];
  if (c === '"' || c === "'" || c === '`') return readString(text, from);
  if (/[0-9]/.test(c) || (c === '.' && /[0-9]/.test(text[from + 1] ?? ''))) return readNumber(text, from);
  if (LETTER.test(c) && !(inBrackets && c === ':')) {
    const shape = inBrackets ? IDENTIFIER_IN_BRACKETS : IDENTIFIER;
    shape.lastIndex = from;
    const word = shape.exec(text)![0];
    return { kind: 'identifier', text: word, from, to: from + word.length };
  }
  for (const mark of PUNCTUATION)
    if (text.startsWith(mark, from)) return { kind: 'punctuation', text: mark, from, to: from + mark.length };
  throw new PromqlError(
    text,
    from,
    from + 1,
    `unexpected character ${JSON.stringify(characterAt(text, from))}`,
    strayHint(text, from),
  );
}

const characterAt = (text: string, at: number) => String.fromCodePoint(text.codePointAt(at)!);

function strayHint(text: string, at: number): string {
  switch (text[at]) {
    case '!':
      return 'there is no negation: compare with == 0, or write != or !~ inside braces';
    case '~':
      return 'a pattern is matched with =~ or !~';
    case '&':
      return 'write `and` between vectors';
    case '|':
      return 'write `or` between vectors; inside a pattern, quote it';
    case '.':
      return 'a name with dots is quoted inside braces: {"http.requests"}';
    case '$':
      return 'variables are filled in by the dashboard; none of that name was';
    case '“':
    case '”':
    case '‘':
    case '’':
      return 'use plain quotes: " or \'';
    case ';':
      return 'one expression at a time, without an end mark';
    default:
      return '';
  }
}

function readNumber(text: string, from: number): Token {
  DURATION.lastIndex = from;
  const duration = DURATION.exec(text)?.[0];
  NUMBER.lastIndex = from;
  const number = NUMBER.exec(text)![0];
  const word = duration !== undefined && duration.length >= number.length ? duration : number;
  const to = from + word.length;
  if (/[a-zA-Z0-9_.]/.test(text[to] ?? '')) {
    const whole = /^[a-zA-Z0-9_.]+/.exec(text.slice(from))![0];
    throw new PromqlError(
      text,
      from,
      from + whole.length,
      `bad number or duration ${JSON.stringify(whole)}`,
      numberHint(whole),
    );
  }
  if (word === duration) {
    try {
      const value = parseDuration(word) / 1000;
      if (value > DURATION_SECONDS_MAX) throw new RangeError('duration out of range');
      return { kind: 'duration', text: word, from, to, value };
    } catch (fault) {
      throw new PromqlError(text, from, to, (fault as Error).message);
    }
  }
  const value = numberValue(word);
  if (value === undefined)
    throw new PromqlError(text, from, to, `bad number ${JSON.stringify(word)}`, numberHint(word));
  return { kind: 'number', text: word, from, to, value };
}

function numberHint(word: string): string {
  if (/^[0-9]+[a-zA-Z]+$/.test(word))
    return 'units of time are ms s m h d w y; a metric name cannot begin with a digit';
  if (/^[0-9]+\.[0-9]+[a-z]+$/.test(word)) return 'a duration has no decimals: write 1h30m for 1.5h';
  if (Math.abs(Number(word)) === Infinity) return `numbers go up to ${Number.MAX_VALUE}; write Inf for infinity`;
  if (word.includes('_')) return 'an underscore stands between two digits';
  return 'write 1, 1.5, 1e3, 0x1f, 5m or 1h30m';
}

const INT64_MAX = 2n ** 63n - 1n;

/** As upstream reads numbers: whole numbers with a leading 0 are octal where they can be, hexadecimal ones have 63 bits, and none is infinite. */
function numberValue(word: string): number | undefined {
  if (/^0[xX]/.test(word)) {
    const size = /^0[xX](?:_?[0-9a-fA-F]+)+$/.test(word) ? BigInt(word.replaceAll('_', '')) : INT64_MAX + 1n;
    return size > INT64_MAX ? undefined : Number(size);
  }
  const plain = word.replaceAll('_', '');
  if (/^0[0-7]+$/.test(plain) && readGoFloat(word) !== undefined) return parseInt(plain, 8);
  return readGoFloat(word);
}

/** Escapes of one letter in a Go string, but for those of its quotes. */
export const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};
const NUMERIC_ESCAPE = /x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}/y;

function readString(text: string, from: number): Token {
  const quote = text[from];
  let unquoted = '';
  let bytes = '';
  const flushBytes = () => {
    if (bytes === '') return;
    unquoted += decodeBytes(bytes);
    bytes = '';
  };
  for (let at = from + 1; at < text.length; at++) {
    const c = text[at];
    if (c === quote) {
      flushBytes();
      return { kind: 'string', text: text.slice(from, at + 1), from, to: at + 1, unquoted };
    }
    if (c === '\n' && quote !== '`') break;
    if (c !== '\\' || quote === '`') {
      flushBytes();
      unquoted += c;
      continue;
    }
    const next = text[at + 1];
    if (next === quote || Object.hasOwn(ESCAPES, next ?? '')) {
      flushBytes();
      unquoted += next === quote ? quote : ESCAPES[next];
      at++;
      continue;
    }
    NUMERIC_ESCAPE.lastIndex = at + 1;
    const code = NUMERIC_ESCAPE.exec(text)?.[0];
    if (code === undefined) {
      throw new PromqlError(
        text,
        at,
        at + 2,
        `unknown escape ${JSON.stringify(`\\${next ?? ''}`).slice(1, -1)} in a string`,
        'a backslash is written twice; in a pattern too: "a\\\\.b", or use backticks: `a\\.b`',
      );
    }
    at += code.length;
    const point =
      code[0] === 'x' || code[0] === 'u' || code[0] === 'U' ? parseInt(code.slice(1), 16) : parseInt(code, 8);
    if (code[0] === 'u' || code[0] === 'U') {
      if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) {
        throw new PromqlError(text, at - code.length, at + 1, `\\${code} is not a character`);
      }
      flushBytes();
      unquoted += String.fromCodePoint(point);
    } else bytes += `%${(point & 0xff).toString(16).padStart(2, '0')}`;
  }
  throw new PromqlError(text, from, text.length, 'unterminated quoted string', `close it with ${quote}`);
}

/** UTF-8 bytes written as %hh each; bytes that are no UTF-8 give the replacement character. */
function decodeBytes(percentEncoded: string): string {
  try {
    return decodeURIComponent(percentEncoded);
  } catch (fault) {
    if (fault instanceof URIError) return '\ufffd';
    throw fault;
  }
}
